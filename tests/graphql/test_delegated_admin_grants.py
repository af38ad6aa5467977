"""Grants of delegated admin, from the request to the end, through the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CANYON,
    CEDAR,
    DOGWOOD,
    EMBER,
    LAUREL,
    MEADOW,
    PRAIRIE,
    QUARRY,
    fixed_id,
)
from multichannel.domain.base import utc_text
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus, DelegatedRight
from multichannel.services.expiry import sweep
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    ADMIN_AGENT,
    SIGNER,
    as_role,
    bare,
    denial,
    done,
    grant_of,
    refusal,
    relationship_of,
)
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

RELATE, ACCEPT = "requestResellerRelationship", "acceptResellerRelationship"
ASK, APPROVE, DECLINE = "requestDelegatedAdmin", "approveDelegatedAdmin", "declineDelegatedAdmin"
REDUCE, TERMINATE = "reduceDelegatedAdmin", "terminateDelegatedAdmin"
AUTO, REVOKE = "setDelegatedAdminAutoExtend", "revokeDelegatedAdmin"
LINK = relationship_of(ALDER, CANYON)
"""Without delegated admin in the demo world."""
PERSONA, CUSTOMER = "alder-admin-agent", "canyon-global-admin"
EVERY_RIGHT = ["SUPPORT", "MANAGE_SUBSCRIPTIONS", "MANAGE_USERS", "READ_DIRECTORY"]
LISTED = """query ($filter: DelegatedAdminGrantFilter) { delegatedAdminGrants(filter: $filter) {
  totalCount nodes { id status rights partner { name } } } }"""


def asked(api: Api, **input: Any) -> Any:
    return done(api, PERSONA, ASK, id=LINK, **input)


def given(api: Api, **input: Any) -> Any:
    """A grant of every right, approved by Canyon."""
    made = asked(api, rights=EVERY_RIGHT, **input)
    return done(api, CUSTOMER, APPROVE, id=made["id"])


def row(api: Api, global_id: str) -> DelegatedAdminGrant:
    return stored(api, DelegatedAdminGrant, id=bare(global_id))[0]


def listed(api: Api, persona: str, **filter: Any) -> list[Any]:
    found: list[Any] = api.ask(persona, LISTED, filter=filter).data["delegatedAdminGrants"]["nodes"]
    return found


@pytest.mark.rule("SM7")
def test_rights_are_requested_approved_and_in_force(api: Api) -> None:
    made = asked(api)
    assert (made["status"], made["rights"], made["duration"], made["endsAt"]) == (
        "PENDING",
        ["SUPPORT", "MANAGE_SUBSCRIPTIONS"],
        "P365D",
        None,
    )
    assert made["relationship"] == {"id": LINK, "delegatedAdmin": False}
    assert made["expiresAt"] == utc_text(api.world.clock.now + timedelta(days=90))

    approved = done(api, CUSTOMER, APPROVE, id=made["id"], rights=["SUPPORT"], duration="P10D")

    now = api.world.clock.now
    assert (approved["status"], approved["rights"], approved["duration"]) == ("ACTIVE", ["SUPPORT"], "P10D")
    assert (approved["startsAt"], approved["endsAt"]) == (utc_text(now), utc_text(now + timedelta(days=10)))
    assert approved["relationship"]["delegatedAdmin"] is True
    api.world.clock.now += timedelta(days=10)
    (seen,) = [each for each in listed(api, PERSONA) if each["id"] == made["id"]]
    assert seen["status"] == "EXPIRED"


@pytest.mark.rule("SM7")
def test_nothing_beyond_the_request_is_approved_and_an_answer_is_given_once(api: Api) -> None:
    made = asked(api)["id"]
    beyond: dict[str, Any] = {
        "RIGHTS_NOT_REQUESTED": {"rights": EVERY_RIGHT},
        "DURATION_TOO_LONG": {"duration": "P366D"},
    }
    for code, input in {**beyond, "RIGHTS_REQUIRED": {"rights": []}}.items():
        assert refusal(api, CUSTOMER, APPROVE, id=made, **input) == (code, list(input))
    assert denial(api, PERSONA, APPROVE, id=made) == ("FORBIDDEN", [])
    assert denial(api, "meadow-global-admin", APPROVE, id=made) == ("NOT_FOUND", [])

    assert done(api, CUSTOMER, DECLINE, id=made)["status"] == "DECLINED"

    for mutation in (APPROVE, DECLINE):
        assert refusal(api, CUSTOMER, mutation, id=made) == ("GRANT_CLOSED", ["id"])
    assert refusal(api, PERSONA, TERMINATE, id=made) == ("GRANT_ENDED", ["id"])


@pytest.mark.rule("SM7")
def test_a_request_without_answer_ends_after_90_days(api: Api) -> None:
    made = asked(api)["id"]
    assert refusal(api, PERSONA, ASK, id=LINK) == ("GRANT_PENDING", ["id"])
    api.world.clock.now += timedelta(days=90)
    assert refusal(api, CUSTOMER, APPROVE, id=made) == ("GRANT_EXPIRED", ["id"])
    sweep(api.world.store)
    assert (row(api, made).stored_status, row(api, made).ended_by) == ("expired", None)
    assert asked(api)["status"] == "PENDING"


@pytest.mark.rule("SM7")
@pytest.mark.parametrize(
    ("input", "refused"),
    [
        ({"rights": []}, ("RIGHTS_REQUIRED", ["rights"])),
        ({"duration": "P0D"}, ("DURATION_OUT_OF_RANGE", ["duration"])),
        ({"duration": "P731D"}, ("DURATION_OUT_OF_RANGE", ["duration"])),
    ],
)
def test_a_request_names_rights_and_a_possible_duration(api: Api, input: Any, refused: Any) -> None:
    assert refusal(api, PERSONA, ASK, id=LINK, **input) == refused
    assert asked(api, duration="P2Y")["duration"] == "P730D"


def test_rights_are_requested_within_an_active_relationship_by_those_who_may(api: Api) -> None:
    pending = relationship_of(ALDER, QUARRY)
    assert refusal(api, PERSONA, ASK, id=pending) == ("RELATIONSHIP_NOT_ACTIVE", ["id"])
    assert denial(api, "alder-sales-agent", ASK, id=LINK) == ("FORBIDDEN", [])
    assert denial(api, CUSTOMER, ASK, id=LINK) == ("FORBIDDEN", [])
    assert denial(api, "cedar-admin-agent", ASK, id=LINK) == ("NOT_FOUND", [])


@pytest.mark.rule("SM7")
@pytest.mark.parametrize("persona", [PERSONA, CUSTOMER])
def test_either_side_takes_rights_away_and_ends_the_grant(api: Api, persona: str) -> None:
    held = given(api)["id"]

    assert done(api, persona, REDUCE, id=held, rights=["SUPPORT", "READ_DIRECTORY"])["rights"] == [
        "SUPPORT",
        "READ_DIRECTORY",
    ]
    assert refusal(api, persona, REDUCE, id=held, rights=EVERY_RIGHT) == ("RIGHTS_NOT_REQUESTED", ["rights"])
    assert refusal(api, persona, REDUCE, id=held, rights=[]) == ("RIGHTS_REQUIRED", ["rights"])
    ended = done(api, persona, TERMINATE, id=held)

    side = "CUSTOMER" if persona == CUSTOMER else "PARTNER"
    assert (ended["status"], ended["endedBy"], ended["relationship"]["delegatedAdmin"]) == (
        "TERMINATED",
        side,
        False,
    )
    assert refusal(api, persona, TERMINATE, id=held) == ("GRANT_ENDED", ["id"])
    assert refusal(api, persona, REDUCE, id=held, rights=["SUPPORT"]) == ("GRANT_NOT_ACTIVE", ["id"])


@pytest.mark.rule("SM7")
def test_a_grant_extends_itself_if_the_customer_lets_it(api: Api) -> None:
    held = given(api, duration="P10D")
    assert denial(api, PERSONA, AUTO, id=held["id"], autoExtend=True) == ("FORBIDDEN", [])
    shown = done(api, CUSTOMER, AUTO, id=held["id"], autoExtend=True)
    assert (shown["autoExtend"], shown["expiresAt"], shown["endsAt"]) == (True, None, held["endsAt"])

    api.world.clock.now += timedelta(days=10 + 180)

    again = utc_text(datetime.fromisoformat(held["endsAt"]) + timedelta(days=360))
    query = "query ($id: ID!) { node(id: $id) { ... on DelegatedAdminGrant { status endsAt } } }"
    assert api.ask(PERSONA, query, id=held["id"]).data["node"] == {"status": "ACTIVE", "endsAt": again}
    sweep(api.world.store)
    assert row(api, held["id"]).ends_at == datetime.fromisoformat(again)
    assert sweep(api.world.store)["DelegatedAdminGrant"] == 0
    assert api.ask(PERSONA, query, id=held["id"]).data["node"] == {"status": "ACTIVE", "endsAt": again}
    assert done(api, CUSTOMER, AUTO, id=held["id"], autoExtend=False)["expiresAt"] == again


@pytest.mark.rule("SM7")
def test_notices_of_the_end_are_events_for_both_sides_once_each(api: Api) -> None:
    held = given(api, duration="P60D")["id"]
    sweep(api.world.store)
    told = []
    for days in (29, 1, 23, 0, 6, 1):
        api.world.clock.now += timedelta(days=days)
        new_rows = NewRows(api)
        sweep(api.world.store)
        events = [each for each in new_rows.events() if each.resource_id == bare(held)]
        told.append([each.operation for each in events])
        readers = {each.tenant_id for each in new_rows.records() if each.resource_id == bare(held)}
        assert readers == ({ALDER.id, CANYON.id} if events else set())
    assert told == [[], *[["delegated_admin_expiring"]] * 2, [], ["delegated_admin_expiring"], ["expire"]]


@pytest.mark.rule("SM1", "SM7")
def test_a_request_for_both_is_answered_by_accepting_the_relationship(api: Api) -> None:
    details = {"delegatedRights": EVERY_RIGHT, "delegatedDuration": "P100D", "delegatedAutoExtend": True}
    made = done(api, PERSONA, RELATE, customer="ember.example", includeDelegatedAdmin=True, **details)
    (along,) = stored(api, DelegatedAdminGrant, relationship_id=bare(made["id"]))
    grant_id = f"delegated_admin_grant_{along.id}"
    for mutation in (APPROVE, DECLINE):
        assert refusal(api, "ember-global-admin", mutation, id=grant_id)[0] == "RELATIONSHIP_NOT_ACTIVE"
    (before,) = [each for each in listed(api, PERSONA) if each["id"] == grant_id]
    assert before["status"] == "PENDING"

    narrowed = {"delegatedRights": ["SUPPORT"], "delegatedDuration": "P50D"}
    shown = done(api, "ember-global-admin", ACCEPT, id=made["id"], agreement=SIGNER, **narrowed)

    assert (shown["status"], shown["delegatedAdmin"]) == ("ACTIVE", True)
    now_held = row(api, grant_id)
    assert (now_held.stored_status, now_held.duration) == (DelegatedAdminStatus.ACTIVE, "P50D")
    assert now_held.rights == {DelegatedRight.SUPPORT}


@pytest.mark.rule("SM1", "SM7")
def test_a_relationship_is_accepted_without_the_rights(api: Api) -> None:
    made = done(api, PERSONA, RELATE, customer=EMBER.id, includeDelegatedAdmin=True)
    shown = done(api, "ember-global-admin", ACCEPT, id=made["id"], agreement=SIGNER, delegatedRights=[])
    assert (shown["status"], shown["delegatedAdmin"]) == ("ACTIVE", False)
    (along,) = stored(api, DelegatedAdminGrant, relationship_id=bare(made["id"]))
    assert along.stored_status == "declined"


@pytest.mark.rule("SM1", "SM7")
@pytest.mark.parametrize(
    ("persona", "mutation", "status"),
    [
        ("ember-global-admin", "declineResellerRelationship", "declined"),
        (PERSONA, "cancelResellerRelationshipRequest", "terminated"),
    ],
)
def test_what_was_requested_along_ends_with_the_request(
    api: Api, persona: str, mutation: str, status: str
) -> None:
    made = done(api, PERSONA, RELATE, customer=EMBER.id, includeDelegatedAdmin=True)
    done(api, persona, mutation, id=made["id"])
    (along,) = stored(api, DelegatedAdminGrant, relationship_id=bare(made["id"]))
    assert along.stored_status == status


@pytest.mark.rule("SM1", "SM7")
def test_a_reseller_and_its_provider_get_rights_by_one_answer(api: Api) -> None:
    through = {"provider": CEDAR.id, "includeDelegatedAdmin": True, "delegatedRights": ["SUPPORT"]}
    persona = as_role(api, "dogwood-sales-agent", ADMIN_AGENT)
    made = done(api, persona, RELATE, customer=EMBER.id, **through)
    done(api, "ember-global-admin", ACCEPT, id=made["id"], agreement=SIGNER)
    grants = stored(api, DelegatedAdminGrant, customer_id=EMBER.id)
    assert {each.partner_id: (each.stored_status, each.rights) for each in grants} == {
        each: (DelegatedAdminStatus.ACTIVE, frozenset({DelegatedRight.SUPPORT}))
        for each in (DOGWOOD.id, CEDAR.id)
    }


def test_details_of_delegated_admin_need_the_request_for_it(api: Api) -> None:
    query = """mutation ($input: RequestResellerRelationshipInput!) {
      requestResellerRelationship(input: $input) { userErrors { code } } }"""
    for more in ({"delegatedRights": ["SUPPORT"]}, {"delegatedDuration": "P1Y"}):
        answer = api.ask(PERSONA, query, input={"customer": EMBER.id, **more})
        assert answer.body["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    answer = api.ask(
        PERSONA,
        query,
        input={"customer": EMBER.id, "includeDelegatedAdmin": True, "delegatedDuration": "a year"},
    )
    assert answer.body["errors"][0]["extensions"]["code"] == "BAD_INPUT"


@pytest.mark.rule("R61")
def test_in_the_us_government_cloud_a_relationship_comes_with_support(api: Api) -> None:
    nobody = {"customer": fixed_id("nobody"), "includeDelegatedAdmin": True}
    assert refusal(api, "laurel-admin-agent", RELATE, **nobody, delegatedRights=["MANAGE_SUBSCRIPTIONS"]) == (
        "SUPPORT_RIGHT_REQUIRED",
        ["rights"],
    )
    waiting = relationship_of(LAUREL, PRAIRIE)
    assert refusal(api, "prairie-global-admin", ACCEPT, id=waiting, delegatedRights=[])[0] == (
        "DELEGATED_ADMIN_REQUIRED"
    )
    assert done(api, "prairie-global-admin", ACCEPT, id=waiting)["delegatedAdmin"] is True


@pytest.mark.rule("R15")
def test_revoking_ends_all_grants_and_requests_of_one_partner(api: Api) -> None:
    held, more = given(api), asked(api, rights=["SUPPORT"])
    new_rows = NewRows(api)
    shown = done(api, CUSTOMER, REVOKE, id=LINK)
    assert (shown["status"], shown["delegatedAdmin"]) == ("ACTIVE", False)
    assert {row(api, each["id"]).stored_status for each in (held, more)} == {"terminated"}
    assert row(api, grant_of(BIRCH, CANYON)).stored_status == "active"
    assert {each.resource_id for each in new_rows.events()} == {bare(held["id"]), bare(more["id"])}
    assert refusal(api, CUSTOMER, REVOKE, id=LINK) == ("NO_DELEGATED_ADMIN", ["id"])


def test_each_side_lists_its_own_grants_and_filters_relationships_by_them(api: Api) -> None:
    assert {each["partner"]["name"] for each in listed(api, "meadow-global-admin")} == {"Alder", "Willow"}
    assert {each["partner"]["name"] for each in listed(api, "birch-sales-agent")} == {"Birch"}
    assert listed(api, "birch-billing-admin") == []
    assert listed(api, "meadow-global-admin", status={"eq": "EXPIRED"}) == []
    query = """query ($held: Boolean!) {
      resellerRelationships(filter: {delegatedAdmin: {eq: $held}}) { nodes { customer { companyName } } } }"""
    for held, names in ((True, {"Meadow Dairy"}), (False, {"Canyon Tools", None})):
        nodes = api.ask(PERSONA, query, held=held).data["resellerRelationships"]["nodes"]
        assert {each["customer"] and each["customer"]["companyName"] for each in nodes} >= names
    api.world.clock.now += timedelta(days=731)
    nodes = api.ask(PERSONA, query, held=True).data["resellerRelationships"]["nodes"]
    assert nodes == []


def test_the_lists_of_customer_and_relationship_hold_the_grants(api: Api) -> None:
    query = """{ customers { nodes { companyName delegatedAdminGrants { totalCount }
      resellerRelationships { nodes { delegatedAdminGrants { nodes { id } } } } } } }"""
    (meadow,) = api.ask("meadow-global-admin", query).data["customers"]["nodes"]
    assert meadow["delegatedAdminGrants"]["totalCount"] == 2
    within = [each["delegatedAdminGrants"]["nodes"] for each in meadow["resellerRelationships"]["nodes"]]
    assert [{"id": grant_of(ALDER, MEADOW)}] in within


def test_the_audit_log_tells_rights_and_duration(api: Api) -> None:
    made = asked(api)["id"]
    new_rows = NewRows(api)
    done(api, CUSTOMER, APPROVE, id=made, rights=["SUPPORT"], duration="P10D")
    (own,), (others,) = new_rows.records(CANYON.id), new_rows.records(ALDER.id)
    assert own.old_value["rights"] == ["manage_subscriptions", "support"]
    assert (own.new_value["rights"], own.new_value["duration"]) == (["support"], "P10D")
    assert others.new_value == {"status": "active"}
