"""People link what was made here with the vendor's, and tell what they have done in its portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import MEADOW, fixed_id
from multichannel.domain.base import new_id
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import NewRows
from tests.graphql.subscription_api import ask, denied, done, of, refused, sell

AGENT = "alder-sales-agent"
SHOWN = "id version status quantity autoRenewEnabled vendorId vendorState"


def shown(api: Api, mutation: str, **input: Any) -> dict[str, Any]:
    payload = ask(api, AGENT, mutation, shown=SHOWN, **input).data[mutation]
    assert payload["userErrors"] == []
    subscription: dict[str, Any] = payload["subscription"]
    return subscription


def test_what_is_sold_here_is_to_do_at_the_vendor_until_somebody_has_bought_it_there(api: Api) -> None:
    made = sell(api)
    renamed = shown(api, "updateSubscription", **of(made, friendlyName="Mail"))
    assert (renamed["vendorState"], renamed["vendorId"]) == ("TO_DO", None)
    assert refused(api, AGENT, "completeVendorTask", **of(renamed)) == "VENDOR_ID_REQUIRED"
    vendor_id, new_rows = new_id(), NewRows(api)

    linked = shown(api, "completeVendorTask", **of(renamed, vendorId=vendor_id.upper()))

    assert (linked["vendorState"], linked["vendorId"]) == ("CONFIRMED", vendor_id)
    record = new_rows.records(fixed_id("alder"))[0]
    assert (record.operation, record.new_value) == (
        "complete_vendor_task",
        {"vendor_id": vendor_id, "vendor_state": "confirmed"},
    )
    assert new_rows.records(MEADOW.id)[0].new_value == {}
    assert len(new_rows.events()) == 1
    assert refused(api, AGENT, "completeVendorTask", **of(linked)) == "NO_VENDOR_TASK"


def test_a_subscription_is_linked_once_and_an_id_is_that_of_one(api: Api) -> None:
    first, second, vendor_id = sell(api), sell(api), new_id()

    linked = shown(api, "linkSubscription", **of(first, vendorId=vendor_id, entitlementId=new_id()))

    assert (linked["vendorState"], linked["vendorId"]) == ("CONFIRMED", vendor_id)
    assert refused(api, AGENT, "linkSubscription", **of(linked, vendorId=new_id())) == "SUBSCRIPTION_LINKED"
    for mutation in ("linkSubscription", "completeVendorTask"):
        assert refused(api, AGENT, mutation, **of(second, vendorId=vendor_id)) == "VENDOR_ID_TAKEN"
    given_up = shown(api, "completeVendorTask", **of(second, discard=True))
    assert (given_up["status"], given_up["vendorState"]) == ("DELETED", "NOT_AT_VENDOR")


def test_changes_are_to_do_until_they_are_done_or_given_up(api: Api) -> None:
    linked = shown(api, "linkSubscription", **of(sell(api), vendorId=new_id()))
    more = shown(api, "updateSubscription", **of(linked, quantity=linked["quantity"] + 4))
    assert more["vendorState"] == "TO_DO"
    assert refused(api, AGENT, "completeVendorTask", **of(more, vendorId=new_id())) == "SUBSCRIPTION_LINKED"

    finished = shown(api, "completeVendorTask", **of(more))
    stopped = shown(api, "suspendSubscription", **of(finished, reason="CUSTOMER_REQUEST"))
    restored = shown(api, "completeVendorTask", **of(stopped, discard=True))

    assert (finished["vendorState"], finished["quantity"]) == ("CONFIRMED", linked["quantity"] + 4)
    assert (stopped["vendorState"], stopped["status"]) == ("TO_DO", "SUSPENDED")
    assert (restored["vendorState"], restored["status"], restored["autoRenewEnabled"]) == (
        "CONFIRMED",
        "ACTIVE",
        True,
    )


def test_what_ends_before_it_was_bought_needs_nothing_and_if_it_was_is_to_end_there(api: Api) -> None:
    ended = shown(api, "cancelSubscription", **of(sell(api), reason="CUSTOMER_REQUEST"))
    assert ended["vendorState"] == "NOT_AT_VENDOR"
    assert refused(api, AGENT, "completeVendorTask", **of(ended, vendorId=new_id())) == "NO_VENDOR_TASK"

    linked = shown(api, "linkSubscription", **of(ended, vendorId=new_id()))
    assert (linked["vendorState"], linked["status"]) == ("TO_DO", "DELETED")
    finished = shown(api, "completeVendorTask", **of(linked))
    assert (finished["vendorState"], finished["status"]) == ("CONFIRMED", "DELETED")


def test_what_runs_out_before_it_was_bought_needs_nothing(api: Api) -> None:
    trial = sell(api, isTrial=True)
    api.world.clock.now += timedelta(days=200)

    assert refused(api, AGENT, "completeVendorTask", **of(trial, vendorId=new_id())) == "NO_VENDOR_TASK"


@pytest.mark.parametrize("mutation", ["linkSubscription", "completeVendorTask"])
def test_people_who_manage_what_their_partner_sells_and_nobody_else(api: Api, mutation: str) -> None:
    asked = {"id": "meadow-mail-alder", "expectedVersion": 1, "vendorId": new_id()}
    for persona in ("alder-helpdesk-agent", "meadow-global-admin"):
        assert denied(api, persona, mutation, **asked)[0] == "FORBIDDEN"
    assert denied(api, "birch-sales-agent", mutation, **asked)[0] == "NOT_FOUND"
    done(api, AGENT, "updateSubscription", id="meadow-mail-alder", expectedVersion=1, quantity=99)


LIST = """query($filter: VendorTaskFilter, $first: Int, $after: String) {
  vendorTasks(filter: $filter, first: $first, after: $after, orderBy: SINCE) {
    totalCount pageInfo { endCursor }
    nodes { id kind state since instruction roles changes { field vendor here }
      customer { companyName } subscription { id } } } }"""


def tasks(api: Api, persona: str = AGENT, **variables: Any) -> list[dict[str, Any]]:
    connection = api.ask(persona, LIST, **variables).data["vendorTasks"]
    assert connection["totalCount"] >= len(connection["nodes"])
    nodes: list[dict[str, Any]] = connection["nodes"]
    return nodes


def test_the_work_list_says_what_to_do_in_the_portal_and_on_which_record(api: Api) -> None:
    made = sell(api, offerId="DZH318Z0BPS6:0001")

    (task,) = tasks(api)

    assert task == {
        "id": made["id"].replace("subscription", "vendor_task"),
        "kind": "PURCHASE",
        "state": "TO_DO",
        "since": task["since"],
        "instruction": "Under Customers, open the customer and select Add products. Add Business mail "
        "(DZH318Z0BPS6:0001), 5 licenses, for 1 year, billing monthly to the cart, select Review and Buy. "
        "Then tell the subscription ID here: completeVendorTask.",
        "roles": ["ADMIN_AGENT", "SALES_AGENT"],
        "changes": [],
        "customer": {"companyName": MEADOW.name},
        "subscription": {"id": made["id"]},
    }
    shown(api, "linkSubscription", **of(made, vendorId=new_id()))
    assert tasks(api) == []


def test_changes_are_told_from_what_to_what(api: Api) -> None:
    linked = shown(api, "linkSubscription", **of(sell(api), vendorId=new_id()))
    edits = {"quantity": 8, "autoRenewEnabled": False}
    shown(api, "updateSubscription", **of(linked, **edits))

    (task,) = tasks(api)

    assert (task["kind"], task["roles"][0]) == ("CHANGE_QUANTITY", "GLOBAL_ADMIN")
    assert task["changes"] == [
        {"field": "quantity", "vendor": "5", "here": "8"},
        {"field": "autoRenewEnabled", "vendor": "true", "here": "false"},
    ]
    assert task["instruction"] == (
        "Under Customers, open the customer, Subscriptions and Business mail (subscription ID "
        f"{linked['vendorId']}): change Licenses from 5 to 8, turn Auto-renew off, and submit."
    )


def test_a_customer_that_was_added_here_is_to_be_added_there_until_it_is_linked(api: Api) -> None:
    input = {"companyName": "Orchard", "domain": "orchard.example", "email": "office@orchard.example"}
    mutation = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
      customer { id version vendorState } userErrors { code } } }"""
    made = api.ask(AGENT, mutation, input=input).data["createCustomer"]["customer"]

    (task,) = tasks(api)

    assert (made["vendorState"], task["kind"], task["state"]) == ("TO_DO", "ADD_CUSTOMER", "TO_DO")
    assert (task["customer"], task["subscription"]) == ({"companyName": "Orchard"}, None)
    assert "Orchard" in task["instruction"]
    link = """mutation($input: LinkCustomerInput!) { linkCustomer(input: $input) {
      customer { vendorState } userErrors { code } } }"""
    input = {"id": made["id"], "expectedVersion": made["version"], "directoryId": new_id()}
    linked = api.ask(AGENT, link, input=input).data["linkCustomer"]
    assert (linked["customer"]["vendorState"], tasks(api)) == ("CONFIRMED", [])


def test_the_list_is_filtered_and_paged_and_that_of_the_seller_alone(api: Api) -> None:
    first, second = sell(api), sell(api)
    linked = shown(api, "linkSubscription", **of(second, vendorId=new_id()))
    shown(api, "suspendSubscription", **of(linked, reason="NON_PAYMENT"))

    assert [each["kind"] for each in tasks(api, filter={"kind": {"eq": "SUSPEND"}})] == ["SUSPEND"]
    assert tasks(api, filter={"state": {"eq": "DIFFERS"}}) == []
    assert len(tasks(api, "alder-helpdesk-agent")) == 2
    page = api.ask(AGENT, LIST, first=1).data["vendorTasks"]
    rest = tasks(api, first=1, after=page["pageInfo"]["endCursor"])
    named = {page["nodes"][0]["subscription"]["id"], rest[0]["subscription"]["id"]}
    assert (page["totalCount"], named) == (2, {first["id"], second["id"]})
    for persona in ("cedar-admin-agent", "meadow-global-admin", "alder-user-management-admin"):
        assert tasks(api, persona) == []
    node = api.ask(AGENT, "query($id: ID!) { node(id: $id) { id } }", id=page["nodes"][0]["id"]).data["node"]
    assert node == {"id": page["nodes"][0]["id"]}


def test_the_number_of_statements_does_not_depend_on_the_number_of_tasks(api: Api) -> None:
    sell(api)
    one = len(api.ask(AGENT, LIST).statements)
    for _ in range(3):
        sell(api)

    answer = api.ask(AGENT, LIST)
    assert (len(answer.data["vendorTasks"]["nodes"]), len(answer.statements)) == (4, one)
