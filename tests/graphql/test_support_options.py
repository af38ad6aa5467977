"""The table of multichannel support, row by row, for every kind of partner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from multichannel.demo.cast import fixed_id
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Api
from tests.world import postgresql_later

pytestmark = postgresql_later

OPTIONS = """query ($id: ID!) { node(id: $id) { ... on Subscription {
  supportOptions { kind available availableFrom blockedBy { code rule message } } } } }"""
PAGE = "{ subscriptions(first: 100) { nodes { id supportOptions { kind } } } }"
AGREE = """mutation ($input: ConfirmCustomerAgreementInput!) {
  confirmCustomerAgreement(input: $input) { userErrors { code } } }"""


def options(api: Api, persona: str, key: str) -> dict[str, Any]:
    """By kind, what may be done with a subscription of the demo world: the codes against it, or `open`."""
    subscription = f"subscription_{fixed_id(f'{key}.subscription')}"
    found = api.ask(persona, OPTIONS, id=subscription).data["node"]["supportOptions"]
    for option in found:
        assert option["available"] == (not option["blockedBy"])
        assert all(each["message"].endswith(".") for each in option["blockedBy"])
    return {option["kind"]: [each["code"] for each in option["blockedBy"]] or "open" for option in found}


def agree(api: Api, customer: str) -> None:
    """Alder confirms that the customer signed."""
    signature = {
        "id": f"customer_{fixed_id(customer)}",
        "firstName": "Sam",
        "lastName": "Field",
        "email": f"office@{customer}.example",
        "agreedAt": api.world.clock.now.isoformat(),
    }
    done = api.ask("alder-admin-agent", AGREE, input=signature).data["confirmCustomerAgreement"]
    assert done == {"userErrors": []}


CANCEL = """mutation ($input: CancelSubscriptionInput!) {
  cancelSubscription(input: $input) { subscription { status } userErrors { code } } }"""
AZURE_PLAN = {"billing_type": "usage", "term_duration": None}
LICENSES = {"billing_type": "license", "term_duration": "P1Y"}


def sold_by_birch(api: Api, began: timedelta, **differing: Any) -> str:
    """A new subscription of Canyon, sold by Birch and supported by Alder, without a recorded window."""
    now = api.world.clock.now
    row = {
        "id": fixed_id("sold-by-birch"),
        "owner_id": fixed_id("birch"),
        "billing_partner_id": fixed_id("birch"),
        "support_contact_id": fixed_id("alder"),
        "customer_id": fixed_id("canyon"),
        "recorded_by": "partner",
        "channel": "csp",
        "commerce": "new_commerce",
        "billing_cycle": "monthly",
        "status": "active",
        "quantity": 1,
        "market": "US",
        "cloud": "public",
        "effective_start_date": now - began,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    with api.world.store.engine.begin() as connection:
        connection.execute(insert(Subscription), [row | differing])
    return str(row["id"])


@pytest.mark.rule("R48")
@pytest.mark.parametrize(
    ("what", "began", "can_be_canceled"),
    [
        (AZURE_PLAN, timedelta(days=100), True),
        (LICENSES, timedelta(days=2), True),
        (LICENSES, timedelta(days=8), False),
    ],
)
def test_an_option_to_cancel_says_what_canceling_does(
    api: Api, what: dict[str, Any], began: timedelta, *, can_be_canceled: bool
) -> None:
    agree(api, "canyon")
    row_id = sold_by_birch(api, began, **what)
    answer = api.ask("alder-admin-agent", OPTIONS, id=f"subscription_{row_id}")
    blocked = {
        option["kind"]: [blocker["code"] for blocker in option["blockedBy"]]
        for option in answer.data["node"]["supportOptions"]
    }
    input = {"id": f"subscription_{row_id}", "expectedVersion": 1, "reason": "CUSTOMER_REQUEST"}
    done = api.ask("birch-sales-agent", CANCEL, input=input).data["cancelSubscription"]

    refused = [] if can_be_canceled else ["CANCEL_WINDOW_PASSED"]
    assert blocked["CANCEL_THEN_MOVE"] == refused
    assert [error["code"] for error in done["userErrors"]] == refused
    assert (done["subscription"] is not None) is can_be_canceled


@pytest.mark.rule("R5")
def test_azure_from_another_channel_is_recreated_once_the_agreement_is_there(api: Api) -> None:
    before = options(api, "alder-admin-agent", "meadow-azure-ea")
    agree(api, "meadow")
    after = options(api, "alder-admin-agent", "meadow-azure-ea")

    assert before["RECREATE_IN_CSP"] == ["AGREEMENT_REQUIRED"]
    assert after["RECREATE_IN_CSP"] == "open"
    assert after["TRANSFER"] == ["NOT_CSP"]
    assert after["REQUEST_RELATIONSHIP"] == ["ALREADY_RELATED"]
    assert after["WAIT_FOR_TERM_END"] == ["NO_TERM"]


@pytest.mark.rule("R3")
def test_licences_from_another_channel_are_not_recreated_but_wait_or_are_canceled(api: Api) -> None:
    agree(api, "meadow")
    found = options(api, "alder-admin-agent", "meadow-office-direct")

    assert found["RECREATE_IN_CSP"] == ["ONLY_USAGE_IS_RECREATED"]
    assert found["WAIT_FOR_TERM_END"] == ["RENEWS"]
    assert found["CANCEL_THEN_MOVE"] == "open"


@pytest.mark.rule("R3")
def test_legacy_licences_of_another_csp_partner_are_not_switched(api: Api) -> None:
    """R8: nor does a relationship open them; Alder sees this one as its support contact."""
    agree(api, "canyon")
    found = options(api, "alder-admin-agent", "canyon-office-birch")

    assert found["TRANSFER"] == ["LEGACY_LICENSE"]
    assert found["REQUEST_RELATIONSHIP"] == ["SOLD_BY_ANOTHER_PARTNER", "ALREADY_RELATED"]
    assert set(found["RECREATE_IN_CSP"]) == {"ALREADY_CSP", "ONLY_USAGE_IS_RECREATED"}


@pytest.mark.rule("R19")
def test_a_restricted_partner_is_told_that_it_may_sell_nothing_new(api: Api) -> None:
    found = options(api, "birch-sales-agent", "canyon-azure-ea")

    assert "RESTRICTED_PARTNER" in found["RECREATE_IN_CSP"]
    assert "RESTRICTED_PARTNER" in found["CANCEL_THEN_MOVE"]


@pytest.mark.rule("R22", "R40")
def test_a_reseller_is_told_that_its_provider_sells(api: Api) -> None:
    found = options(api, "dogwood-sales-agent", "meadow-azure-cedar")

    assert "RESELLERS_SELL_NOTHING" in found["RECREATE_IN_CSP"]
    assert "ONLY_THROUGH_PROVIDER" in found["TRANSFER"]


def test_an_advisor_is_told_the_same_of_its_private_record(api: Api) -> None:
    found = options(api, "willow-sales-agent", "meadow-backup-advisor")

    assert "ADVISORS_SELL_NOTHING" in found["RECREATE_IN_CSP"]


def test_a_partner_needs_no_option_for_what_it_sells_itself(api: Api) -> None:
    found = options(api, "alder-sales-agent", "meadow-mail-alder")

    assert set(map(str, found.values())) == {"['ALREADY_YOURS']"}


def test_a_customer_supports_nobody(api: Api) -> None:
    assert options(api, "meadow-global-admin", "meadow-azure-ea") == {}


def test_who_reads_a_summary_only_is_not_told(api: Api) -> None:
    """R24: credit is no delegation."""
    answer = api.ask(
        "hazel-sales-agent", OPTIONS, id=f"subscription_{fixed_id('meadow-azure-cedar.subscription')}"
    )

    assert answer.codes == ["FORBIDDEN"]
    assert answer.body["data"]["node"] == {"supportOptions": None}


def test_an_option_that_opens_at_the_end_of_the_term_names_that_date(api: Api) -> None:
    subscription = f"subscription_{fixed_id('meadow-office-direct.subscription')}"
    found = api.ask("alder-sales-agent", OPTIONS, id=subscription).data["node"]["supportOptions"]
    ends = {option["kind"]: option["availableFrom"] for option in found if option["availableFrom"]}

    assert set(ends) == {"WAIT_FOR_TERM_END"}


@pytest.mark.parametrize("more", [1, 60])
def test_the_statements_are_as_many_for_a_page_as_for_one(api: Api, more: int) -> None:
    now = api.world.clock.now
    row = {
        "owner_id": fixed_id("meadow"),
        "customer_id": fixed_id("meadow"),
        "recorded_by": "customer",
        "channel": "ea",
        "commerce": "legacy",
        "billing_cycle": "monthly",
        "billing_type": "usage",
        "stored_status": "active",
        "quantity": 1,
        "market": "US",
        "cloud": "public",
        "created_at": now,
    }
    with api.world.store.engine.connect() as connection:
        columns = {"status" if name == "stored_status" else name: value for name, value in row.items()}
        connection.execute(insert(Subscription), [columns] * more)
        connection.commit()

    answer = api.ask("alder-sales-agent", PAGE)

    assert answer.codes == []
    assert len(answer.statements) == 10
