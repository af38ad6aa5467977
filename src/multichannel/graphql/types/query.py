"""The root of queries: the viewer, single objects, explanations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multichannel.domain.users import Role
from multichannel.errors import BadInput
from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, ComputedRoot
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.framework.selected_columns import columns_of_record
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.access import who_may_do
from multichannel.graphql.types.decision_explanation import explain_decision
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.selection import AskPolicy
from multichannel.store.read.list_query import LoadedRecord

MAX_IDS = 100


def _capabilities(_principal: Principal, ask: AskPolicy) -> list[dict[str, Any]]:
    granted = {
        name: [action for action in resource.actions if ask(action, resource).allowed]
        for name, resource in RESOURCES.items()
        if resource.model is not None
    }
    return [{"type": name, "actions": actions} for name, actions in granted.items() if actions]


VIEWER_FACTS: Mapping[str, tuple[Callable[[Principal, AskPolicy], Any], str, str]] = {
    "tenant_kind": (
        lambda principal, _ask: principal.kind,
        "TenantKind",
        "The kind of organization that your tenant belongs to.",
    ),
    "cloud": (
        lambda principal, _ask: principal.cloud,
        "Cloud | None",
        "The national cloud of your tenant; null for the service itself.",
    ),
    "market": (
        lambda principal, _ask: principal.market,
        "str | None",
        "The country of your tenant, as an ISO 3166-1 alpha-2 code; null if it has none.",
    ),
    "roles": (
        lambda principal, _ask: [Role(role) for role in principal.roles],
        "list[Role]",
        "Your roles.",
    ),
    "auth_mode": (
        lambda principal, _ask: principal.auth_mode,
        "AuthMode",
        "Whether your token was issued for a user or for an application.",
    ),
    "capabilities": (_capabilities, "list[Capability]", "What you may do, by type of record."),
}
"""What follows from the principal and the policy, whichever the tenant is; with type and description."""
OWN_RECORDS: Mapping[str, tuple[Resource, str]] = {
    "partner": (PARTNER, "Your organization, if it is a partner."),
    "customer": (CUSTOMER, "Your organization, if it is a customer."),
}
"""The caller's own organization, if it is of this type and the policy shows it."""


def viewer_types() -> None:
    """Make `Viewer` and `Capability`."""
    object_type(
        "Capability",
        "The actions that you may perform on some records of a type; `viewerCan` says on which.",
        {
            "type": Field("str", "The type of record, such as `Subscription`."),
            "actions": Field("list[Action]", "The actions."),
        },
    )
    fields = {"tenant_id": Field("str", "The GUID of your tenant.")}
    for name, (fact, kind, text) in VIEWER_FACTS.items():
        fields[name] = Field(kind, text, _resolved(fact))
    for name, (resource, text) in OWN_RECORDS.items():
        fields[name] = Field(f"{resource.name} | None", text, _own(resource))
    object_type("Viewer", "The signed-in user: the facts that the policy decides by.", fields)


def _resolved(fact: Callable[[Principal, AskPolicy], Any]) -> Callable[[Principal, ResolveInfo], Any]:
    def resolve(principal: Principal, info: ResolveInfo) -> Any:
        return fact(principal, lambda action, of: info.context.work.policy.predicate(principal, action, of))

    return resolve


def _own(resource: Resource) -> Callable[[Principal, ResolveInfo], LoadedRecord | None]:
    """Resolves the caller's own organization, if it is of this type and the policy shows it."""

    def resolve(principal: Principal, info: ResolveInfo) -> LoadedRecord | None:
        columns = columns_of_record(info, DECLARATIONS[resource.name])
        return info.context.record(resource, principal.tenant_id, columns)

    return resolve


def _viewer(_root: object, info: ResolveInfo) -> Principal:
    return info.context.principal


def _node(_root: object, info: ResolveInfo, id: str) -> LoadedRecord | None:
    return _records(info, [id])[0]


def _nodes(_root: object, info: ResolveInfo, ids: list[str]) -> list[LoadedRecord | None]:
    if len(ids) > MAX_IDS:
        raise BadInput(f"nodes takes at most {MAX_IDS} ids, not {len(ids)}.")
    return _records(info, ids)


def _records(info: ResolveInfo, ids: list[str]) -> list[LoadedRecord | None]:
    """The visible records with these ids, in the same order; one statement per resource type."""
    keys = [read_id(id) for id in ids]
    visible: dict[tuple[Resource, str], LoadedRecord] = {}
    for resource in dict.fromkeys(resource for resource, _ in keys):
        declaration = DECLARATIONS.get(resource.name)
        if declaration is not None:
            columns = columns_of_record(info, declaration)
            row_ids = {row_id for each, row_id in keys if each is resource}
            records = info.context.reader.records(resource, columns, "id", row_ids)
            visible.update(((resource, row_id), record) for row_id, record in records.items())
    return [visible.get(key) for key in keys]


BY_ID = {"id": ("ID", "The id of the record.")}
COMPUTED_ROOTS: Mapping[str, ComputedRoot] = {
    "explain_decision": ComputedRoot(
        "Why the policy allows you to perform an action on a record, or denies it. NOT_FOUND if you "
        "cannot see the record.",
        "DecisionExplanation",
        explain_decision,
        {"action": ("Action", "The action."), **BY_ID},
    ),
    "who_may": ComputedRoot(
        "The partners and customers whose people may perform an action on a record, with the roles that "
        "may; as `access` of the record tells it. NOT_FOUND if you cannot see the record; FORBIDDEN "
        "unless READ_ACCESS or, for your own tenant alone, READ_OWN_ACCESS is granted to you.",
        "list[RolesOfTenant]",
        who_may_do,
        {"action": ("Action", "The action."), **BY_ID},
    ),
}


def _computed(declared: ComputedRoot) -> Field:
    def resolve(_root: object, info: ResolveInfo, **arguments: Any) -> Any:
        return declared.compute(info.context.work, **arguments)

    return Field(f"{declared.type} | None", declared.description, resolve, declared.arguments)


def query_fields() -> dict[str, Field]:
    """The fields of `Query` that are not lists."""
    return {
        "viewer": Field("Viewer", "The signed-in user.", _viewer),
        "node": Field(
            "Node | None",
            "A record by its id; null if it does not exist or you cannot see it.",
            _node,
            BY_ID,
        ),
        "nodes": Field(
            "list[Node | None]",
            f"Up to {MAX_IDS} records by their ids, in the same order; null for each that does not exist "
            "or that you cannot see.",
            _nodes,
            {"ids": ("list[ID]", "The ids of the records.")},
        ),
        **{name: _computed(declared) for name, declared in COMPUTED_ROOTS.items()},
    }
