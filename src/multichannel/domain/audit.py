"""What a mutation writes besides its changes: audit records, events, and the outcome of its idempotency key.

The audit log (R53) is a chain of records for each tenant, each sealed together with the one before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, id_column, utc_text
from multichannel.domain.tenants import Cloud, Tenant

GENESIS = "0" * 64
"""The seal before the first record of a chain."""
RETENTION = timedelta(days=90)
"""How long audit records are kept at least (R53)."""
IDEMPOTENCY_KEY_LIFETIME = timedelta(days=8)
"""How long the outcome of a call is kept with its key."""


class AuditStatus(DescribedEnum):
    """The outcome of an operation."""

    SUCCEEDED = "succeeded", "The operation succeeded."
    FAILED = "failed", "It was refused because of the state of the data."
    DECLINED = "declined", "It was denied by the policy."


class AuditChain(Base):
    """The head of a tenant's chain: its length and its last seal.

    Records up to number `pruned` were deleted after the retention period; `checkpoint` is their last seal.
    """

    __tablename__ = "audit_chains"

    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    seal: Mapped[str] = mapped_column(default=GENESIS)
    pruned: Mapped[int] = mapped_column(default=0)
    checkpoint: Mapped[str] = mapped_column(default=GENESIS)


class AuditRecord(Base):
    """One operation on one record, with the values that one tenant may see. Never changed once written."""

    __tablename__ = "audit_records"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        Index(None, "tenant_id", "operation_date", "id"),
    )

    id: Mapped[str] = id_column()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    number: Mapped[int]
    operation_date: Mapped[datetime]
    operation: Mapped[str]
    status: Mapped[AuditStatus]
    actor_tenant_id: Mapped[str | None] = mapped_column(GUID)
    actor_user_id: Mapped[str | None] = mapped_column(GUID)
    # R60: the grant by which a partner acted in the customer's tenant, and the name of the person who did.
    delegated_admin_grant_id: Mapped[str | None] = mapped_column(GUID)
    actor_name: Mapped[str | None]
    resource_type: Mapped[str]
    resource_id: Mapped[str | None] = mapped_column(GUID)
    customer_id: Mapped[str | None] = mapped_column(GUID)
    old_value: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    new_value: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    event_id: Mapped[str | None] = mapped_column(GUID)
    correlation_id: Mapped[str] = mapped_column(GUID)
    cloud: Mapped[Cloud]
    seal: Mapped[str]


class Event(Base):
    """A change of one record by one operation; who may see it is decided each time it is read."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "occurred_at", "id"),)

    id: Mapped[str] = id_column()
    occurred_at: Mapped[datetime]
    operation: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[str] = mapped_column(GUID)
    customer_id: Mapped[str | None] = mapped_column(GUID)
    transfer_id: Mapped[str | None] = mapped_column(GUID)
    correlation_id: Mapped[str] = mapped_column(GUID)


class IdempotencyKey(Base):
    """The first call of a user with a key: a digest of its input, and its outcome for repeated calls."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    user_id: Mapped[str] = mapped_column(GUID, primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_digest: Mapped[str]
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)


ADDED_LATER = {"delegated_admin_grant_id", "actor_name"}
"""The columns that the records of earlier releases do not have."""


def seal_of(previous: str, record: dict[str, Any]) -> str:
    """The seal of a record that follows the seal `previous`: SHA-256 of the whole record, in hexadecimal.

    Columns that records of earlier releases do not have are part of it where they have a value.
    """
    values = {
        name: _plain(value)
        for name, value in record.items()
        if name != "seal" and not (name in ADDED_LATER and value is None)
    }
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(previous.encode() + b"\n" + text).hexdigest()


class ChainFlaw(StrEnum):
    """What is wrong with a chain at its first invalid record."""

    ALTERED = "altered"
    MISSING = "missing"
    BEYOND_HEAD = "beyond_head"
    TRUNCATED = "truncated"
    HEAD_ALTERED = "head_altered"
    CHECKPOINT_ALTERED = "checkpoint_altered"
    NO_HEAD = "no_head"
    SHORTENED = "shortened"
    REWRITTEN = "rewritten"
    PRUNED_EARLY = "pruned_early"


FLAW_DESCRIPTIONS = {
    ChainFlaw.ALTERED: "the record or one before it was changed",
    ChainFlaw.MISSING: "the record is missing",
    ChainFlaw.BEYOND_HEAD: "the head of the chain is before this record",
    ChainFlaw.TRUNCATED: "the record is missing at the end of the chain",
    ChainFlaw.HEAD_ALTERED: "the record is the last, and its seal is not that of the head",
    ChainFlaw.CHECKPOINT_ALTERED: "nothing was pruned, but the checkpoint was changed",
    ChainFlaw.NO_HEAD: "the chain has records, but no head",
    ChainFlaw.SHORTENED: "the checkpoint has it as the last record, and the chain ends before it",
    ChainFlaw.REWRITTEN: "its seal is not that of the checkpoint",
    ChainFlaw.PRUNED_EARLY: "it was written after the checkpoint and pruned within the retention period",
}


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The stored head of a chain."""

    tenant_id: str
    length: int
    seal: str
    pruned: int
    checkpoint: str


@dataclass(frozen=True, slots=True)
class ChainMark:
    """The head of a chain at an earlier time, kept outside of the database."""

    length: int
    seal: str
    may_be_pruned: bool = True
    """Whether records that were written after it can be older than the retention period."""


@dataclass(frozen=True, slots=True)
class ChainVerification:
    """How many records of a chain are valid, and the number and flaw of the first that is not."""

    head: ChainHead
    records: int
    flaw: ChainFlaw | None = None
    number: int | None = None

    def __str__(self) -> str:
        if self.flaw is None:
            return f"{self.head.tenant_id}: {self.records} records, intact"
        return f"{self.head.tenant_id}: record {self.number}: {FLAW_DESCRIPTIONS[self.flaw]} ({self.flaw})"


def verify_chain(
    head: ChainHead, records: Iterable[Mapping[Any, Any] | None], mark: ChainMark | None = None
) -> ChainVerification:
    """Verify the records of a chain, in order, and that it continues an earlier head.

    None stands for a record that cannot be read.
    """
    if mark is not None and (broken := _compare_heads(mark, head)):
        return broken
    if not head.pruned and head.checkpoint != GENESIS:
        return ChainVerification(head, 0, ChainFlaw.CHECKPOINT_ALTERED, 1)
    seal, good = head.checkpoint, 0
    for record in records:
        number = head.pruned + good + 1
        flaw = _flaw(record, number, seal, head, mark)
        if record is None or flaw is not None:
            return ChainVerification(head, good, flaw or ChainFlaw.ALTERED, number)
        seal, good = record["seal"], good + 1
    last = head.pruned + good
    if last != head.length:
        return ChainVerification(head, good, ChainFlaw.TRUNCATED, last + 1)
    if seal != head.seal:
        return ChainVerification(head, good, ChainFlaw.HEAD_ALTERED, last)
    return ChainVerification(head, good)


def _compare_heads(mark: ChainMark, head: ChainHead) -> ChainVerification | None:
    """What the head alone shows to be wrong since an earlier one."""
    if head.length < mark.length:
        return ChainVerification(head, 0, ChainFlaw.SHORTENED, mark.length)
    if head.pruned > mark.length and not mark.may_be_pruned:
        return ChainVerification(head, 0, ChainFlaw.PRUNED_EARLY, head.pruned)
    if head.pruned == mark.length and head.checkpoint != mark.seal:
        return ChainVerification(head, 0, ChainFlaw.REWRITTEN, mark.length)
    return None


def _flaw(
    record: Mapping[Any, Any] | None, number: int, seal: str, head: ChainHead, mark: ChainMark | None
) -> ChainFlaw | None:
    if record is None:
        return ChainFlaw.ALTERED
    if record["number"] != number:
        return ChainFlaw.MISSING
    if number > head.length:
        return ChainFlaw.BEYOND_HEAD
    try:
        if seal_of(seal, dict(record)) != record["seal"]:
            return ChainFlaw.ALTERED
    except TypeError:  # a value of a type that records do not have
        return ChainFlaw.ALTERED
    is_other = mark is not None and number == mark.length and record["seal"] != mark.seal
    return ChainFlaw.REWRITTEN if is_other else None


def _plain(value: Any) -> Any:
    if type(value) is str:
        return value
    if isinstance(value, datetime):
        return utc_text(value)
    return str(value) if isinstance(value, StrEnum) else value
