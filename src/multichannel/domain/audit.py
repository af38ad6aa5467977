"""The audit chains (R53): one for each tenant, every record sealed with the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, closed, identity, utc_text
from multichannel.domain.tenants import Cloud, Tenant

GENESIS = "0" * 64
"""What the first record of a chain is sealed with."""


class AuditStatus(StrEnum):
    """What became of an act: done, refused by the state of things, or denied by the policy."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DECLINED = "declined"


class AuditChain(Base):
    """Where a tenant's chain stands: its length, its last seal, and the checkpoint before its first record.

    Records up to `pruned` are gone after their retention time; `checkpoint` is the seal of the last of them.
    """

    __tablename__ = "audit_chains"

    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    seal: Mapped[str] = mapped_column(default=GENESIS)
    pruned: Mapped[int] = mapped_column(default=0)
    checkpoint: Mapped[str] = mapped_column(default=GENESIS)


class AuditRecord(Base):
    """One act on one object, as one tenant may know of it. Written once, never changed."""

    __tablename__ = "audit_records"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        Index(None, "tenant_id", "operation_date", "id"),
    )

    id: Mapped[str] = identity()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    number: Mapped[int]
    operation_date: Mapped[datetime]
    operation: Mapped[str]
    status: Mapped[AuditStatus] = mapped_column(closed(AuditStatus))
    actor_tenant_id: Mapped[str | None] = mapped_column(GUID)
    actor_user_id: Mapped[str | None] = mapped_column(GUID)
    resource_type: Mapped[str]
    resource_id: Mapped[str | None] = mapped_column(GUID)
    customer_id: Mapped[str | None] = mapped_column(GUID)
    old_value: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    new_value: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    event_id: Mapped[str | None] = mapped_column(GUID)
    correlation_id: Mapped[str] = mapped_column(GUID)
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    seal: Mapped[str]


def sealed(previous: str, record: dict[str, Any]) -> str:
    """The seal of a record that follows the one sealed `previous`: SHA-256 over all of it, in hexadecimal."""
    told = {name: _plain(value) for name, value in record.items() if name != "seal"}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


class Flaw(StrEnum):
    """What is wrong with a chain at its first bad place."""

    ALTERED = "altered"
    MISSING = "missing"
    BEYOND_HEAD = "beyond_head"
    TRUNCATED = "truncated"
    HEAD_ALTERED = "head_altered"
    CHECKPOINT_ALTERED = "checkpoint_altered"
    NO_HEAD = "no_head"


TOLD = {
    Flaw.ALTERED: "it was changed, or what comes before it was",
    Flaw.MISSING: "there is none of this number",
    Flaw.BEYOND_HEAD: "the chain ends before it",
    Flaw.TRUNCATED: "the chain ends after it, and it is gone",
    Flaw.HEAD_ALTERED: "it is the last, and the chain is sealed with another",
    Flaw.CHECKPOINT_ALTERED: "nothing was pruned, and the chain does not begin at its beginning",
    Flaw.NO_HEAD: "there are records, and no chain",
}
"""Each flaw in words, of the record it is found at."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands, as it says itself."""

    tenant_id: str
    length: int
    seal: str
    pruned: int
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A chain that was walked: how many records were good, and the first that is not, by its number."""

    head: Head
    records: int
    flaw: Flaw | None = None
    number: int | None = None

    def __str__(self) -> str:
        """One line for people."""
        if self.flaw is None:
            return f"{self.head.tenant_id}: {self.records} records, whole"
        return f"{self.head.tenant_id}: record {self.number}: {TOLD[self.flaw]} ({self.flaw})"


def examine(head: Head, records: Iterable[Mapping[Any, Any] | None]) -> Examined:
    """Walk the records of a chain by number; None stands for one that cannot be read."""
    if not head.pruned and head.checkpoint != GENESIS:
        return Examined(head, 0, Flaw.CHECKPOINT_ALTERED, 1)
    seal, good = head.checkpoint, 0
    for record in records:
        number = head.pruned + good + 1
        flaw = _flaw(record, number, seal, head)
        if record is None or flaw is not None:
            return Examined(head, good, flaw or Flaw.ALTERED, number)
        seal, good = record["seal"], good + 1
    last = head.pruned + good
    if last != head.length:
        return Examined(head, good, Flaw.TRUNCATED, last + 1)
    if seal != head.seal:
        return Examined(head, good, Flaw.HEAD_ALTERED, last)
    return Examined(head, good)


def _flaw(record: Mapping[Any, Any] | None, number: int, seal: str, head: Head) -> Flaw | None:
    if record is None:
        return Flaw.ALTERED
    if record["number"] != number:
        return Flaw.MISSING
    if number > head.length:
        return Flaw.BEYOND_HEAD
    try:
        return None if sealed(seal, dict(record)) == record["seal"] else Flaw.ALTERED
    except TypeError:  # what was put there is nothing that a record holds
        return Flaw.ALTERED


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    return str(value) if isinstance(value, StrEnum) else value
