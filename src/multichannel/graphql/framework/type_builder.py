"""Makes Strawberry types from declarations."""

from __future__ import annotations

from datetime import datetime
from enum import EnumMeta
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from multichannel.graphql.framework.connections import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Connection
from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import Column, Computed, Declaration, One
from multichannel.graphql.framework.filters import filter_input, order_enum
from multichannel.graphql.framework.registry import NAMESPACE, enter, named
from multichannel.graphql.framework.resolvers import computed_value, nested_connection, root_connection
from multichannel.policy.schema.vocabulary import Action

NAMES = {str: "str", int: "int", bool: "bool", datetime: "datetime", object: "list[str]"}
"""GraphQL types of what columns hold; the JSON columns hold lists of words."""

PAGE_ARGUMENTS = {
    "first": (
        "int | None",
        f"The size of the page from the start, 1 to {MAX_PAGE_SIZE}. Default: {DEFAULT_PAGE_SIZE}.",
    ),
    "after": ("str | None", "Only records after this cursor."),
    "last": (
        "int | None",
        f"The size of the page from the end, 1 to {MAX_PAGE_SIZE}; not together with `first`.",
    ),
    "before": ("str | None", "Only records before this cursor."),
}


def annotated(annotation: str) -> StrawberryAnnotation:
    """A type by name, found when the schema is built."""
    return StrawberryAnnotation(annotation, namespace=NAMESPACE)


def plain_field(name: str, annotation: str, description: str) -> StrawberryField:
    """A field whose resolver is installed when the schema has been built."""
    return StrawberryField(python_name=name, type_annotation=annotated(annotation), description=description)


def field_with_arguments(
    name: str,
    annotation: str,
    description: str,
    resolve: Any,
    arguments: dict[str, tuple[str, str]],
) -> StrawberryField:
    """A field that Strawberry resolves, converting its arguments."""
    made = StrawberryField(
        python_name=name,
        type_annotation=annotated(annotation),
        description=description,
        base_resolver=StrawberryResolver(resolve),
    )
    made.arguments = [
        StrawberryArgument(
            argument,
            None,
            annotated(kind),
            default=None if "None" in kind else strawberry.UNSET,
            description=text,
        )
        for argument, (kind, text) in arguments.items()
    ]
    return made


def made_type(name: str, description: str, fields: dict[str, StrawberryField], **options: Any) -> Any:
    """A Strawberry object type, entered in the namespace."""
    bases = options.pop("bases", ())
    body = {"__annotations__": dict.fromkeys(fields, object), "__doc__": description, "__module__": __name__}
    cls = type(name, bases, {**body, **fields, **options})
    return enter(name, fields, lambda: strawberry.type(cls, name=name, description=description))


def assemble(declaration: Declaration, node: type) -> None:
    """Make a declared type with its connection, filter and order."""
    filter_input(declaration)
    order_enum(declaration)
    resource = declaration.resource
    fields = {
        "id": plain_field("id", "ID", "The globally unique id of the record, the same for every caller."),
        "viewer_can": plain_field(
            "viewer_can", f"list[{named(Action)}]", "The actions that the policy grants you on the record."
        ),
    }
    for name, item in declaration.fields.items():
        if isinstance(item, Column):
            fields[name] = plain_field(name, f"{_column_type(declaration, name)} | None", _gated(item))
        elif isinstance(item, One):
            fields[name] = plain_field(name, f"{item.target} | None", _gated(item))
        elif isinstance(item, Computed):
            fields[name] = computed_field(name, item)
        else:
            fields[name] = connection_field(declaration, name)
    made_type(
        declaration.name,
        declaration.description,
        fields,
        bases=(node,),
        is_type_of=classmethod(lambda _cls, record, _info: getattr(record, "resource", None) is resource),
    )
    _connection_types(declaration)


def computed_field(name: str, item: Computed) -> StrawberryField:
    """A field worked out for a whole batch, with arguments if it has any."""
    annotation = f"{item.type} | None"
    if not item.arguments:
        return plain_field(name, annotation, _gated(item))
    load = computed_value(name, item)

    def resolve(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return load(root, _raw(info), **arguments)

    return field_with_arguments(name, annotation, _gated(item), resolve, dict(item.arguments))


def connection_field(declaration: Declaration, name: str) -> StrawberryField:
    """A record's own list."""
    item = declaration.relations[name]
    load = nested_connection(declaration, name)

    def resolve(root: Any, info: strawberry.Info, **arguments: Any) -> Connection:
        return load(root, _raw(info), arguments)

    return field_with_arguments(
        name,
        f"{item.target}Connection",
        item.description,
        resolve,
        list_arguments(item.target),
    )


def root_field(declaration: Declaration, name: str, description: str) -> StrawberryField:
    """A list of everything visible of a kind."""
    load = root_connection(declaration)

    def resolve(info: strawberry.Info, **arguments: Any) -> Connection:
        return load(_raw(info), arguments)

    return field_with_arguments(
        name, f"{declaration.name}Connection", description, resolve, list_arguments(declaration.name)
    )


def list_arguments(target: str) -> dict[str, tuple[str, str]]:
    """The arguments every list has."""
    return {
        **PAGE_ARGUMENTS,
        "filter": (f"{target}Filter | None", "Only records that match."),
        "order_by": (f"{target}Order | None", "The sort order. Default: by id."),
    }


def _raw(info: strawberry.Info) -> ResolveInfo:
    return info._raw_info  # noqa: SLF001  (Strawberry has no public way to the executor's own)


def _gated(item: Column | One | Computed) -> str:
    return f"{item.description} Requires {item.read.name}."


def _column_type(declaration: Declaration, name: str) -> str:
    kind = declaration.resource.column(name).type.python_type
    return named(kind) if isinstance(kind, EnumMeta) else NAMES[kind]


def _connection_types(declaration: Declaration) -> None:
    name = declaration.name
    made_type(
        f"{name}Edge",
        f"An entry of a page of {name} records.",
        {
            "node": plain_field("node", name, "The record."),
            "cursor": plain_field(
                "cursor", "str", "The position in the list, to pass as `after` or `before`."
            ),
        },
    )
    made_type(
        f"{name}Connection",
        f"A page of {name} records.",
        {
            "nodes": plain_field("nodes", f"list[{name}]", "The records of the page."),
            "edges": plain_field("edges", f"list[{name}Edge]", "The records of the page with their cursors."),
            "page_info": plain_field("page_info", "PageInfo", "Whether there are further pages."),
            "total_count": plain_field(
                "total_count",
                "int",
                "The number of matching records in the whole list, not only in this page.",
            ),
        },
    )


def page_info_type() -> None:
    """Make `PageInfo`."""
    made_type(
        "PageInfo",
        "Whether a list continues before and after a page.",
        {
            "has_next_page": plain_field(
                "has_next_page", "bool", "Whether there are records after the page."
            ),
            "has_previous_page": plain_field(
                "has_previous_page", "bool", "Whether there are records before the page."
            ),
            "start_cursor": plain_field(
                "start_cursor", "str | None", "The cursor of the first record; null for an empty page."
            ),
            "end_cursor": plain_field(
                "end_cursor", "str | None", "The cursor of the last record; null for an empty page."
            ),
        },
    )
