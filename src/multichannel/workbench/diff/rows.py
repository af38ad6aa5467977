"""How many rows of a database some of its tenants see under each version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.operator_access import sample_tenants
from multichannel.store.store import Store

OF_EACH = 3
"""How many tenants of each kind and type are asked for, where none is named."""
ALL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """How many rows somebody of a tenant, with every role, may read so far: before and after."""

    tenant: str
    resource: str
    action: Action
    before: int
    after: int


@dataclass(frozen=True)
class Rows:
    """The counts of all that was asked, the same or not."""

    tenants: tuple[str, ...]
    seen: tuple[Seen, ...]

    @property
    def changed(self) -> tuple[Seen, ...]:
        """Where the counts differ."""
        return tuple(each for each in self.seen if each.before != each.after)


def count(store: Store, old: Policy, new: Policy, tenant_ids: Sequence[str] = ()) -> Rows:
    """Count for some tenants of each kind, or for these; BadInput for an id of no tenant."""
    tenants = sample_tenants(store.engine, of_each=OF_EACH, ids=tenant_ids)
    unknown = set(tenant_ids) - {principal.tenant_id for _, principal in tenants}
    if unknown:
        raise BadInput(f"there is no tenant {min(unknown)} in this database")
    seen = tuple(each for name, principal in tenants for each in _seen(store, old, new, name, principal))
    return Rows(tuple(name for name, _ in tenants), seen)


def _seen(store: Store, old: Policy, new: Policy, name: str, principal: Principal) -> Iterator[Seen]:
    counted = []
    for policy in (old, new):
        with store.with_policy(policy).reading(principal) as work:
            counted.append(
                {
                    (resource.name, action): work.reader.reach(resource, (action,), most=ALL)
                    for resource in RESOURCES.values()
                    if resource.model is not None
                    for action in resource.reads
                }
            )
    for (resource, action), before in counted[0].items():
        yield Seen(name, resource, action, before, counted[1][resource, action])
