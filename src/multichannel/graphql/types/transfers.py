"""Transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from multichannel.domain.transfer_effects import MOVES, stays_behind
from multichannel.domain.transfers import TransferKind, TransferLine, TransferProductType, TransferStatus
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.policy.schema.resources import SUBSCRIPTION, TRANSFER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ = Action.READ_SUMMARY, Action.READ

LINE = {
    "number": Field("int", "The position in the transfer, from 0."),
    "base_number": Field("int | None", "For an add-on: the number of its base's line."),
    "subscription": Field(
        "ID | None", "The id of the subscription at the source; null if you cannot see it."
    ),
    "new_subscription": Field(
        "ID | None",
        "The id of the new subscription at the target; null if there is none yet, or you cannot see it.",
    ),
    "subscription_vendor_id": Field(
        "str | None", "The vendor's id of the subscription at the source, to quote in support tickets."
    ),
    "offer_id": Field("str | None", "The vendor's id of the offer."),
    "friendly_name": Field("str | None", "The display name."),
    "quantity": Field("int | None", "The number of units transferred."),
    "billing_cycle": Field(
        "str | None", "How often it is billed, as in `BillingCycle`; a transfer does not change it."
    ),
    "partner_number": Field(
        "str | None", "The partner number that the vendor assigned to the partner of record."
    ),
    "status": Field("TransferStatus | None", "COMPLETED or FAILED; null until the transfer is accepted."),
    "error": Field(
        "str | None", "Why it failed: a `TransferObstacle`, or the vendor's message in imported history."
    ),
}
object_type("TransferLine", "A subscription in a transfer, as it was when it was chosen.", LINE)
object_type(
    "TransferEffect",
    "What happens to one subject in a transfer.",
    {
        "subject": Field("TransferSubject", "The subject."),
        "sentence": Field("str", "What happens to it, as a sentence for people."),
        "rule": Field("str", "The business rule behind it, such as `R34`."),
    },
)


def _lines(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
    """The lines of the transfers that may be read, with the subscriptions that may be seen."""
    readable = work.transfers.find_permitted(ids, to=READ)
    if not readable:
        return {}
    rows = work.query_for(*readable).all(TransferLine, transfer_id=[each.id for each in readable])
    subscription_ids = {key for row in rows for key in (row.subscription_id, row.new_subscription_id) if key}
    visible = work.reader.records(SUBSCRIPTION, (), "id", subscription_ids) if subscription_ids else {}
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.number):
        lines[row.transfer_id].append(_line(row, visible))
    return lines


def _line(row: TransferLine, visible: Mapping[str, Any]) -> dict[str, Any]:
    def id_of(key: str | None) -> str | None:
        return prefix(SUBSCRIPTION) + key if key and key in visible else None

    return {
        **{name: getattr(row, name, None) for name in LINE},
        "subscription": id_of(row.subscription_id),
        "new_subscription": id_of(row.new_subscription_id),
        "status": TransferStatus(row.status) if row.status else None,
        "error": row.error.upper() if row.error and row.subscription_id else row.error,
    }


def _values(work: UnitOfWork, ids: Sequence[str], name: str) -> dict[str, Any]:
    """A column of the summary, by id."""
    records = work.reader.records(TRANSFER, {ReadableColumn(name, SUMMARY)}, "id", ids)
    return {row_id: record.values[name] for row_id, record in records.items()}


def _product_types(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, list[TransferProductType]]:
    """The requested types; none for a transfer of imported history with an unknown type."""
    requested = _values(work, ids, "target_product_types")
    known = {each.replace("_", ""): each for each in TransferProductType}
    plain = {key: [word.replace("_", "").lower() for word in words] for key, words in requested.items()}
    return {key: [known[word] for word in words] for key, words in plain.items() if known.keys() >= {*words}}


def _moves(_work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    return dict.fromkeys(ids, MOVES)


def _stays_behind(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    return {key: stays_behind(TransferKind(kind)) for key, kind in _values(work, ids, "kind").items()}


@resource_type(TRANSFER)
class Transfer:
    """The transfer of subscriptions from a source partner to a target partner."""

    status = Column("The state of the transfer now.", SUMMARY, filter=True, order=True)
    kind = Column("The vendor's procedure that it follows.", SUMMARY, filter=True, order=True)
    initiated_by = Column("The party that started it; null for imported history.", SUMMARY, filter=True)
    customer = ToOne(
        "The customer that owns the subscriptions; null if you cannot see it.", "Customer", SUMMARY
    )
    customer_id = Column(
        "The tenant GUID of the customer; the GUID in its id until it is linked, or if you cannot see it. "
        "Filters take either, or the id.",
        SUMMARY,
        filter=True,
        tenants=("Customer",),
    )
    customer_name = Column(
        "The customer's name, in imported history and in switches that it requested; null in others.", READ
    )
    source_partner = ToOne(
        "The partner that gives the subscriptions up; null if you cannot see it.", "Partner", SUMMARY
    )
    source_partner_id = Column(
        "The tenant GUID of the source partner.", SUMMARY, filter=True, attribute="source_tenant_id"
    )
    source_partner_name = Column(
        "The name of the source partner; null until it has accepted, unless it made the offer.", SUMMARY
    )
    target_partner = ToOne(
        "The partner that receives the subscriptions; null if you cannot see it.", "Partner", SUMMARY
    )
    target_partner_id = Column(
        "The tenant GUID of the target partner.", SUMMARY, filter=True, attribute="target_tenant_id"
    )
    target_partner_name = Column(
        "The name of the target partner; null until it has accepted, unless it made the request.", SUMMARY
    )
    target_product_types = Computed(
        "The product types that the target requests; empty for all.",
        "list[TransferProductType]",
        SUMMARY,
        _product_types,
    )
    partner_of_record = ToOne(
        "The reseller of the target to credit as partner of record; null if none, or you cannot see it.",
        "Partner",
        READ,
    )
    expires_at = Column("When it expires if it is not decided.", SUMMARY, filter=True, order=True)
    cloud = Column("The national cloud of all parties.", SUMMARY, filter=True)
    market = Column("The country of all parties, as an ISO 3166-1 alpha-2 code.", READ)
    lines = Computed(
        "The subscriptions to transfer, bases before their add-ons; chosen by the source when it offers "
        "or accepts.",
        "list[TransferLine]",
        READ,
        _lines,
        witness="version",  # `status` is read at another level
        absent=(),
    )
    quantity = Column("The sum of the quantities of its lines.", READ, filter=True, order=True)
    moves = Computed(
        "What moves to the target along with the subscriptions.", "list[TransferEffect]", SUMMARY, _moves
    )
    stays_behind = Computed(
        "What does not move to the target.", "list[TransferEffect]", SUMMARY, _stays_behind
    )
    source_consented_at = Column("When the source consented to a switch; null until then.", READ)
    customer_consented_at = Column("When the customer consented to a switch; null until then.", READ)
    target_consented_at = Column("When the target consented to a switch; null until then.", READ)
    notice = Column("What the customer wrote when it requested a switch; null for other transfers.", READ)
    decline_reason = Column("Why it was declined; null if no reason was given.", READ)
    requested_at = Column("When it was started.", READ, filter=True, order=True)
    completed_at = Column(
        "When the subscriptions were transferred; null until then.", READ, filter=True, order=True
    )
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version(expected=True)
