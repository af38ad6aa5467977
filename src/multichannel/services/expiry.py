"""What time has done is written down: expired requests and transfers, and terms that ended or began anew.

Everybody sees it from the moment it happens, for statuses are derived from time; this makes it an event, and
a record for each tenant concerned. Any number of sweepers may run at once.
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
"""Rows in one transaction: what it locks, others wait for."""


def sweep(store: Store, *, batch: int = BATCH) -> dict[str, int]:
    """Write down what is due, in each national cloud by itself (R52); gives the rows changed, by kind."""
    changed = dict.fromkeys((resource.name for resource in EXPIRABLE), 0)
    for cloud in Cloud:
        sweeper = system_principal(SystemRole.SWEEPER, cloud=cloud)
        for resource in EXPIRABLE:
            for ids in _due(store, sweeper, resource, batch):
                act = MutationContext("expire", resource.name)
                changed[resource.name] += int(store.act(sweeper, act, _applying(resource, ids)))
    return changed


def _due(store: Store, sweeper: Principal, resource: Resource, batch: int) -> Iterator[list[str]]:
    """The ids of rows that may be due, batch by batch. Found without locks: what is due stays so."""
    after = ""
    while True:
        with store.reading(sweeper) as work:
            ids = work.repository(resource).due(after=after, limit=batch)
        if ids:
            yield ids
        if len(ids) < batch:
            return
        after = ids[-1]


def _applying(resource: Resource, ids: list[str]) -> Callable[[UnitOfWork], str]:
    """Settle those rows that nobody is changing, and that nobody else has settled meanwhile."""

    def use_case(work: UnitOfWork) -> str:
        rows = work.repository(resource).take(ids, to=Action.EXPIRE)
        return str(sum(row.apply_due(work.now) for row in rows))

    return use_case
