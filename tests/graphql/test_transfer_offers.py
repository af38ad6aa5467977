from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, DOGWOOD, LAUREL, fixed_id
from multichannel.domain.agreements import CustomerAgreement
from multichannel.domain.audit import Event
from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import Initiator, Transfer, TransferKind, TransferStatus
from multichannel.domain.users import Role
from multichannel.errors import Denied, Refused
from multichannel.services import transfers
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.engines import open_database
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from tests.graphql.conftest import Api
from tests.graphql.transfer_api import Deals, customer, subscription
from tests.world import World, postgresql_later

pytestmark = postgresql_later

SOURCE, TARGET = "alder-admin-agent", "cedar-admin-agent"
AZURE = subscription("canyon-azure-alder")
OFFER: dict[str, Any] = {
    "customer": customer(CANYON),
    "targetPartner": CEDAR.id,
    "subscriptionIds": [AZURE],
}
REACTIVATE = """mutation ($input: ReactivateSubscriptionInput!) {
  reactivateSubscription(input: $input) { userErrors { code } } }"""
NOBODY = fixed_id("nobody")
SIGNERS = {"alder-global-admin": ALDER, "canyon-global-admin": CANYON, TARGET: CEDAR}


@pytest.fixture
def deals(api: Api) -> Deals:
    """Alder has become Cedar's reseller, and Cedar serves Canyon; its agent is a global admin, too."""
    deals = Deals(api)
    deals.enrol(CEDAR, ALDER)
    deals.relate(CEDAR, CANYON)
    deals.agree(CEDAR, CANYON)
    deals.give_role(TARGET, Role.GLOBAL_ADMIN)
    return deals


def row_id(global_id: str) -> str:
    return global_id.partition("_")[2]


def seats(deals: Deals, key: str = "seats", **values: Any) -> str:
    """Legacy licences that Alder bills."""
    return deals.purchase(
        key,
        "canyon-office-birch",
        owner_id=ALDER.id,
        billing_partner_id=ALDER.id,
        support_contact_id=None,
        **values,
    )


def status(deals: Deals, transfer_id: str) -> TransferStatus:
    (row,) = deals.rows(Transfer, id=row_id(transfer_id))
    found: TransferStatus = row.stored_status
    return found


@pytest.mark.rule("R36", "R38")
def test_the_provider_accepts_what_it_was_offered_as_it_was_offered(deals: Deals) -> None:
    licences = seats(deals)
    add_on = seats(deals, "extra", parent_id=row_id(licences), quantity=3)
    transfer_id = deals.done(SOURCE, "offerTransfer", **{**OFFER, "subscriptionIds": [AZURE, licences]})
    assert deals.books("offer_transfer", transfer_id) == (
        sorted((each.id, "succeeded") for each in (ALDER, CEDAR, CANYON)),
        [row_id(transfer_id)],
    )
    hidden = deals.seen(TARGET, transfer_id)
    assert hidden["data"]["node"]["lines"] is None
    assert {error["extensions"]["code"] for error in hidden["errors"]} == {"FORBIDDEN"}
    for persona in (SOURCE, "canyon-global-admin"):
        node = deals.seen(persona, transfer_id)["data"]["node"]
        lines = [
            (line["number"], line["baseNumber"], line["friendlyName"], line["quantity"])
            for line in node["lines"]
        ]
        assert lines == [(0, None, "Canyon azure alder", 1), (1, None, "seats", 15), (2, 1, "extra", 3)]
        assert [line["subscription"] is None for line in node["lines"]] == [False] * 3
    deals.change(Subscription, row_id(licences), quantity=99)

    deals.done(TARGET, "acceptTransfer", id=transfer_id)

    assert deals.lines(transfer_id) == [(number, "completed", None) for number in range(3)]
    assert [deals.status(SOURCE, each) for each in (AZURE, licences, add_on)] == [
        "DELETED",
        "SUSPENDED",
        "SUSPENDED",
    ]
    again = deals.api.ask(SOURCE, REACTIVATE, input={"id": licences, "expectedVersion": 2})
    assert again.data["reactivateSubscription"]["userErrors"] == [{"code": "SUBSCRIPTION_ENDED"}]
    made = {each.continues_id: each for each in deals.rows(Subscription, billing_partner_id=CEDAR.id)}
    assert made[row_id(licences)].quantity == 15
    assert made[row_id(add_on)].parent_id == made[row_id(licences)].id
    (old,) = deals.rows(Subscription, id=row_id(AZURE))
    assert made[row_id(AZURE)].entitlement_id == old.entitlement_id
    assert deals.books("accept_transfer", transfer_id) == (
        sorted((each.id, "succeeded") for each in (ALDER, CEDAR, CANYON)),
        [row_id(transfer_id)],
    )


def test_lines_that_are_no_longer_eligible_fail_one_by_one(deals: Deals) -> None:
    base = seats(deals, "base")
    add_on = seats(deals, "extra", parent_id=row_id(base))
    transfer_id = deals.done(SOURCE, "offerTransfer", **{**OFFER, "subscriptionIds": [base, AZURE]})
    deals.change(Subscription, row_id(base), stored_status=SubscriptionStatus.SUSPENDED)

    deals.done(TARGET, "acceptTransfer", id=transfer_id)

    assert status(deals, transfer_id) is TransferStatus.COMPLETED_WITH_ERRORS
    assert deals.lines(transfer_id) == [
        (0, "failed", "subscription_suspended"),
        (1, "failed", "add_on_without_base"),
        (2, "completed", None),
    ]
    assert [deals.status(SOURCE, each) for each in (base, add_on, AZURE)] == [
        "SUSPENDED",
        "ACTIVE",
        "DELETED",
    ]


def test_a_transfer_whose_lines_all_fail_has_failed(deals: Deals) -> None:
    transfer_id = deals.done(SOURCE, "offerTransfer", **OFFER)
    deals.change(Subscription, row_id(AZURE), stored_status=SubscriptionStatus.DELETED)
    deals.done(TARGET, "acceptTransfer", id=transfer_id)
    assert status(deals, transfer_id) is TransferStatus.FAILED
    assert deals.rows(Subscription, continues_id=row_id(AZURE)) == []


@pytest.mark.rule("R36", "R39", "R40")
def test_refusals_of_an_offer(deals: Deals) -> None:
    legacy = {"subscriptionIds": [AZURE]}
    expected: list[tuple[dict[str, Any], str, list[str]]] = [
        ({"targetPartner": ALDER.id}, "SAME_PARTNER", ["targetPartner"]),
        ({"targetPartner": NOBODY}, "NO_PARTNERSHIP", ["targetPartner"]),
        ({"targetPartner": DOGWOOD.id}, "NO_PARTNERSHIP", ["targetPartner"]),
        ({"kind": "NEW_COMMERCE"}, "OPENED_BY_THE_OTHER_PARTNER", ["kind"]),
        ({"kind": "AZURE_PLAN"}, "OPENED_BY_THE_OTHER_PARTNER", ["kind"]),
        ({"subscriptionIds": []}, "LINES_MISSING", ["subscriptionIds"]),
        ({"customer": f"customer_{NOBODY}", **legacy}, "LINES_NOT_ELIGIBLE", ["subscriptionIds"]),
        ({"subscriptionIds": [subscription("meadow-mail-alder")]}, "LINES_NOT_ELIGIBLE", ["subscriptionIds"]),
        (
            {"kind": "MANUAL_SWITCH", "subscriptionIds": [seats(deals)]},
            "LINES_NOT_ELIGIBLE",
            ["subscriptionIds"],
        ),
    ]
    for given, code, path in expected:
        refusal = deals.refused(SOURCE, "offerTransfer", **{**OFFER, **given})
        assert (refusal["code"], refusal["path"]) == (code, path), given
    partnership = deals.rows(Partnership, provider_id=CEDAR.id, reseller_id=ALDER.id)[0]
    deals.change(Partnership, partnership.id, status=PartnershipStatus.REMOVED)
    assert deals.refused(SOURCE, "offerTransfer", **OFFER)["code"] == "NO_PARTNERSHIP"
    assert deals.rows(Transfer) == []


@pytest.mark.rule("R3")
def test_legacy_licences_go_to_the_providers_of_direct_bill_partners_and_nowhere_else(
    deals: Deals,
) -> None:
    phone = subscription("meadow-phone-cedar")
    denied = deals.reasons(
        TARGET, "offerTransfer", customer=customer(CANYON), targetPartner=ALDER.id, subscriptionIds=[phone]
    )
    assert denied == ("FORBIDDEN", ["LICENSE_BASED_STAYS_WITH_PARTNER"])
    kept = deals.refused(
        SOURCE, "offerTransfer", **{**OFFER, "subscriptionIds": [seats(deals)], "kind": "MANUAL_SWITCH"}
    )
    assert "LEGACY_LICENSE" in kept["message"]


@pytest.mark.rule("R36")
def test_a_subscription_is_in_one_open_transfer_at_a_time(deals: Deals) -> None:
    first = deals.done(SOURCE, "offerTransfer", **OFFER)
    for kind in ("LEGACY", "MANUAL_SWITCH"):
        refusal = deals.refused(SOURCE, "offerTransfer", **OFFER, kind=kind)
        assert "ALREADY_IN_TRANSFER" in refusal["message"]
    deals.done(SOURCE, "cancelTransfer", id=first)
    second = deals.done(SOURCE, "offerTransfer", **OFFER)
    deals.done(TARGET, "acceptTransfer", id=second)
    refusal = deals.refused(SOURCE, "offerTransfer", **OFFER)
    assert "ALREADY_TRANSFERRED, SUBSCRIPTION_NOT_ACTIVE" in refusal["message"]


@pytest.mark.rule("R29")
def test_a_target_learns_what_it_lacks_when_it_accepts_and_can_retry(deals: Deals) -> None:
    transfer_id = deals.done(SOURCE, "offerTransfer", **OFFER)
    given = {"id": transfer_id, "subscriptionIds": [AZURE]}
    assert deals.refused(TARGET, "acceptTransfer", **given)["code"] == "LINES_SETTLED"
    (link,) = deals.rows(ResellerRelationship, partner_id=CEDAR.id, customer_id=CANYON.id)
    deals.change(ResellerRelationship, link.id, stored_status=RelationshipStatus.REMOVED)
    assert deals.refused(TARGET, "acceptTransfer", id=transfer_id)["code"] == "NO_RELATIONSHIP"
    deals.change(ResellerRelationship, link.id, stored_status=RelationshipStatus.ACTIVE)
    (agreement,) = deals.rows(CustomerAgreement, customer_id=CANYON.id)
    deals.change(CustomerAgreement, agreement.id, partner_id=ALDER.id)
    assert deals.refused(TARGET, "acceptTransfer", id=transfer_id)["code"] == "AGREEMENT_REQUIRED"
    assert status(deals, transfer_id) is TransferStatus.PENDING
    assert deals.status(SOURCE, AZURE) == "ACTIVE"
    deals.change(CustomerAgreement, agreement.id, partner_id=CEDAR.id)
    deals.done(TARGET, "acceptTransfer", id=transfer_id)


@pytest.mark.rule("R28")
@pytest.mark.parametrize("order", list(permutations(SIGNERS)))
def test_a_switch_moves_with_the_third_signature_in_whatever_order(
    deals: Deals, order: tuple[str, ...]
) -> None:
    transfer_id = deals.done(SOURCE, "offerTransfer", **OFFER, kind="MANUAL_SWITCH")
    for place, persona in enumerate(order):
        assert deals.status("canyon-global-admin", AZURE) == "ACTIVE"
        deals.done(persona, "consentToTransfer", id=transfer_id)
        if place < 2:
            assert deals.refused(persona, "consentToTransfer", id=transfer_id)["code"] == "ALREADY_CONSENTED"
    assert status(deals, transfer_id) is TransferStatus.COMPLETED
    assert deals.status(SOURCE, AZURE) == "DELETED"
    (new,) = deals.rows(Subscription, continues_id=row_id(AZURE))
    assert (new.billing_partner_id, new.support_contact_id) == (CEDAR.id, CEDAR.id)
    records, events = deals.books("consent_to_transfer", transfer_id)
    done = [tenant for tenant, result in records if result == "succeeded"]
    assert sorted(done) == sorted([ALDER.id, CEDAR.id, CANYON.id] * 3)
    assert events == [row_id(transfer_id)] * 3
    moved = [
        each
        for each in deals.rows(Event, operation="consent_to_transfer")
        if each.resource_type == "Subscription"
    ]
    assert len(moved) == 2


@pytest.mark.rule("R28")
@pytest.mark.parametrize("persona", SIGNERS)
def test_each_of_the_three_may_decline_a_switch(deals: Deals, persona: str) -> None:
    transfer_id = deals.done(SOURCE, "offerTransfer", **OFFER, kind="MANUAL_SWITCH")
    others = [each for each in SIGNERS if each != persona]
    deals.done(others[0], "consentToTransfer", id=transfer_id)
    deals.done(persona, "declineTransfer", id=transfer_id)
    refusal = deals.refused(others[1], "consentToTransfer", id=transfer_id)
    assert (refusal["code"], "DECLINED" in refusal["message"]) == ("TRANSFER_ALREADY_DECIDED", True)
    assert deals.status(SOURCE, AZURE) == "ACTIVE"


@pytest.mark.rule("R29")
def test_a_target_signs_when_it_can_receive_and_the_others_are_not_told(deals: Deals) -> None:
    (link,) = deals.rows(ResellerRelationship, partner_id=CEDAR.id, customer_id=CANYON.id)
    transfer_id = deals.done(SOURCE, "offerTransfer", **OFFER, kind="MANUAL_SWITCH")
    deals.change(ResellerRelationship, link.id, stored_status=RelationshipStatus.REMOVED)
    assert deals.refused(TARGET, "consentToTransfer", id=transfer_id)["code"] == "NO_RELATIONSHIP"
    deals.change(ResellerRelationship, link.id, stored_status=RelationshipStatus.ACTIVE)
    deals.done(TARGET, "consentToTransfer", id=transfer_id)
    deals.change(ResellerRelationship, link.id, stored_status=RelationshipStatus.REMOVED)
    deals.done("alder-global-admin", "consentToTransfer", id=transfer_id)
    deals.done("canyon-global-admin", "consentToTransfer", id=transfer_id)
    assert status(deals, transfer_id) is TransferStatus.FAILED
    assert deals.lines(transfer_id) == [(0, "failed", "target_not_ready")]
    assert deals.status(SOURCE, AZURE) == "ACTIVE"


@pytest.mark.rule("R19")
def test_a_restricted_partner_receives_nothing_and_may_say_so(deals: Deals) -> None:
    deals.give_role("birch-sales-agent", Role.GLOBAL_ADMIN)
    transfer_id = deals.done(
        SOURCE, "offerTransfer", **{**OFFER, "targetPartner": BIRCH.id, "kind": "MANUAL_SWITCH"}
    )
    assert deals.reasons("birch-sales-agent", "consentToTransfer", id=transfer_id) == (
        "FORBIDDEN",
        [],  # reasons are for those who may read the lines
    )
    deals.done("birch-sales-agent", "declineTransfer", id=transfer_id)
    for stranger in (NOBODY, LAUREL.id):  # whether there is such a partner is not disclosed
        given = {**OFFER, "targetPartner": stranger, "kind": "MANUAL_SWITCH"}
        deals.done(SOURCE, "cancelTransfer", id=deals.done(SOURCE, "offerTransfer", **given))


def test_only_the_parties_decide_an_offer_or_a_switch(deals: Deals) -> None:
    offer = deals.done(SOURCE, "offerTransfer", **OFFER)
    for mutation, personas in {
        "acceptTransfer": [SOURCE, "canyon-global-admin"],
        "declineTransfer": [SOURCE, "canyon-global-admin"],
        "cancelTransfer": [TARGET, "canyon-global-admin", "alder-sales-agent", "alder-global-admin"],
        "consentToTransfer": [SOURCE, TARGET, "alder-global-admin", "canyon-global-admin"],
    }.items():
        for persona in personas:
            assert deals.ask(persona, mutation, id=offer).codes == ["FORBIDDEN"], (mutation, persona)
    deals.done("cedar-sales-and-billing", "declineTransfer", id=offer)
    for persona in ("alder-sales-agent", "alder-global-admin"):
        assert deals.ask(persona, "offerTransfer", **OFFER).codes == ["FORBIDDEN"]
    for persona in ("birch-sales-agent", "canyon-global-admin"):
        assert deals.ask(persona, "offerTransfer", **OFFER).codes in (["NOT_FOUND"], ["FORBIDDEN"])
    switch = deals.done(SOURCE, "offerTransfer", **OFFER, kind="MANUAL_SWITCH")
    for mutation, personas in {
        "consentToTransfer": [SOURCE, "alder-sales-agent", "cedar-sales-and-billing"],
        "acceptTransfer": [*SIGNERS, SOURCE],
        "declineTransfer": [SOURCE, "cedar-sales-and-billing"],
        "cancelTransfer": [TARGET, "alder-global-admin", "canyon-global-admin"],
    }.items():
        for persona in personas:
            assert deals.ask(persona, mutation, id=switch).codes == ["FORBIDDEN"], (mutation, persona)
    assert status(deals, switch) is TransferStatus.PENDING


@pytest.mark.rule("R39")
def test_decided_offers_and_switches_cannot_be_decided_again(deals: Deals) -> None:
    who = {
        TransferKind.LEGACY: {"acceptTransfer": TARGET, "declineTransfer": TARGET, "cancelTransfer": SOURCE},
        TransferKind.MANUAL_SWITCH: {
            "consentToTransfer": "canyon-global-admin",
            "declineTransfer": "canyon-global-admin",
            "cancelTransfer": SOURCE,
        },
    }
    for kind, events in who.items():
        for found in set(TransferStatus) - {TransferStatus.PENDING, TransferStatus.EXPIRED}:
            transfer_id = deals.transfer(
                f"{kind}-{found}",
                owner_id=ALDER.id,
                kind=kind,
                initiated_by=Initiator.SOURCE,
                source_partner_id=ALDER.id,
                target_partner_id=CEDAR.id,
                customer_id=CANYON.id,
                stored_status=found,
            )
            for mutation, persona in events.items():
                refusal = deals.refused(persona, mutation, id=transfer_id)
                assert (refusal["code"], found.upper() in refusal["message"]) == (
                    "TRANSFER_ALREADY_DECIDED",
                    True,
                )
            assert status(deals, transfer_id) is found


OFFER_STATEMENTS = {"offerTransfer": 19, "acceptTransfer": 26}


@pytest.mark.parametrize("size", [1, 25])
def test_an_offer_takes_as_many_statements_for_25_lines_as_for_one(deals: Deals, size: int) -> None:
    ids = [seats(deals, f"many-{number}") for number in range(size)]
    offered = deals.ask(SOURCE, "offerTransfer", **{**OFFER, "subscriptionIds": ids})
    transfer_id = offered.data["offerTransfer"]["transfer"]["id"]
    accepted = deals.ask(TARGET, "acceptTransfer", id=transfer_id)
    assert status(deals, transfer_id) is TransferStatus.COMPLETED
    assert {
        "offerTransfer": len(offered.statements),
        "acceptTransfer": len(accepted.statements),
    } == OFFER_STATEMENTS


def at_once(world: World, deeds: list[tuple[str, str, Any]]) -> list[str]:
    """What came of deeds of personas that all begin at the same moment, by name."""
    engine = open_database(world.url, connections=len(deeds))
    store = Store(engine, lambda: world.policy, world.clock)
    callers = {persona: world.caller(persona) for persona, _, _ in deeds}
    start = threading.Barrier(len(deeds))

    def do(deed: tuple[str, str, Any]) -> str:
        persona, name, use_case = deed
        start.wait(timeout=30)
        try:
            store.act(callers[persona].principal, MutationContext(name, "Transfer"), use_case)
        except (Refused, Denied) as error:
            return f"{name} {error.code}"
        return f"{name} done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        found = list(pool.map(do, deeds))
    engine.dispose()
    return found


def test_of_8_decisions_at_once_exactly_one_counts(deals: Deals) -> None:
    transfer_id = row_id(deals.done(SOURCE, "offerTransfer", **OFFER))

    def accept(work: UnitOfWork) -> str:
        return transfers.accept_transfer(work, transfer_id, subscription_ids=None, expected_version=None).id

    def decline(work: UnitOfWork) -> str:
        return transfers.decline_transfer(work, transfer_id, expected_version=None).id

    def cancel(work: UnitOfWork) -> str:
        return transfers.cancel_transfer(work, transfer_id, expected_version=None).id

    deeds = [(TARGET, "accept", accept), (TARGET, "decline", decline), (SOURCE, "cancel", cancel)]
    found = at_once(deals.api.world, [*deeds, *deeds, *deeds[:2]])

    winners = [each for each in found if each.endswith("done")]
    assert len(winners) == 1
    assert {each.split()[1] for each in found if each not in winners} == {"TRANSFER_ALREADY_DECIDED"}
    expected = {"accept": "completed", "decline": "declined", "cancel": "canceled"}[winners[0].split()[0]]
    assert status(deals, f"transfer_{transfer_id}").value == expected
    assert len(deals.rows(Subscription, continues_id=row_id(AZURE))) == (expected == "completed")


@pytest.mark.rule("R36")
def test_of_8_offers_of_one_subscription_at_once_exactly_one_is_made(deals: Deals) -> None:
    def offer(kind: TransferKind) -> Any:
        given = transfers.TransferOffer(
            kind=kind, customer_id=CANYON.id, target_directory_id=CEDAR.id, subscription_ids=[row_id(AZURE)]
        )
        return lambda work: transfers.offer_transfer(work, given).id

    kinds = [TransferKind.LEGACY, TransferKind.MANUAL_SWITCH] * 4
    found = at_once(deals.api.world, [(SOURCE, "offer", offer(kind)) for kind in kinds])

    assert sorted(found) == ["offer LINES_NOT_ELIGIBLE"] * 7 + ["offer done"]
    assert len(deals.rows(Transfer)) == 1
