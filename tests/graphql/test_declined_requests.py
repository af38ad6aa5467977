"""A no stays a no: whom a customer has declined does not come in again by another door (R64)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import BIRCH, CEDAR, EMBER, THISTLE, fixed_id
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    ADMIN_AGENT,
    SIGNER,
    as_role,
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

REQUEST, EXTEND = "requestResellerRelationship", "extendRelationshipToProvider"
ACCEPT, DECLINE = "acceptResellerRelationship", "declineResellerRelationship"
CANCEL = "cancelResellerRelationshipRequest"
HELD = relationship_of(BIRCH, THISTLE)
EXTENSION: dict[str, Any] = {"id": HELD, "provider": CEDAR.id}
WAITING = "{ resellerRelationships(filter: {status: {eq: REQUESTED}}) { nodes { id } } }"
SEES = "{ customers { nodes { companyName } } subscriptions { nodes { friendlyName } } }"


def resellers_of_cedar(api: Api) -> None:
    """Birch has become a reseller of Cedar; its admin agent may extend."""
    set_row(api, Partnership, fixed_id("cedar.birch.partnership"), status="active")
    as_role(api, "birch-sales-agent", ADMIN_AGENT)


def waiting(api: Api, persona: str) -> set[str]:
    return {each["id"] for each in api.ask(persona, WAITING).data["resellerRelationships"]["nodes"]}


def later(api: Api, days: int) -> None:
    api.world.clock.now += timedelta(days=days)


def decline_cedar(api: Api) -> None:
    """Thistle has declined Cedar's own request this minute."""
    row_id = bare(relationship_of(CEDAR, THISTLE))
    set_row(api, ResellerRelationship, row_id, closed_at=api.world.clock.now)


@pytest.mark.rule("R64")
def test_an_extension_opens_nothing_until_the_customer_accepts(api: Api) -> None:
    resellers_of_cedar(api)
    before = api.ask("cedar-admin-agent", SEES).data

    made = done(api, "birch-sales-agent", EXTEND, **EXTENSION)

    assert made["id"] in waiting(api, "thistle-global-admin")
    assert api.ask("cedar-admin-agent", SEES).data == before
    done(api, "thistle-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)
    after = api.ask("cedar-admin-agent", SEES).data
    assert {"companyName": "Thistle Books"} in after["customers"]["nodes"]


@pytest.mark.rule("R64")
def test_a_declined_provider_does_not_come_in_by_extension(api: Api) -> None:
    """The reseller learns neither that its provider has asked, nor that it was declined."""
    resellers_of_cedar(api)
    decline_cedar(api)
    before, new_rows = api.ask("cedar-admin-agent", SEES).data, NewRows(api)

    made = done(api, "birch-sales-agent", EXTEND, **EXTENSION)

    assert made["status"] == "REQUESTED"
    assert new_rows.records(THISTLE.id) == []
    assert waiting(api, "thistle-global-admin") == set()
    assert denial(api, "thistle-global-admin", ACCEPT, id=made["id"])[0] == "NOT_FOUND"
    assert api.ask("cedar-admin-agent", SEES).data == before
    assert "customer_id" not in new_rows.records(BIRCH.id)[0].new_value


@pytest.mark.rule("R64")
def test_a_declined_extension_is_asked_for_again_after_30_days(api: Api) -> None:
    resellers_of_cedar(api)
    made = done(api, "birch-sales-agent", EXTEND, **EXTENSION)
    done(api, "thistle-global-admin", DECLINE, id=made["id"])
    summary = "query ($id: ID!) { node(id: $id) { ... on ResellerRelationship { status } } }"
    assert api.ask("birch-sales-agent", summary, id=made["id"]).data["node"] == {"status": "DECLINED"}
    assert refusal(api, "birch-sales-agent", EXTEND, **EXTENSION) == ("ASKED_RECENTLY", ["provider"])
    later(api, 29)
    assert refusal(api, "birch-sales-agent", EXTEND, **EXTENSION) == ("ASKED_RECENTLY", ["provider"])
    later(api, 1)
    assert done(api, "birch-sales-agent", EXTEND, **EXTENSION)["id"] in waiting(api, "thistle-global-admin")


@pytest.mark.rule("R64")
def test_whoever_asks_in_a_providers_name_withdraws_and_the_provider_does_not(api: Api) -> None:
    resellers_of_cedar(api)
    made = done(api, "birch-sales-agent", EXTEND, **EXTENSION)
    assert denial(api, "cedar-admin-agent", CANCEL, id=made["id"]) == ("FORBIDDEN", [])
    assert done(api, "birch-sales-agent", CANCEL, id=made["id"])["status"] == "CANCELED"
    assert waiting(api, "thistle-global-admin") == set()


@pytest.mark.rule("R64")
def test_a_declined_partner_asks_the_same_address_again_after_30_days(api: Api) -> None:
    made = done(api, "alder-sales-agent", REQUEST, customer="ember.example")
    done(api, "ember-global-admin", DECLINE, id=made["id"])
    again = {"customer": "ember.example"}
    assert refusal(api, "alder-sales-agent", REQUEST, **again) == ("ASKED_RECENTLY", ["customer"])
    later(api, 30)
    assert done(api, "alder-sales-agent", REQUEST, **again)["id"] in waiting(api, "ember-global-admin")


@pytest.mark.rule("R64")
def test_a_request_to_another_address_of_the_customer_looks_like_any_and_does_not_arrive(api: Api) -> None:
    made = done(api, "alder-sales-agent", REQUEST, customer="ember.example")
    done(api, "ember-global-admin", DECLINE, id=made["id"])

    to_id = done(api, "alder-sales-agent", REQUEST, customer=EMBER.id)
    to_nobody = done(api, "alder-sales-agent", REQUEST, customer=fixed_id("nobody"))

    assert to_id["status"] == to_nobody["status"] == "REQUESTED"
    assert waiting(api, "ember-global-admin") == set()


@pytest.mark.rule("R64")
def test_a_declined_provider_does_not_come_in_with_another_reseller(api: Api) -> None:
    decline_cedar(api)

    made = done(api, "dogwood-sales-agent", REQUEST, customer=THISTLE.id, provider=CEDAR.id)

    assert made["status"] == "REQUESTED"
    assert waiting(api, "thistle-global-admin") == set()
    (beside,) = stored(api, ResellerRelationship, invited_with_id=bare(made["id"]))
    assert (beside.partner_id, beside.customer_id) == (CEDAR.id, None)


@pytest.mark.rule("R64")
def test_a_reseller_that_was_declined_with_its_provider_does_not_bar_others(api: Api) -> None:
    first = done(api, "dogwood-sales-agent", REQUEST, customer=EMBER.id, provider=CEDAR.id)
    done(api, "ember-global-admin", DECLINE, id=first["id"])
    again = {"customer": EMBER.id, "provider": CEDAR.id}
    assert refusal(api, "dogwood-sales-agent", REQUEST, **again) == ("ASKED_RECENTLY", ["customer"])
    # Cedar was declined along with Dogwood: it does not ask by itself, but Hazel is another company.
    as_role(api, "cedar-admin-agent", ADMIN_AGENT)
    assert refusal(api, "cedar-admin-agent", REQUEST, customer=EMBER.id) == ("ASKED_RECENTLY", ["customer"])
    assert done(api, "hazel-sales-agent", REQUEST, **again)["id"] in waiting(api, "ember-global-admin")
