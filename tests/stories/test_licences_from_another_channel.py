"""Licences from another channel: ask for a relationship, be accepted, then support them (R4)."""

from __future__ import annotations

import pytest

from multichannel.demo.cast import ALDER, THISTLE
from multichannel.domain.customers import Customer
from tests.stories.telling import SIGNER, Story, customer, subscription

AGENT, ADMIN = "alder-sales-agent", "thistle-global-admin"
OFFICE, MAIL = subscription("thistle-office-open"), subscription("thistle-mail-birch")
REQUEST, ASKED = "requestResellerRelationship", "resellerRelationship { id status }"
ANSWER = "id status customer { companyName } invitation { url text }"
LINKS = "{ resellerRelationships(filter: {status: {eq: REQUESTED}}) { totalCount nodes { id } } }"


def request(story: Story, persona: str = AGENT) -> str:
    """Alder asks Thistle by its domain; the earlier request of the demo world has lapsed."""
    made = story.done(persona, REQUEST, f"resellerRelationship {{ {ANSWER} }}", customer="thistle.example")
    return str(made["id"])


@pytest.mark.rule("R4", "R1")
def test_a_customer_lets_a_partner_in_by_its_link_and_the_partner_supports_what_it_has(
    story: Story,
) -> None:
    before, of_birch = story.sees(AGENT), story.trail("birch-sales-agent")
    assert story.node(AGENT, OFFICE) is None

    made = story.done(AGENT, REQUEST, f"resellerRelationship {{ {ANSWER} }}", customer="thistle.example")
    assert (made["status"], made["customer"]) == ("REQUESTED", None)
    assert "Alder asks your company for a reseller relationship." in made["invitation"]["text"]
    assert made["invitation"]["url"] in made["invitation"]["text"]
    assert story.sees(AGENT) == before
    asking = story.node(ADMIN, made["id"], "status partner { name }")
    assert asking == {"status": "REQUESTED", "partner": {"name": "Alder"}}
    assert story.may(ADMIN, made["id"]) >= {"ACCEPT", "DECLINE"}

    _accept_by_link(story, made["invitation"]["url"])
    assert story.sees(AGENT) == before | {"Thistle office open"}
    assert story.why(AGENT, "READ", OFFICE) == (True, ["relationship_holder"], [])
    assert story.options(AGENT, OFFICE) == {
        "REQUEST_RELATIONSHIP": ["ALREADY_RELATED"],
        "RECREATE_IN_CSP": ["ONLY_USAGE_IS_RECREATED"],
        "TRANSFER": ["NOT_CSP", "LEGACY_LICENSE", "NOT_GRANTED"],
        "WAIT_FOR_TERM_END": ["RENEWS"],
        "CANCEL_THEN_MOVE": "open",
    }
    assert story.options(ADMIN, OFFICE) == {
        "CONFIRM_RECORD": ["NOT_GRANTED"],
        "CANCEL": "open",
        "CANCEL_SERVICE": ["NOT_MOVED_YET", "SERVICE_UNKNOWN"],
        "NAME_SUPPORT_CONTACT": "open",
        "REQUEST_SWITCH": ["NOT_CSP", "LEGACY_LICENSE"],
    }

    contact = "subscription { version supportContact { name } }"
    named = story.done(ADMIN, "assignSupportContact", contact, id=OFFICE, expectedVersion=1, partner=ALDER.id)
    assert named == {"version": 2, "supportContact": {"name": "Alder"}}
    assert story.why(AGENT, "READ", OFFICE)[1] == ["relationship_holder", "support_contact"]
    stop = {"id": OFFICE, "expectedVersion": 2, "reason": "CUSTOMER_REQUEST"}
    assert story.denied(AGENT, "cancelSubscription", contact, **stop) == ("FORBIDDEN", [])
    assert story.node(AGENT, MAIL) is None
    assert story.trail("birch-sales-agent") == of_birch


def _accept_by_link(story: Story, url: str) -> None:
    """The customer redeems the code of the link, sees who asks, and accepts with the signer filled in."""
    seen = "resellerRelationship { id status partner { name } }"
    asked = story.done(ADMIN, "redeemInvitation", seen, code=url.rpartition("/")[2])
    assert (asked["status"], asked["partner"]) == ("REQUESTED", {"name": "Alder"})
    done = story.done(ADMIN, "acceptResellerRelationship", seen, id=asked["id"], agreement=SIGNER)
    assert (done["status"], done["partner"]) == ("ACTIVE", {"name": "Alder"})


@pytest.mark.rule("R14")
def test_without_the_agreement_nothing_is_accepted(story: Story) -> None:
    asked = request(story)

    code = story.refused(ADMIN, "acceptResellerRelationship", ASKED, id=asked)

    assert code == "AGREEMENT_REQUIRED"
    assert story.denied(AGENT, "acceptResellerRelationship", ASKED, id=asked) == ("FORBIDDEN", [])


@pytest.mark.rule("R3")
def test_what_the_customer_cancels_elsewhere_the_partner_sells_it_anew(story: Story) -> None:
    story.done(ADMIN, "acceptResellerRelationship", ASKED, id=request(story), agreement=SIGNER)
    shown = "subscription { id status channel billingPartner { name } }"
    order = {"offerName": "Office apps for business", "billingType": "LICENSE", "quantity": 6}
    stop = {"id": OFFICE, "expectedVersion": 1, "reason": "CUSTOMER_REQUEST"}

    gone = story.done(ADMIN, "cancelSubscription", shown, **stop)
    new = story.done(AGENT, "createSubscription", shown, customer=customer(THISTLE), **order)

    assert (gone["status"], gone["channel"]) == ("DELETED", "OPEN")
    assert (new["status"], new["channel"], new["billingPartner"]) == ("ACTIVE", "CSP", {"name": "Alder"})
    assert story.options(AGENT, OFFICE)["CANCEL_THEN_MOVE"] == ["SUBSCRIPTION_ENDED"]
    assert story.node("birch-sales-agent", new["id"]) is None


@pytest.mark.rule("R17")
def test_when_the_partner_leaves_the_door_closes_behind_it(story: Story) -> None:
    before, asked = story.sees(AGENT), request(story)
    story.done(ADMIN, "acceptResellerRelationship", ASKED, id=asked, agreement=SIGNER)
    contact = "subscription { supportContact { name } }"
    story.done(ADMIN, "assignSupportContact", contact, id=OFFICE, expectedVersion=1, partner=ALDER.id)

    left = story.done("alder-global-admin", "removeResellerRelationship", ASKED, id=asked)

    assert left["status"] == "REMOVED"
    assert story.sees(AGENT) == before
    assert story.node(AGENT, customer(THISTLE)) is None
    assert story.node(ADMIN, OFFICE, "supportContact { name }") == {"supportContact": None}
    told = [f"{operation} SUCCEEDED" for operation in _OPERATIONS]
    assert story.trail("alder-global-admin") == told
    own_signature = told[1]
    assert story.trail(ADMIN) == [*told[:2], own_signature, *told[2:]]


_OPERATIONS = (
    "request_reseller_relationship",
    "accept_reseller_relationship",
    "assign_support_contact",
    "remove_reseller_relationship",  # of the relationship, and of the support contact
    "remove_reseller_relationship",
)


@pytest.mark.rule("R19", "R22")
def test_who_may_not_resell_asks_nobody(story: Story) -> None:
    stopped = {
        "birch-sales-agent": "RESTRICTED_PARTNER",
        "willow-sales-agent": "ADVISORS_DO_NOT_RESELL",
        "hazel-sales-agent": "RESELLERS_ASK_THROUGH_PROVIDER",
        "linden-admin-agent": "PARTNER_INACTIVE",
    }

    for persona, reason in stopped.items():
        assert story.denied(persona, REQUEST, ASKED, customer="ember.example") == ("FORBIDDEN", [reason])
    assert story.ask("ember-global-admin", LINKS)["resellerRelationships"]["totalCount"] == 0


@pytest.mark.rule("R52")
def test_a_request_reaches_nobody_in_another_cloud_and_is_answered_alike(story: Story) -> None:
    asked = {"includeDelegatedAdmin": True}
    known, unknown = (
        story.done(
            "laurel-admin-agent", REQUEST, f"resellerRelationship {{ {ANSWER} }}", customer=name, **asked
        )
        for name in ("meadow.example", "nobody.example")
    )

    assert known["status"] == unknown["status"] == "REQUESTED"
    assert known["customer"] is unknown["customer"] is None
    assert story.node("meadow-global-admin", known["id"]) is None
    assert story.ask("meadow-global-admin", LINKS)["resellerRelationships"]["totalCount"] == 0


@pytest.mark.rule("R12")
def test_a_customer_of_another_market_cannot_accept_and_the_partner_is_not_told(story: Story) -> None:
    story.set_scene(Customer, THISTLE.id, market="CA")
    asked = request(story)

    code = story.refused(ADMIN, "acceptResellerRelationship", ASKED, id=asked, agreement=SIGNER)

    assert code == "MARKET_MISMATCH"
    assert story.node(AGENT, asked, "status customer { id }") == {"status": "REQUESTED", "customer": None}
    assert story.node(AGENT, OFFICE) is None
