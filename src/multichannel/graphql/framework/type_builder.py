"""Builds the GraphQL types of declared resources: with connection, edge, filter and order."""

from __future__ import annotations

from datetime import datetime
from enum import EnumMeta

from multichannel.graphql.framework.connections import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from multichannel.graphql.framework.fields import (
    DECLARATIONS,
    Column,
    Computed,
    FieldDeclaration,
    ToOne,
    TypeDeclaration,
    camel,
)
from multichannel.graphql.framework.filter_inputs import filter_input, order_enum
from multichannel.graphql.framework.filters import MAX_ORDER_KEYS
from multichannel.graphql.framework.resolvers import (
    column_value,
    computed_value,
    global_id,
    nested_connection,
    related_record,
    root_connection,
    tenant_id,
    viewer_can,
    viewer_can_now,
)
from multichannel.graphql.framework.strawberry_types import Field, object_type

NAMES = {str: "str", int: "int", bool: "bool", datetime: "datetime", object: "list[str]"}
"""Annotations by column type; JSON columns hold lists of strings."""

PAGE_ARGUMENTS = {
    "first": (
        "int | None",
        f"The size of the page from the start, 0 to {MAX_PAGE_SIZE}. Default: {DEFAULT_PAGE_SIZE}.",
    ),
    "after": ("str | None", "Only records after this cursor."),
    "last": (
        "int | None",
        f"The size of the page from the end, 0 to {MAX_PAGE_SIZE}; not together with `first`.",
    ),
    "before": ("str | None", "Only records before this cursor."),
}


def resource_types(declaration: TypeDeclaration, node: type) -> None:
    """Make the type of a resource with its connection, filter and order."""
    filter_input(declaration)
    order_enum(declaration)
    resource = declaration.resource
    fields = {
        "id": Field(
            "ID", "The globally unique id of the record, the same for every caller.", global_id(declaration)
        ),
        "viewer_can": Field(
            "list[Action]", "The actions that the policy grants you on the record.", viewer_can(declaration)
        ),
        "viewer_can_now": Field(
            "list[Action]",
            "Those of `viewerCan` that the state of the record, and of those it depends on, allows at this "
            "moment. A mutation may still refuse its input.",
            viewer_can_now(declaration),
        ),
    }
    object_type(
        declaration.name,
        declaration.description,
        fields | {name: _field(declaration, name, item) for name, item in declaration.fields.items()},
        bases=(node,),
        is_type_of=classmethod(lambda _cls, record, _info: getattr(record, "resource", None) is resource),
    )
    _connection_types(declaration)


def _field(declaration: TypeDeclaration, name: str, item: FieldDeclaration) -> Field:
    if isinstance(item, Column):
        column = declaration.readable(name).name
        resolver = tenant_id(column, item.tenants) if item.tenants else column_value(column)
        return Field(f"{_column_type(declaration, name)} | None", _gated(item), resolver)
    if isinstance(item, ToOne):
        return Field(f"{item.target} | None", _gated(item), related_record(item))
    if isinstance(item, Computed):
        return Field(f"{item.type} | None", _gated(item), computed_value(name, item), item.arguments)
    return Field(
        f"{item.target}Connection",
        item.description,
        nested_connection(declaration, name),
        list_arguments(item.target),
    )


def root_field(declaration: TypeDeclaration, description: str) -> Field:
    """A list of all visible records of a resource."""
    name = declaration.name
    return Field(f"{name}Connection", description, root_connection(declaration), list_arguments(name))


def list_arguments(target: str) -> dict[str, tuple[str, str]]:
    """The arguments every list has; `search` if columns of the type are searched."""
    searched = [camel(name) for name, item in DECLARATIONS[target].columns.items() if item.search]
    text = f"Only records that have each of these words, in upper or lower case, in {', '.join(searched)}."
    return {
        **PAGE_ARGUMENTS,
        **({"search": ("str | None", text)} if searched else {}),
        "filter": (f"{target}Filter | None", "Only records that match."),
        "order_by": (
            f"list[{target}Order] | None",
            f"The sort order: up to {MAX_ORDER_KEYS} keys, the first one first. Default: by id.",
        ),
    }


def _gated(item: Column | ToOne | Computed) -> str:
    return f"{item.description} Requires {item.read.name}."


def _column_type(declaration: TypeDeclaration, name: str) -> str:
    kind = declaration.resource.column(declaration.readable(name).name).type.python_type
    return kind.__name__ if isinstance(kind, EnumMeta) else NAMES[kind]


def _connection_types(declaration: TypeDeclaration) -> None:
    name = declaration.name
    object_type(
        f"{name}Edge",
        f"An entry of a page of {name} records.",
        {
            "node": Field(name, "The record."),
            "cursor": Field("str", "The position in the list, to pass as `after` or `before`."),
        },
    )
    object_type(
        f"{name}Connection",
        f"A page of {name} records.",
        {
            "nodes": Field(f"list[{name}]", "The records of the page."),
            "edges": Field(f"list[{name}Edge]", "The records of the page with their cursors."),
            "page_info": Field("PageInfo", "Whether there are further pages."),
            "total_count": Field(
                "int",
                "The number of matching records in the whole list, not only in this page; 10,000 if there "
                "are more, which `totalCountIsAtLeast` tells.",
            ),
            "total_count_is_at_least": Field(
                "bool", "Whether `totalCount` is a lower bound, because there are more than 10,000 records."
            ),
        },
    )
