"""Every event in every state of a relationship (SM1), and how one begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.base import new_id
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin_terms import DEFAULT_RIGHTS
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationship_requests import (
    new_relationship_request,
    provider_extension,
    provider_request,
    refusals_to_request,
)
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, PartnerStatus, PartnerType
from tests.refusals import refuses

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EXPIRES_AT = NOW + timedelta(days=90)
REQUESTED, ACTIVE, DECLINED, CANCELED, EXPIRED, REMOVED, ENDED = RelationshipStatus
ALIKE = ("partner_id", "customer_id", "addressed_to", "market", "cloud")


def partner(cloud: Cloud = Cloud.PUBLIC) -> Partner:
    kind, status = PartnerType.DIRECT_BILL, PartnerStatus.ACTIVE
    return Partner(id=new_id(), name="P", type=kind, status=status, market="US", cloud=cloud)


def customer(market: str = "US") -> Customer:
    return Customer(id=new_id(), market=market, cloud=Cloud.PUBLIC)


def relationship(status: RelationshipStatus = REQUESTED, **more: Any) -> ResellerRelationship:
    row = new_relationship_request(
        partner(), address="meadow.example", customer_id=None, rights=DEFAULT_RIGHTS, at=NOW
    )
    row.stored_status = status
    for name, value in more.items():
        setattr(row, name, value)
    return row


EVENTS: dict[str, Callable[[ResellerRelationship, datetime], object]] = {
    "accept": lambda each, at: each.accept(customer(), at=at),
    "decline": lambda each, at: each.decline(at=at),
    "cancel": lambda each, at: each.cancel(at=at),
    "expire": lambda each, at: each.apply_due(at),
    "remove": lambda each, at: each.remove(at=at),
    "end": lambda each, at: each.end("Another supplier", at=at),
    "end what is left": lambda each, at: each.end_what_is_left(at=at),
    "extend": lambda each, at: provider_extension(each, new_id(), at=at),
}
CLOSED = {
    "accept": Refusal.REQUEST_CLOSED,
    "decline": Refusal.REQUEST_CLOSED,
    "cancel": Refusal.REQUEST_CLOSED,
}
NOT_ACTIVE = {
    **dict.fromkeys(("remove", "end", "extend"), Refusal.RELATIONSHIP_NOT_ACTIVE),
    "end what is left": None,
}
EXPIRED_OUTCOMES = {**dict.fromkeys(("accept", "decline", "cancel"), Refusal.REQUEST_EXPIRED), **NOT_ACTIVE}
OVER = {"expire": None, **CLOSED, **NOT_ACTIVE}
TABLE: dict[str, tuple[RelationshipStatus, datetime, dict[str, Any]]] = {
    "requested": (
        REQUESTED,
        EXPIRES_AT - timedelta(seconds=1),
        {"accept": ACTIVE, "decline": DECLINED, "cancel": CANCELED, "expire": None, **NOT_ACTIVE},
    ),
    "expired and not stored": (REQUESTED, EXPIRES_AT, {"expire": EXPIRED, **EXPIRED_OUTCOMES}),
    "active": (
        ACTIVE,
        EXPIRES_AT,
        {
            **CLOSED,
            "expire": None,
            "remove": REMOVED,
            "end": ENDED,
            "end what is left": None,
            "extend": None,
        },
    ),
    "declined": (DECLINED, NOW, OVER),
    "canceled": (CANCELED, NOW, OVER),
    "expired": (EXPIRED, NOW, {"expire": None, **EXPIRED_OUTCOMES}),
    "removed": (REMOVED, NOW, {**OVER, "end what is left": ENDED}),
    "ended by the customer": (ENDED, NOW, OVER),
}
"""By state: the stored status, the time, and the outcome of each event: a status, a refusal, or nothing."""


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", TABLE)
def test_every_event_in_every_state(state: str, event: str) -> None:
    stored, at, outcomes = TABLE[state]
    row, outcome = relationship(stored), outcomes[event]
    before = {name: getattr(row, name) for name in ("stored_status", "version", "closed_at")}

    if isinstance(outcome, Refusal):
        with refuses(outcome):
            EVENTS[event](row, at)
    else:
        EVENTS[event](row, at)

    if isinstance(outcome, RelationshipStatus):
        assert (row.stored_status, row.version, row.updated_at) == (outcome, 2, at)
        closes = outcome is not ACTIVE and event != "end what is left"
        assert row.closed_at == (at if closes else None)
    else:
        assert {name: getattr(row, name) for name in before} == before


def test_the_table_has_every_event_in_every_status() -> None:
    assert {stored for stored, _, _ in TABLE.values()} == set(RelationshipStatus)
    assert all(outcomes.keys() == EVENTS.keys() for _, _, outcomes in TABLE.values())


@pytest.mark.rule("R12")
@given(st.sampled_from(("US", "GB", "CA")))
def test_a_customer_accepts_only_a_partner_of_its_market(market: str) -> None:
    row = relationship()
    if market == "US":
        row.accept(customer(market), at=NOW)
        assert row.stored_status is ACTIVE
    else:
        with refuses(Refusal.MARKET_MISMATCH):
            row.accept(customer(market), at=NOW)
        assert (row.stored_status, row.version) == (REQUESTED, 1)


@pytest.mark.rule("R10", "R13")
def test_what_cannot_be_asked_for() -> None:
    asking, official = partner(), partner(Cloud.US_GOVERNMENT)
    with refuses(Refusal.OWN_CUSTOMER):
        new_relationship_request(asking, address=asking.id, customer_id=None, at=NOW)
    with refuses(Refusal.DELEGATED_ADMIN_REQUIRED):
        new_relationship_request(official, address="a.example", customer_id=None, at=NOW)
    made = new_relationship_request(
        official, address="a.example", customer_id=None, rights=DEFAULT_RIGHTS, at=NOW
    )
    assert (made.expires_at, made.cloud) == (EXPIRES_AT, Cloud.US_GOVERNMENT)


@pytest.mark.rule("SM1")
def test_the_providers_request_is_the_resellers_but_for_whose_it_is() -> None:
    own, provider = relationship(), new_id()
    beside = provider_request(own, provider)
    same = (*ALIKE[1:], "stored_status", "delegated_admin_requested", "requested_at", "expires_at")
    assert [getattr(beside, name) for name in same] == [getattr(own, name) for name in same]
    assert (beside.partner_id, beside.associated_partner_id) == (provider, own.partner_id)
    assert beside.invited_with_id == own.id


def test_d2i_an_extension_has_no_admin_rights_and_only_a_direct_relationship_is_extended() -> None:
    own, provider = relationship(ACTIVE), new_id()
    added = provider_extension(own, provider, at=NOW)
    assert (added.partner_id, added.associated_partner_id) == (provider, own.partner_id)
    assert (added.stored_status, added.is_extension, added.accepted_at) == (REQUESTED, True, None)
    assert (added.requested_at, added.expires_at) == (NOW, EXPIRES_AT)
    assert not added.delegated_admin_requested
    added.stored_status = ACTIVE
    with refuses(Refusal.NOT_DIRECT):
        provider_extension(added, new_id(), at=NOW)


@pytest.mark.rule("R64")
def test_a_no_stays_a_no_for_30_days() -> None:
    declined = relationship(DECLINED, closed_at=NOW)
    lately, later = NOW + timedelta(days=30, seconds=-1), NOW + timedelta(days=30)
    asked: dict[str, Any] = {"address": "meadow.example", "customer_ids": ()}
    assert [each.code for each in refusals_to_request([declined], **asked, at=lately)] == ["ASKED_RECENTLY"]
    assert list(refusals_to_request([declined], **asked, at=later)) == []
    # Another address: that it is the same customer's is not revealed.
    assert list(refusals_to_request([declined], address="other.example", customer_ids=(), at=NOW)) == []


def test_the_customer_of_a_request_is_hidden_until_it_answers() -> None:
    customers = {each: relationship(each, customer_id="c").answered_for for each in RelationshipStatus}
    assert {status for status, customer_id in customers.items() if customer_id is None} == {
        REQUESTED,
        CANCELED,
        EXPIRED,
    }


@pytest.mark.rule("SM1")
def test_a_shared_billing_profile_is_the_providers_own() -> None:
    own = BillingProfile(
        id=new_id(), partner_id="a", customer_id="c", vendor_id="v", email="e", cloud=Cloud.PUBLIC
    )
    shared = own.shared_with("b", at=NOW)
    assert (shared.partner_id, shared.customer_id, shared.email, shared.vendor_id) == ("b", "c", "e", None)
    assert (shared.created_at, shared.updated_at) == (NOW, NOW)
    assert shared.id != own.id
