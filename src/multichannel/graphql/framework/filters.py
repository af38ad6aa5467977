"""Translates the filters and orders of clients to queries. `filter_inputs` makes their GraphQL types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import strawberry

from multichannel.domain.base import is_guid
from multichannel.domain.domains import ascii_domain
from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import DECLARATIONS, TypeDeclaration, camel
from multichannel.graphql.framework.filter_inputs import ORDERS, QUANTIFIERS
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.tenant_ids import row_id_of
from multichannel.policy.schema.resources import RESOURCES
from multichannel.store.read.list_query import (
    ALL_ROWS,
    ID,
    And,
    Compare,
    Condition,
    Granted,
    Not,
    Or,
    OrderBy,
    OrderKey,
    ReadableRelation,
    RelatedTo,
    TenantIds,
)

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource

COMBINING = {"and_", "or_", "not_"}
MAX_LIST_LENGTH = 100
MAX_DEPTH = 5
MAX_ORDER_KEYS = 5
MAX_WORDS, MAX_SEARCH = 5, 200


def read_order(declaration: TypeDeclaration, value: Any) -> OrderBy:
    """Translate an order argument; by id if there is none.

    The ids of equal records are in the direction of the last key. Keys after the id, or of a column that is a
    key already, decide nothing.
    """
    keys: dict[str, OrderKey] = {}
    if len(value or ()) > MAX_ORDER_KEYS:
        raise BadInput(f"orderBy has {len(value)} keys; the limit is {MAX_ORDER_KEYS}.")
    descending = False
    for each in value or ():
        key = ORDERS[f"{declaration.name}Order"][each.value]
        if isinstance(key, bool):
            return OrderBy(tuple(keys.values()), key)
        if key.column.name not in keys:
            keys[key.column.name], descending = key, key.descending
    return OrderBy(tuple(keys.values()), descending)


def read_filter(declaration: TypeDeclaration, value: Any, depth: int = 0) -> Condition:
    """Translate a filter argument; raises BadInput for too deep nesting."""
    return ALL_ROWS if value is None else _all_of(declaration, _parts(value, depth), depth + 1)


def read_search(declaration: TypeDeclaration, text: str | None) -> Condition:
    """Translate a search: every word is in one of the columns that are searched, as far as they are readable.

    Domains are found by the form that people read, and by the one that is stored.
    """
    words = (text or "").split()
    if len(words) > MAX_WORDS or len(text or "") > MAX_SEARCH or "\0" in (text or ""):
        raise BadInput(f"search must have at most {MAX_WORDS} words and {MAX_SEARCH} characters.")
    columns = [declaration.readable(name) for name, item in declaration.columns.items() if item.search]
    return And(
        tuple(
            Or(
                tuple(
                    Compare(column, "contains", form)
                    for form in dict.fromkeys((word, ascii_domain(word) or word))
                    for column in columns
                )
            )
            for word in words
        )
    )


def _parts(value: Any, depth: int) -> dict[str, Any]:
    """What a client has given of a filter; null is what many send for what they do not give."""
    if depth == MAX_DEPTH:
        message = f"The filter is nested too deeply; the limit is {MAX_DEPTH} levels."
        raise BadInput(message)
    return {
        name: part for name, part in vars(value).items() if part is not strawberry.UNSET and part is not None
    }


def _all_of(declaration: TypeDeclaration, parts: dict[str, Any], depth: int) -> Condition:
    return And(tuple(_condition(declaration, name, part, depth) for name, part in parts.items()))


def _condition(declaration: TypeDeclaration, name: str, part: Any, depth: int) -> Condition:
    if name in COMBINING:
        return _combined(declaration, name, part, depth)
    if name == "id":
        return And(
            tuple(
                Compare(ID, *_of_global_ids(declaration.resource, *each)) for each in operands_of(name, part)
            )
        )
    if name == "viewer_can":
        return _granted(declaration.resource, part.has)
    if name in declaration.columns:
        column = declaration.readable(name)
        operands = list(operands_of(name, part))
        if is_guid(declaration.resource.column(column.name)):
            targets = declaration.columns[name].tenants
            operands = [_of_ids(operator, value, targets) for operator, value in operands]
        return And(tuple(Compare(column, operator, value) for operator, value in operands))
    return _related(declaration.link(name), part, depth)


def _combined(declaration: TypeDeclaration, name: str, part: Any, depth: int) -> Condition:
    if name == "not_":
        return Not(read_filter(declaration, part, depth))
    _check_length(name, part)
    parts = tuple(read_filter(declaration, item, depth) for item in part)
    return And(parts) if name == "and_" else Or(parts)


def _granted(resource: Resource, action: Any) -> Condition:
    if action is None or action is strawberry.UNSET:
        return ALL_ROWS
    if action not in resource.actions:
        known = ", ".join(each.name for each in resource.actions)
        raise BadInput(f"filter.viewerCan.has is not an action of {resource.name}; these are: {known}.")
    return Granted(action)


def _related(link: ReadableRelation, part: Any, depth: int) -> Condition:
    """A condition on related records: on some, none or every, and whether there is one."""
    declaration, parts = DECLARATIONS[link.target.name], _parts(part, depth)
    is_null = parts.pop("is_null", None)
    conditions: list[Condition] = [] if is_null is None else [RelatedTo(link, ALL_ROWS, exists=not is_null)]
    for word in [each for each in QUANTIFIERS if each in parts]:
        condition = read_filter(declaration, parts.pop(word), depth)
        matches = Not(condition) if word == "every" else condition
        conditions.append(RelatedTo(link, matches, exists=word == "some"))
    if parts or not conditions:
        conditions.append(RelatedTo(link, _all_of(declaration, parts, depth + 1)))
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def operands_of(name: str, part: Any) -> Iterator[tuple[str, Any]]:
    """The operators that a client uses on a column, each with its value; raises BadInput."""
    for attribute, value in vars(part).items():
        operator = attribute.rstrip("_")
        if value is strawberry.UNSET or value is None:
            continue
        operands = value if isinstance(value, list) else [value]
        _check_length(name, operands)
        if any(each is None or (isinstance(each, str) and "\0" in each) for each in operands):
            message = f"filter.{camel(name)}.{camel(operator)} contains an invalid value."
            raise BadInput(message)
        yield operator, tuple(value) if isinstance(value, list) else value


def _of_global_ids(resource: Resource, operator: str, value: Any) -> tuple[str, Any]:
    """A comparison of the global ids of records; raises BadInput for those of another type."""
    if isinstance(value, tuple):
        return operator, tuple(read_id_of(resource, each) for each in value)
    return operator, read_id_of(resource, value)


def _of_ids(operator: str, value: Any, targets: Sequence[str]) -> tuple[str, Any]:
    """A comparison of ids, for which clients may pass global ids, and directory ids of tenants (R54)."""
    if operator not in {"eq", "ne", "in"}:
        return operator, value
    values = tuple(row_id_of(each) for each in (value if isinstance(value, tuple) else [value]))
    ids = TenantIds(values, tuple(RESOURCES[each] for each in targets)) if targets else values
    return "ne" if operator == "ne" else "in", ids


def _check_length(name: str, items: list[Any]) -> None:
    if len(items) > MAX_LIST_LENGTH:
        message = f"filter.{camel(name.strip('_'))} has {len(items)} items; the limit is {MAX_LIST_LENGTH}."
        raise BadInput(message)
