"""Grants of delegated admin (SM7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from multichannel.domain.delegated_admin import DelegatedAdminGrant as Grant
from multichannel.domain.delegated_admin_terms import DelegatedRight
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.policy.schema.resources import DELEGATED_ADMIN_GRANT
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ = Action.READ_SUMMARY, Action.READ
RIGHTS = frozenset(ReadableColumn(right.value, SUMMARY) for right in DelegatedRight)
DAYS = frozenset({ReadableColumn("duration_days", READ)})
TERM = frozenset(ReadableColumn(name, READ) for name in ("status", "ends_at", "auto_extend", "expires_at"))


def _rights(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, list[DelegatedRight]]:
    records = work.reader.records(DELEGATED_ADMIN_GRANT, RIGHTS, "id", ids)
    return {
        row_id: [right for right in DelegatedRight if record.values[right.value]]
        for row_id, record in records.items()
    }


def _durations(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, str]:
    records = work.reader.records(DELEGATED_ADMIN_GRANT, DAYS, "id", ids)
    return {row_id: Grant(**record.values).duration for row_id, record in records.items()}


def _ends(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, datetime | None]:
    """The ends, which grants that extend themselves have moved."""
    records = work.reader.records(DELEGATED_ADMIN_GRANT, TERM, "id", ids)
    return {row_id: _end(dict(record.values), work.now) for row_id, record in records.items()}


def _end(values: dict[str, object], now: datetime) -> datetime | None:
    return Grant(stored_status=values.pop("status"), **values).end_at(now)


@resource_type(DELEGATED_ADMIN_GRANT)
class DelegatedAdminGrant:
    """Rights in its tenant that a customer gives a partner for a limited time, or that a partner asks for.

    A partner can have several active grants with a customer; it has the rights of all of them.
    """

    status = Column("The state of the grant now.", SUMMARY, filter=True, order=True)
    relationship = ToOne(
        "The relationship that the grant belongs to, and ends with.", "ResellerRelationship", SUMMARY
    )
    partner = ToOne("The partner; null if you cannot see it.", "Partner", SUMMARY)
    customer = ToOne(
        "The customer; null if you cannot see it, as before it accepts the relationship.", "Customer", SUMMARY
    )
    rights = Computed(
        "The rights, as requested until the customer approves them.",
        "list[DelegatedRight]",
        SUMMARY,
        _rights,
        absent=(),
    )
    auto_extend = Column("Whether the grant extends itself by 180 days at its end.", READ, filter=True)
    requested_at = Column(
        "When the partner made the request; null if the vendor gave the grant with a new customer.",
        READ,
        filter=True,
        order=True,
    )
    starts_at = Column(
        "When the customer approved the request; null until then.", READ, filter=True, order=True
    )
    duration = Computed(
        "How long the grant lasts from its approval, in days, as an ISO 8601 duration such as `P365D`.",
        "str",
        READ,
        _durations,
        witness="starts_at",
    )
    ends_at = Computed(
        "When the grant ends, or extends itself; null until the customer approves it.",
        "datetime",
        READ,
        _ends,
        witness="starts_at",
    )
    expires_at = Column(
        "When the request, if it is not answered, or then the grant expires; null if it extends itself.",
        READ,
        filter=True,
        order=True,
    )
    notice_at = Column(
        "When the next notice of its end is given, 30, 7 and 1 day before; null if none is to come. A notice "
        "is an event of `delegatedAdminGrantChanged` with the operation `delegated_admin_expiring`.",
        READ,
    )
    closed_at = Column(
        "When the grant ended, or the request was declined, withdrawn or recorded as expired; null until "
        "then.",
        READ,
        filter=True,
    )
    ended_by = Column("The side that ended the grant or the request; null if it expired.", READ, filter=True)
    cloud = Column("The national cloud of both parties.", READ, filter=True)
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version()
