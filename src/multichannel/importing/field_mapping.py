"""Payload classes that read as a table: name, type, place in the vendor's JSON, reader.

    @payload
    class ImportedThing:
        vendor_id: str = required("id", guid)
        quantity: int | None = optional("details.quantity", count)

`read(ImportedThing, item)` takes a `dict` apart accordingly, and names every damaged field at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar, cast, dataclass_transform, overload

from multichannel.importing.problems import Problem, Rejected, brief, unfit

T = TypeVar("T")
Reader: TypeAlias = Callable[[Any], T | None]
"""Takes what stands in the JSON to a value; None where it says nothing; else raises `Rejected`."""

_NO_FALLBACKS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    keys: tuple[str, ...]
    read: Reader[Any]
    otherwise: Any
    missing: str | None  # the sentence for an item without it; None: it may be absent

    def value(self, item: Mapping[str, Any], fallbacks: Mapping[str, Any]) -> Any:
        """What the field is for this item; raises `Rejected` with paths seen from the item."""
        raw: Any = item
        for key in self.keys:
            if type(raw) is not dict:
                raise self._refusal(item, "WRONG_TYPE", f"An object is expected, not {brief(raw)}.")
            raw = raw.get(key)
            if raw is None:
                return self._instead(item, fallbacks)
        if type(raw) is str and (not raw or raw.isspace()):
            return self._instead(item, fallbacks)
        try:
            value = self.read(raw)
        except Rejected as rejected:
            raise Rejected([each.within(".".join(self.keys)) for each in rejected.problems]) from None
        return self._instead(item, fallbacks) if value is None else value

    def _instead(self, item: Mapping[str, Any], fallbacks: Mapping[str, Any]) -> Any:
        value = fallbacks.get(self.name, self.otherwise) if fallbacks else self.otherwise
        if value is None and self.missing:
            raise self._refusal(item, "MISSING", self.missing)
        return value

    def _refusal(self, item: Mapping[str, Any], code: str, message: str) -> Rejected:
        """A refusal of the outermost place on the way that is broken, for columns beside it to agree on."""
        raw: Any = item
        depth = 0
        while type(raw) is dict and depth < len(self.keys):
            raw = raw.get(self.keys[depth])
            depth += 1
        return Rejected([Problem(".".join(self.keys[:depth]), code, message)])


_TABLES: Final[dict[type[Any], tuple[_Column, ...]]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def payload(cls: type[T]) -> type[T]:
    """A frozen, keyword-only dataclass whose fields say where they stand in the vendor's JSON."""
    made = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    _TABLES[made] = tuple(_Column(each.name, *each.metadata["column"]) for each in fields(cast("Any", made)))
    return made


def required(path: str, read: Reader[T], missing: str = "This must have a value.") -> T:
    """A field without which the item is rejected, with the sentence `missing`."""
    return cast("T", field(metadata={"column": (tuple(path.split(".")), read, None, missing)}))


@overload
def optional(path: str, read: Reader[T]) -> T | None: ...
@overload
def optional(path: str, read: Reader[T], otherwise: T) -> T: ...
def optional(path: str, read: Reader[T], otherwise: T | None = None) -> T | None:
    """A field that may be absent, null or blank, and is `otherwise` then."""
    return cast("T | None", field(metadata={"column": (tuple(path.split(".")), read, otherwise, None)}))


def read(kind: type[T], item: Mapping[str, Any], fallbacks: Mapping[str, Any] = _NO_FALLBACKS) -> T:
    """The payload in `item`; `fallbacks` by field name stand in for what it does not say.

    Raises `Rejected` with one problem per damaged place.
    """
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for column in _TABLES[kind]:
        try:
            values[column.name] = column.value(item, fallbacks)
        except Rejected as rejected:
            for problem in rejected.problems:
                problems.setdefault(problem.field, problem)
    if problems:
        raise Rejected(list(problems.values()))
    return kind(**values)


def nested(kind: type[T]) -> Reader[T]:
    """Reads an object of its own table."""

    def read_nested(value: Any) -> T:
        if type(value) is not dict:
            raise unfit("WRONG_TYPE", f"An object is expected, not {brief(value)}.")
        return read(kind, value)

    return read_nested


def listed(member: Reader[T]) -> Reader[tuple[T, ...]]:
    """Reads a list, each member by `member`; members that say nothing are dropped."""

    def read_list(value: Any) -> tuple[T, ...]:
        if type(value) is not list:
            raise unfit("WRONG_TYPE", f"A list is expected, not {brief(value)}.")
        members: list[T | None] = []
        problems: list[Problem] = []
        for index, each in enumerate(value):
            try:
                members.append(None if each is None else member(each))
            except Rejected as rejected:
                problems += [problem.within(f"[{index}]") for problem in rejected.problems]
        if problems:
            raise Rejected(problems)
        return tuple(each for each in members if each is not None)

    return read_list
