"""Licences that another CSP partner sells: legacy ones stay for their term, new ones are transferred (R3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CANYON, CEDAR, MEADOW
from tests.stories.telling import SIGNED, Story, customer, subscription

ALDER_AGENT, CEDAR_AGENT, BIRCH_AGENT = "alder-admin-agent", "cedar-admin-agent", "birch-sales-agent"
CUSTOMER = "meadow-global-admin"
OFFICE, PHONE = subscription("canyon-office-birch"), subscription("meadow-phone-cedar")
MAIL, ARCHIVE = subscription("meadow-mail-alder"), subscription("meadow-archive-alder")
TRANSFER = "transfer { id status lines { friendlyName } }"
AGREEMENT = "customerAgreement { kind }"
DEAL = """status kind sourcePartnerName targetPartnerName
  lines { number baseNumber friendlyName subscription newSubscription status }"""


@pytest.mark.rule("R3")
def test_legacy_licences_wait_for_the_end_of_their_term(story: Story) -> None:
    """Alder, the support contact, is told when; Birch, which sells it, switches the renewal off."""
    story.done(ALDER_AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(CANYON), **SIGNED)
    assert story.why(ALDER_AGENT, "READ", OFFICE) == (True, ["support_contact"], [])
    assert story.options(ALDER_AGENT, OFFICE) == {
        "REQUEST_RELATIONSHIP": ["SOLD_BY_ANOTHER_PARTNER", "ALREADY_RELATED"],
        "RECREATE_IN_CSP": ["ALREADY_CSP", "ONLY_USAGE_IS_RECREATED"],
        "TRANSFER": ["LEGACY_LICENSE"],
        "WAIT_FOR_TERM_END": ["RENEWS"],
        "CANCEL_THEN_MOVE": "open",
    }

    change: dict[str, Any] = {"id": OFFICE, "expectedVersion": 1, "autoRenewEnabled": False}
    story.done(BIRCH_AGENT, "updateSubscription", "subscription { version }", **change)
    shown = story.node(ALDER_AGENT, OFFICE, "status commitmentEndDate supportOptions { kind availableFrom }")
    dates = {each["kind"]: each["availableFrom"] for each in shown["supportOptions"]}
    end = datetime.fromisoformat(shown["commitmentEndDate"])
    assert dates.pop("WAIT_FOR_TERM_END") == shown["commitmentEndDate"]
    assert set(dates.values()) == {None}
    assert story.options(ALDER_AGENT, OFFICE)["WAIT_FOR_TERM_END"] == "open"

    story.clock.now = end + timedelta(seconds=1)
    assert story.node("canyon-global-admin", OFFICE, "status") == {"status": "DISABLED"}
    assert story.sees("canyon-global-admin") > {"Canyon office birch"}


@pytest.mark.rule("R3")
def test_or_they_are_canceled_first_and_bought_anew(story: Story) -> None:
    story.done(ALDER_AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(CANYON), **SIGNED)
    stop: dict[str, Any] = {"id": OFFICE, "expectedVersion": 1, "reason": "CUSTOMER_REQUEST"}
    shown = "subscription { id status supportContact { name } billingPartner { name } }"
    assert story.denied(ALDER_AGENT, "cancelSubscription", shown, **stop) == ("FORBIDDEN", [])

    gone = story.done(BIRCH_AGENT, "cancelSubscription", shown, **stop)
    order = {"offerName": "Office apps for business", "billingType": "LICENSE", "quantity": 15}
    new = story.done(ALDER_AGENT, "createSubscription", shown, customer=customer(CANYON), **order)

    assert (gone["status"], new["status"]) == ("DELETED", "ACTIVE")
    assert new["billingPartner"] == new["supportContact"] == {"name": "Alder"}
    assert story.node(BIRCH_AGENT, new["id"]) is None
    assert story.node("canyon-global-admin", new["id"], "billingPartner { name }") == {
        "billingPartner": {"name": "Alder"}
    }


@pytest.mark.rule("R3")
def test_a_provider_does_not_release_its_legacy_licences_and_the_other_learns_nothing(
    story: Story,
) -> None:
    """Alder may ask for whatever Cedar sells; what there is, and why it does not come, it is not told."""
    story.done(ALDER_AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(MEADOW), **SIGNED)
    asked = {"customer": customer(MEADOW), "sourcePartner": CEDAR.id}
    deal = story.done(ALDER_AGENT, "requestTransfer", "transfer { id status }", **asked)
    assert deal["status"] == "PENDING"

    given = {"id": deal["id"], "subscriptionIds": [PHONE]}
    assert story.denied(CEDAR_AGENT, "acceptTransfer", TRANSFER, **given) == (
        "FORBIDDEN",
        ["LICENSE_BASED_STAYS_WITH_PARTNER"],
    )
    assert story.why(CEDAR_AGENT, "RELEASE", PHONE) == (
        False,
        ["billing_partner"],
        ["LICENSE_BASED_STAYS_WITH_PARTNER"],
    )
    story.done(CEDAR_AGENT, "declineTransfer", "transfer { status }", id=deal["id"])

    assert story.node(ALDER_AGENT, deal["id"], "status sourcePartnerName") == {
        "status": "DECLINED",
        "sourcePartnerName": None,
    }
    assert story.node(ALDER_AGENT, PHONE) is None
    assert story.trail("alder-global-admin") == [
        "confirm_customer_agreement SUCCEEDED",
        "request_transfer SUCCEEDED",
        "decline_transfer SUCCEEDED",
    ]


@pytest.mark.rule("R30", "R36")
def test_new_ones_are_transferred_with_their_add_ons(story: Story) -> None:
    """Cedar asks, Alder chooses and gives; Meadow Dairy looks on."""
    asked: dict[str, Any] = {"customer": customer(MEADOW), "sourcePartner": ALDER.id}
    asked["productTypes"] = ["ONLINE_SERVICES_NCE"]
    ask = ("requestTransfer", "transfer { id status }")
    assert story.refused(CEDAR_AGENT, *ask, **asked) == "AGREEMENT_REQUIRED"
    story.done(CEDAR_AGENT, "confirmCustomerAgreement", AGREEMENT, id=customer(MEADOW), **SIGNED)
    deal = story.done(CEDAR_AGENT, *ask, **asked)["id"]

    told = story.answer(CEDAR_AGENT, _SHOWN, id=deal).json()
    assert told["data"]["node"] == {"status": "PENDING", "lines": None}
    assert [error["extensions"]["code"] for error in told["errors"]] == ["FORBIDDEN"]
    assert story.node(CEDAR_AGENT, MAIL) is None
    assert story.node(CUSTOMER, deal, "targetPartnerName") == {"targetPartnerName": "Cedar"}
    assert story.may(CUSTOMER, deal) == {"READ_SUMMARY", "READ"}
    given = {"id": deal, "subscriptionIds": [ARCHIVE]}
    assert story.refused(ALDER_AGENT, "acceptTransfer", TRANSFER, **given) == "LINES_NOT_ELIGIBLE"

    given["subscriptionIds"] = [MAIL]
    story.done(ALDER_AGENT, "acceptTransfer", TRANSFER, **given)
    seen = story.node(CEDAR_AGENT, deal, DEAL)
    assert (seen["status"], seen["sourcePartnerName"]) == ("COMPLETED", "Alder")
    mail, archive = seen["lines"]
    assert (mail["baseNumber"], archive["baseNumber"]) == (None, 0)
    assert mail["subscription"] is archive["subscription"] is None
    _both_sides_hold_their_own(story, mail["newSubscription"], archive["newSubscription"])


_SHOWN = "query ($id: ID!) { node(id: $id) { ... on Transfer { status lines { friendlyName } } } }"
_STATE = "status quantity billingPartner { name } parent { id } continues { id }"


def _both_sides_hold_their_own(story: Story, mail: str, archive: str) -> None:
    """The old ones are Alder's, and deleted; the new ones Cedar's; the customer sees both."""
    new = {"status": "ACTIVE", "quantity": 30, "billingPartner": {"name": "Cedar"}}
    assert story.node(CEDAR_AGENT, mail, _STATE) == {**new, "parent": None, "continues": None}
    assert story.node(CEDAR_AGENT, archive, _STATE) == {**new, "parent": {"id": mail}, "continues": None}
    assert story.node(CUSTOMER, mail, _STATE) == {**new, "parent": None, "continues": {"id": MAIL}}
    for each in (MAIL, ARCHIVE):
        assert story.node(ALDER_AGENT, each, "status continuedBy { totalCount }") == {
            "status": "DELETED",
            "continuedBy": {"totalCount": 0},
        }
    assert story.node(ALDER_AGENT, mail) is story.node(CEDAR_AGENT, MAIL) is None
    deals = {f"{operation} SUCCEEDED" for operation in ("request_transfer", "accept_transfer")}
    assert set(story.trail(CUSTOMER)) == deals | {"confirm_customer_agreement SUCCEEDED"}
    assert {each for each in story.trail("alder-global-admin") if "SUCCEEDED" in each} == deals
