"""Nobody learns from what is asked of an address whether there is anybody at it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, EMBER, fixed_id
from multichannel.domain.customers import BillingProfile
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from tests.graphql.conftest import Answer, Api
from tests.graphql.relationship_api import (
    ADMIN_AGENT,
    GLOBAL_ADMIN,
    SIGNER,
    add_rows,
    as_role,
    bare,
    do,
    done,
    relationship_of,
)
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

NOBODY = fixed_id("nobody")
EVERYTHING = """query ($id: ID!) {
  node(id: $id) { ... on ResellerRelationship {
    id status viewerCan partner { name } customer { id } addressedTo associatedPartner { name }
    delegatedAdmin delegatedAdminRequested market version invitation { url text } }
    ... on Partnership {
    id status viewerCan provider { name } reseller { name } addressedTo market version } }
  accept: explainDecision(action: ACCEPT, id: $id) {
    allowed nearMisses { standing standingHeld failedConditions { condition value } } }
  resellerRelationships(filter: {customer: {market: {isNull: false}}}) { totalCount }
  partnerships(filter: {reseller: {name: {isNull: false}}}) { totalCount }
  auditRecords(first: 10) { nodes { operation status resourceType oldValue newValue customer { id } } } }"""


def without_address(answer: Answer, address: str, made: str) -> str:
    """All that a client gets, without what differs from one call to the next."""
    text = answer.response.text
    text = text.replace(address, "ADDRESS").replace(bare(made), "MADE")
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "GUID", text)


def client_view(api: Api, persona: str, mutation: str, address: dict[str, Any], undo: str) -> list[str]:
    """What a partner can find out of a request or an invitation, before and after it takes it back."""
    (name, where), *rest = address.items()
    answer = do(api, persona, mutation, **{name: where, **dict(rest)})
    payload = answer.data[mutation]
    made = next(iter(payload.values()))["id"]
    found = [
        without_address(answer, where, made),
        without_address(api.ask(persona, EVERYTHING, id=made), where, made),
    ]
    undone = do(api, persona, undo, id=made)
    return [
        *found,
        without_address(undone, where, made),
        without_address(api.ask(persona, EVERYTHING, id=made), where, made),
    ]


@pytest.mark.parametrize("persona", ["alder-admin-agent", "alder-global-admin"])
def test_a_request_to_a_stranger_and_to_nobody_look_the_same(api: Api, persona: str) -> None:
    cancel = "cancelResellerRelationshipRequest"
    guid, domain, absent, unheard, partner = (
        client_view(api, persona, "requestResellerRelationship", {"customer": address}, cancel)
        for address in (EMBER.id, "ember.example", NOBODY, "nobody.example", BIRCH.id)
    )
    assert stored(api, ResellerRelationship, addressed_to=EMBER.id)[0].customer_id == EMBER.id
    # Each call adds to what the next one lists, so that records are compared call by call.
    assert guid[0] == domain[0] == absent[0] == unheard[0] == partner[0]
    assert _newest(guid) == _newest(domain) == _newest(absent) == _newest(unheard) == _newest(partner)


def test_an_invitation_to_a_partner_and_to_nobody_look_the_same(api: Api) -> None:
    # Cedar has attached every reseller that it knows to a customer, and knows Alder in no way.
    known, absent = (
        client_view(
            api, "cedar-admin-agent", "inviteIndirectReseller", {"reseller": address}, "removePartnership"
        )
        for address in (ALDER.id, NOBODY)
    )
    assert {each.reseller_id for each in stored(api, Partnership, addressed_to=ALDER.id)} == {ALDER.id}
    assert known[0] == absent[0]
    assert _newest(known) == _newest(absent)


def _newest(answers: list[str]) -> list[str]:
    """The answers without the list of records of earlier calls."""
    return [re.sub(r'"auditRecords".*', "", each) for each in answers]


def test_the_records_of_who_asks_name_no_customer_until_it_answers(api: Api) -> None:
    new_rows = NewRows(api)
    made = done(api, "alder-admin-agent", "requestResellerRelationship", customer=EMBER.id)["id"]
    again = done(api, "alder-admin-agent", "requestResellerRelationship", customer=NOBODY)["id"]
    done(api, "alder-admin-agent", "cancelResellerRelationshipRequest", id=made)
    done(api, "alder-admin-agent", "cancelResellerRelationshipRequest", id=again)

    own = [each for each in new_rows.records() if each.actor_user_id is not None]
    assert len(own) == 4
    assert {each.customer_id for each in own} == {None}
    by_object = {
        each: [record for record in own if record.resource_id == bare(each)] for each in (made, again)
    }
    shown = [[sorted(record.new_value) for record in records] for records in by_object.values()]
    assert sorted(shown[0]) == sorted(shown[1])
    assert all("customer_id" not in record.new_value for record in own)
    assert {each.customer_id for each in new_rows.records(EMBER.id)} == {EMBER.id}


@pytest.mark.parametrize("serves", [False, True])
def test_an_extension_does_not_tell_whether_the_provider_was_there_before(api: Api, *, serves: bool) -> None:
    as_role(api, "birch-sales-agent", ADMIN_AGENT)
    as_role(api, "birch-billing-admin", GLOBAL_ADMIN)
    done(
        api,
        "birch-billing-admin",
        "acceptPartnership",
        id="partnership_" + fixed_id("cedar.birch.partnership"),
    )
    place = {"partner_id": CEDAR.id, "customer_id": CANYON.id, "cloud": "public"}
    if serves:
        add_rows(api, ResellerRelationship, {**place, "stored_status": "active", "market": "US"})
        add_rows(api, BillingProfile, {**place, "email": "kept@canyon.example"})
    new_rows = NewRows(api)

    shown = done(
        api,
        "birch-sales-agent",
        "extendRelationshipToProvider",
        id=relationship_of(BIRCH, CANYON),
        provider=CEDAR.id,
    )

    assert shown["status"] == "REQUESTED"
    assert [(each.resource_type, each.status) for each in new_rows.records(BIRCH.id)] == [
        ("ResellerRelationship", "succeeded")
    ]
    done(api, "canyon-global-admin", "acceptResellerRelationship", id=shown["id"], agreement=SIGNER)
    assert {each.resource_type for each in new_rows.records(BIRCH.id)} == {"ResellerRelationship"}
    profiles = stored(api, BillingProfile, partner_id=CEDAR.id, customer_id=CANYON.id)
    assert [each.email for each in profiles] == [
        "kept@canyon.example" if serves else "bills-from-birch@canyon.example"
    ]


def test_whether_a_provider_serves_the_customer_is_not_told_to_its_reseller(api: Api) -> None:
    asked = {"provider": CEDAR.id}
    served = client_view(
        api,
        "dogwood-sales-agent",
        "requestResellerRelationship",
        {"customer": "quarry.example", **asked},
        "cancelResellerRelationshipRequest",
    )
    absent = client_view(
        api,
        "dogwood-sales-agent",
        "requestResellerRelationship",
        {"customer": "nobody.example", **asked},
        "cancelResellerRelationshipRequest",
    )
    assert served[0] == absent[0]
    assert _newest(served) == _newest(absent)
