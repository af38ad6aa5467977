"""What a partner can do with each delegated right, and cannot without it (R59), and how it is told (R60)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, MEADOW, fixed_id
from multichannel.domain.audit import AuditRecord
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.users import Role, RoleAssignment, User
from multichannel.services.audit import verify
from tests.graphql.conftest import Answer, Api
from tests.graphql.relationship_api import bare, done, grant_of, relationship_of, set_row
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

HELD, LINK = grant_of(ALDER, MEADOW), relationship_of(ALDER, MEADOW)
DIRECT = fixed_id("meadow-office-direct.subscription")
EVERY_RIGHT = ("SUPPORT", "MANAGE_SUBSCRIPTIONS", "MANAGE_USERS", "READ_DIRECTORY")
CLERK, ADMIN = fixed_id("meadow-billing-admin.user"), fixed_id("meadow-global-admin.user")
RENAME = """mutation ($input: UpdateSubscriptionInput!) { updateSubscription(input: $input) {
  subscription { friendlyName version } userErrors { code } } }"""
CANCEL = """mutation ($input: CancelSubscriptionInput!) { cancelSubscription(input: $input) {
  subscription { status } userErrors { code } } }"""
ASSIGN = """mutation ($input: UpdateUserRolesInput!) { updateUserRoles(input: $input) {
  user { roles } userErrors { code } } }"""
CREATE = """mutation ($input: CreateUserInput!) { createUser(input: $input) {
  user { displayName customer { companyName } } userErrors { code } } }"""
DISABLE = "mutation ($input: DisableUserInput!) { disableUser(input: $input) { userErrors { code } } }"
USERS = "query ($id: ID!) { node(id: $id) { ... on Customer { users { totalCount nodes { id roles } } } } }"


@pytest.fixture(autouse=True)
def without_relationship(api: Api) -> None:
    """The relationship opens nothing here, so that only what is delegated counts."""
    set_row(api, ResellerRelationship, bare(LINK), status="removed")


def keep(api: Api, *rights: str) -> None:
    """Leave Alder these rights alone."""
    kept = {right.lower(): right in rights for right in EVERY_RIGHT}
    set_row(api, DelegatedAdminGrant, bare(HELD), **kept)


def rename(api: Api, persona: str = "alder-admin-agent") -> Answer:
    version = stored(api, Subscription, id=DIRECT)[0].version
    input = {"id": f"subscription_{DIRECT}", "expectedVersion": version, "friendlyName": "Ours"}
    return api.ask(persona, RENAME, input=input)


def assign(api: Api, user_id: str, *roles: str, persona: str = "alder-admin-agent") -> Answer:
    version = stored(api, User, id=user_id)[0].version
    input = {"id": f"user_{user_id}", "expectedVersion": version, "roles": roles}
    return api.ask(persona, ASSIGN, input=input)


def create(api: Api, *roles: str, persona: str = "alder-admin-agent") -> Answer:
    input = {"objectId": fixed_id("newcomer"), "displayName": "New", "roles": roles}
    return api.ask(persona, CREATE, input={**input, "customer": f"customer_{MEADOW.id}"})


def code(answer: Answer) -> str:
    """DONE, or the code of the refusal or denial."""
    if answer.body.get("errors"):
        return str(answer.body["errors"][0]["extensions"]["code"])
    errors = next(iter(answer.data.values()))["userErrors"]
    return str(errors[0]["code"]) if errors else "DONE"


def reads(api: Api, persona: str) -> bool:
    query = "query ($id: ID!) { node(id: $id) { ... on Subscription { offerName } } }"
    answer = api.ask(persona, query, id=f"subscription_{DIRECT}")
    return bool((answer.body.get("data") or {}).get("node"))


@pytest.mark.rule("R59")
@pytest.mark.parametrize("right", EVERY_RIGHT)
def test_each_right_opens_what_it_names_and_nothing_else(api: Api, right: str) -> None:
    keep(api, right)
    manages_users = right == "MANAGE_USERS"
    assert reads(api, "alder-admin-agent") is (right in {"SUPPORT", "MANAGE_SUBSCRIPTIONS"})
    assert reads(api, "alder-helpdesk-agent") is (right == "SUPPORT")
    expected = {"SUPPORT": "FORBIDDEN", "MANAGE_SUBSCRIPTIONS": "DONE"}.get(right, "NOT_FOUND")
    assert code(rename(api)) == expected
    assert code(create(api, "SALES_AGENT")) == ("DONE" if manages_users else "NOT_FOUND")
    expected = {"MANAGE_USERS": "DONE", "READ_DIRECTORY": "FORBIDDEN"}.get(right, "NOT_FOUND")
    assert code(assign(api, CLERK, "SALES_AGENT")) == expected


@pytest.mark.rule("R59")
@pytest.mark.parametrize("role", ["global-admin", "sales-agent", "user-management-admin", "helpdesk-agent"])
def test_nobody_but_admin_agents_uses_more_than_support(api: Api, role: str) -> None:
    persona = f"alder-{role}"
    assert reads(api, persona) is (role == "helpdesk-agent")
    assert code(rename(api, persona)) in {"NOT_FOUND", "FORBIDDEN"}
    assert code(create(api, persona=persona)) == "NOT_FOUND"
    assert code(assign(api, CLERK, "SALES_AGENT", persona=persona)) == "NOT_FOUND"


@pytest.mark.rule("R59")
def test_a_record_is_managed_as_the_customer_could(api: Api) -> None:
    assert rename(api).data["updateSubscription"]["subscription"]["friendlyName"] == "Ours"
    input = {"id": f"subscription_{DIRECT}", "expectedVersion": 2, "reason": "CUSTOMER_REQUEST"}
    canceled = api.ask("alder-admin-agent", CANCEL, input=input).data["cancelSubscription"]
    assert (canceled["subscription"]["status"], canceled["userErrors"]) == ("DELETED", [])


@pytest.mark.rule("R59")
def test_users_are_managed_except_for_global_admins_and_none_is_made(api: Api) -> None:
    assert code(create(api, "GLOBAL_ADMIN")) == "ROLE_NOT_YOURS_TO_ASSIGN"
    assert code(assign(api, CLERK, "GLOBAL_ADMIN")) == "ROLE_NOT_YOURS_TO_ASSIGN"
    denied = assign(api, ADMIN, "SALES_AGENT")
    assert denied.body["errors"][0]["extensions"]["reasons"] == ["GLOBAL_ADMIN_OF_CUSTOMER"]
    assert {each.role for each in stored(api, RoleAssignment, user_id=ADMIN)} == {Role.GLOBAL_ADMIN}

    made = create(api, "SALES_AGENT").data["createUser"]["user"]
    assert (made["displayName"], stored(api, User, object_id=fixed_id("newcomer"))[0].tenant_id) == (
        "New",
        MEADOW.id,
    )
    assert code(assign(api, CLERK, "SALES_AGENT", "BILLING_ADMIN")) == "DONE"
    for user_id, outcome in ((CLERK, "DONE"), (ADMIN, "FORBIDDEN")):
        input = {"id": f"user_{user_id}", "expectedVersion": stored(api, User, id=user_id)[0].version}
        assert code(api.ask("alder-admin-agent", DISABLE, input=input)) == outcome


@pytest.mark.rule("R59")
@pytest.mark.parametrize("ending", ["terminate", "revoke", "expiry", "decline of more"])
def test_the_end_of_a_grant_ends_what_it_opens_with_the_next_statement(api: Api, ending: str) -> None:
    assert reads(api, "alder-admin-agent")
    if ending == "terminate":
        done(api, "meadow-global-admin", "terminateDelegatedAdmin", id=HELD)
    elif ending == "revoke":
        set_row(api, ResellerRelationship, bare(LINK), status="active")
        done(api, "meadow-global-admin", "revokeDelegatedAdmin", id=LINK)
        set_row(api, ResellerRelationship, bare(LINK), status="removed")
    elif ending == "expiry":
        api.world.clock.now += timedelta(days=730)
    else:
        done(api, "meadow-global-admin", "reduceDelegatedAdmin", id=HELD, rights=["READ_DIRECTORY"])
    assert not reads(api, "alder-admin-agent")
    assert code(rename(api)) == "NOT_FOUND"
    assert code(create(api)) == "NOT_FOUND"


@pytest.mark.rule("R59", "R8")
def test_nothing_that_another_partner_sells_is_opened(api: Api) -> None:
    names = "{ subscriptions(first: 100) { nodes { friendlyName channel } } }"
    seen = api.ask("alder-admin-agent", names).data["subscriptions"]["nodes"]
    assert "Meadow office direct" in {each["friendlyName"] for each in seen}
    assert not {"Meadow azure cedar", "Meadow phone cedar"} & {each["friendlyName"] for each in seen}


@pytest.mark.rule("R59")
def test_the_directory_is_listed_with_one_right_and_counted_by_it(api: Api) -> None:
    set_row(api, ResellerRelationship, bare(LINK), status="active")
    keep(api, "READ_DIRECTORY")
    listed: Any = api.ask("alder-admin-agent", USERS, id=f"customer_{MEADOW.id}").data["node"]["users"]
    everyone = {f"user_{each.id}" for each in stored(api, User, tenant_id=MEADOW.id)}
    assert {each["id"] for each in listed["nodes"]} == everyone
    assert listed["totalCount"] == len(everyone)
    keep(api, "SUPPORT")
    none = api.ask("alder-admin-agent", USERS, id=f"customer_{MEADOW.id}").data["node"]["users"]
    assert none == {"totalCount": 0, "nodes": []}


@pytest.mark.rule("R60")
def test_both_sides_are_told_by_which_grant_something_was_done_and_the_customer_by_whom(api: Api) -> None:
    new_rows = NewRows(api)
    rename(api)
    assign(api, CLERK, "SALES_AGENT")
    create(api)

    records = new_rows.records()
    assert {each.tenant_id for each in records} == {ALDER.id, MEADOW.id}
    assert {each.delegated_admin_grant_id for each in records} == {bare(HELD)}
    agent = fixed_id("alder-admin-agent.user")
    assert {(each.actor_tenant_id, each.actor_user_id, each.actor_name) for each in records} == {
        (ALDER.id, agent, "Alder, admin agent")
    }
    told = """{ auditRecords(last: 3, orderBy: NUMBER) { nodes {
      operation actorName actorUserId delegatedAdminGrant { id partner { name } } } } }"""
    for each in api.ask("meadow-global-admin", told).data["auditRecords"]["nodes"]:
        assert each["delegatedAdminGrant"] == {"id": HELD, "partner": {"name": "Alder"}}
        assert (each["actorName"], each["actorUserId"]) == ("Alder, admin agent", agent)
    assert [str(each) for each in verify(api.world.store) if each.flaw] == []


@pytest.mark.rule("R60")
def test_what_is_done_by_another_right_is_no_delegation(api: Api) -> None:
    set_row(api, ResellerRelationship, bare(LINK), status="active")
    new_rows = NewRows(api)
    query = (
        "mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { userErrors { code } } }"
    )
    input = {"id": f"customer_{MEADOW.id}", "expectedVersion": 1, "city": "Dover"}
    assert code(api.ask("alder-admin-agent", query, input=input)) == "DONE"
    users = [(each.tenant_id, each.actor_user_id, each.actor_name) for each in new_rows.records()]
    assert sorted(users, key=str) == sorted(
        [(ALDER.id, fixed_id("alder-admin-agent.user"), None), (MEADOW.id, None, None)], key=str
    )
    assert {each.delegated_admin_grant_id for each in new_rows.records()} == {None}


@pytest.mark.rule("R60")
def test_a_user_of_a_customer_that_is_not_created_is_recorded_as_of_the_customer(api: Api) -> None:
    keep(api, "READ_DIRECTORY")
    assert create(api, "SALES_AGENT").codes == ["NOT_FOUND"]
    keep(api, "MANAGE_USERS")
    assert create(api, "GLOBAL_ADMIN").data["createUser"]["userErrors"] == [
        {"code": "ROLE_NOT_YOURS_TO_ASSIGN"}
    ]
    own = {"objectId": fixed_id("own"), "displayName": "Own", "roles": []}
    assert api.ask("alder-sales-agent", CREATE, input=own).codes == ["FORBIDDEN"]

    records = stored(api, AuditRecord, operation="create_user", tenant_id=ALDER.id)
    assert [
        (each.status.upper(), each.resource_type, each.resource_id)
        for each in sorted(records, key=lambda each: each.number)
    ] == [
        ("DECLINED", "Customer", MEADOW.id),
        ("FAILED", "Customer", MEADOW.id),
        ("DECLINED", "Partner", None),
    ]
