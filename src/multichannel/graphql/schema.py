"""Builds the schema from the declarations; `sdl()` is the content of `schema.graphql`."""

from __future__ import annotations

from functools import cache
from threading import Lock

import strawberry
from graphql import GraphQLSchema, print_schema

from multichannel.graphql import mutations
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.framework.filter_inputs import action_filter_input, related_filter_inputs
from multichannel.graphql.framework.group_types import groups_field
from multichannel.graphql.framework.mutation_fields import mutation_type
from multichannel.graphql.framework.strawberry_types import (
    described,
    executable_schema,
    object_type,
    register,
)
from multichannel.graphql.framework.type_builder import resource_types, root_field
from multichannel.graphql.types import (  # noqa: F401  (they declare their types)
    agreements,
    audit,
    bulk_operations,
    customers,
    delegated_admin,
    partnerships,
    relationships,
    subscriptions,
    support_cases,
    transfers,
    users,
    vendor_tasks,
)
from multichannel.graphql.types.events import events_type
from multichannel.graphql.types.groups import GROUPS
from multichannel.graphql.types.query import query_fields, viewer_types

BUILDING = Lock()

LISTS = {
    "customers": ("Customer", "The customers that you can see."),
    "subscriptions": ("Subscription", "The subscriptions that you can see, of all customers."),
    "reseller_relationships": ("ResellerRelationship", "The reseller relationships that you can see."),
    "delegated_admin_grants": (
        "DelegatedAdminGrant",
        "The grants of delegated admin, and requests for them, that you can see.",
    ),
    "partnerships": ("Partnership", "The partnerships that you can see."),
    "support_cases": ("SupportCase", "The support cases that you can see."),
    "vendor_tasks": ("VendorTask", "What your partner's people have to do in the vendor's portal."),
    "transfers": ("Transfer", "The transfers that you can see."),
    "bulk_operations": ("BulkOperation", "The bulk operations of your company."),
    "audit_records": ("AuditRecord", "Your tenant's audit log: the operations that concern it."),
}


@register
@strawberry.interface(description="A record with a globally unique id.")
class Node:
    """What `node` returns."""

    id: strawberry.ID = described("The globally unique id of the record, the same for every caller.")


def build_schema() -> GraphQLSchema:
    """The executable schema, built by the first caller."""
    with BUILDING:
        return _built()


@cache
def _built() -> GraphQLSchema:
    for declaration in DECLARATIONS.values():
        resource_types(declaration, Node)
    action_filter_input()
    related_filter_inputs()
    viewer_types()
    lists = {name: root_field(DECLARATIONS[target], text) for name, (target, text) in LISTS.items()}
    groups = {name: groups_field(declared) for name, declared in GROUPS.items()}
    query = object_type(
        "Query",
        "The queries. The policy decides on every record and field that they return.",
        {**query_fields(), **lists, **groups},
    )
    mutations.declare()
    mutation = mutation_type()
    events = events_type()
    return executable_schema(query=query, mutation=mutation, subscription=events, types=DECLARATIONS)


def sdl() -> str:
    """The schema in SDL. It names the roots, because the type `Subscription` is not one of them."""
    return print_schema(build_schema()) + "\n"
