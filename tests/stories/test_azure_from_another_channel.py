"""Azure from an enterprise agreement: recreated in CSP beside the old one, which is canceled then (R5)."""

from __future__ import annotations

import pytest

from multichannel.demo.cast import CEDAR, MEADOW
from multichannel.domain.subscriptions import Subscription
from tests.stories.telling import SIGNED, SIGNER, Story, customer, subscription

AGENT, CUSTOMER = "alder-sales-agent", "meadow-global-admin"
EA, OFFICE = subscription("meadow-azure-ea"), subscription("meadow-office-direct")
SERVICES = ["virtual-machines", "storage", "sql-database"]
MOVE, MOVED = "moveSubscriptionToCsp", "subscription { id channel status services billingPartner { name } }"
STOP, STOPPED = "cancelService", "subscription { version status leftToMove { services whole } }"
AGREEMENT = "customerAgreement { kind }"


def agree(story: Story) -> None:
    """Alder attests that Meadow Dairy has signed."""
    story.done(AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(MEADOW), **SIGNED)


@pytest.mark.rule("R5", "R6")
def test_azure_is_recreated_and_both_run_until_the_customer_has_canceled_the_old(story: Story) -> None:
    assert story.options(AGENT, EA)["RECREATE_IN_CSP"] == ["AGREEMENT_REQUIRED"]
    assert story.refused(AGENT, MOVE, MOVED, id=EA) == "AGREEMENT_REQUIRED"
    agree(story)
    assert story.options(AGENT, EA) == {
        "REQUEST_RELATIONSHIP": ["ALREADY_RELATED"],
        "RECREATE_IN_CSP": "open",
        "TRANSFER": ["NOT_CSP", "NOT_GRANTED"],
        "WAIT_FOR_TERM_END": ["NO_TERM"],
        "CANCEL_THEN_MOVE": "open",
    }
    early = {"id": EA, "expectedVersion": 1, "service": "storage"}
    assert story.refused(CUSTOMER, STOP, STOPPED, **early) == "NOT_MOVED_YET"

    new = story.done(AGENT, MOVE, MOVED, id=EA)
    new_id = new.pop("id")
    assert new == {
        "channel": "CSP",
        "status": "ACTIVE",
        "services": SERVICES,
        "billingPartner": {"name": "Alder"},
    }
    assert story.refused(AGENT, MOVE, MOVED, id=EA) == "ALREADY_MOVED"
    assert story.options(AGENT, EA)["RECREATE_IN_CSP"] == ["ALREADY_MOVED"]
    _both_run(story, new_id)
    _the_old_one_is_canceled(story)
    assert story.node(CUSTOMER, new_id, "status") == {"status": "ACTIVE"}


def _both_run(story: Story, new_id: str) -> None:
    """To the customer, to the partner that moved it, and not to Cedar, which serves the customer too."""
    shown = "status leftToMove { services whole } continuedBy { nodes { id } }"
    for persona in (AGENT, CUSTOMER):
        assert story.node(persona, EA, shown) == {
            "status": "ACTIVE",
            "leftToMove": {"services": SERVICES, "whole": True},
            "continuedBy": {"nodes": [{"id": new_id}]},
        }
    assert story.node("cedar-admin-agent", EA, shown)["continuedBy"] == {"nodes": []}
    assert story.node("cedar-admin-agent", new_id) is None
    assert {"Meadow azure ea", "Meadow azure cedar"} <= story.sees(CUSTOMER)


def _the_old_one_is_canceled(story: Story) -> None:
    """Service by service, then whole, by the customer whose record it is."""
    one = {"id": EA, "expectedVersion": 1, "service": "storage"}
    assert story.denied(AGENT, STOP, STOPPED, **one) == ("FORBIDDEN", [])
    left = ["virtual-machines", "sql-database"]
    assert story.done(CUSTOMER, STOP, STOPPED, **one) == {
        "version": 2,
        "status": "ACTIVE",
        "leftToMove": {"services": left, "whole": True},
    }
    assert story.refused(CUSTOMER, STOP, STOPPED, **one) == "STALE_VERSION"
    again = {**one, "expectedVersion": 2}
    assert story.refused(CUSTOMER, STOP, STOPPED, **again) == "SERVICE_ALREADY_CANCELED"
    assert story.node(AGENT, EA, "leftToMove { services }") == {"leftToMove": {"services": left}}

    whole = {"id": EA, "expectedVersion": 2, "reason": "CUSTOMER_REQUEST"}
    assert story.done(CUSTOMER, "cancelSubscription", STOPPED, **whole) == {
        "version": 3,
        "status": "DELETED",
        "leftToMove": {"services": [], "whole": False},
    }
    done = ["confirm_customer_agreement", "move_subscription_to_csp", "cancel_service", "cancel_subscription"]
    told = [f"{operation} SUCCEEDED" for operation in done]
    assert [each for each in story.trail(CUSTOMER) if each in told] == told
    assert [each for each in story.trail("alder-global-admin") if each in told] == told[:2]
    assert story.trail("cedar-admin-agent") == []


@pytest.mark.rule("R3", "R5")
def test_licences_are_not_recreated(story: Story) -> None:
    agree(story)

    assert story.denied(AGENT, MOVE, MOVED, id=OFFICE) == ("FORBIDDEN", ["ONLY_USAGE_IS_RECREATED"])
    assert story.why(AGENT, "MOVE_TO_CSP", OFFICE) == (
        False,
        ["relationship_holder"],
        ["ONLY_USAGE_IS_RECREATED"],
    )


@pytest.mark.rule("R19")
def test_a_restricted_partner_and_an_advisor_recreate_nothing(story: Story) -> None:
    stopped = {
        ("birch-sales-agent", subscription("canyon-azure-ea")): ["RESTRICTED_PARTNER"],
        ("willow-sales-agent", EA): ["ADVISORS_SELL_NOTHING"],
    }

    for (persona, row_id), reasons in stopped.items():
        assert story.denied(persona, MOVE, MOVED, id=row_id) == ("FORBIDDEN", reasons)
        assert story.why(persona, "MOVE_TO_CSP", row_id) == (False, ["relationship_holder"], reasons)
        assert set(reasons) <= set(story.options(persona, row_id)["RECREATE_IN_CSP"])


@pytest.mark.rule("R12", "R52")
def test_nothing_is_recreated_for_another_market_nor_seen_in_another_cloud(story: Story) -> None:
    agree(story)
    story.set_scene(Subscription, EA.partition("_")[2], market="CA")

    assert story.denied(AGENT, MOVE, MOVED, id=EA) == ("FORBIDDEN", ["DIFFERENT_MARKET"])
    assert story.denied("laurel-admin-agent", MOVE, MOVED, id=EA) == ("NOT_FOUND", [])


@pytest.mark.rule("R52", "C1")
def test_in_the_government_cloud_it_takes_no_agreement(story: Story) -> None:
    """Multichannel support is offered there, and the customer agreement is not."""
    there = subscription("summit-azure-ea")

    assert story.options("laurel-admin-agent", there)["RECREATE_IN_CSP"] == "open"
    new = story.done("laurel-admin-agent", MOVE, MOVED, id=there)

    assert (new["channel"], new["billingPartner"]) == ("CSP", {"name": "Laurel"})
    shown = story.node("summit-global-admin", new["id"], "continues { id } cloud")
    assert shown == {"continues": {"id": there}, "cloud": "US_GOVERNMENT"}


@pytest.mark.rule("R22")
def test_a_reseller_recreates_nothing_even_with_a_relationship_of_its_own(story: Story) -> None:
    """Attached under Cedar it does not see what was bought elsewhere; with the customer's yes it does."""
    reseller = "dogwood-sales-agent"
    assert story.denied(reseller, MOVE, MOVED, id=EA) == ("NOT_FOUND", [])
    asked = story.done(
        reseller,
        "requestResellerRelationship",
        "resellerRelationship { id }",
        customer="meadow.example",
        provider=CEDAR.id,
    )
    accepted = "resellerRelationship { status }"
    story.done(CUSTOMER, "acceptResellerRelationship", accepted, id=asked["id"], agreement=SIGNER)

    assert story.denied(reseller, MOVE, MOVED, id=EA) == ("FORBIDDEN", ["RESELLERS_SELL_NOTHING"])
    assert "RESELLERS_SELL_NOTHING" in story.options(reseller, EA)["RECREATE_IN_CSP"]
