"""Maps the vendor's JSON to payload classes: name, type, path in the JSON and reader of each field.

    @payload
    class ImportedThing:
        vendor_id: str = required("id", guid)
        quantity: int | None = optional("details.quantity", count)

`read(ImportedThing, item)` reads a `dict` accordingly and reports every invalid field at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar, cast, dataclass_transform, overload

from multichannel.importing.problems import Problem, Rejected, invalid, wrong_type

T = TypeVar("T")
Reader: TypeAlias = Callable[[Any], T | None]
"""Converts a JSON value; None stands for an absent value; raises `Rejected` for an invalid one."""

_NO_FALLBACKS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    keys: tuple[str, ...]
    read: Reader[Any]
    otherwise: Any
    missing: str | None  # the error message for an item without it; None if it may be absent

    def value(self, item: Mapping[str, Any], fallbacks: Mapping[str, Any]) -> Any:
        """The value of the field in an item; raises `Rejected` with paths relative to the item."""
        raw: Any = item
        for key in self.keys:
            if type(raw) is not dict:
                code, message = wrong_type("an object", raw)
                raise self._refusal(item, code, message)
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
        """An error at the outermost invalid place on the path, so that sibling fields report it once."""
        raw: Any = item
        depth = 0
        while type(raw) is dict and depth < len(self.keys):
            raw = raw.get(self.keys[depth])
            depth += 1
        return invalid(code, message, ".".join(self.keys[:depth]))


_TABLES: Final[dict[type[Any], tuple[_Column, ...]]] = {}
_NESTED: Final[dict[Reader[Any], type[Any]]] = {}
_LISTS: Final[set[Reader[Any]]] = set()


@dataclass_transform(frozen_default=True, kw_only_default=True)
def payload(cls: type[T]) -> type[T]:
    """A frozen, keyword-only dataclass whose fields name their path in the vendor's JSON."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    _TABLES[made] = tuple(_Column(each.name, *each.metadata["column"]) for each in fields(made))
    _pickle_quickly(made, [each.name for each in fields(made)])
    return cast("type[T]", made)


def _pickle_quickly(made: Any, names: Sequence[str]) -> None:
    """Pickle the values of the fields alone: what a dataclass does by itself takes longer than parsing."""
    values, set_value = attrgetter(*names), object.__setattr__

    def get_state(facts: Any) -> tuple[Any, ...]:
        return values(facts)

    def set_state(facts: Any, state: tuple[Any, ...]) -> None:
        for name, value in zip(names, state, strict=True):
            set_value(facts, name, value)

    made.__getstate__, made.__setstate__ = get_state, set_state


def required(path: str, read: Reader[T], missing: str = "A value is required.") -> T:
    """A required field; `missing` is the error message of an item without it."""
    return cast("T", field(metadata={"column": (tuple(path.split(".")), read, None, missing)}))


@overload
def optional(path: str, read: Reader[T]) -> T | None: ...
@overload
def optional(path: str, read: Reader[T], otherwise: T) -> T: ...
def optional(path: str, read: Reader[T], otherwise: T | None = None) -> T | None:
    """A field that may be absent, null or blank; it is `otherwise` then."""
    return cast("T | None", field(metadata={"column": (tuple(path.split(".")), read, otherwise, None)}))


def incomparable(path: str, read: Reader[T]) -> T | None:
    """An optional field that is no fact: two items that differ by it alone are equal."""
    metadata = {"column": (tuple(path.split(".")), read, None, None)}
    return cast("T | None", field(metadata=metadata, compare=False))


def read(kind: type[T], item: Mapping[str, Any], fallbacks: Mapping[str, Any] = _NO_FALLBACKS) -> T:
    """The payload in `item`; `fallbacks` by field name replace absent values.

    Raises `Rejected` with one problem per invalid place.
    """
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for column in _TABLES[kind]:
        if column.missing is None and not fallbacks and item.get(column.keys[0]) is None:
            values[column.name] = column.otherwise
            continue
        try:
            values[column.name] = column.value(item, fallbacks)
        except Rejected as rejected:
            for problem in rejected.problems:
                problems.setdefault(problem.field, problem)
    if problems:
        raise Rejected(list(problems.values()))
    return kind(**values)


def object_of(kind: type[T]) -> Reader[T]:
    """A reader of nested objects."""

    def read_nested(value: Any) -> T:
        if type(value) is not dict:
            raise invalid(*wrong_type("an object", value))
        return read(kind, value)

    _NESTED[read_nested] = kind
    return read_nested


def list_of(member: Reader[T]) -> Reader[tuple[T, ...]]:
    """A reader of lists whose members are read by `member`; absent members are dropped."""

    def read_list(value: Any) -> tuple[T, ...]:
        if type(value) is not list:
            raise invalid(*wrong_type("a list", value))
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

    _LISTS.add(read_list)
    return read_list


def places_of(kind: type[Any], within: str = "") -> Iterator[tuple[str, str, Reader[Any]]]:
    """Name, place in the JSON and reader of each field, with those of nested objects."""
    for column in _TABLES[kind]:
        place = within + ".".join(column.keys)
        nested = _NESTED.get(column.read)
        if nested is None:
            yield column.name, place, column.read
        else:
            yield from places_of(nested, f"{place}.")


def is_list(reader: Reader[Any]) -> bool:
    """Whether a reader reads lists."""
    return reader in _LISTS
