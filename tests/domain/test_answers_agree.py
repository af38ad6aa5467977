"""`supportOptions`, `transferEligibility` and the mutations give the same answer about any subscription."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    Confirmation,
    StopReason,
    SubscriptionStatus,
)
from multichannel.domain.customer_options import CUSTOMER_OPTIONS, CustomerOptionFacts, refusals_of_customer
from multichannel.domain.eligibility import TransferCandidate, ineligibility_reasons, refusals_to_receive
from multichannel.domain.refusals import TRANSFER_REASONS, Refusal, raise_first
from multichannel.domain.relationship_requests import refusals_to_request
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import (
    PARTNER_OPTIONS,
    SupportFacts,
    SupportOptionKind,
    available_from,
    refusals_of_option,
    transfer_kind,
)
from multichannel.domain.transfers import Initiator, TransferKind
from multichannel.errors import Refused
from tests.domain.builders import (
    BEGAN,
    CUSTOMER,
    DAY,
    NOW,
    PARTNER,
    SELLER,
    relationship,
    subscription,
    transfer,
)

REQUEST, RECREATE, TRANSFER, WAIT, CANCEL = PARTNER_OPTIONS
NOT_OF_A_MUTATION = {"SOLD_BY_ANOTHER_PARTNER"}
"""True of an option, though the mutation itself is possible (R8)."""
DECIDED_BY_POLICY = {"NO_RELATIONSHIP"}
"""Mutations that sell are denied by the policy without a relationship, and so never refused for it."""
times = st.sampled_from([None, BEGAN, NOW - 8 * DAY, NOW - 7 * DAY, NOW - 2 * DAY, NOW, NOW + DAY])
subscriptions = st.builds(
    subscription,
    channel=st.sampled_from(Channel),
    commerce=st.sampled_from(Commerce),
    stored_status=st.sampled_from(SubscriptionStatus),
    billing_type=st.sampled_from(BillingType),
    billing_cycle=st.sampled_from(BillingCycle),
    billing_partner_id=st.sampled_from([None, SELLER]),
    auto_renew_enabled=st.sampled_from([None, False, True]),
    is_trial=st.sampled_from([None, False, True]),
    is_microsoft_product=st.sampled_from([None, False, True]),
    term_duration=st.sampled_from([None, "P1M", "P1Y", "P3Y"]),
    product_type_id=st.sampled_from([None, "AzureReservation", "SavingsPlan"]),
    parent_id=st.sampled_from([None, "base"]),
    effective_start_date=times,
    commitment_end_date=times,
    cancellation_allowed_until_date=times,
    expires_at=times,
    deleted_at=times,
)
relationships = st.lists(
    st.builds(
        relationship,
        st.sampled_from(RelationshipStatus),
        addressed_to=st.sampled_from([CUSTOMER, "customer.example"]),
        associated_partner_id=st.sampled_from([None, "reseller"]),
        expires_at=st.sampled_from([NOW, NOW + DAY]),
    ),
    max_size=3,
)
transfers = st.lists(
    st.builds(
        transfer,
        st.sampled_from(TransferKind),
        source_partner_id=st.sampled_from([SELLER, "another"]),
        initiated_by=st.sampled_from([None, *Initiator]),
    ),
    max_size=2,
)
customer_facts = st.builds(
    CustomerOptionFacts,
    against_switch=st.sampled_from([(), (Refusal.NOT_CSP, Refusal.NO_OTHER_PARTNER)]),
    subscription=st.builds(
        subscription,
        channel=st.sampled_from(Channel),
        commerce=st.sampled_from(Commerce),
        stored_status=st.sampled_from(SubscriptionStatus),
        billing_type=st.sampled_from(BillingType),
        confirmation=st.sampled_from([None, *Confirmation]),
        services=st.sampled_from([[], ["storage"], ["storage", "sql"]]),
        canceled_services=st.sampled_from([[], ["storage"], ["sql"]]),
        effective_start_date=times,
        cancellation_allowed_until_date=times,
        expires_at=times,
        deleted_at=times,
    ),
    is_contested=st.booleans(),
    is_recreated=st.booleans(),
    has_partner=st.booleans(),
)
all_facts = st.builds(
    SupportFacts,
    subscription=subscriptions,
    partner_id=st.just(PARTNER),
    market=st.sampled_from(["US", "GB"]),
    relationships=relationships,
    is_bound=st.booleans(),
    is_contested=st.booleans(),
    is_moved=st.booleans(),
    transfers=transfers,
)


def option(kind: SupportOptionKind, facts: SupportFacts) -> set[str]:
    return {refusal.code for refusal in refusals_of_option(kind, facts, NOW)}


def refused(operation: Callable[[], Any]) -> str | None:
    """The code that an operation is refused with."""
    try:
        operation()
    except Refused as refusal:
        return refusal.code
    return None


def agree(blocked: set[str], code: str | None, *, besides: set[str]) -> None:
    """The mutation is refused with a blocker of the option; without any blocker it is not refused."""
    of_mutation = blocked - besides
    assert code in of_mutation if of_mutation else code is None


def unchanged(row: Subscription) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}


@pytest.mark.rule("R48")
@given(all_facts)
def test_cancel_then_move_is_blocked_by_what_cancel_subscription_refuses(facts: SupportFacts) -> None:
    blocked, row = option(CANCEL, facts), facts.subscription
    before = unchanged(row)
    code = refused(lambda: row.cancel(StopReason.CUSTOMER_REQUEST, at=NOW))

    agree(blocked, code, besides={*DECIDED_BY_POLICY, "AGREEMENT_REQUIRED"})
    if code is None:
        assert row.status_at(NOW) is SubscriptionStatus.DELETED
    else:
        assert unchanged(row) == before


@pytest.mark.rule("R48")
@given(all_facts)
def test_what_can_be_canceled_once_due_changes_are_stored_can_be_canceled_before(
    facts: SupportFacts,
) -> None:
    row = facts.subscription
    before = {refusal.code for refusal in row.refusals_to_cancel(NOW)}
    row.apply_due(NOW)

    assert {refusal.code for refusal in row.refusals_to_cancel(NOW)} == before


@given(all_facts)
def test_an_option_that_sells_is_blocked_without_agreement_as_the_sale_is(facts: SupportFacts) -> None:
    for kind in (RECREATE, CANCEL):
        assert ("AGREEMENT_REQUIRED" in option(kind, facts)) is not facts.is_bound


@given(all_facts)
def test_recreate_is_blocked_by_what_move_subscription_to_csp_refuses(facts: SupportFacts) -> None:
    refusals = facts.subscription.refusals_to_recreate(
        is_bound=facts.is_bound, is_moved=facts.is_moved, is_contested=facts.is_contested, at=NOW
    )

    agree(option(RECREATE, facts), refused(lambda: raise_first(refusals)), besides=DECIDED_BY_POLICY)


@given(all_facts)
def test_request_is_blocked_by_what_request_reseller_relationship_refuses(facts: SupportFacts) -> None:
    refusals = refusals_to_request(facts.relationships, address=CUSTOMER, customer_ids=[CUSTOMER], at=NOW)

    agree(option(REQUEST, facts), refused(lambda: raise_first(refusals)), besides=NOT_OF_A_MUTATION)


@given(all_facts)
def test_transfer_is_blocked_by_what_request_transfer_refuses_and_eligibility_tells(
    facts: SupportFacts,
) -> None:
    row, kind = facts.subscription, transfer_kind(facts.subscription)
    blocked = option(TRANSFER, facts)
    reasons = ineligibility_reasons(
        TransferCandidate(subscription=row, with_base=row.parent_id is not None), kind, NOW
    )
    target = refusals_to_receive(
        kind,
        has_relationship=facts.has_relationship(NOW),
        is_bound=facts.is_bound,
        is_same_market=facts.market == row.market,
    )
    pending = any(each.is_repeated_by(kind, row.billing_partner_id, CUSTOMER) for each in facts.transfers)

    ineligible = {reason.code for reason in reasons}
    assert blocked & {reason.code for reason in TRANSFER_REASONS} == ineligible
    agree(blocked, refused(lambda: raise_first(target)), besides={*ineligible, "TRANSFER_PENDING"})
    assert ("TRANSFER_PENDING" in blocked) is pending


@given(all_facts)
def test_every_answer_takes_code_rule_and_sentence_from_one_row(facts: SupportFacts) -> None:
    for kind in PARTNER_OPTIONS:
        for refusal in refusals_of_option(kind, facts, NOW):
            row = Refusal[refusal.code]
            assert refusal.rule == row.rule
            assert refusal.message.startswith(row.message)


@given(all_facts)
def test_the_end_of_a_term_makes_an_option_available_only_in_the_future(facts: SupportFacts) -> None:
    for kind in PARTNER_OPTIONS:
        end = available_from(kind, facts, NOW)
        assert end is None or (end > NOW and kind in {WAIT, CANCEL})


def customers(kind: SupportOptionKind, facts: CustomerOptionFacts) -> set[str]:
    return {refusal.code for refusal in refusals_of_customer(kind, facts, NOW)}


@pytest.mark.rule("R71")
@given(customer_facts)
def test_what_blocks_an_option_of_a_customer_is_what_its_mutation_refuses(facts: CustomerOptionFacts) -> None:
    row = facts.subscription
    before = unchanged(row)
    blocked = customers(SupportOptionKind.CANCEL, facts)
    confirm = customers(SupportOptionKind.CONFIRM_RECORD, facts)
    contact = customers(SupportOptionKind.NAME_SUPPORT_CONTACT, facts)

    assert unchanged(row) == before
    agree(confirm, refused(lambda: row.confirm(at=NOW)), besides={"ALREADY_CSP", "ALREADY_CONFIRMED"})
    assert ("ALREADY_CSP" in confirm) is facts.is_contested
    agree(contact, refused(lambda: row.assign_support_contact(PARTNER, at=NOW)), besides={"NO_PARTNER"})
    assert ("NO_PARTNER" in contact) is not facts.has_partner
    agree(blocked, refused(lambda: row.cancel(StopReason.CUSTOMER_REQUEST, at=NOW)), besides=set())
    against_switch = {each.code for each in facts.against_switch}
    assert customers(SupportOptionKind.REQUEST_SWITCH, facts) == against_switch


@pytest.mark.rule("R71")
@given(customer_facts)
def test_single_services_can_be_canceled_while_any_is_left(facts: CustomerOptionFacts) -> None:
    row = facts.subscription
    blocked = customers(SupportOptionKind.CANCEL_SERVICE, facts)
    codes = {refused(partial(row.cancel_service, name, at=NOW)) for name in [*row.services]}

    assert ("NOT_MOVED_YET" in blocked) is not facts.is_recreated
    assert (blocked - {"NOT_MOVED_YET"} == set()) is (None in codes)


@given(customer_facts)
def test_every_answer_to_a_customer_is_of_one_row(
    facts: CustomerOptionFacts,
) -> None:
    for kind in CUSTOMER_OPTIONS:
        for refusal in refusals_of_customer(kind, facts, NOW):
            row = Refusal[refusal.code]
            assert refusal.rule == row.rule
            assert refusal.message.startswith(row.message)
