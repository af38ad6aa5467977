"""Switches that begin with the customer (R73): requested, opened or declined, reviewed and signed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, MEADOW
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import Transfer, TransferStatus
from tests.graphql.conftest import Api
from tests.graphql.transfer_api import Deals, subscription
from tests.world import postgresql_later

pytestmark = postgresql_later

CUSTOMER, SOURCE, TARGET = "meadow-global-admin", "alder-admin-agent", "cedar-admin-agent"
MAIL, ARCHIVE = subscription("meadow-mail-alder"), subscription("meadow-archive-alder")
NOTICE = "We move our mail to Cedar."
REQUEST = {"id": MAIL, "targetPartner": CEDAR.id, "notice": NOTICE}
READ = """query ($id: ID!) { node(id: $id) { ... on Transfer { status initiatedBy customerName notice
  declineReason sourcePartnerName targetPartnerName lines { friendlyName quantity } } } }"""


@pytest.fixture
def deals(api: Api) -> Deals:
    """Cedar may receive: Meadow has agreed with it."""
    deals = Deals(api)
    deals.agree(CEDAR)
    return deals


def read(deals: Deals, persona: str, transfer_id: str) -> Any:
    return deals.api.ask(persona, READ, id=transfer_id).body


@pytest.mark.rule("R73")
def test_a_customer_begins_a_switch_its_partner_opens_it_and_the_target_signs(deals: Deals) -> None:
    transfer_id = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    shown = {
        "status": "PENDING",
        "initiatedBy": "CUSTOMER",
        "customerName": "Meadow Dairy",
        "notice": NOTICE,
        "declineReason": None,
        "sourcePartnerName": "Alder",
        "targetPartnerName": "Cedar",
        "lines": [
            {"friendlyName": "Meadow mail alder", "quantity": 30},
            {"friendlyName": "Meadow archive alder", "quantity": 30},
        ],
    }
    for persona in (CUSTOMER, SOURCE, TARGET, "alder-sales-agent"):
        assert read(deals, persona, transfer_id) == {"data": {"node": shown}}, persona
    for persona in ("canyon-global-admin", "birch-sales-agent", "dogwood-sales-agent"):
        assert read(deals, persona, transfer_id)["data"] == {"node": None}, persona

    assert deals.refused(TARGET, "consentToTransfer", id=transfer_id)["code"] == "SWITCH_NOT_OPENED"
    deals.done(SOURCE, "consentToTransfer", id=transfer_id)
    assert deals.refused(SOURCE, "consentToTransfer", id=transfer_id)["code"] == "ALREADY_CONSENTED"
    assert deals.status(SOURCE, MAIL) == "ACTIVE"
    deals.done(TARGET, "consentToTransfer", id=transfer_id)

    assert read(deals, CUSTOMER, transfer_id)["data"]["node"]["status"] == "COMPLETED"
    assert deals.status(CUSTOMER, MAIL) == "DELETED"
    (mail,) = deals.rows(Subscription, continues_id=MAIL.partition("_")[2])
    assert mail.billing_partner_id == CEDAR.id


@pytest.mark.rule("R73")
def test_the_partner_declines_with_a_reason_which_the_customer_reads(deals: Deals) -> None:
    transfer_id = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    refusal = deals.refused(SOURCE, "declineTransfer", id=transfer_id)
    assert (refusal["code"], refusal["path"], refusal["rule"]) == ("REASON_REQUIRED", ["reason"], "R73")
    deals.done(SOURCE, "declineTransfer", id=transfer_id, reason="An invoice is open.")

    shown = read(deals, CUSTOMER, transfer_id)["data"]["node"]
    assert (shown["status"], shown["declineReason"]) == ("DECLINED", "An invoice is open.")
    assert deals.refused(SOURCE, "consentToTransfer", id=transfer_id)["code"] == "TRANSFER_ALREADY_DECIDED"
    again = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    deals.done(CUSTOMER, "cancelTransfer", id=again)
    assert read(deals, SOURCE, again)["data"]["node"]["status"] == "CANCELED"


@pytest.mark.rule("R73")
def test_refusals_of_a_request(deals: Deals) -> None:
    asleep = deals.purchase("asleep", "meadow-mail-alder", stored_status="suspended")
    orphan = deals.purchase("orphan", "meadow-mail-alder", billing_partner_id=None)
    cases = [
        ({"targetPartner": BIRCH.id}, "TARGET_UNRELATED", ["targetPartner"], []),
        ({"targetPartner": CANYON.id}, "TARGET_UNRELATED", ["targetPartner"], []),
        ({"targetPartner": ALDER.id}, "SAME_PARTNER", ["targetPartner"], []),
        ({"id": subscription("meadow-azure-ea")}, "LINES_NOT_ELIGIBLE", None, ["NOT_CSP"]),
        (
            {"id": subscription("meadow-phone-cedar"), "targetPartner": ALDER.id},
            "LINES_NOT_ELIGIBLE",
            None,
            ["LEGACY_LICENSE"],
        ),
        ({"id": ARCHIVE}, "LINES_NOT_ELIGIBLE", None, ["ADD_ON_WITHOUT_BASE"]),
        ({"id": asleep}, "LINES_NOT_ELIGIBLE", None, ["SUBSCRIPTION_SUSPENDED"]),
        ({"id": orphan}, "LINES_NOT_ELIGIBLE", None, ["NOT_RELEASABLE"]),
    ]
    for differing, code, path, reasons in cases:
        refusal = deals.refused(CUSTOMER, "requestSwitch", **{**REQUEST, **differing})
        assert refusal["code"] == code, differing
        assert path is None or refusal["path"] == path
        codes = [reason["code"] for line in refusal["lines"] for reason in line["reasons"]]
        assert set(reasons) <= set(codes)
    assert deals.rows(Transfer) == []
    deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    again = deals.refused(CUSTOMER, "requestSwitch", **REQUEST)
    assert {each["code"] for line in again["lines"] for each in line["reasons"]} == {"ALREADY_IN_TRANSFER"}


@pytest.mark.rule("R73")
def test_who_may_not(deals: Deals) -> None:
    assert deals.reasons("meadow-user", "requestSwitch", **REQUEST) == ("NOT_FOUND", [])
    assert deals.reasons("canyon-global-admin", "requestSwitch", **REQUEST) == ("NOT_FOUND", [])
    assert deals.reasons(SOURCE, "requestSwitch", **REQUEST) == ("FORBIDDEN", [])
    transfer_id = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    for persona, mutation, code in (
        (CUSTOMER, "consentToTransfer", "FORBIDDEN"),
        (CUSTOMER, "declineTransfer", "FORBIDDEN"),
        (SOURCE, "cancelTransfer", "FORBIDDEN"),
        ("alder-sales-agent", "consentToTransfer", "FORBIDDEN"),
        ("alder-global-admin", "consentToTransfer", "FORBIDDEN"),
        (TARGET, "acceptTransfer", "FORBIDDEN"),
        ("canyon-global-admin", "cancelTransfer", "NOT_FOUND"),
    ):
        assert deals.reasons(persona, mutation, id=transfer_id)[0] == code, (persona, mutation)


@pytest.mark.rule("R73")
def test_the_partner_opens_only_what_it_may_release(deals: Deals) -> None:
    transfer_id = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    deals.change(Subscription, MAIL.partition("_")[2], is_trial=True)

    assert deals.reasons(SOURCE, "consentToTransfer", id=transfer_id) == ("FORBIDDEN", ["TRIALS_STAY"])


@pytest.mark.rule("R73")
def test_a_target_that_is_not_ready_signs_nothing_and_one_that_waits_too_long_either(api: Api) -> None:
    deals = Deals(api)
    transfer_id = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    deals.done(SOURCE, "consentToTransfer", id=transfer_id)

    assert deals.refused(TARGET, "consentToTransfer", id=transfer_id)["code"] == "AGREEMENT_REQUIRED"
    deals.agree(CEDAR)
    api.world.clock.now += timedelta(days=30)
    assert read(deals, TARGET, transfer_id)["data"]["node"]["status"] == "EXPIRED"
    assert deals.refused(TARGET, "consentToTransfer", id=transfer_id)["code"] == "TRANSFER_ALREADY_DECIDED"


@pytest.mark.rule("R73", "R53")
def test_all_three_have_it_in_their_books_and_are_told(deals: Deals) -> None:
    transfer_id = deals.done(CUSTOMER, "requestSwitch", **REQUEST)
    everybody = sorted((each.id, "succeeded") for each in (MEADOW, ALDER, CEDAR))

    records, events = deals.books("request_switch", transfer_id)
    assert records == everybody
    assert events == [transfer_id.partition("_")[2]]
    deals.done(SOURCE, "declineTransfer", id=transfer_id, reason="No.")
    assert deals.books("decline_transfer", transfer_id)[0] == everybody
    (row,) = deals.rows(Transfer)
    assert row.stored_status is TransferStatus.DECLINED
