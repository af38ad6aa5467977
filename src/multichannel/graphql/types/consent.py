"""What customers see of sharing and of conflicts with CSP."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import strawberry

from multichannel.domain.commerce import Channel
from multichannel.domain.lifecycle import LIVE
from multichannel.errors import NotPermitted
from multichannel.graphql.framework.fields import Computed
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.strawberry_types import described, value_type
from multichannel.policy.schema.resources import PARTNER, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.sharing import default_sharing, subscription_sharing
from multichannel.store.read.list_query import And, Compare, ListQuery, Or, ReadableColumn, Window
from multichannel.store.unit_of_work import UnitOfWork

READ, SUMMARY = Action.READ, Action.READ_SUMMARY
MOST_CONFLICTS = 100
PARTNER_NAME = frozenset({ReadableColumn("name", SUMMARY)})
IDS = ("entitlement_id", "vendor_id")
OF_RECORD = frozenset(ReadableColumn(name, READ) for name in ("customer_id", "channel", "owner_id", *IDS))
OF_SALE = OF_RECORD | {ReadableColumn("billing_partner_id", READ), ReadableColumn("friendly_name", SUMMARY)}


@value_type
class PartnerName:
    """A partner by name."""

    id: strawberry.ID = described("The partner.")
    name: str | None = described("The company's name; null if you cannot see it.")


@value_type
class CspConflict:
    """A CSP subscription that has an id of what was recorded of another channel."""

    subscription_id: strawberry.ID = described("The CSP subscription.")
    friendly_name: str | None = described("Its display name.")
    partner: PartnerName = described("The partner that bills it.")


def _names(work: UnitOfWork, ids: Collection[str]) -> dict[str, PartnerName]:
    records = work.reader.records(PARTNER, PARTNER_NAME, "id", ids)
    return {
        each: PartnerName(
            id=strawberry.ID(prefix(PARTNER) + each),
            name=records[each].values["name"] if each in records else None,
        )
        for each in ids
    }


def _shared_with(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, list[PartnerName]]:
    choices = subscription_sharing(work, ids)
    names = _names(work, {each for choice in choices.values() for each in choice.partner_ids})
    return {
        row_id: [names[each] for each in sorted(choice.partner_ids)] for row_id, choice in choices.items()
    }


def _conflicts(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, list[CspConflict]]:
    """What the caller can see of CSP subscriptions with the same ids, by record of another channel."""
    records = {
        row_id: record.values
        for row_id, record in work.reader.records(SUBSCRIPTION, OF_RECORD, "id", ids).items()
        if record.values["channel"] is not Channel.CSP
    }
    sales = _sales(work, {row_id: _ids_of(values) for row_id, values in records.items()})
    names = _names(work, {values["billing_partner_id"] for _, values in sales})
    return {
        row_id: [
            CspConflict(
                subscription_id=strawberry.ID(prefix(SUBSCRIPTION) + sale_id),
                friendly_name=sale["friendly_name"],
                partner=names[sale["billing_partner_id"]],
            )
            for sale_id, sale in sales
            if sale["customer_id"] == values["customer_id"]
            and sale["billing_partner_id"] != values["owner_id"]
            and _ids_of(sale) & _ids_of(values)
        ]
        for row_id, values in records.items()
    }


def _sales(work: UnitOfWork, wanted: Mapping[str, set[str]]) -> list[tuple[str, Mapping[str, Any]]]:
    """The visible CSP subscriptions with any of these ids that have not ended, in one statement."""
    ids = sorted(set().union(*wanted.values()))
    if not ids:
        return []
    same_id = Or(tuple(Compare(ReadableColumn(name, READ), "in", ids) for name in IDS))
    sold = Compare(ReadableColumn("channel", SUMMARY), "eq", Channel.CSP)
    live = Compare(ReadableColumn("status", SUMMARY), "in", sorted(LIVE))
    page = work.reader.page(
        SUBSCRIPTION, ListQuery(OF_SALE, Window(MOST_CONFLICTS), And((sold, live, same_id)))
    )
    return [
        (record.id, record.values)
        for record in page.records
        if not any(isinstance(value, NotPermitted) for value in record.values.values())
    ]


def _ids_of(values: Mapping[str, Any]) -> set[str]:
    return {values[name] for name in IDS if isinstance(values[name], str)}


SHARING = Computed(
    "Which partners read your record. Null unless you may SET_SHARING.",
    "Sharing",
    READ,
    lambda work, ids: {row_id: choice.sharing for row_id, choice in subscription_sharing(work, ids).items()},
    witness="services",
)
SHARED_WITH = Computed(
    "The partners that you have selected to read your record. Null unless you may SET_SHARING.",
    "list[PartnerName]",
    READ,
    _shared_with,
    witness="services",
)
CSP_CONFLICTS = Computed(
    "For a record of another channel: the CSP subscriptions that you can see, of a partner that is not the "
    "record's own, with the same entitlement or vendor id.",
    "list[CspConflict]",
    READ,
    _conflicts,
    witness="services",
    absent=[],
)
DEFAULT_SHARING = Computed(
    "Which partners read what your company records from now on. Null unless you may SET_SHARING.",
    "Sharing",
    READ,
    default_sharing,
    witness="qualification",
)
