"""Users of one's own tenant."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from multichannel.domain.users import Role
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork

READ = Action.READ


def _roles(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, list[Role]]:
    return work.roles.of(ids)


@resource_type(USER)
class User:
    """A person or an application with access for a tenant."""

    display_name = Column("The name shown to others.", READ, filter=True, order=True)
    object_id = Column("The GUID of the user in the directory of its tenant.", READ, filter=True)
    roles = Computed("The user's roles, sorted.", "list[Role]", READ, _roles, witness="state", absent=())
    state = Column(
        "Whether the user can sign in; INACTIVE once it is disabled.", READ, filter=True, order=True
    )
    partner = ToOne(
        "The partner of the user's tenant; null in a customer tenant.", "Partner", READ, local="tenant_id"
    )
    customer = ToOne(
        "The customer of the user's tenant; null in a partner tenant.", "Customer", READ, local="tenant_id"
    )
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version(expected=True)
