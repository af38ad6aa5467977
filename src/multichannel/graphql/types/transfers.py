"""Transfers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import strawberry

from multichannel.domain.transfer_effects import MOVES, TransferSubject, stays_behind
from multichannel.domain.transfers import TransferKind, TransferLine, TransferProductType, TransferStatus
from multichannel.graphql.framework.fields import column, computed, one, resource_type
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.registry import NAMESPACE, named
from multichannel.policy.schema.resources import SUBSCRIPTION, TRANSFER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.query import Shown
from multichannel.store.unit_of_work import Work

SUMMARY, READ = Action.READ_SUMMARY, Action.READ
named(TransferStatus)
named(TransferSubject)


@strawberry.type(name="TransferLine", description="One subscription of a transfer, as it was when chosen.")
class Line:
    """A line as its readers see it."""

    number: int = strawberry.field(description="Its place in the transfer, from 0.")
    base_number: int | None = strawberry.field(description="The line of the base it is an add-on to (R36).")
    subscription: strawberry.ID | None = strawberry.field(
        description="The subscription at the source; null when you may not see it."
    )
    new_subscription: strawberry.ID | None = strawberry.field(
        description="What it has become at the target; null when you may not see it."
    )
    subscription_vendor_id: str | None = strawberry.field(
        description="The vendor's id at the source, to be quoted in tickets (R38)."
    )
    offer_id: str | None = strawberry.field(description="The vendor's id of the offer.")
    friendly_name: str | None = strawberry.field(description="The name it went by.")
    quantity: int | None = strawberry.field(description="How many units move (R36).")
    billing_cycle: str | None = strawberry.field(description="How often it is billed; it does not change.")
    partner_number: str | None = strawberry.field(description="The vendor's number of the partner of record.")
    status: TransferStatus | None = strawberry.field(
        description="COMPLETED or FAILED once the transfer was accepted."
    )
    error: str | None = strawberry.field(
        description="Why it failed: a TransferObstacle, or the vendor's own words in imported history."
    )


@strawberry.type(name="TransferEffect", description="What becomes of one thing in a transfer.")
class Effect:
    """An effect as clients see it."""

    subject: TransferSubject = strawberry.field(description="What it is about.")
    sentence: str = strawberry.field(description="What becomes of it, for people.")
    rule: str = strawberry.field(description="The business rule behind it, such as R34.")


NAMESPACE["TransferLine"], NAMESPACE["TransferEffect"] = Line, Effect


def _lines(work: Work, ids: Sequence[str]) -> Mapping[str, list[Line]]:
    """The lines of the transfers that may be read, with the subscriptions that may be seen."""
    readable = work.weighed(TRANSFER, ids, to=READ)
    if not readable:
        return {}
    rows = work.look(*readable).all(TransferLine, transfer_id=[each.id for each in readable])
    named_by_lines = {key for row in rows for key in (row.subscription_id, row.new_subscription_id) if key}
    seen = work.reader.records(SUBSCRIPTION, (), "id", named_by_lines) if named_by_lines else {}
    found: dict[str, list[Line]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.number):
        found[row.transfer_id].append(_line(row, seen))
    return found


def _line(row: TransferLine, seen: Mapping[str, Any]) -> Line:
    def shown(key: str | None) -> strawberry.ID | None:
        return strawberry.ID(prefix(SUBSCRIPTION) + key) if key and key in seen else None

    return Line(
        number=row.number,
        base_number=row.base_number,
        subscription=shown(row.subscription_id),
        new_subscription=shown(row.new_subscription_id),
        subscription_vendor_id=row.subscription_vendor_id,
        offer_id=row.offer_id,
        friendly_name=row.friendly_name,
        quantity=row.quantity,
        billing_cycle=row.billing_cycle,
        partner_number=row.partner_number,
        status=TransferStatus(row.status) if row.status else None,
        error=row.error.upper() if row.error and row.subscription_id else row.error,
    )


def _values(work: Work, ids: Sequence[str], name: str) -> dict[str, Any]:
    """A column of the summary, by id."""
    records = work.reader.records(TRANSFER, {Shown(name, SUMMARY)}, "id", ids)
    return {row_id: record.values[name] for row_id, record in records.items()}


def _product_types(work: Work, ids: Sequence[str]) -> Mapping[str, list[TransferProductType]]:
    """The types asked for; left out where imported history names one that nobody knows."""
    asked = _values(work, ids, "target_product_types")
    known = {each.replace("_", ""): each for each in TransferProductType}
    plain = {key: [word.replace("_", "").lower() for word in words] for key, words in asked.items()}
    return {key: [known[word] for word in words] for key, words in plain.items() if known.keys() >= {*words}}


def _moves(_work: Work, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    return dict.fromkeys(ids, MOVES)


def _stays_behind(work: Work, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    return {key: stays_behind(TransferKind(kind)) for key, kind in _values(work, ids, "kind").items()}


@resource_type(TRANSFER)
class Transfer:
    """Subscriptions on their way from a source partner to a target partner (SM4)."""

    status = column("Its state now: what nobody decided in time is expired.", SUMMARY, filter=True)
    kind = column("Which of the vendor's procedures it follows (R28 to R40).", SUMMARY, filter=True)
    initiated_by = column("Who began it; null for history that was imported.", SUMMARY, filter=True)
    customer = one(
        "The customer whose subscriptions move; null when you may not see it.",
        "Customer",
        "customer_id",
        SUMMARY,
    )
    customer_id = column("The tenant GUID of the customer.", SUMMARY, filter=True)
    customer_name = column("The customer's name as the vendor exported it.", READ)
    source_partner = one(
        "The partner that gives up; null when you may not see it.", "Partner", "source_partner_id", SUMMARY
    )
    source_partner_id = column("The tenant GUID of the partner that gives up.", SUMMARY, filter=True)
    source_partner_name = column("Its name, once it has accepted or when it made the offer itself.", SUMMARY)
    target_partner = one(
        "The partner that receives; null when you may not see it.", "Partner", "target_partner_id", SUMMARY
    )
    target_partner_id = column("The tenant GUID of the partner that receives.", SUMMARY, filter=True)
    target_partner_name = column(
        "Its name, once it has accepted or when it made the request itself.", SUMMARY
    )
    target_product_types = computed(
        "What the target asks for; empty for everything.",
        f"list[{named(TransferProductType)}]",
        SUMMARY,
        _product_types,
    )
    partner_of_record = one(
        "The reseller that is credited at a provider (R40); null when you may not see it.",
        "Partner",
        "partner_of_record_id",
        READ,
    )
    expires_at = column("When it lapses if nobody decides.", SUMMARY, filter=True)
    cloud = column("The national cloud of all parties (R52).", SUMMARY, filter=True)
    market = column("The country it stays in, as an ISO 3166 code (R29).", READ)
    lines = computed(
        "What moves, bases before their add-ons: chosen by the source when it accepts or offers.",
        "list[TransferLine]",
        READ,
        _lines,
        witness="version",  # `status` is read to another degree
        absent=(),
    )
    moves = computed("What moves with the lines.", "list[TransferEffect]", SUMMARY, _moves)
    stays_behind = computed("What does not move.", "list[TransferEffect]", SUMMARY, _stays_behind)
    source_consented_at = column("When the source signed a switch (SM4a).", READ)
    customer_consented_at = column("When the customer signed a switch (SM4a).", READ)
    target_consented_at = column("When the target signed a switch (SM4a).", READ)
    requested_at = column("When it was begun.", READ, filter=True, order=True)
    completed_at = column("When the subscriptions had moved.", READ, filter=True, order=True)
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When it last changed here.", READ, filter=True, order=True)
    version = column("Counts changes; pass it as `expectedVersion` to change what you saw.", READ)
