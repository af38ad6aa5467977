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


def many(api: Api, number: int) -> None:
    """As many subscriptions of Meadow's of another channel."""
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
        connection.execute(insert(Subscription), [columns] * number)
        connection.commit()


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


@pytest.mark.rule("R71")
def test_a_customer_is_told_what_it_can_do_itself(api: Api) -> None:
    persona = "meadow-global-admin"
    azure, mail = options(api, persona, "meadow-azure-ea"), options(api, persona, "meadow-mail-alder")
    recorded = options(api, persona, "meadow-records-open")

    assert azure == {
        "CONFIRM_RECORD": ["NOT_GRANTED"],
        "CANCEL": "open",
        "CANCEL_SERVICE": ["NOT_MOVED_YET"],
        "NAME_SUPPORT_CONTACT": "open",
        "REQUEST_SWITCH": ["NOT_CSP"],
    }
    assert mail["CANCEL"] == ["CANCEL_WINDOW_PASSED", "NOT_GRANTED"]
    assert mail["REQUEST_SWITCH"] == "open"
    assert recorded["CONFIRM_RECORD"] == "open"


OF_PARTNER = """query ($id: ID!, $partner: ID!) { node(id: $id) { ... on Subscription {
  supportOptions(for: $partner) { kind blockedBy { code message } } } } }"""
ALL_OF_PARTNER = """query ($partner: ID!) { subscriptions(first: 100) { nodes {
  supportOptions(for: $partner) { kind blockedBy { code } } } } }"""


def options_of(api: Api, persona: str, key: str, partner: str) -> dict[str, list[str]]:
    """By kind, what blocks a partner, as a persona is told it."""
    answer = api.ask(
        persona,
        OF_PARTNER,
        id=f"subscription_{fixed_id(f'{key}.subscription')}",
        partner=f"partner_{fixed_id(partner)}",
    )
    return {
        option["kind"]: [each["code"] for each in option["blockedBy"]]
        for option in answer.data["node"]["supportOptions"]
    }


@pytest.mark.rule("R71")
def test_a_customer_compares_the_partners_that_it_knows(api: Api) -> None:
    agree(api, "meadow")
    persona, key = "meadow-global-admin", "meadow-azure-ea"

    assert options_of(api, persona, key, "alder")["RECREATE_IN_CSP"] == []
    assert options_of(api, persona, key, "cedar")["RECREATE_IN_CSP"] == ["AGREEMENT_REQUIRED"]
    of_advisor = options_of(api, persona, key, "willow")
    assert of_advisor["RECREATE_IN_CSP"] == ["AGREEMENT_REQUIRED", "ADVISORS_SELL_NOTHING"]
    of_stranger = options_of(api, persona, key, "birch")
    assert of_stranger["RECREATE_IN_CSP"] == ["AGREEMENT_REQUIRED", "NO_RELATIONSHIP", "PARTNER_NOT_ABLE"]
    assert options_of(api, persona, "meadow-mail-alder", "alder")["TRANSFER"] == ["ALREADY_YOURS"]
    assert options_of(api, persona, "meadow-mail-alder", "cedar")["TRANSFER"] == ["AGREEMENT_REQUIRED"]
    assert options_of(api, persona, "meadow-phone-cedar", "alder")["TRANSFER"] == ["LEGACY_LICENSE"]


@pytest.mark.rule("R71")
def test_options_of_a_partner_are_told_to_a_customer_that_it_has_asked_and_to_nobody_else(api: Api) -> None:
    partner = f"partner_{fixed_id('linden')}"
    for persona, code in (
        ("meadow-global-admin", "NOT_FOUND"),
        ("alder-global-admin", "NOT_FOUND"),
        ("dogwood-sales-agent", "NOT_FOUND"),
    ):
        answer = api.ask(persona, ALL_OF_PARTNER, partner=partner)
        assert set(answer.codes) == {code}, persona
        nodes = answer.body["data"]["subscriptions"]["nodes"]
        assert [each["supportOptions"] for each in nodes] == [None] * len(nodes)
    cedar = f"partner_{fixed_id('cedar')}"
    assert set(api.ask("dogwood-sales-agent", ALL_OF_PARTNER, partner=cedar).codes) == {"FORBIDDEN"}
    assert set(api.ask("meadow-global-admin", ALL_OF_PARTNER, partner="customer_x").codes) == {"BAD_INPUT"}
    assert api.ask("ember-global-admin", ALL_OF_PARTNER, partner=partner).codes == []


OWN = "{ subscriptions(first: 100) { nodes { supportOptions { kind blockedBy { code } } } } }"


@pytest.mark.parametrize("more", [1, 60])
def test_the_statements_for_a_customer_are_as_many_for_a_page_as_for_one(api: Api, more: int) -> None:
    many(api, more)
    known, former = (f"partner_{fixed_id(key)}" for key in ("cedar", "birch"))

    assert len(api.ask("meadow-global-admin", OWN).statements) == 10
    assert len(api.ask("meadow-global-admin", ALL_OF_PARTNER, partner=known).statements) == 13
    assert len(api.ask("meadow-global-admin", ALL_OF_PARTNER, partner=former).statements) == 17


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
    many(api, more)
    answer = api.ask("alder-sales-agent", PAGE)

    assert answer.codes == []
    assert len(answer.statements) == 10
