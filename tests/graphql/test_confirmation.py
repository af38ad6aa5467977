"""What a partner wrote down about another channel opens nothing by itself (R67, R68)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, MEADOW, fixed_id
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import NewRows
from tests.graphql.subscription_api import agree, change, denied, done, id_of, refused
from tests.world import postgresql_later

pytestmark = postgresql_later

MOVE, CONFIRM, DISPUTE = (
    "moveSubscriptionToCsp",
    "confirmExternalSubscription",
    "disputeExternalSubscription",
)
SOLD_BY_CEDAR = fixed_id("meadow-azure-cedar.entitlement")
SHOWN = "id version confirmation"
CONFLICTS = """query ($id: ID!) { node(id: $id) { ... on Subscription {
  confirmation cspConflicts { subscriptionId friendlyName partner { name } } } } }"""
OPTIONS = """query ($id: ID!) { node(id: $id) { ... on Subscription {
  supportOptions { kind available blockedBy { code } } } } }"""


def note(api: Api, **more: Any) -> str:
    """Alder records Azure of Meadow, as it says of an enterprise agreement."""
    told = {"customer": MEADOW, "channel": "EA", "billingType": "USAGE", "offerName": "Azure"}
    row_id: str = done(api, "alder-sales-agent", "recordExternalSubscription", **told, **more)["id"]
    return row_id


def answer(api: Api, mutation: str, row_id: str, version: int = 1) -> Any:
    return done(api, "meadow-global-admin", mutation, id=row_id, expectedVersion=version, shown=SHOWN)


def recreate(api: Api, row_id: str) -> Any:
    """Whether it can be recreated in CSP, and what blocks it."""
    options = api.ask("alder-sales-agent", OPTIONS, id=row_id).data["node"]["supportOptions"]
    (found,) = [each for each in options if each["kind"] == "RECREATE_IN_CSP"]
    return found["available"], [each["code"] for each in found["blockedBy"]]


@pytest.mark.rule("R67")
def test_a_partners_own_word_moves_nothing_until_the_customer_confirms_it(api: Api) -> None:
    agree(api, MEADOW, ALDER)
    row_id = note(api)
    assert denied(api, "alder-sales-agent", MOVE, id=row_id) == ("FORBIDDEN", ["CONFIRMATION_REQUIRED"])
    assert recreate(api, row_id) == (False, ["CONFIRMATION_REQUIRED"])

    assert answer(api, CONFIRM, row_id)["confirmation"] == "CONFIRMED"

    assert recreate(api, row_id) == (True, [])
    assert done(api, "alder-sales-agent", MOVE, id=row_id)["channel"] == "CSP"


@pytest.mark.rule("R67")
def test_a_dispute_takes_a_confirmation_back(api: Api) -> None:
    agree(api, MEADOW, ALDER)
    row_id = note(api)
    answer(api, CONFIRM, row_id)
    assert answer(api, DISPUTE, row_id, 2)["confirmation"] == "DISPUTED"
    assert denied(api, "alder-sales-agent", MOVE, id=row_id) == ("FORBIDDEN", ["CONFIRMATION_REQUIRED"])
    assert answer(api, CONFIRM, row_id, 3)["version"] == 4
    assert answer(api, CONFIRM, row_id, 4)["version"] == 4


@pytest.mark.rule("R8", "R68")
def test_what_another_partner_sells_is_neither_confirmed_nor_recreated(api: Api) -> None:
    """The partner learns no more than that the customer has to confirm; the customer sees both."""
    agree(api, MEADOW, ALDER)
    row_id, plain = note(api, entitlementId=SOLD_BY_CEDAR), note(api)
    asked = {"id": row_id, "expectedVersion": 1}
    assert refused(api, "meadow-global-admin", CONFIRM, **asked) == "ALREADY_CSP"
    denials = [denied(api, "alder-sales-agent", MOVE, id=each) for each in (row_id, plain)]
    assert denials[0] == denials[1]
    assert recreate(api, row_id) == recreate(api, plain) == (False, ["CONFIRMATION_REQUIRED"])

    own = api.ask("meadow-global-admin", CONFLICTS, id=row_id).data["node"]
    assert own["cspConflicts"] == [
        {
            "subscriptionId": id_of("meadow-azure-cedar"),
            "friendlyName": "Meadow azure cedar",
            "partner": {"name": "Cedar"},
        }
    ]
    theirs = api.ask("alder-sales-agent", CONFLICTS, id=row_id).data["node"]
    assert theirs == {"confirmation": "UNCONFIRMED", "cspConflicts": []}
    assert api.ask("meadow-global-admin", CONFLICTS, id=plain).data["node"]["cspConflicts"] == []


@pytest.mark.rule("R68")
def test_a_conflict_that_comes_later_bars_what_was_confirmed(api: Api) -> None:
    agree(api, MEADOW, ALDER)
    row_id = note(api, entitlementId=fixed_id("new"))
    answer(api, CONFIRM, row_id)
    change(api, Subscription, fixed_id("meadow-azure-cedar.subscription"), entitlement_id=fixed_id("new"))
    assert recreate(api, row_id) == (False, ["CONFIRMATION_REQUIRED"])
    assert refused(api, "alder-sales-agent", MOVE, id=row_id) == "CONFIRMATION_REQUIRED"


@pytest.mark.rule("R68")
@pytest.mark.parametrize("known_by", ["entitlement_id", "vendor_id"])
def test_what_the_customer_recorded_is_not_recreated_either_while_another_partner_sells_it(
    api: Api, known_by: str
) -> None:
    agree(api, MEADOW, ALDER)
    own = fixed_id("meadow-azure-ea.subscription")
    change(api, Subscription, own, **{"vendor_id": None, "entitlement_id": None, known_by: SOLD_BY_CEDAR})
    assert refused(api, "alder-sales-agent", MOVE, id="meadow-azure-ea") == "CONFIRMATION_REQUIRED"
    seen = api.ask("meadow-global-admin", CONFLICTS, id=id_of("meadow-azure-ea")).data["node"]
    assert [each["partner"] for each in seen["cspConflicts"]] == [{"name": "Cedar"}]
    change(api, Subscription, fixed_id("meadow-azure-cedar.subscription"), stored_status="deleted")
    assert done(api, "alder-sales-agent", MOVE, id="meadow-azure-ea")["channel"] == "CSP"


@pytest.mark.rule("R67")
def test_the_customers_global_admin_answers_and_for_records_of_partners_only(api: Api) -> None:
    row_id, asked = note(api), {"expectedVersion": 1}
    assert denied(api, "alder-global-admin", CONFIRM, id=row_id, **asked) == ("FORBIDDEN", [])
    assert denied(api, "cedar-admin-agent", CONFIRM, id=row_id, **asked)[0] == "NOT_FOUND"
    assert denied(api, "meadow-billing-admin", CONFIRM, id=row_id, **asked)[0] == "NOT_FOUND"
    assert denied(api, "meadow-global-admin", CONFIRM, id="meadow-azure-ea", **asked) == ("FORBIDDEN", [])
    assert denied(api, "meadow-global-admin", DISPUTE, id="meadow-phone-cedar", **asked) == ("FORBIDDEN", [])
    stale = {"id": row_id, "expectedVersion": 9}
    assert refused(api, "meadow-global-admin", CONFIRM, **stale) == "STALE_VERSION"
    change(api, Subscription, row_id.removeprefix("subscription_"), stored_status="deleted")
    assert refused(api, "meadow-global-admin", CONFIRM, id=row_id, **asked) == "SUBSCRIPTION_ENDED"


@pytest.mark.rule("R67", "R53")
def test_both_have_it_in_their_books_and_no_other_partner(api: Api) -> None:
    row_id = note(api)
    new_rows = NewRows(api)
    answer(api, DISPUTE, row_id)
    records = {each.tenant_id: (each.operation, each.new_value) for each in new_rows.records()}
    assert records == {
        MEADOW.id: ("dispute_external_subscription", {"confirmation": "disputed"}),
        ALDER.id: ("dispute_external_subscription", {}),
    }
