"""Bulk operations: started and canceled by users, and run page by page by the service (SM9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multichannel.domain.base import new_id
from multichannel.domain.bulk_operations import (
    PAGE,
    BulkOperation,
    BulkOperationStatus,
    BulkPage,
    pages_of,
)
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Partner, Tenant, TenantKind
from multichannel.domain.users import User
from multichannel.policy.schema.vocabulary import Action, AuthMode
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import VerifiedToken

MOST_WAITING = 20
WAITING = (BulkOperationStatus.QUEUED, BulkOperationStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class LeasedPage:
    """What a runner does next: the items of a page, each a number with an input, as a user."""

    operation_id: str
    mutation: str
    user: VerifiedToken
    number: int
    items: tuple[tuple[int, Any], ...]


def start_bulk_operation(work: UnitOfWork, mutation: str, items: Sequence[Any]) -> BulkOperation:
    """Store items for the service to run. TOO_MANY_BULK_OPERATIONS."""
    tenant_id = work.principal.tenant_id
    parent: Partner | Customer = (
        work.customers.get(tenant_id, to=Action.START_BULK)
        if work.principal.kind is TenantKind.CUSTOMER
        else work.partners.get(tenant_id, to=Action.START_BULK)
    )
    waiting = work.query_for(parent).count(BulkOperation, tenant_id=tenant_id, status=WAITING)
    if waiting >= MOST_WAITING:
        raise Refusal.TOO_MANY_BULK_OPERATIONS.error()
    operation = BulkOperation(
        id=new_id(),
        tenant_id=tenant_id,
        user_id=work.user_id,
        auth_mode=work.principal.auth_mode.value,
        mutation=mutation,
        status=BulkOperationStatus.QUEUED,
        item_count=len(items),
        cloud=parent.cloud,
        created_at=work.now,
    )
    work.add_under(parent, operation)
    work.add_under(operation, *pages_of(operation, items))
    return operation


def cancel_bulk_operation(work: UnitOfWork, row_id: str) -> BulkOperation:
    """Begin no further items. BULK_OPERATION_ENDED."""
    operation = work.bulk_operations.get(row_id, to=Action.CANCEL)
    operation.cancel(work.now)
    return operation


def waiting_operations(work: UnitOfWork) -> list[str]:
    """The ids of operations that a runner may take."""
    service = work.service(to=Action.RUN_BULK)
    rows = work.query_for(service).all(BulkOperation, status=WAITING)
    return [row.id for row in rows if row.is_free(work.now)]


def lease_page(work: UnitOfWork, row_id: str, runner: str) -> LeasedPage | None:
    """Let a runner do the next page of an operation; None if another runner was faster."""
    for operation in work.bulk_operations.take([row_id], to=Action.RUN_BULK):
        if operation.is_free(work.now):
            operation.lease_to(runner, work.now)
            return _next_page(work, operation)
    return None


def _next_page(work: UnitOfWork, operation: BulkOperation) -> LeasedPage | None:
    query = work.query_for(operation)
    page = query.one(BulkPage, bulk_operation_id=operation.id, number=operation.pages_done)
    user, tenant = query.one(User, id=operation.user_id), query.one(Tenant, id=operation.tenant_id)
    if page is None or user is None or tenant is None or tenant.directory_id is None:
        return None
    token = VerifiedToken(tenant.directory_id, user.object_id, AuthMode(operation.auth_mode))
    first = page.number * PAGE + 1
    items = tuple(enumerate(page.items, start=first))
    return LeasedPage(operation.id, operation.mutation, token, page.number, items)


def record_page(
    work: UnitOfWork, leased: LeasedPage, runner: str, results: Sequence[Mapping[str, Any]]
) -> bool:
    """Store the results of a page; False if the runner has lost it to another."""
    for operation in work.bulk_operations.take([leased.operation_id], to=Action.RUN_BULK):
        if operation.lease != runner or operation.pages_done != leased.number:
            return False
        (page,) = work.query_for(operation).linked(
            BulkPage, bulk_operation_id=operation.id, number=leased.number
        )
        page.results = [*results]
        operation.record([each["status"] for each in results], work.now)
        return True
    return False


def read_results(
    work: UnitOfWork, operation: BulkOperation, *, after: int = 0, first: int | None = None
) -> list[dict[str, Any]]:
    """The results of items after a number, in order; of an operation that was fetched to be read."""
    begin = after // PAGE
    end = operation.pages_done if first is None else min(operation.pages_done, (after + first) // PAGE + 1)
    if begin >= end:
        return []
    pages = work.query_for(operation).all(
        BulkPage, bulk_operation_id=operation.id, number=[*range(begin, end)]
    )
    results = [each for page in sorted(pages, key=lambda page: page.number) for each in page.results]
    chosen = [each for each in results if each["number"] > after]
    return chosen if first is None else chosen[:first]
