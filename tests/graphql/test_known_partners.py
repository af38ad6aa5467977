"""Which partners a customer or an invited reseller knows, and how well (R65, R66)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CEDAR, DOGWOOD, HAZEL, LINDEN, MEADOW, WILLOW, fixed_id
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import GLOBAL_ADMIN, as_role, relationship_of, set_row
from tests.world import postgresql_later

pytestmark = postgresql_later

LINKED = """{
  resellerRelationships { nodes { partner { name } associatedPartner { name } } }
  subscriptions { nodes { friendlyName partnerOfRecord { name } supportContact { name } } }
}"""
PARTNER = "query ($id: ID!) { node(id: $id) { ... on Partner { name type market domain } } }"


def partner(api: Api, persona: str, partner_id: str) -> Any:
    """A partner as a persona sees it, and the fields that it may not read."""
    body = api.ask(persona, PARTNER, id=f"partner_{partner_id}").body
    return body["data"]["node"], sorted({each["path"][-1] for each in body.get("errors", [])})


@pytest.mark.rule("R65")
def test_a_customer_sees_who_is_attached_credited_and_named_for_support(api: Api) -> None:
    set_row(api, Subscription, fixed_id("meadow-office-direct.subscription"), support_contact_id=BIRCH.id)

    seen = api.ask("meadow-global-admin", LINKED).data

    through = {
        each["partner"]["name"]: each["associatedPartner"] for each in seen["resellerRelationships"]["nodes"]
    }
    assert through["Cedar"] == {"name": "Dogwood"}
    sold = {each["friendlyName"]: each for each in seen["subscriptions"]["nodes"]}
    assert sold["Meadow azure cedar"]["partnerOfRecord"] == {"name": "Hazel"}
    assert sold["Meadow phone cedar"]["partnerOfRecord"] == {"name": "Dogwood"}
    assert sold["Meadow office direct"]["supportContact"] == {"name": "Birch"}


@pytest.mark.rule("R65")
def test_they_are_known_by_name_to_that_customers_global_admin_alone(api: Api) -> None:
    for each in (DOGWOOD, HAZEL):
        found, forbidden = partner(api, "meadow-global-admin", each.id)
        assert (found["name"], forbidden) == (each.name, ["domain", "market", "type"])
        assert partner(api, "meadow-billing-admin", each.id)[0] is None
        assert partner(api, "thistle-global-admin", each.id)[0] is None
    assert partner(api, "meadow-global-admin", LINDEN.id)[0] is None


@pytest.mark.rule("R66")
def test_whoever_is_asked_reads_who_asks(api: Api) -> None:
    asked = {"name": "Alder", "type": "DIRECT_BILL", "market": "US", "domain": "alder.example"}
    assert partner(api, "quarry-global-admin", ALDER.id) == (asked, [])
    # It has accepted this one, and declined or lost the others.
    assert partner(api, "meadow-global-admin", WILLOW.id)[1] == []
    assert partner(api, "thistle-global-admin", CEDAR.id)[1] == ["domain", "market", "type"]
    ended = relationship_of(ALDER, MEADOW).rpartition("_")[2]
    set_row(api, ResellerRelationship, ended, status="ended_by_customer")
    assert partner(api, "meadow-global-admin", ALDER.id)[1] == ["domain", "market", "type"]
    # An unanswered request has expired since.
    assert partner(api, "thistle-global-admin", ALDER.id)[1] == ["domain", "market", "type"]


@pytest.mark.rule("R66")
def test_an_invited_reseller_reads_the_provider(api: Api) -> None:
    as_role(api, "birch-billing-admin", GLOBAL_ADMIN)
    provider = {"name": "Cedar", "type": "INDIRECT_PROVIDER", "market": "US", "domain": "cedar.example"}
    assert partner(api, "birch-billing-admin", CEDAR.id) == (provider, [])
    assert partner(api, "birch-sales-agent", CEDAR.id)[1] == ["domain", "market", "type"]
    as_role(api, "linden-admin-agent", GLOBAL_ADMIN)
    assert partner(api, "linden-admin-agent", CEDAR.id)[0] is None
