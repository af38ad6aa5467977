"""Filters of clients as SQL. A comparison is false where its column may not be read."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from multichannel.domain.base import GUID, GUID_FORM, is_guid, is_list
from multichannel.domain.tenants import Tenant
from multichannel.policy.decide.visibility import Visibility
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.functions import Among, Folded, JsonElements
from multichannel.store.read.list_query import (
    NO_ROWS,
    And,
    Compare,
    Condition,
    Granted,
    Not,
    Or,
    ReadableColumn,
    RelatedTo,
    TenantIds,
)

Clause = ColumnElement[bool]
Grants = Callable[[Action, Resource, Any], Clause]
"""Holds for the rows of an entity on which an action is granted."""
ALIASES = 1_000
"""How many aliases are kept; to make one copies every column of the table."""

ESCAPE = "/"


def _has_like(column: Any, pattern: Any) -> Clause:
    """An element of a list of texts is like a pattern, in any case."""
    element = JsonElements(column).table_valued("value", name="element_")
    like = Folded(element.c.value).like(Folded(pattern), escape=ESCAPE)
    return exists(select(1).select_from(element).where(like))


OPERATORS: dict[str, Callable[[Any, Any], Clause]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda column, values: column.in_(values),
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "not_in": lambda column, values: column.not_in(values),
    "like": lambda column, pattern: _text(column).like(pattern, escape=ESCAPE),
    "ilike": lambda column, pattern: Folded(column).like(Folded(pattern), escape=ESCAPE),
    "has_like": _has_like,
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
    "is_empty": lambda column, value: (operator.eq if value else operator.ne)(
        func.json_array_length(column), literal_column("0")
    ),
}
"""The operators of prepared comparisons; all but `is_null` are false for NULL."""


PATTERNS = {"like", "ilike", "has_like"}
"""The operators whose value is a pattern."""
FLAGS = {"is_null", "is_empty"}
"""The operators whose value is no value of the column, but true or false."""


def prepared(resource: Resource, compare: Compare) -> Condition:
    """The comparison as databases compare: patterns for parts of texts, and GUIDs in either case.

    What can be no GUID equals none. A value that is a bound parameter already stays as it is.
    """
    column, name, value = compare.column, compare.operator, compare.value
    if name in {"has", "starts_with", "contains"}:
        return _like(resource, compare)
    if name not in {"eq", "ne", "in"} or _is_bound(value):
        return compare
    if isinstance(value, TenantIds):
        return _of_tenants(compare, value)
    values = (value,) if isinstance(value, str) else value
    if not is_guid(resource.column(column.name)):
        return _in_either_case(compare, values) if _has_guids(values) else compare
    guids = tuple(each.lower() for each in values if GUID_FORM.fullmatch(each))
    if name == "ne":
        return Compare(column, "not_in", guids) if guids else Compare(column, "is_null", value=False)
    return Compare(column, "in", guids) if guids else NO_ROWS


def _of_tenants(compare: Compare, ids: TenantIds) -> Condition:
    guids = tuple(each.lower() for each in ids.values if GUID_FORM.fullmatch(each))
    if compare.operator == "ne":
        operator_, nothing = "not_in", Compare(compare.column, "is_null", value=False)
        return Compare(compare.column, operator_, replace(ids, values=guids)) if guids else nothing
    return Compare(compare.column, "in", replace(ids, values=guids)) if guids else NO_ROWS


def _like(resource: Resource, compare: Compare) -> Compare:
    """A comparison with a pattern. Names are stored in one normal form of Unicode; clients may type any."""
    column, name, text = compare.column, compare.operator, compare.value
    stored = resource.column(column.name)
    if is_guid(stored):
        return Compare(column, "like", _pattern(name, text.lower()))
    if name == "starts_with":
        return Compare(column, "like", _pattern(name, text))
    operator_ = "has_like" if is_list(stored) else "ilike"
    return Compare(column, operator_, _pattern(name, normalize("NFC", text)))


def _has_guids(values: Any) -> bool:
    return isinstance(values, tuple) and any(
        type(each) is str and GUID_FORM.fullmatch(each) for each in values
    )


def _in_either_case(compare: Compare, values: tuple[str, ...]) -> Compare:
    """A comparison of a text that holds GUIDs as somebody has written them, among others."""
    written = dict.fromkeys(
        form
        for each in values
        for form in ((each.lower(), each.upper()) if GUID_FORM.fullmatch(each) else (each,))
    )
    return Compare(compare.column, "not_in" if compare.operator == "ne" else "in", tuple(written))


def _is_bound(value: Any) -> bool:
    if isinstance(value, TenantIds):
        value = value.values
    values = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(each, ColumnElement) for each in values)


def _pattern(name: str, text: str) -> str:
    """The LIKE pattern for texts that start with a text, or contain it."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return {"has": text, "starts_with": f"{text}%", "contains": f"%{text}%"}[name]


def _text(column: Any) -> Any:
    """The text of a column; that of a GUID is its canonical form on every database."""
    return cast(column, Text) if is_guid(column) else column


def read_levels_of(columns: Iterable[ReadableColumn]) -> list[Action]:
    """The read levels of columns, in a fixed order."""
    return sorted({column.read for column in columns})


@lru_cache(ALIASES)
def _alias_below(_entity: Any, target: Resource) -> Any:
    """The alias for related rows in a filter of `entity`: each has it in a subquery of its own."""
    return aliased(target.mapped)


@lru_cache
def _tenants_of(target: Resource) -> tuple[Any, Any]:
    """The aliases for records of a type that are tenants, and for these."""
    return aliased(target.mapped), aliased(Tenant)


class Filters:
    """Translates conditions for what one principal sees."""

    def __init__(self, visibility: Callable[[Resource], Visibility], granted: Grants) -> None:
        self._visibility, self._granted = visibility, granted

    def clauses(self, resource: Resource, entity: Any, condition: Condition) -> list[Clause]:
        """The clauses of a condition on `entity`, which must all hold."""
        if isinstance(condition, And):
            return [
                clause for part in condition.conditions for clause in self.clauses(resource, entity, part)
            ]
        return [self._clause(resource, entity, condition)]

    def _clause(self, resource: Resource, entity: Any, condition: Condition) -> Clause:
        if isinstance(condition, And):
            return and_(true(), *self.clauses(resource, entity, condition))
        if isinstance(condition, Or):
            return or_(false(), *(self._clause(resource, entity, part) for part in condition.conditions))
        if isinstance(condition, Not):
            return not_(func.coalesce(self._clause(resource, entity, condition.condition), false()))
        if isinstance(condition, Granted):
            return self._granted(condition.action, resource, entity)
        if isinstance(condition, RelatedTo):
            return self._related_to(resource, entity, condition)
        return self._compare(resource, entity, condition)

    def _compare(self, resource: Resource, entity: Any, compare: Compare) -> Clause:
        ready = prepared(resource, compare)
        if not isinstance(ready, Compare):
            return self._clause(resource, entity, ready)
        column = getattr(entity, ready.column.name)
        if isinstance(ready.value, TenantIds):
            among = Among(column, self._ids(ready.value).scalar_subquery())
            holds = not_(among) if ready.operator == "not_in" else among
        else:
            holds = OPERATORS[ready.operator](column, ready.value)
        return and_(holds, *self.readable(resource, entity, ready.column.read))

    def _ids(self, ids: TenantIds) -> CompoundSelect[Any]:
        """In one subquery, however many there are."""
        values = [each if isinstance(each, ColumnElement) else literal(each, GUID) for each in ids.values]
        found: list[Select[Any]] = [select(each) for each in values]
        for target in ids.targets:
            entity, tenant = _tenants_of(target)
            found.append(
                select(entity.id)
                .join(tenant, tenant.id == entity.id)
                .where(tenant.directory_id.in_(values), self._visibility(target).visible(entity))
            )
        return union_all(*found)

    def _related_to(self, resource: Resource, entity: Any, condition: RelatedTo) -> Clause:
        """A visible related row fulfils the condition, or none does, and the relation may be followed."""
        link = condition.link
        related = _alias_below(entity, link.target)
        inner = select(1).where(
            getattr(related, link.remote) == getattr(entity, link.local),
            self._visibility(link.target).visible(related),
            *self.readable(link.target, related, link.remote_read),
            *self.clauses(link.target, related, condition.condition),
        )
        found = exists(inner.correlate(entity))
        return and_(found if condition.exists else ~found, *self.readable(resource, entity, link.read))

    def readable(self, resource: Resource, entity: Any, action: Action | None) -> list[Clause]:
        """The clause that selects rows readable at a level; none if all visible rows are."""
        if action is None:
            return []
        condition = self._visibility(resource).condition(action, entity)
        return [] if condition is None else [condition]
