"""Azure that another CSP partner sells: transferred if both partners agree, switched if three sign (R7)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, MEADOW
from multichannel.domain.customers import Customer
from multichannel.domain.users import Role
from tests.stories.telling import SIGNED, SIGNER, Story, customer, subscription

ALDER_AGENT, CEDAR_AGENT = "alder-admin-agent", "cedar-admin-agent"
AZURE, SWITCHED = subscription("meadow-azure-cedar"), subscription("canyon-azure-alder")
AGREEMENT, DEAL = "customerAgreement { kind }", "transfer { id status }"
CONSENTS = "status sourceConsentedAt customerConsentedAt targetConsentedAt"
HELD = "status entitlementId billingPartner { name } supportContact { name } partnerOfRecord { name }"


@pytest.mark.rule("R7", "R30")
def test_azure_moves_when_both_partners_agree_and_its_id_stays(story: Story) -> None:
    story.done(ALDER_AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(MEADOW), **SIGNED)
    asked = {"customer": customer(MEADOW), "sourcePartner": CEDAR.id}
    plan = {**asked, "kind": "AZURE_PLAN"}
    assert story.refused(ALDER_AGENT, "requestTransfer", DEAL, **plan) == "NO_AZURE_PLAN"
    wanted = {**asked, "productTypes": ["AZURE_SUBSCRIPTION"]}
    deal = story.done(ALDER_AGENT, "requestTransfer", DEAL, **wanted)["id"]
    assert story.refused(ALDER_AGENT, "requestTransfer", DEAL, **wanted) == "TRANSFER_PENDING"
    assert story.node(ALDER_AGENT, AZURE) is None
    assert story.node(CEDAR_AGENT, deal, "targetPartnerName") == {"targetPartnerName": "Alder"}
    assert story.may(CEDAR_AGENT, deal) == {"READ_SUMMARY", "READ", "ACCEPT", "DECLINE"}
    assert story.may(ALDER_AGENT, deal) == {"READ_SUMMARY", "CANCEL"}
    entitlement = story.node(CEDAR_AGENT, AZURE, "entitlementId")["entitlementId"]

    not_sold = {"id": deal, "subscriptionIds": [subscription("meadow-azure-ea")]}
    assert story.denied(CEDAR_AGENT, "acceptTransfer", DEAL, **not_sold) == ("FORBIDDEN", [])
    given = {"id": deal, "subscriptionIds": [AZURE]}
    assert story.denied(ALDER_AGENT, "acceptTransfer", DEAL, **given) == ("FORBIDDEN", [])
    assert story.done(CEDAR_AGENT, "acceptTransfer", DEAL, **given)["status"] == "COMPLETED"

    shown = story.node(ALDER_AGENT, deal, "lines { newSubscription } staysBehind { subject }")
    assert {"subject": "AZURE_ROLE_ASSIGNMENTS"} in shown["staysBehind"]
    (line,) = shown["lines"]
    ours = {"name": "Alder"}
    assert story.node(ALDER_AGENT, line["newSubscription"], HELD) == {
        "status": "ACTIVE",
        "entitlementId": entitlement,
        "billingPartner": ours,
        "supportContact": ours,
        "partnerOfRecord": None,
    }
    assert story.node(CEDAR_AGENT, AZURE, "status") == {"status": "DELETED"}
    assert story.node(CEDAR_AGENT, line["newSubscription"]) is None
    assert story.node("meadow-global-admin", AZURE, "continuedBy { nodes { id } }") == {
        "continuedBy": {"nodes": [{"id": line["newSubscription"]}]}
    }


@pytest.mark.rule("R12", "R29")
def test_nothing_is_transferred_for_a_customer_of_another_market(story: Story) -> None:
    story.done(ALDER_AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(MEADOW), **SIGNED)
    story.set_scene(Customer, MEADOW.id, market="CA")
    asked = {"customer": customer(MEADOW), "sourcePartner": CEDAR.id}

    assert story.refused(ALDER_AGENT, "requestTransfer", DEAL, **asked) == "CUSTOMER_IN_OTHER_MARKET"


@pytest.mark.rule("R19", "R40")
def test_who_may_not_sell_asks_for_no_transfer(story: Story) -> None:
    stopped = {
        "birch-sales-agent": "RESTRICTED_PARTNER",
        "dogwood-sales-agent": "ONLY_THROUGH_PROVIDER",
        "willow-sales-agent": "ADVISORS_SELL_NOTHING",
        "linden-admin-agent": "PARTNER_INACTIVE",
    }
    asked = {"customer": customer(MEADOW), "sourcePartner": CEDAR.id}

    for persona, reason in stopped.items():
        assert story.denied(persona, "requestTransfer", DEAL, **asked) == ("FORBIDDEN", [reason])
    assert story.denied("alder-sales-agent", "requestTransfer", DEAL, **asked) == ("FORBIDDEN", [])
    assert story.trail(CEDAR_AGENT) == []


@pytest.fixture
def ready(story: Story) -> Story:
    """Cedar has a relationship with Canyon, which has signed, and somebody who may sign for Cedar."""
    story.give_role(CEDAR_AGENT, Role.GLOBAL_ADMIN)
    request = "resellerRelationship { id }"
    asked = story.done(CEDAR_AGENT, "requestResellerRelationship", request, customer="canyon.example")
    answer = {"id": asked["id"], "agreement": SIGNER}
    story.done("canyon-global-admin", "acceptResellerRelationship", request, **answer)
    return story


def offer(target: str, row_id: str = SWITCHED) -> dict[str, Any]:
    """What Alder offers when it begins a switch."""
    return {
        "customer": customer(CANYON),
        "targetPartner": target,
        "subscriptionIds": [row_id],
        "kind": "MANUAL_SWITCH",
    }


@pytest.mark.rule("R28")
def test_legacy_azure_is_switched_with_three_signatures(ready: Story) -> None:
    assert ready.node(CEDAR_AGENT, SWITCHED) is None
    deal = ready.done(ALDER_AGENT, "offerTransfer", DEAL, **offer(CEDAR.id))["id"]
    assert ready.denied(ALDER_AGENT, "consentToTransfer", DEAL, id=deal) == ("FORBIDDEN", [])

    signed = []
    for persona in ("alder-global-admin", "canyon-global-admin"):
        signed.append(ready.done(persona, "consentToTransfer", DEAL, id=deal)["status"])
        assert ready.refused(persona, "consentToTransfer", DEAL, id=deal) == "ALREADY_CONSENTED"
        assert ready.node(persona, SWITCHED, "status") == {"status": "ACTIVE"}
    consents = ready.node("canyon-global-admin", deal, CONSENTS)
    assert [name for name, value in consents.items() if value is None] == ["targetConsentedAt"]
    assert ready.may(CEDAR_AGENT, deal) == {"READ_SUMMARY", "CONSENT", "DECLINE"}
    assert ready.node(CEDAR_AGENT, SWITCHED) is None
    signed.append(ready.done(CEDAR_AGENT, "consentToTransfer", DEAL, id=deal)["status"])

    assert signed == ["PENDING", "PENDING", "COMPLETED"]
    (line,) = ready.node(CEDAR_AGENT, deal, "lines { newSubscription }")["lines"]
    new = ready.node(CEDAR_AGENT, line["newSubscription"], "status commerce billingPartner { name }")
    assert new == {"status": "ACTIVE", "commerce": "LEGACY", "billingPartner": {"name": "Cedar"}}
    assert ready.node("alder-global-admin", SWITCHED, "status") == {"status": "DELETED"}
    assert ready.node("alder-global-admin", line["newSubscription"]) is None
    for persona in ("alder-global-admin", "canyon-global-admin", CEDAR_AGENT):
        assert ready.trail(persona).count("consent_to_transfer SUCCEEDED") >= 3
        assert ready.refused(persona, "declineTransfer", DEAL, id=deal) == "TRANSFER_ALREADY_DECIDED"


@pytest.mark.rule("R28")
def test_one_of_three_who_declines_ends_a_switch(ready: Story) -> None:
    deal = ready.done(ALDER_AGENT, "offerTransfer", DEAL, **offer(CEDAR.id))["id"]
    ready.done("alder-global-admin", "consentToTransfer", DEAL, id=deal)

    ready.done("canyon-global-admin", "declineTransfer", DEAL, id=deal)

    assert ready.refused(CEDAR_AGENT, "consentToTransfer", DEAL, id=deal) == "TRANSFER_ALREADY_DECIDED"
    assert ready.node(ALDER_AGENT, SWITCHED, "status") == {"status": "ACTIVE"}
    assert ready.node(CEDAR_AGENT, SWITCHED) is None


@pytest.mark.rule("R19")
def test_a_restricted_partner_receives_nothing_and_may_say_no(story: Story) -> None:
    """It reads a summary of what it is offered, which comes without the reason."""
    story.give_role("birch-sales-agent", Role.GLOBAL_ADMIN)
    deal = story.done(ALDER_AGENT, "offerTransfer", DEAL, **offer(BIRCH.id))["id"]

    assert story.may("birch-sales-agent", deal) == {"READ_SUMMARY", "DECLINE"}
    assert story.denied("birch-sales-agent", "consentToTransfer", DEAL, id=deal) == ("FORBIDDEN", [])
    assert story.done("birch-sales-agent", "declineTransfer", DEAL, id=deal)["status"] == "DECLINED"
    assert story.node(ALDER_AGENT, SWITCHED, "status") == {"status": "ACTIVE"}


@pytest.mark.rule("R28", "R29")
def test_only_legacy_azure_is_switched_and_to_a_partner_of_the_customer(story: Story) -> None:
    story.give_role(CEDAR_AGENT, Role.GLOBAL_ADMIN)
    plan = {
        **offer(ALDER.id, AZURE),
        "customer": customer(MEADOW),
    }
    assert story.refused(CEDAR_AGENT, "offerTransfer", DEAL, **plan) == "LINES_NOT_ELIGIBLE"

    deal = story.done(ALDER_AGENT, "offerTransfer", DEAL, **offer(CEDAR.id))["id"]
    assert story.refused(CEDAR_AGENT, "consentToTransfer", DEAL, id=deal) == "NO_RELATIONSHIP"
    assert story.node(CEDAR_AGENT, customer(CANYON)) is None
