"""The expiry job: stores due status changes of requests, transfers and subscriptions, and renewals.

Readers see a change from the moment it is due, because statuses are derived from time; storing it creates
events and audit records. Any number of jobs can run at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from multichannel.domain.tenants import Cloud
from multichannel.policy.schema.resources import RELATIONSHIP, SUBSCRIPTION, TRANSFER, Resource
from multichannel.policy.schema.vocabulary import Action, Principal, SystemRole, system_principal
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

EXPIRABLE = (RELATIONSHIP, TRANSFER, SUBSCRIPTION)
"""The resources with a status that time alone changes."""
BATCH = 100
"""Rows in one transaction, which others have to wait for."""


def sweep(store: Store, *, batch: int = BATCH) -> dict[str, int]:
    """Store what is due, by national cloud (R52); gives the number of changed rows by resource."""
    changed = dict.fromkeys((resource.name for resource in EXPIRABLE), 0)
    for cloud in Cloud:
        sweeper = system_principal(SystemRole.SWEEPER, cloud=cloud)
        for resource in EXPIRABLE:
            for ids in _due(store, sweeper, resource, batch):
                act = MutationContext("expire", resource.name)
                changed[resource.name] += int(store.act(sweeper, act, _use_case(resource, ids)))
    return changed


def _due(store: Store, sweeper: Principal, resource: Resource, batch: int) -> Iterator[list[str]]:
    """The ids of rows that are due, in batches, read without locks: a row that is due stays due."""
    after = ""
    while True:
        with store.reading(sweeper) as work:
            ids = work.repository(resource).due(after=after, limit=batch)
        if ids:
            yield ids
        if len(ids) < batch:
            return
        after = ids[-1]


def _use_case(resource: Resource, ids: list[str]) -> Callable[[UnitOfWork], str]:
    """Apply what is due to the rows that no other transaction holds or has changed."""

    def use_case(work: UnitOfWork) -> str:
        rows = work.repository(resource).take(ids, to=Action.EXPIRE)
        return str(sum(row.apply_due(work.now) for row in rows))

    return use_case
