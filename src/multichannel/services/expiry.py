"""The expiry job: stores due status changes of requests, transfers and subscriptions, and renewals.

It also gives notice of grants of delegated admin that are about to end (SM7).

Readers see a change from the moment it is due, because statuses are derived from time; storing it creates
events and audit records. Any number of jobs can run at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from multichannel.domain.tenants import Cloud
from multichannel.policy.schema.resources import (
    DELEGATED_ADMIN_GRANT,
    RELATIONSHIP,
    SUBSCRIPTION,
    TRANSFER,
    Resource,
)
from multichannel.policy.schema.vocabulary import Action, Principal, SystemRole, system_principal
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

EXPIRABLE = (RELATIONSHIP, DELEGATED_ADMIN_GRANT, TRANSFER, SUBSCRIPTION)
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
                changed[resource.name] += int(store.act(sweeper, act, partial(_apply_due, resource, ids)))
        changed[DELEGATED_ADMIN_GRANT.name] += _give_notice(store, sweeper, batch)
    return changed


def _give_notice(store: Store, sweeper: Principal, batch: int) -> int:
    """Tell both sides of each grant that is about to end, by an event; gives the number of notices."""
    notices = 0
    for ids in _due(store, sweeper, DELEGATED_ADMIN_GRANT, batch, notices=True):
        act = MutationContext("delegated_admin_expiring", DELEGATED_ADMIN_GRANT.name)
        notices += int(store.act(sweeper, act, partial(_take_notices, ids)))
    return notices


def _take_notices(ids: list[str], work: UnitOfWork) -> str:
    rows = work.delegated_admin_grants.take(ids, to=Action.EXPIRE)
    return str(sum(row.take_notice(work.now) for row in rows))


def _due(
    store: Store, sweeper: Principal, resource: Resource, batch: int, *, notices: bool = False
) -> Iterator[list[str]]:
    """The ids of rows that are due, in batches, read without locks: a row that is due stays due."""
    after = ""
    while True:
        with store.reading(sweeper) as work:
            ids = work.repository(resource).due(after=after, limit=batch, notices=notices)
        if ids:
            yield ids
        if len(ids) < batch:
            return
        after = ids[-1]


def _apply_due(resource: Resource, ids: list[str], work: UnitOfWork) -> str:
    """Apply what is due to the rows that no other transaction holds or has changed."""
    rows = work.repository(resource).take(ids, to=Action.EXPIRE)
    return str(sum(row.apply_due(work.now) for row in rows))
