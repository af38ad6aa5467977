"""Filter and order inputs of declared types: their GraphQL types. `filters` translates their values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, EnumMeta

import strawberry

from multichannel.domain.base import is_list
from multichannel.graphql.framework.fields import DECLARATIONS, ToMany, ToOne, TypeDeclaration, camel
from multichannel.graphql.framework.strawberry_types import input_type, is_registered, register
from multichannel.store.read.list_query import OrderKey, ReadableColumn

OPERATORS = {
    "eq": "Equal to this value.",
    "ne": "Not equal to this value, and not null.",
    "in": "Equal to one of these values.",
    "starts_with": "Starts with this text; case-sensitive.",
    "contains": "Contains this text, in upper or lower case of any script.",
    "lt": "Less than this value.",
    "lte": "Less than or equal to this value.",
    "gt": "Greater than this value.",
    "gte": "Greater than or equal to this value.",
    "is_null": "Null (true) or not null (false).",
    "has": "One of the values is this text, in upper or lower case.",
    "is_empty": "Without values (true) or with some (false).",
}
ORDERED = ("eq", "ne", "lt", "lte", "gt", "gte", "is_null", "in")
OF_ENUMS = ("eq", "ne", "is_null", "in")
TYPES = {
    bool: ("Boolean", "eq", "is_null"),
    int: ("Int", *ORDERED),
    datetime: ("DateTime", *ORDERED),
    str: ("String", "eq", "ne", "starts_with", "contains", "is_null", "in"),
    list: ("StringList", "has", "is_empty"),
}
"""The GraphQL type and the operators of each type of column that is not an enum, in the schema's order."""
QUANTIFIERS = {
    "some": "At least one record that you can see matches.",
    "none": "No record that you can see matches; with `{}`, there is none.",
    "every": "All records that you can see match; also if there is none.",
}
NULL_TEXT = "A condition or operator that is null counts as not given."


def filter_input(declaration: TypeDeclaration) -> None:
    """Make `CustomerFilter` and the like: conditions on the id, columns and relations, `and`, `or`, `not`."""
    input_type(
        f"{declaration.name}Filter",
        f"Selects {declaration.name} records; all conditions must match. A field that you cannot read "
        f"never matches. {NULL_TEXT}",
        _filter_fields(declaration),
    )


def _filter_fields(declaration: TypeDeclaration) -> dict[str, tuple[str, str]]:
    name = f"{declaration.name}Filter"
    fields: dict[str, tuple[str, str]] = {
        "and_": (f"list[{name}] | None", "All of these filters match."),
        "or_": (f"list[{name}] | None", "At least one of these filters matches."),
        "not_": (
            f"{name} | None",
            "This filter does not match; so it is, too, where a field is null or you cannot read it.",
        ),
        "id": (f"{_id_input()} | None", "The globally unique id of the record."),
        "viewer_can": ("ActionFilter | None", "The actions that the policy grants you on the record."),
    }
    for attribute, column in declaration.columns.items():
        if column.filter:
            fields[attribute] = (f"{_conditions_input(declaration, attribute)} | None", column.description)
    for attribute, item in declaration.relations.items():
        fields[attribute] = (f"{_related_input(item)} | None", _relation_text(attribute, item))
    return fields


def _related_input(item: ToOne | ToMany) -> str:
    """The name of the input for the filter of a relation, which is made along with those of all types."""
    return f"{item.target}{'Relation' if isinstance(item, ToOne) else 'List'}Filter"


def action_filter_input() -> None:
    """Make `ActionFilter`."""
    input_type(
        "ActionFilter",
        f"Conditions on the actions of `viewerCan`; all of them must match. {NULL_TEXT}",
        {
            "has": ("Action | None", "The action is among them. It must be an action of the type."),
        },
    )


def related_filter_inputs() -> None:
    """Make `CustomerRelationFilter`, `SubscriptionListFilter` and the like, as far as there are relations."""
    relations = [item for each in DECLARATIONS.values() for item in each.relations.values()]
    for name, item in {_related_input(item): item for item in relations}.items():
        target = DECLARATIONS[item.target]
        if isinstance(item, ToOne):
            text = f"Whether there is a {target.name} that you can see and that matches. {NULL_TEXT}"
            special = {"is_null": ("bool | None", "There is no record, or none that you can see (true).")}
        else:
            text = (
                f"Whether there are {target.name} records that match: at least one matches all conditions "
                f"that are not below `some`, `none` or `every`. {NULL_TEXT}"
            )
            special = {
                word: (f"{target.name}Filter | None", meaning) for word, meaning in QUANTIFIERS.items()
            }
        input_type(name, text, {**special, **_filter_fields(target)})


def _relation_text(attribute: str, item: ToOne | ToMany) -> str:
    if isinstance(item, ToOne):
        return f"`{camel(attribute)}` is a record that you can see and that matches."
    return f"At least one record of `{camel(attribute)}` that you can see matches, unless told otherwise."


def order_enum(declaration: TypeDeclaration) -> None:
    """Make `CustomerOrder` and the like: the orderable columns, ascending and descending; ties go by id."""
    members: dict[str, OrderKey | bool] = {"ID": False, "ID_DESC": True}
    for attribute, column in declaration.columns.items():
        if column.order:
            by = ReadableColumn(attribute, column.read)
            members[attribute.upper()] = OrderKey(by)
            members[f"{attribute.upper()}_DESC"] = OrderKey(by, descending=True)
    name = f"{declaration.name}Order"
    values = Enum(name, {member: member.lower() for member in members})  # type: ignore[misc]  # made from data
    description = (
        f"Sort orders of {declaration.name} records. Ascending unless the name ends in `_DESC`; nulls "
        "and values that you cannot read come last, or first in descending order. Enums are in the order in "
        "which the schema lists their values."
    )
    register(strawberry.enum(values, description=description))
    ORDERS[name] = {member.lower(): order for member, order in members.items()}


ORDERS: dict[str, dict[str, OrderKey | bool]] = {}
"""The key of each sort order, by enum and value; for the id alone, whether it is descending."""


def _conditions_input(declaration: TypeDeclaration, attribute: str) -> str:
    """The name of the input with conditions on a column's type, made on first use."""
    column = declaration.resource.column(declaration.readable(attribute).name)
    return value_input(list if is_list(column) else column.type.python_type)


def value_input(kind: type) -> str:
    """The name of the input with conditions on a type of values, made on first use."""
    is_enum = isinstance(kind, EnumMeta)
    title, *operators = (kind.__name__, *OF_ENUMS) if is_enum else TYPES[kind]
    return _operators_input(title, kind.__name__, operators)


def _id_input() -> str:
    return _operators_input("ID", "ID", ("eq", "ne", "in"))


def _operators_input(title: str, annotation: str, operators: Iterable[str]) -> str:
    """The name of an input with these operators on values of a type."""
    name = f"{title}Filter"
    if not is_registered(name):
        operands = {"is_null": "bool", "is_empty": "bool", "has": "str", "in": f"list[{annotation}]"}
        input_type(
            name,
            f"Conditions on a value of type {title}; all of them must match. An operator that is null counts "
            "as not given.",
            {
                "in_" if operator == "in" else operator: (
                    f"{operands.get(operator, annotation)} | None",
                    OPERATORS[operator],
                )
                for operator in operators
            },
        )
    return name
