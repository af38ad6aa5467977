"""The customer ends a relationship: what the partner keeps, and what is closed to it at once (R62)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, MEADOW, QUARRY, THISTLE, fixed_id
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    SIGNER,
    bare,
    denial,
    done,
    refusal,
    relationship_of,
    set_row,
)
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

END, ACCEPT, REQUEST = "endResellerRelationship", "acceptResellerRelationship", "requestResellerRelationship"
WHY = "We have chosen another supplier"
LISTS = """{
  customers { totalCount nodes { companyName email } }
  subscriptions(orderBy: FRIENDLY_NAME) { totalCount nodes { friendlyName customer { companyName email } } }
  elsewhere: subscriptions(filter: {channel: {ne: CSP}}) { totalCount }
  of: subscriptions(filter: {customer: {email: {eq: "office@meadow.example"}}}) { totalCount }
}"""
HELD = relationship_of(ALDER, MEADOW)


def seen(api: Api, persona: str) -> Any:
    """What a persona's lists show of Meadow."""
    data = api.ask(persona, LISTS).body["data"]
    ours = [
        each["friendlyName"]
        for each in data["subscriptions"]["nodes"]
        if each["friendlyName"].startswith("Meadow")
    ]
    return ours, data


@pytest.mark.rule("R62")
def test_the_partner_keeps_what_it_sells_and_loses_all_else_at_once(api: Api) -> None:
    before, _ = seen(api, "alder-admin-agent")
    assert before == [
        "Meadow archive alder",
        "Meadow azure ea",
        "Meadow mail alder",
        "Meadow office direct",
        "Meadow records open",
    ]

    ended = done(api, "meadow-global-admin", END, id=HELD, reason=WHY)

    assert (ended["status"], ended["delegatedAdmin"]) == ("ENDED_BY_CUSTOMER", False)
    after, data = seen(api, "alder-admin-agent")
    assert after == ["Meadow archive alder", "Meadow mail alder"]
    assert data["of"]["totalCount"] == 0
    (known,) = [each for each in data["customers"]["nodes"] if each["companyName"] == "Meadow Dairy"]
    assert known["email"] is None
    told = "query ($id: ID!) { node(id: $id) { ... on ResellerRelationship { status endReason closedAt } } }"
    assert api.ask("alder-sales-agent", told, id=HELD).data["node"]["endReason"] == WHY


@pytest.mark.rule("R62")
def test_nothing_of_an_ended_relationship_stays_open_once_it_has_ended_itself(api: Api) -> None:
    done(api, "meadow-global-admin", END, id=HELD, reason=WHY)
    for each in stored(api, Subscription, billing_partner_id=ALDER.id, customer_id=MEADOW.id):
        set_row(api, Subscription, each.id, status="deleted")
    assert seen(api, "alder-admin-agent")[0] == []
    # A partner that left by itself keeps what it has sold.
    done(api, "canyon-global-admin", END, id=relationship_of(ALDER, CANYON), reason=WHY)
    set_row(api, ResellerRelationship, bare(relationship_of(ALDER, CANYON)), status="removed")
    for each in stored(api, Subscription, billing_partner_id=ALDER.id, customer_id=CANYON.id):
        set_row(api, Subscription, each.id, status="deleted")
    names = [each["friendlyName"] for each in seen(api, "alder-admin-agent")[1]["subscriptions"]["nodes"]]
    assert "Canyon azure alder" in names


@pytest.mark.rule("R62")
def test_a_partner_that_had_left_before_keeps_nothing_of_that_time_either(api: Api) -> None:
    for each in stored(api, Subscription, billing_partner_id=ALDER.id, customer_id=MEADOW.id):
        set_row(api, Subscription, each.id, status="suspended")
    done(api, "alder-global-admin", "removeResellerRelationship", id=HELD)
    again = done(api, "alder-sales-agent", REQUEST, customer=MEADOW.id)
    done(api, "meadow-global-admin", ACCEPT, id=again["id"], agreement=SIGNER)

    done(api, "meadow-global-admin", END, id=again["id"], reason=WHY)

    (earlier,) = stored(api, ResellerRelationship, id=bare(HELD))
    assert (earlier.stored_status, earlier.end_reason) == ("ended_by_customer", None)
    for each in stored(api, Subscription, billing_partner_id=ALDER.id, customer_id=MEADOW.id):
        set_row(api, Subscription, each.id, status="deleted")
    assert seen(api, "alder-admin-agent")[0] == []


@pytest.mark.rule("R62")
def test_support_ends_but_for_what_the_partner_sells_itself(api: Api) -> None:
    supported, own = "canyon-office-birch", "canyon-azure-alder"
    set_row(api, Subscription, fixed_id(f"{own}.subscription"), support_contact_id=ALDER.id)
    new_rows = NewRows(api)

    done(api, "canyon-global-admin", END, id=relationship_of(ALDER, CANYON), reason=WHY)

    left = {each.id for each in stored(api, Subscription, support_contact_id=ALDER.id)}
    assert left == {fixed_id(f"{own}.subscription")}
    birch = [each.resource_id for each in new_rows.records(BIRCH.id)]
    assert birch == [fixed_id(f"{supported}.subscription")]
    names = [each["friendlyName"] for each in seen(api, "alder-admin-agent")[1]["subscriptions"]["nodes"]]
    assert "Canyon office birch" not in names


@pytest.mark.rule("R62", "R24")
def test_a_provider_and_its_reseller_are_shown_the_door_together_and_others_stay(api: Api) -> None:
    assert seen(api, "dogwood-sales-agent")[0] == ["Meadow azure cedar", "Meadow phone cedar"]
    others = [seen(api, persona)[0] for persona in ("alder-admin-agent", "willow-sales-agent")]

    done(api, "meadow-global-admin", END, id=relationship_of(CEDAR, MEADOW), reason=WHY)

    # Dogwood is credited for the telephony, and knows its summary; it is attached to nothing.
    assert seen(api, "dogwood-sales-agent")[0] == ["Meadow phone cedar"]
    assert seen(api, "cedar-admin-agent")[0] == ["Meadow azure cedar", "Meadow phone cedar"]
    assert [seen(api, persona)[0] for persona in ("alder-admin-agent", "willow-sales-agent")] == others


@pytest.mark.rule("R62", "R24")
def test_a_provider_keeps_the_relationship_it_has_through_another_reseller(api: Api) -> None:
    made = done(api, "dogwood-sales-agent", REQUEST, customer=QUARRY.id, provider=CEDAR.id)
    done(api, "quarry-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)
    note = stored(api, Subscription, customer_id=QUARRY.id, channel="direct")[0]
    set_row(api, Subscription, note.id, support_contact_id=CEDAR.id)

    done(api, "quarry-global-admin", END, id=relationship_of(CEDAR, QUARRY), reason=WHY)

    assert stored(api, Subscription, id=note.id)[0].support_contact_id == CEDAR.id
    companies = api.ask("cedar-admin-agent", "{ customers { nodes { companyName email } } }").data
    assert {"companyName": "Quarry Stone", "email": "office@quarry.example"} in companies["customers"][
        "nodes"
    ]
    assert "Quarry office direct" not in [
        each["friendlyName"] for each in seen(api, "hazel-sales-agent")[1]["subscriptions"]["nodes"]
    ]


@pytest.mark.rule("R62", "R53")
def test_both_sides_have_it_in_their_books_and_the_reason_is_read_and_not_pushed(api: Api) -> None:
    new_rows = NewRows(api)
    done(api, "meadow-global-admin", END, id=HELD, reason=WHY)
    own, grant = sorted(new_rows.records(MEADOW.id), key=lambda each: each.resource_type, reverse=True)
    assert (own.operation, own.new_value["status"], own.new_value["end_reason"]) == (
        "end_reseller_relationship",
        "ended_by_customer",
        WHY,
    )
    assert (grant.resource_type, grant.new_value["status"]) == ("DelegatedAdminGrant", "terminated")
    assert sorted((each.resource_type, each.new_value) for each in new_rows.records(ALDER.id)) == [
        ("DelegatedAdminGrant", {"status": "terminated"}),
        ("ResellerRelationship", {"status": "ended_by_customer"}),
    ]


@pytest.mark.rule("R62", "R14")
def test_only_the_customers_global_admin_ends_it_and_only_once(api: Api) -> None:
    ask = {"id": HELD, "reason": WHY}
    assert denial(api, "alder-global-admin", END, **ask) == ("FORBIDDEN", [])
    assert denial(api, "meadow-billing-admin", END, **ask)[0] == "NOT_FOUND"
    assert denial(api, "thistle-global-admin", END, **ask)[0] == "NOT_FOUND"
    done(api, "meadow-global-admin", END, **ask)
    assert refusal(api, "meadow-global-admin", END, **ask) == ("RELATIONSHIP_NOT_ACTIVE", ["id"])
    waiting = {"id": relationship_of(ALDER, QUARRY), "reason": WHY}
    assert refusal(api, "quarry-global-admin", END, **waiting) == ("RELATIONSHIP_NOT_ACTIVE", ["id"])
    declined = {"id": relationship_of(CEDAR, THISTLE), "reason": WHY}
    assert refusal(api, "thistle-global-admin", END, **declined) == ("RELATIONSHIP_NOT_ACTIVE", ["id"])


@pytest.mark.parametrize("reason", ["", "  ", "x" * 513])
def test_a_reason_has_words(api: Api, reason: str) -> None:
    asked = """mutation ($input: EndResellerRelationshipInput!) {
      endResellerRelationship(input: $input) { userErrors { code } } }"""
    answer = api.ask("meadow-global-admin", asked, input={"id": HELD, "reason": reason})
    assert answer.codes == ["BAD_INPUT"]


@pytest.mark.rule("R62")
def test_who_was_shown_the_door_sells_nothing_new_and_may_ask_again(api: Api) -> None:
    done(api, "meadow-global-admin", END, id=HELD, reason=WHY)
    bought = """mutation ($id: ID!) { createSubscription(input: {customer: $id, offerName: "Mail",
      billingType: LICENSE, quantity: 1}) { userErrors { code } } }"""
    answer = api.ask("alder-sales-agent", bought, id=f"customer_{MEADOW.id}")
    assert answer.codes == ["FORBIDDEN"]
    again = done(api, "alder-sales-agent", REQUEST, customer=MEADOW.id)
    assert (again["status"], seen(api, "alder-admin-agent")[0]) == (
        "REQUESTED",
        ["Meadow archive alder", "Meadow mail alder"],
    )
    done(api, "meadow-global-admin", ACCEPT, id=again["id"], agreement=SIGNER)
    assert "Meadow office direct" in seen(api, "alder-admin-agent")[0]
