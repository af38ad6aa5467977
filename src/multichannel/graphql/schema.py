"""The schema, put together from declarations; `sdl()` is what `schema.graphql` holds."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from multichannel.graphql import mutations
from multichannel.graphql.framework.fields import DECLARATIONS, camel
from multichannel.graphql.framework.mutation import mutation_type
from multichannel.graphql.framework.registry import NAMESPACE
from multichannel.graphql.framework.resolvers import resolvers
from multichannel.graphql.framework.scalars import SCALARS
from multichannel.graphql.framework.type_builder import assemble, made_type, page_info_type, root_field
from multichannel.graphql.types import (
    agreements,
    audit,
    customers,
    partnerships,
    relationships,
    subscriptions,
    transfers,
    users,
)
from multichannel.graphql.types.decision_explanation import DecisionExplanation
from multichannel.graphql.types.events import events_type
from multichannel.graphql.types.query import VIEWER_RESOLVERS, query_fields, viewer_types

DECLARING = (customers, partnerships, relationships, subscriptions, transfers, agreements, users, audit)
"""Imported so that their types are declared."""

BUILDING = Lock()

LISTS = {
    "customers": ("Customer", "The customers that you can see."),
    "subscriptions": ("Subscription", "The subscriptions that you can see, of all customers."),
    "reseller_relationships": ("ResellerRelationship", "The reseller relationships that you can see."),
    "partnerships": ("Partnership", "The partnerships that you can see."),
    "transfers": ("Transfer", "The transfers that you can see."),
    "audit_records": ("AuditRecord", "Your tenant's audit log: the operations that concern it."),
}


@strawberry.interface(description="A record with a globally unique id.")
class Node:
    """What `node` returns."""

    id: strawberry.ID = strawberry.field(
        description="The globally unique id of the record, the same for every caller."
    )


def build_schema() -> GraphQLSchema:
    """The executable schema, built by whoever asks first."""
    with BUILDING:
        return _built()


@cache
def _built() -> GraphQLSchema:
    NAMESPACE["Node"] = Node
    NAMESPACE["DecisionExplanation"] = DecisionExplanation
    page_info_type()
    for declaration in DECLARATIONS.values():
        assemble(declaration, Node)
    viewer_types()
    lists = {name: root_field(DECLARATIONS[target], name, text) for name, (target, text) in LISTS.items()}
    query = made_type(
        "Query",
        "The queries. The policy decides on every record and field that they return.",
        {**query_fields(), **lists},
    )
    mutations.declare()
    mutation = mutation_type()
    events = events_type()
    config = StrawberryConfig(scalar_map=SCALARS, default_resolver=_value)
    types = [NAMESPACE[name] for name in DECLARATIONS]
    schema = _made(query=query, mutation=mutation, subscription=events, types=types, config=config)
    _install(schema)
    return schema


def sdl() -> str:
    """The schema in its own language, beginning with its roots: the type `Subscription` is none of them."""
    return print_schema(build_schema()) + "\n"


def _made(**parts: Any) -> GraphQLSchema:
    return strawberry.Schema(**parts)._schema  # noqa: SLF001  (Strawberry has no public way to it)


def _install(schema: GraphQLSchema) -> None:
    """Give fields without arguments their resolvers directly, without a step in between."""
    for declaration in DECLARATIONS.values():
        kind = schema.type_map[declaration.name]
        _resolve_by(kind, resolvers(declaration))
    _resolve_by(schema.type_map["Viewer"], VIEWER_RESOLVERS)


def _resolve_by(kind: Any, found: dict[str, Any]) -> None:
    if not isinstance(kind, GraphQLObjectType):
        raise TypeError(f"{kind} has no fields to resolve")
    for name, resolve in found.items():
        kind.fields[camel(name)].resolve = resolve


def _value(source: Any, name: str) -> Any:
    """A field of an answer made here: of a mapping, or of an object."""
    return source[name] if isinstance(source, dict) else getattr(source, name)
