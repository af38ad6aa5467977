"""JSON that can be read in one way only, for what is signed and for what signs."""

from __future__ import annotations

import json


def read_json_object(data: bytes) -> dict[str, object]:
    """The object in UTF-8 `data`; ValueError for anything else and for a name given twice.

    Readers differ on which of two equal names counts, so a second reader could see other claims.
    """
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the data is wrong, not the caller's type
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
