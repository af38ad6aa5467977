"""Resellers that serve a customer through a provider, and how that ends (R24, R62)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import CEDAR, DOGWOOD, HAZEL, MEADOW, QUARRY
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support_cases import SupportCase
from multichannel.domain.users import Role
from tests.graphql.case_api import opened
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    SIGNER,
    add_rows,
    as_role,
    bare,
    denial,
    done,
    partnership_of,
    refusal,
    relationship_of,
    set_row,
)
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

END, DETACH, ACCEPT = "endResellerRelationship", "detachReseller", "acceptResellerRelationship"
REQUEST = "requestResellerRelationship"
WHY = "We have chosen another supplier"
HELD = relationship_of(CEDAR, MEADOW)
EVERYTHING = """{
  customers { nodes { companyName email } }
  subscriptions(orderBy: FRIENDLY_NAME) { nodes { friendlyName quantity } }
  supportCases { totalCount }
  resellerRelationships(filter: {status: {eq: ACTIVE}}) { nodes { id } }
}"""
STILL_ATTACHED = """{ partnerships(filter: {status: {eq: REMOVED}}) { nodes { reseller { name
  attachments(filter: {status: {eq: ACTIVE}}) { totalCount nodes { id customer { companyName } } } } } } }"""


def seen(api: Api, persona: str, company: str) -> dict[str, Any]:
    """What a persona's lists show of a company: its profile, the quantities of what it has, cases."""
    data = api.ask(persona, EVERYTHING).body["data"]
    first = company.split(maxsplit=1)[0]
    return {
        "email": [each["email"] for each in data["customers"]["nodes"] if each["companyName"] == company],
        "has": {
            each["friendlyName"]: each["quantity"]
            for each in data["subscriptions"]["nodes"]
            if each["friendlyName"].startswith(first)
        },
        "cases": data["supportCases"]["totalCount"],
        "relationships": len(data["resellerRelationships"]["nodes"]),
    }


def related(api: Api) -> str:
    """Hazel has a relationship with Meadow, which it asked for through Cedar; the reseller's own one."""
    made = done(api, "hazel-sales-agent", REQUEST, customer=MEADOW.id, provider=CEDAR.id)
    done(api, "meadow-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)
    return str(made["id"])


@pytest.mark.rule("R62", "R24")
def test_who_was_shown_the_door_does_not_stay_at_the_window_of_its_provider(api: Api) -> None:
    own = related(api)
    phone = stored(api, Subscription, friendly_name="Meadow phone cedar")[0]
    set_row(api, Subscription, phone.id, support_contact_id=HAZEL.id)
    opened(api, "meadow-global-admin", "meadow-phone-cedar")
    before = seen(api, "hazel-sales-agent", "Meadow Dairy")
    assert before["email"] == ["office@meadow.example"]
    assert {"Meadow phone cedar", "Meadow azure cedar"} <= before["has"].keys()
    assert (before["cases"], before["relationships"]) == (1, 3)
    cedar = seen(api, "cedar-admin-agent", "Meadow Dairy")
    new_rows = NewRows(api)

    done(api, "meadow-global-admin", END, id=own, reason=WHY)

    assert seen(api, "hazel-sales-agent", "Meadow Dairy") == {
        "email": [None],
        # What it is credited for, it knows by name.
        "has": {"Meadow azure cedar": None},
        "cases": 0,
        "relationships": 1,
    }
    assert seen(api, "cedar-admin-agent", "Meadow Dairy") == cedar
    assert [each.support_contact_id for each in stored(api, Subscription, id=phone.id)] == [None]
    assert {each.resource_type for each in new_rows.records(HAZEL.id)} == {
        "ResellerRelationship",
        "Subscription",
    }


@pytest.mark.rule("R62", "R24")
def test_the_provider_goes_on_by_itself_once_and_not_twice(api: Api) -> None:
    own = related(api)
    (through,) = stored(
        api, ResellerRelationship, partner_id=CEDAR.id, associated_partner_id=HAZEL.id, customer_id=MEADOW.id
    )
    done(api, "meadow-global-admin", END, id=own, reason=WHY)
    (kept,) = stored(api, ResellerRelationship, id=through.id)
    assert (kept.stored_status, kept.associated_partner_id) == ("active", None)

    # Asked again, the provider has one relationship of its own and one through the reseller.
    again = related(api)
    new_rows = NewRows(api)
    done(api, "meadow-global-admin", END, id=again, reason=WHY)
    ended = [
        each
        for each in stored(api, ResellerRelationship, partner_id=CEDAR.id, customer_id=MEADOW.id)
        if each.id not in {kept.id, bare(HELD)}
    ]
    assert [(each.stored_status, each.associated_partner_id, each.end_reason) for each in ended] == [
        ("ended_by_customer", None, None)
    ]
    assert [each.new_value for each in new_rows.records(CEDAR.id)] == [{"status": "ended_by_customer"}]
    assert seen(api, "cedar-admin-agent", "Meadow Dairy")["email"] == ["office@meadow.example"]


@pytest.mark.rule("R62")
def test_rights_that_came_with_the_reseller_end_with_the_relationship_that_ends(api: Api) -> None:
    done(api, "meadow-global-admin", DETACH, id=HELD)
    made = done(
        api,
        "dogwood-global-admin",
        REQUEST,
        customer=MEADOW.id,
        provider=CEDAR.id,
        includeDelegatedAdmin=True,
    )
    done(api, "meadow-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)
    assert len(stored(api, DelegatedAdminGrant, partner_id=CEDAR.id, customer_id=MEADOW.id)) == 1
    done(api, "meadow-global-admin", END, id=made["id"], reason=WHY)
    grants = stored(api, DelegatedAdminGrant, customer_id=MEADOW.id)
    assert {each.stored_status for each in grants if each.partner_id in {CEDAR.id, DOGWOOD.id}} == {
        "terminated"
    }


@pytest.mark.rule("R15", "R62")
def test_no_case_is_left_to_a_reseller_from_a_relationship_that_the_provider_had_removed(api: Api) -> None:
    own = related(api)
    case = opened(api, "meadow-global-admin", "meadow-phone-cedar")
    through = stored(api, ResellerRelationship, associated_partner_id=HAZEL.id, customer_id=MEADOW.id)[0]
    set_row(api, ResellerRelationship, through.id, status="removed")
    set_row(api, SupportCase, bare(case), assigned_partner_id=HAZEL.id)
    assert seen(api, "hazel-sales-agent", "Meadow Dairy")["cases"] == 1

    done(api, "meadow-global-admin", END, id=own, reason=WHY)

    assert seen(api, "hazel-sales-agent", "Meadow Dairy")["cases"] == 0


@pytest.mark.rule("R62", "R24")
def test_a_reseller_that_serves_the_customer_in_another_way_keeps_that(api: Api) -> None:
    own = related(api)
    phone = stored(api, Subscription, friendly_name="Meadow phone cedar")[0]
    set_row(api, Subscription, phone.id, support_contact_id=HAZEL.id)
    through = stored(api, ResellerRelationship, associated_partner_id=HAZEL.id, customer_id=MEADOW.id)[0]

    done(api, "meadow-global-admin", END, id=f"reseller_relationship_{through.id}", reason=WHY)

    after = seen(api, "hazel-sales-agent", "Meadow Dairy")
    assert after["email"] == ["office@meadow.example"]
    assert "Meadow phone cedar" in after["has"]
    assert after["has"]["Meadow azure cedar"] is None
    assert refusal(api, "meadow-global-admin", DETACH, id=own) == ("NO_RESELLER", ["id"])


@pytest.mark.rule("R24", "SM3")
def test_a_provider_is_told_who_still_reads_after_a_partnership_and_detaches_it(api: Api) -> None:
    held = relationship_of(CEDAR, QUARRY)
    done(api, "cedar-admin-agent", "removePartnership", id=partnership_of(CEDAR, HAZEL))
    (left,) = [
        each["reseller"]
        for each in api.ask("cedar-admin-agent", STILL_ATTACHED).data["partnerships"]["nodes"]
        if each["reseller"]
    ]
    assert left == {
        "name": "Hazel",
        "attachments": {
            "totalCount": 1,
            "nodes": [{"id": held, "customer": {"companyName": "Quarry Stone"}}],
        },
    }
    assert seen(api, "hazel-sales-agent", "Quarry Stone")["email"] == ["office@quarry.example"]

    detached = done(api, "cedar-user-management-admin", DETACH, id=held)

    assert detached["status"] == "ACTIVE"
    assert seen(api, "hazel-sales-agent", "Quarry Stone")["email"] == []
    nodes = api.ask("cedar-admin-agent", STILL_ATTACHED).data["partnerships"]["nodes"]
    assert [each["reseller"] for each in nodes] == [None] * len(nodes)
    assert refusal(api, "cedar-admin-agent", DETACH, id=held) == ("NO_RESELLER", ["id"])
    # What the provider ended itself, its export may name again.
    assert stored(api, ResellerRelationship, id=bare(held))[0].detached_reseller_ids == []


@pytest.mark.rule("R62", "R65", "R53")
def test_a_customer_is_rid_of_a_reader_and_keeps_its_provider(api: Api) -> None:
    assert seen(api, "dogwood-sales-agent", "Meadow Dairy")["has"] == {
        "Meadow azure cedar": 1,
        "Meadow phone cedar": 10,
    }
    new_rows = NewRows(api)
    done(api, "meadow-global-admin", DETACH, id=HELD)
    assert seen(api, "dogwood-sales-agent", "Meadow Dairy") == {
        "email": [],
        "has": {"Meadow phone cedar": None},
        "cases": 0,
        "relationships": 0,
    }
    (own,) = new_rows.records(MEADOW.id)
    assert (own.operation, own.old_value, own.new_value) == (
        "detach_reseller",
        {"associated_partner_id": DOGWOOD.id},
        {"associated_partner_id": None},
    )
    assert [each.new_value for each in new_rows.records(CEDAR.id)] == [{}]
    assert [each.new_value for each in new_rows.records(DOGWOOD.id)] == [{}]
    assert [each.resource_id for each in new_rows.events()] == [bare(HELD)]
    assert stored(api, ResellerRelationship, id=bare(HELD))[0].detached_reseller_ids == [DOGWOOD.id]


@pytest.mark.rule("R24")
def test_a_relationship_beside_the_providers_own_ends_when_its_reseller_leaves(api: Api) -> None:
    held = stored(api, ResellerRelationship, id=bare(HELD))[0]
    beside = {"partner_id": CEDAR.id, "customer_id": MEADOW.id, "stored_status": "active"}
    add_rows(api, ResellerRelationship, {**beside, "market": held.market, "cloud": held.cloud})

    removed = done(api, "cedar-admin-agent", DETACH, id=HELD)

    assert removed["status"] == "REMOVED"
    assert refusal(api, "cedar-admin-agent", DETACH, id=HELD) == ("RELATIONSHIP_NOT_ACTIVE", ["id"])
    assert seen(api, "cedar-admin-agent", "Meadow Dairy")["email"] == ["office@meadow.example"]
    assert seen(api, "dogwood-sales-agent", "Meadow Dairy")["email"] == []


@pytest.mark.rule("R24")
def test_neither_the_reseller_nor_anybody_else_decides_it(api: Api) -> None:
    assert denial(api, "dogwood-global-admin", DETACH, id=HELD) == ("FORBIDDEN", [])
    as_role(api, "cedar-admin-agent", Role.HELPDESK_AGENT)
    assert denial(api, "cedar-admin-agent", DETACH, id=HELD) == ("FORBIDDEN", [])
    assert denial(api, "meadow-billing-admin", DETACH, id=HELD)[0] == "NOT_FOUND"
    assert denial(api, "alder-global-admin", DETACH, id=HELD)[0] == "NOT_FOUND"
