"""`access` of customers and subscriptions, and `whoMay`: every tenant that may do something, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from multichannel.domain.tenants import TenantKind
from multichannel.errors import BadInput, NotPermitted
from multichannel.graphql.framework.fields import Computed
from multichannel.graphql.framework.global_ids import prefix, read_id
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.access import DENIED, AccessTenant, access_of, who_may
from multichannel.store.unit_of_work import UnitOfWork

SAME_FOR_ALL = "The same for every user with the role; applications without a user may be allowed less."


def _global_id(tenant: AccessTenant, _info: object) -> str:
    return prefix(CUSTOMER if tenant.kind is TenantKind.CUSTOMER else PARTNER) + tenant.id


object_type(
    "AccessTenant",
    "A partner or customer whose people may do something with a record.",
    {
        "id": Field("ID", "The id of the partner or customer.", _global_id),
        "kind": Field("TenantKind", "Whether it is a partner or a customer."),
        "name": Field("str | None", "The company's name; null if none is recorded."),
    },
)
object_type(
    "TenantAccess",
    f"What the people of a partner or customer may do with a record. {SAME_FOR_ALL}",
    {
        "tenant": Field("AccessTenant", "The partner or customer."),
        "standing": Field(
            "str | None",
            "What it is to the record, such as `billing_partner`; null if the policy asks for no standing.",
        ),
        "roles": Field("list[Role]", "The roles that may do all of this."),
        "actions": Field("list[Action]", "What they may do, whatever the state of the record is."),
        "because": Field("str", "Why it has the standing, in the words of the policy."),
    },
)
object_type(
    "RolesOfTenant",
    f"The roles of a partner or customer that may do something. {SAME_FOR_ALL}",
    {
        "tenant": Field("AccessTenant", "The partner or customer."),
        "roles": Field("list[Role]", "The roles."),
    },
)


def _access(work: UnitOfWork, ids: Sequence[str], *, resource: Resource) -> Mapping[str, Any]:
    """The lists by id, or the denial in place of one."""
    accesses = access_of(work, resource, ids)
    return {row_id: accesses.get(row_id, NotPermitted(DENIED)) for row_id in ids}


def access_field(resource: Resource, witness: str) -> Computed:
    """The field of a resource; `witness` is a column of its summary."""
    return Computed(
        "Every partner and customer whose people may do something with the record, as the policy decides; an "
        "entry for each standing and set of roles. With READ_OWN_ACCESS alone, only your own tenant; "
        "FORBIDDEN without both.",
        "list[TenantAccess]",
        Action.READ_SUMMARY,
        partial(_access, resource=resource),
        witness=witness,
    )


def who_may_do(work: UnitOfWork, action: Action, id: str) -> list[dict[str, Any]]:
    """The tenants and roles; BadInput for an action that the record does not have."""
    resource, row_id = read_id(id)
    if action not in resource.actions:
        raise BadInput(f"{action.name} is not an action on a {resource.name}.")
    found = who_may(work, action, resource, row_id)
    return [{"tenant": tenant, "roles": roles} for tenant, roles in found]
