"""How many rows of a database some of its tenants can read under each version."""

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
"""How many tenants of each kind and type are counted for by default."""
ALL = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a tenant with every role can read at a read level, before and after."""

    tenant: str
    resource: str
    action: Action
    before: int
    after: int


@dataclass(frozen=True)
class RowCounts:
    """All counts, whether they differ or not."""

    tenants: tuple[str, ...]
    counts: tuple[RowCount, ...]

    @property
    def changed(self) -> tuple[RowCount, ...]:
        """Those that differ."""
        return tuple(each for each in self.counts if each.before != each.after)


def count_rows(store: Store, old: Policy, new: Policy, tenant_ids: Sequence[str] = ()) -> RowCounts:
    """Count for these tenants, or some of each kind; BadInput for an unknown id."""
    tenants = sample_tenants(store.engine, of_each=OF_EACH, ids=tenant_ids)
    unknown = set(tenant_ids) - {principal.tenant_id for _, principal in tenants}
    if unknown:
        raise BadInput(f"tenant {min(unknown)} not found in this database")
    counts = tuple(each for name, principal in tenants for each in _count(store, old, new, name, principal))
    return RowCounts(tuple(name for name, _ in tenants), counts)


def _count(store: Store, old: Policy, new: Policy, name: str, principal: Principal) -> Iterator[RowCount]:
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
        yield RowCount(name, resource, action, before, counted[1][resource, action])
