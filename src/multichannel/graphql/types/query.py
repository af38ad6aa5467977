"""The root of queries: the viewer, single objects, explanations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multichannel.domain.users import Role
from multichannel.errors import BadInput
from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.framework.selected_columns import columns_of_record
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.access import who_may_do
from multichannel.graphql.types.decision_explanation import DecisionExplanation, explain_decision
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.read.list_query import LoadedRecord

MAX_IDS = 100


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
    object_type(
        "Viewer",
        "The signed-in user: the facts that the policy decides by.",
        {
            "tenant_id": Field("str", "The GUID of your tenant."),
            "tenant_kind": Field(
                "TenantKind",
                "The kind of organization that your tenant belongs to.",
                lambda principal, _info: principal.kind,
            ),
            "cloud": Field(
                "Cloud | None",
                "The national cloud of your tenant; null for the service itself.",
            ),
            "market": Field(
                "str | None",
                "The country of your tenant, as an ISO 3166-1 alpha-2 code; null if it has none.",
            ),
            "roles": Field("list[Role]", "Your roles.", _roles),
            "auth_mode": Field(
                "AuthMode",
                "Whether your token was issued for a user or for an application.",
            ),
            "partner": Field("Partner | None", "Your organization, if it is a partner.", _own(PARTNER)),
            "customer": Field("Customer | None", "Your organization, if it is a customer.", _own(CUSTOMER)),
            "capabilities": Field("list[Capability]", "What you may do, by type of record.", _capabilities),
        },
    )


def _own(resource: Resource) -> Callable[[Principal, ResolveInfo], LoadedRecord | None]:
    """Resolves the caller's own organization, if it is of this type and the policy shows it."""

    def resolve(principal: Principal, info: ResolveInfo) -> LoadedRecord | None:
        columns = columns_of_record(info, DECLARATIONS[resource.name])
        return info.context.record(resource, principal.tenant_id, columns)

    return resolve


def _roles(principal: Principal, _info: ResolveInfo) -> list[Role]:
    return [Role(role) for role in principal.roles]


def _capabilities(principal: Principal, info: ResolveInfo) -> list[dict[str, Any]]:
    policy = info.context.work.policy
    granted = {
        name: [action for action in resource.actions if policy.predicate(principal, action, resource).allowed]
        for name, resource in RESOURCES.items()
        if resource.model is not None
    }
    return [{"type": name, "actions": actions} for name, actions in granted.items() if actions]


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


def _explain(_root: object, info: ResolveInfo, action: Action, id: str) -> DecisionExplanation:
    return explain_decision(info.context, action, id)


def _who_may(_root: object, info: ResolveInfo, action: Action, id: str) -> list[dict[str, Any]]:
    return who_may_do(info.context, action, id)


def query_fields() -> dict[str, Field]:
    """The fields of `Query` that are not lists."""
    by_id = {"id": ("ID", "The id of the record.")}
    return {
        "viewer": Field("Viewer", "The signed-in user.", _viewer),
        "node": Field(
            "Node | None",
            "A record by its id; null if it does not exist or you cannot see it.",
            _node,
            by_id,
        ),
        "nodes": Field(
            "list[Node | None]",
            f"Up to {MAX_IDS} records by their ids, in the same order; null for each that does not exist "
            "or that you cannot see.",
            _nodes,
            {"ids": ("list[ID]", "The ids of the records.")},
        ),
        "explain_decision": Field(
            "DecisionExplanation | None",
            "Why the policy allows you to perform an action on a record, or denies it. NOT_FOUND if you "
            "cannot see the record.",
            _explain,
            {"action": ("Action", "The action."), **by_id},
        ),
        "who_may": Field(
            "list[RolesOfTenant] | None",
            "The partners and customers whose people may perform an action on a record, with the roles that "
            "may; as `access` of the record tells it. NOT_FOUND if you cannot see the record; FORBIDDEN "
            "unless READ_ACCESS or, for your own tenant alone, READ_OWN_ACCESS is granted to you.",
            _who_may,
            {"action": ("Action", "The action."), **by_id},
        ),
    }
