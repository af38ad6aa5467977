"""Filter and order inputs of declared types: their GraphQL types, and their translation to queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from enum import Enum, EnumMeta
from typing import TYPE_CHECKING, Any

import strawberry

from multichannel.domain.base import is_guid
from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import DECLARATIONS, ToMany, ToOne, TypeDeclaration, camel
from multichannel.graphql.framework.strawberry_types import input_type, is_registered, register
from multichannel.graphql.framework.tenant_ids import row_id_of, stored_ids
from multichannel.store.read.list_query import (
    ALL_ROWS,
    And,
    Compare,
    Condition,
    Or,
    OrderBy,
    ReadableColumn,
    RelatedTo,
)

if TYPE_CHECKING:
    from multichannel.graphql.framework.context import OperationContext

OPERATORS = {
    "eq": "Equal to this value.",
    "ne": "Not equal to this value, and not null.",
    "in": "Equal to one of these values.",
    "starts_with": "Starts with this text; case-sensitive.",
    "contains": "Contains this text; not case-sensitive.",
    "lt": "Less than this value.",
    "lte": "Less than or equal to this value.",
    "gt": "Greater than this value.",
    "gte": "Greater than or equal to this value.",
    "is_null": "Null (true) or not null (false).",
}
ORDERED = ("eq", "ne", "lt", "lte", "gt", "gte", "is_null", "in")
TYPES = {
    bool: ("Boolean", "eq", "is_null"),
    int: ("Int", *ORDERED),
    datetime: ("DateTime", *ORDERED),
    str: ("String", "eq", "ne", "starts_with", "contains", "is_null", "in"),
}
"""The GraphQL type and the operators of each type of column that is not an enum, in the schema's order."""
MAX_LIST_LENGTH = 100
MAX_DEPTH = 5


def filter_input(declaration: TypeDeclaration) -> None:
    """Make `CustomerFilter` and the like: conditions on columns and relations, `and`, `or`."""
    name = f"{declaration.name}Filter"
    fields: dict[str, tuple[str, str]] = {
        "and_": (f"list[{name}] | None", "All of these filters match."),
        "or_": (f"list[{name}] | None", "At least one of these filters matches."),
    }
    for attribute, column in declaration.columns.items():
        if column.filter:
            fields[attribute] = (f"{_conditions_input(declaration, attribute)} | None", column.description)
    for attribute, item in declaration.relations.items():
        fields[attribute] = (f"{item.target}Filter | None", _relation_text(attribute, item))
    input_type(
        name,
        f"Selects {declaration.name} records; all conditions must match. A field that you cannot read "
        f"never matches.",
        fields,
    )


def _relation_text(attribute: str, item: ToOne | ToMany) -> str:
    if isinstance(item, ToOne):
        return f"`{camel(attribute)}` is a record that you can see and that matches."
    return f"At least one record of `{camel(attribute)}` that you can see matches."


def order_enum(declaration: TypeDeclaration) -> None:
    """Make `CustomerOrder` and the like: the orderable columns, ascending and descending; ties go by id."""
    members: dict[str, Any] = {"ID": OrderBy(), "ID_DESC": OrderBy(descending=True)}
    for attribute, column in declaration.columns.items():
        if column.order:
            by = ReadableColumn(attribute, column.read)
            members[attribute.upper()] = OrderBy(by)
            members[f"{attribute.upper()}_DESC"] = OrderBy(by, descending=True)
    name = f"{declaration.name}Order"
    values = Enum(name, {member: member.lower() for member in members})  # type: ignore[misc]  # made from data
    description = (
        f"Sort orders of {declaration.name} records. Ascending unless the name ends in `_DESC`; nulls "
        "and values that you cannot read come last, or first in descending order."
    )
    register(strawberry.enum(values, description=description))
    ORDERS[name] = {member.lower(): order for member, order in members.items()}


ORDERS: dict[str, dict[str, OrderBy]] = {}


def read_order(declaration: TypeDeclaration, value: Any) -> OrderBy:
    """Translate an order argument; by id if there is none."""
    return OrderBy() if value is None else ORDERS[f"{declaration.name}Order"][value.value]


def read_filter(
    declaration: TypeDeclaration, value: Any, context: OperationContext, depth: int = 0
) -> Condition:
    """Translate a filter argument; raises BadInput for null conditions and for too deep nesting."""
    if value is None:
        return ALL_ROWS
    if depth == MAX_DEPTH:
        message = f"The filter is nested too deeply; the limit is {MAX_DEPTH} levels."
        raise BadInput(message)
    parts = {name: part for name, part in vars(value).items() if part is not strawberry.UNSET}
    return And(tuple(_condition(declaration, name, part, context, depth + 1) for name, part in parts.items()))


def _condition(
    declaration: TypeDeclaration, name: str, part: Any, context: OperationContext, depth: int
) -> Condition:
    if part is None:
        message = (
            f"filter.{camel(name.strip('_'))} must not be null. Omit it, or use isNull if the type has it."
        )
        raise BadInput(message)
    if name in {"and_", "or_"}:
        _check_length(name, part)
        parts = tuple(read_filter(declaration, item, context, depth) for item in part)
        return And(parts) if name == "and_" else Or(parts)
    if name in declaration.columns:
        column = declaration.readable(name)
        operands = list(_operands(name, part))
        if is_guid(declaration.resource.column(column.name)):
            targets = declaration.columns[name].tenants
            operands = [_of_ids(operator, value, targets, context) for operator, value in operands]
        return And(tuple(Compare(column, operator, value) for operator, value in operands))
    link = declaration.link(name)
    return RelatedTo(link, read_filter(DECLARATIONS[link.target.name], part, context, depth))


def _operands(name: str, part: Any) -> Iterator[tuple[str, Any]]:
    """The operators that a client uses on a column, each with its value; raises BadInput."""
    for attribute, value in vars(part).items():
        operator = attribute.rstrip("_")
        if value is strawberry.UNSET:
            continue
        operands = value if isinstance(value, list) else [value]
        _check_length(name, operands)
        if any(each is None or (isinstance(each, str) and "\0" in each) for each in operands):
            message = f"filter.{camel(name)}.{camel(operator)} contains an invalid value."
            raise BadInput(message)
        yield operator, tuple(value) if isinstance(value, list) else value


def _of_ids(
    operator: str, value: Any, targets: Collection[str], context: OperationContext
) -> tuple[str, Any]:
    """A comparison of ids, for which clients may pass global ids, and directory ids of tenants (R54)."""
    if operator not in {"eq", "ne", "in"}:
        return operator, value
    values = [row_id_of(each) for each in (value if isinstance(value, tuple) else [value])]
    ids = tuple(stored_ids(context.reader, targets, values) if targets else values)
    return "ne" if operator == "ne" else "in", ids


def _check_length(name: str, items: list[Any]) -> None:
    if len(items) > MAX_LIST_LENGTH:
        message = f"filter.{camel(name.strip('_'))} has {len(items)} items; the limit is {MAX_LIST_LENGTH}."
        raise BadInput(message)


def _conditions_input(declaration: TypeDeclaration, attribute: str) -> str:
    """The name of the input with conditions on a column's type, made on first use."""
    kind = declaration.resource.column(declaration.readable(attribute).name).type.python_type
    title, *operators = (kind.__name__, "eq", "ne", "in") if isinstance(kind, EnumMeta) else TYPES[kind]
    name = f"{title}Filter"
    if not is_registered(name):
        operands = {"is_null": "bool", "in": f"list[{kind.__name__}]"}
        input_type(
            name,
            f"Conditions on a value of type {title}; all of them must match.",
            {
                "in_" if operator == "in" else operator: (
                    f"{operands.get(operator, kind.__name__)} | None",
                    OPERATORS[operator],
                )
                for operator in operators
            },
        )
    return name
