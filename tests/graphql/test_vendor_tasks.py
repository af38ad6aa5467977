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
