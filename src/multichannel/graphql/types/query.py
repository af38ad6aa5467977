"""The root of queries: the viewer, single objects, explanations."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from multichannel.domain.tenants import Cloud, TenantKind
from multichannel.domain.users import Role
from multichannel.errors import BadInput
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.framework.registry import named
from multichannel.graphql.framework.selected_columns import columns_of_record
from multichannel.graphql.framework.type_builder import field_with_arguments, made_type, plain_field
from multichannel.graphql.types.decision_explanation import DecisionExplanation, explain_decision
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, AuthMode, Principal
from multichannel.store.read.query import LoadedRecord

MOST_IDS = 100


def viewer_types() -> None:
    """Make `Viewer` and `Capability`."""
    made_type(
        "Capability",
        "The actions that you may perform on some records of a type; `viewerCan` says on which.",
        {
            "type": plain_field("type", "str", "The type of record, such as `Subscription`."),
            "actions": plain_field("actions", f"list[{named(Action)}]", "The actions."),
        },
    )
    made_type(
        "Viewer",
        "The signed-in user: the facts that the policy decides by.",
        {
            "tenant_id": plain_field("tenant_id", "str", "The GUID of your tenant."),
            "tenant_kind": plain_field(
                "tenant_kind", named(TenantKind), "The kind of organization that your tenant belongs to."
            ),
            "cloud": plain_field(
                "cloud",
                f"{named(Cloud)} | None",
                "The national cloud of your tenant; null for the service itself.",
            ),
            "market": plain_field(
                "market",
                "str | None",
                "The country of your tenant, as an ISO 3166-1 alpha-2 code; null if it has none.",
            ),
            "roles": plain_field("roles", f"list[{named(Role)}]", "Your roles."),
            "auth_mode": plain_field(
                "auth_mode",
                named(AuthMode),
                "Whether your token was issued for a user or for an application.",
            ),
            "partner": plain_field("partner", "Partner | None", "Your organization, if it is a partner."),
            "customer": plain_field("customer", "Customer | None", "Your organization, if it is a customer."),
            "capabilities": plain_field(
                "capabilities", "list[Capability]", "What you may do, by type of record."
            ),
        },
    )


VIEWER_RESOLVERS: dict[str, Any] = {
    "tenant_id": lambda principal, _info: principal.tenant_id,
    "tenant_kind": lambda principal, _info: principal.kind,
    "cloud": lambda principal, _info: principal.cloud,
    "market": lambda principal, _info: principal.market,
    "roles": lambda principal, _info: [Role(role) for role in principal.roles],
    "auth_mode": lambda principal, _info: principal.auth_mode,
    "partner": lambda principal, info: _own(principal, info, PARTNER),
    "customer": lambda principal, info: _own(principal, info, CUSTOMER),
    "capabilities": lambda principal, info: _capabilities(principal, info.context),
}


def _own(principal: Principal, info: Any, resource: Resource) -> LoadedRecord | None:
    """The caller's own organization, if it is of this kind and the policy shows it."""
    columns = columns_of_record(info, DECLARATIONS[resource.name])
    found = info.context.reader.records(resource, columns, "id", [principal.tenant_id])
    return found.get(principal.tenant_id)  # type: ignore[no-any-return]


def _capabilities(principal: Principal, operation: OperationContext) -> list[dict[str, Any]]:
    policy = operation.work.policy
    granted = {
        name: [action for action in resource.actions if policy.predicate(principal, action, resource).allowed]
        for name, resource in RESOURCES.items()
        if resource.model is not None
    }
    return [{"type": name, "actions": actions} for name, actions in granted.items() if actions]


def _viewer(info: strawberry.Info) -> Principal:
    return info.context.principal  # type: ignore[no-any-return]


def _node(info: strawberry.Info, id: str) -> LoadedRecord | None:
    return _records(info, [id])[0]


def _nodes(info: strawberry.Info, ids: list[str]) -> list[LoadedRecord | None]:
    if len(ids) > MOST_IDS:
        raise BadInput(f"nodes takes at most {MOST_IDS} ids, not {len(ids)}.")
    return _records(info, ids)


def _records(info: strawberry.Info, ids: list[str]) -> list[LoadedRecord | None]:
    """The visible ones among some objects in their order, one statement for each kind."""
    wanted = [read_id(id) for id in ids]
    raw = info._raw_info  # noqa: SLF001  (Strawberry has no public way to the executor's own)
    found: dict[tuple[Resource, str], LoadedRecord] = {}
    for resource in dict.fromkeys(resource for resource, _ in wanted):
        declaration = DECLARATIONS.get(resource.name)
        if declaration is not None:
            columns = columns_of_record(raw, declaration)
            keys = {row_id for kind, row_id in wanted if kind is resource}
            records = info.context.reader.records(resource, columns, "id", keys)
            found.update(((resource, row_id), record) for row_id, record in records.items())
    return [found.get(key) for key in wanted]


def _explain(info: strawberry.Info, action: Action, id: str) -> DecisionExplanation:
    return explain_decision(info.context, action, id)


def query_fields() -> dict[str, StrawberryField]:
    """The fields of `Query` that are not lists."""
    of_object = {"id": ("ID", "The id of the record.")}
    return {
        "viewer": field_with_arguments("viewer", "Viewer", "The signed-in user.", _viewer, {}),
        "node": field_with_arguments(
            "node",
            "Node | None",
            "A record by its id; null if it does not exist or you cannot see it.",
            _node,
            of_object,
        ),
        "nodes": field_with_arguments(
            "nodes",
            "list[Node | None]",
            f"Up to {MOST_IDS} records by their ids, in the same order; null for each that does not "
            f"exist or that you "
            "cannot see.",
            _nodes,
            {"ids": ("list[ID]", "The ids of the records.")},
        ),
        "explain_decision": field_with_arguments(
            "explain_decision",
            "DecisionExplanation | None",
            "Why the policy lets you perform an action on a record, or does not. The error is NOT_FOUND "
            "if you cannot see the "
            "record.",
            _explain,
            {"action": (named(Action), "The action."), **of_object},
        ),
    }
