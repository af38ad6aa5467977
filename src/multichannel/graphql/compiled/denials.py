"""Errors in a compiled answer: null, with an error for each, as the interpreter writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from multichannel.errors import MultichannelError
from multichannel.graphql.execution.errors import domain_error
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.records import Path, PossibleDenial
from multichannel.store.compiled.selection import Location
from multichannel.store.read.reader import denial_of

Failure = tuple[MultichannelError, tuple[Location, ...]]
"""Why a computed value has failed, and where the document asks for it."""
DENIED = "\x01"
AS_JSON = orjson.dumps({DENIED: 0})
"""What stands in place of a denied value, as JSON that no field has."""


def failure_text(number: int) -> bytes:
    """What stands in place of a computed value that has failed, by its number from 1."""
    return orjson.dumps({DENIED: number})


def with_denials(
    answer: bytes, denied: bytes, possible: Mapping[Path, PossibleDenial], failures: Sequence[Failure] = ()
) -> bytes:
    """The answer with null in place of each `denied` or failed value, and the errors in order."""
    body = orjson.loads(answer if denied == AS_JSON else answer.replace(denied, AS_JSON))
    denying = _Denying(possible, failures)
    denying.go_through(body["data"], (), [])
    body["errors"] = denying.errors
    return orjson.dumps(body)


class _Denying:
    """Goes through an answer in the order in which the interpreter finds errors."""

    def __init__(self, possible: Mapping[Path, PossibleDenial], failures: Sequence[Failure]) -> None:
        self._possible, self._failures = possible, failures
        self.errors: list[dict[str, Any]] = []

    def go_through(self, value: Any, keys: Path, path: list[str | int]) -> None:
        """Go through an object or a list, depth first."""
        if isinstance(value, list):
            for position, each in enumerate(value):
                self.go_through(each, keys, [*path, position])
        elif isinstance(value, dict):
            for key, each in value.items():
                if isinstance(each, dict) and DENIED in each:
                    value[key] = None
                    self.errors.append(self._error(each[DENIED], (*keys, key), [*path, key]))
                else:
                    self.go_through(each, (*keys, key), [*path, key])

    def _error(self, number: int, keys: Path, path: list[str | int]) -> dict[str, Any]:
        if number:
            cause, locations = self._failures[number - 1]
            return _formatted(cause, locations, path)
        denial = self._possible[keys]
        if denial.action is None:
            raise NotCovered("an error that the interpreter tells")
        return _formatted(denial_of(denial.action), denial.locations, path)


def _formatted(
    cause: MultichannelError, locations: Iterable[Location], path: list[str | int]
) -> dict[str, Any]:
    error = domain_error(cause)
    return {
        "message": error["message"],
        "locations": [{"line": line, "column": column} for line, column in locations],
        "path": path,
        "extensions": error["extensions"],
    }
