"""Users of one's own tenant."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from multichannel.domain.users import Role
from multichannel.graphql.framework.fields import column, computed, one, resource_type
from multichannel.graphql.framework.registry import named
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import Work

READ = Action.READ


def _roles(work: Work, ids: Collection[str]) -> Mapping[str, list[Role]]:
    return work.roles.of(ids)


@resource_type(USER)
class User:
    """A person or application of a tenant."""

    display_name = column("The name others see.", READ, filter=True, order=True)
    object_id = column("The object id of the tenant's directory.", READ, filter=True)
    roles = computed(
        "The roles it has, in order.", f"list[{named(Role)}]", READ, _roles, witness="state", absent=()
    )
    state = column("An inactive user cannot sign in.", READ, filter=True)
    partner = one("The partner it belongs to; null for a customer's.", "Partner", "tenant_id", READ)
    customer = one("The customer it belongs to; null for a partner's.", "Customer", "tenant_id", READ)
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When it last changed here.", READ, filter=True, order=True)
    version = column("Counts changes; pass it as `expectedVersion` to change what you saw.", READ)
