"""Denied fields of a compiled answer: null, with an error for each, as the interpreter writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from multichannel.graphql.execution.errors import domain_error
from multichannel.store.compiled.records import Path, PossibleDenial
from multichannel.store.read.reader import denial_of

DENIED = "\x01"
AS_JSON = orjson.dumps({DENIED: 0})
"""What stands in place of a denied value, as JSON that no field has."""


def with_denials(answer: bytes, denied: bytes, possible: Mapping[Path, PossibleDenial]) -> bytes:
    """The answer with null in place of each `denied`, and with the errors in the interpreter's order."""
    body = orjson.loads(answer if denied == AS_JSON else answer.replace(denied, AS_JSON))
    errors: list[dict[str, Any]] = []
    _deny(body["data"], (), [], possible, errors)
    body["errors"] = errors
    return orjson.dumps(body)


def _deny(
    value: Any,
    keys: Path,
    path: list[str | int],
    possible: Mapping[Path, PossibleDenial],
    errors: list[dict[str, Any]],
) -> None:
    """Go through an object or a list, depth first."""
    if isinstance(value, list):
        for position, each in enumerate(value):
            _deny(each, keys, [*path, position], possible, errors)
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, dict) and DENIED in each:
                value[key] = None
                errors.append(_error(possible[*keys, key], [*path, key]))
            else:
                _deny(each, (*keys, key), [*path, key], possible, errors)


def _error(denial: PossibleDenial, path: list[str | int]) -> dict[str, Any]:
    error = domain_error(denial_of(denial.action))
    locations = [{"line": line, "column": column} for line, column in denial.locations]
    return {
        "message": error["message"],
        "locations": locations,
        "path": path,
        "extensions": error["extensions"],
    }
