"""Bulk operations: a mutation for thousands of items, which the service runs on behalf of a user (SM9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column, partial_index
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Tenant
from multichannel.errors import Refused

PAGE = 50
"""Items that are stored, leased and recorded together."""
LEASE = timedelta(minutes=2)
"""A runner that does not return in this time has lost its page to another."""


class BulkOperationStatus(DescribedEnum):
    """The state of a bulk operation."""

    QUEUED = "queued", "It has not begun."
    RUNNING = "running", "Its items are being done."
    COMPLETED = "completed", "Every item has a result."
    CANCELED = "canceled", "It was canceled; items without a result were not begun."


class BulkItemStatus(DescribedEnum):
    """What came of an item of bulk work."""

    SUCCEEDED = "succeeded", "It was done, now or by an earlier run."
    REFUSED = "refused", "It was refused because of the state of the data."
    DENIED = "denied", "The policy denied it."
    INVALID = "invalid", "Its input is not valid."
    FAILED = "failed", "Something that the service depends on failed. It can be tried again."


class BulkOperation(Versioned, Base):
    """A mutation for many items, on behalf of the user who started it."""

    parties = ("tenant_id",)
    unrecorded = frozenset(
        {"pages_done", "lease", "leased_until", *(f"{status.value}_count" for status in BulkItemStatus)}
    )
    __tablename__ = "bulk_operations"
    __table_args__ = (
        Index(None, "tenant_id", "id"),
        partial_index("ix_bulk_operations_waiting", "id", where="status in ('queued', 'running')"),
    )

    id: Mapped[str] = id_column()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    user_id: Mapped[str] = mapped_column(GUID, ForeignKey("users.id"))
    auth_mode: Mapped[str]
    mutation: Mapped[str]
    status: Mapped[BulkOperationStatus]
    item_count: Mapped[int]
    pages_done: Mapped[int] = mapped_column(default=0)
    succeeded_count: Mapped[int] = mapped_column(default=0)
    refused_count: Mapped[int] = mapped_column(default=0)
    denied_count: Mapped[int] = mapped_column(default=0)
    invalid_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(GUID)
    leased_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cloud: Mapped[Cloud]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will be done."""
        return self.status in {BulkOperationStatus.COMPLETED, BulkOperationStatus.CANCELED}

    def is_free(self, at: datetime) -> bool:
        """Whether a runner may take it: nobody has, or has not returned in time."""
        return not self.has_ended and (self.leased_until is None or self.leased_until <= at)

    def lease_to(self, runner: str, at: datetime) -> None:
        """Let a runner do the next page."""
        self.lease, self.leased_until = runner, at + LEASE
        if self.status is BulkOperationStatus.QUEUED:
            self._become(BulkOperationStatus.RUNNING, at)

    def record(self, statuses: Sequence[str], at: datetime) -> None:
        """Count what came of a page, and let a runner take the next one."""
        for status, count in Counter(statuses).items():
            name = f"{status}_count"
            setattr(self, name, getattr(self, name) + count)
        self.pages_done += 1
        self.lease = self.leased_until = None
        if not self.has_ended and self.pages_done * PAGE >= self.item_count:
            self.ended_at = at
            self._become(BulkOperationStatus.COMPLETED, at)

    def refusals_to_cancel(self, _at: datetime) -> Iterator[Refused]:
        """BULK_OPERATION_ENDED."""
        if self.has_ended:
            yield Refusal.BULK_OPERATION_ENDED.error()

    def cancel(self, at: datetime) -> None:
        """Begin no further page. BULK_OPERATION_ENDED."""
        raise_first(self.refusals_to_cancel(at))
        self.ended_at = at
        self._become(BulkOperationStatus.CANCELED, at)

    def _become(self, status: BulkOperationStatus, at: datetime) -> None:
        self.status = status
        self.touch(at)


class BulkPage(Base):
    """Some items of a bulk operation and, once they are done, their results."""

    __tablename__ = "bulk_pages"
    __table_args__ = (UniqueConstraint("bulk_operation_id", "number"),)

    id: Mapped[str] = id_column()
    bulk_operation_id: Mapped[str] = mapped_column(GUID, ForeignKey(BulkOperation.id))
    number: Mapped[int]
    items: Mapped[list[Any]] = mapped_column(JSON)
    results: Mapped[list[Any]] = mapped_column(JSON, default=list)


def pages_of(operation: BulkOperation, items: Sequence[Any]) -> list[BulkPage]:
    """The items of a new operation, in pages from number 0 on."""
    return [
        BulkPage(
            bulk_operation_id=operation.id, number=number, items=[*items[start : start + PAGE]], results=[]
        )
        for number, start in enumerate(range(0, len(items), PAGE))
    ]
