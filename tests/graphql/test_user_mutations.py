"""Users of one's own tenant: who makes them, and whose roles reach how far."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, find_persona, fixed_id
from multichannel.domain.refusals import Refusal
from multichannel.domain.users import Role, RoleAssignment, User, UserState
from multichannel.errors import NotPermitted
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.services.users import NewUser, create_user, disable_user, update_user_roles
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.users import SIGNING_IN
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.refusals import refuses
from tests.world import postgresql_later

pytestmark = postgresql_later

CREATE = """mutation($input: CreateUserInput!) { createUser(input: $input) {
  user { id displayName objectId roles state version partner { name } customer { companyName } }
  userErrors { code path } } }"""
UPDATE = """mutation($input: UpdateUserRolesInput!) { updateUserRoles(input: $input) {
  user { roles version } userErrors { code path currentVersion } } }"""
ACCESS = """mutation($input: %sUserInput!) { %sUser(input: $input) {
  user { state roles version } userErrors { code path } } }"""
NEWCOMER = fixed_id("newcomer")


def create(api: Api, persona: str, *roles: str, **more: Any) -> Answer:
    input = {"objectId": NEWCOMER, "displayName": "Newcomer", "roles": roles, **more}
    return api.ask(persona, CREATE, input=input)


def assign(api: Api, persona: str, whom: str, *roles: str, **more: Any) -> Answer:
    input = {"id": f"user_{user_id(whom)}", "expectedVersion": 1, "roles": roles, **more}
    return api.ask(persona, UPDATE, input=input)


def access(api: Api, persona: str, word: str, whom: str, version: int = 1) -> Answer:
    document = ACCESS % (word.capitalize(), word)
    return api.ask(persona, document, input={"id": f"user_{user_id(whom)}", "expectedVersion": version})


def user_id(persona: str) -> str:
    return fixed_id(f"{find_persona(persona).name}.user")


def roles_of(api: Api, persona: str) -> set[str]:
    return {each.role for each in stored(api, RoleAssignment, user_id=user_id(persona))}


def codes(answer: Answer, mutation: str) -> list[str]:
    return [each["code"] for each in answer.data[mutation]["userErrors"]]


def test_a_partners_admin_adds_a_user_who_can_sign_in_at_once(api: Api) -> None:
    new_rows = NewRows(api)

    answer = create(api, "alder-global-admin", "SALES_AGENT", "BILLING_ADMIN", "SALES_AGENT")

    made = answer.data["createUser"]["user"]
    assert made["roles"] == ["BILLING_ADMIN", "SALES_AGENT"]
    assert (made["partner"], made["customer"]) == ({"name": "Alder"}, None)
    assert (made["objectId"], made["state"], made["version"]) == (NEWCOMER, "ACTIVE", 1)
    user = stored(api, User, object_id=NEWCOMER)[0]
    assert (user.tenant_id, user.cloud) == (ALDER.id, ALDER.cloud)
    assert [(each.operation, each.resource_type) for each in new_rows.events()] == [("create_user", "User")]
    (record,) = new_rows.records()
    assert record.tenant_id == ALDER.id
    assert record.new_value["roles"] == ["billing_admin", "sales_agent"]


def test_a_customer_manages_its_own_people(api: Api) -> None:
    new_rows = NewRows(api)

    answer = create(api, "meadow-global-admin", "USER_MANAGEMENT_ADMIN")

    assert answer.data["createUser"]["user"]["customer"] == {"companyName": "Meadow Dairy"}
    assert [each.tenant_id for each in new_rows.records()] == [MEADOW.id]
    seen = api.ask(
        "alder-global-admin",
        "query($id: ID!) { node(id: $id) { id } }",
        id=answer.data["createUser"]["user"]["id"],
    )
    assert seen.data == {"node": None}


@pytest.mark.parametrize(
    ("persona", "role"),
    [("alder-user-management-admin", Role.GLOBAL_ADMIN), ("alder-account-admin", Role.SALES_AGENT)],
)
def test_roles_that_the_caller_may_not_assign_are_neither_added_nor_removed(
    api: Api, persona: str, role: Role
) -> None:
    with api.world.store.engine.begin() as connection:
        held = {"user_id": user_id("alder-user"), "tenant_id": ALDER.id, "role": role}
        connection.execute(insert(RoleAssignment), held)

    assert codes(create(api, persona, role.name), "createUser") == ["ROLE_NOT_YOURS_TO_ASSIGN"]
    assert codes(assign(api, persona, "alder-user"), "updateUserRoles") == ["ROLE_NOT_YOURS_TO_ASSIGN"]
    assert roles_of(api, "alder-user") == {role}


def test_roles_that_are_kept_need_not_be_assignable(api: Api) -> None:
    answer = assign(api, "alder-account-admin", "alder-sales-agent", "SALES_AGENT", "ACCOUNT_ADMIN")

    assert answer.data["updateUserRoles"]["user"] == {
        "roles": ["ACCOUNT_ADMIN", "SALES_AGENT"],
        "version": 2,
    }


def test_users_cannot_change_their_own_roles(api: Api) -> None:
    answer = assign(api, "alder-user-management-admin", "alder-user-management-admin", "ADMIN_AGENT")

    assert codes(answer, "updateUserRoles") == ["SELF_CHANGE"]
    assert roles_of(api, "alder-user-management-admin") == {"user_management_admin"}


@pytest.mark.rule("R53")
def test_a_change_of_roles_is_recorded_with_the_previous_roles(api: Api) -> None:
    new_rows = NewRows(api)

    assign(api, "alder-global-admin", "alder-sales-agent", "ADMIN_AGENT", "SALES_AGENT")

    (record,) = new_rows.records()
    assert (record.tenant_id, record.operation) == (ALDER.id, "update_user_roles")
    assert (record.old_value, record.new_value) == (
        {"roles": ["sales_agent"]},
        {"roles": ["admin_agent", "sales_agent"]},
    )
    assert record.actor_user_id == user_id("alder-global-admin")
    assert len(new_rows.events()) == 1


def test_the_same_roles_again_are_no_change(api: Api) -> None:
    new_rows = NewRows(api)

    answer = assign(api, "alder-global-admin", "alder-sales-agent", "SALES_AGENT")

    assert answer.data["updateUserRoles"]["user"]["version"] == 1
    assert new_rows.events() == []


def test_an_old_version_is_refused_with_the_current_one(api: Api) -> None:
    assign(api, "alder-global-admin", "alder-sales-agent", "ADMIN_AGENT")

    answer = assign(api, "alder-global-admin", "alder-sales-agent", "SALES_AGENT")

    assert answer.data["updateUserRoles"] == {
        "user": None,
        "userErrors": [{"code": "STALE_VERSION", "path": ["expectedVersion"], "currentVersion": 2}],
    }
    assert roles_of(api, "alder-sales-agent") == {"admin_agent"}


def test_an_object_id_is_used_once_in_a_tenant_and_freely_in_others(api: Api) -> None:
    assert codes(create(api, "alder-global-admin"), "createUser") == []
    assert codes(create(api, "alder-account-admin"), "createUser") == ["USER_EXISTS"]
    assert codes(create(api, "meadow-global-admin"), "createUser") == []
    assert {each.tenant_id for each in stored(api, User, object_id=NEWCOMER)} == {ALDER.id, MEADOW.id}


@pytest.mark.parametrize("persona", ["cedar-user-management-admin", "meadow-global-admin"])
def test_users_of_other_tenants_are_not_found(api: Api, persona: str) -> None:
    new_rows = NewRows(api)

    answer = assign(api, persona, "alder-sales-agent")

    assert answer.errors == [(["updateUserRoles"], "NOT_FOUND")]
    assert roles_of(api, "alder-sales-agent") == {"sales_agent"}
    assert ALDER.id not in {each.tenant_id for each in new_rows.records()}


def test_a_tenant_keeps_an_active_global_admin_even_if_two_take_each_other_away(api: Api) -> None:
    create(api, "alder-global-admin", "GLOBAL_ADMIN")
    second = stored(api, User, object_id=NEWCOMER)[0].id
    caller = api.world.caller("alder-global-admin")

    def take(whom: str, by: str, version: int) -> None:
        act = MutationContext("update_user_roles", "User", whom, user_id=by)
        api.world.store.act(
            caller.principal,
            act,
            lambda work: update_user_roles(work, whom, [], expected_version=version).id,
        )

    take(caller.user_id, second, 1)
    with refuses(Refusal.LAST_GLOBAL_ADMIN):  # the first signed in before the role was gone
        take(second, caller.user_id, 1)

    assert [each.role for each in stored(api, RoleAssignment, user_id=second)] == [Role.GLOBAL_ADMIN]


def test_an_inactive_global_admin_does_not_count_as_one(api: Api) -> None:
    create(api, "alder-global-admin", "GLOBAL_ADMIN")
    second = stored(api, User, object_id=NEWCOMER)[0].id
    caller = api.world.caller("alder-global-admin")
    with api.world.store.engine.begin() as connection:
        connection.execute(update(User).where(User.id == second).values(state="inactive"))
    act = MutationContext("update_user_roles", "User", caller.user_id, user_id=second)

    with refuses(Refusal.LAST_GLOBAL_ADMIN):
        api.world.store.act(
            caller.principal,
            act,
            lambda work: update_user_roles(work, caller.user_id, [], expected_version=1).id,
        )


def test_an_application_alone_manages_nobody(api: Api) -> None:
    caller = api.world.caller("alder-global-admin")
    alone = replace(caller.principal, auth_mode=AuthMode.APP)
    newcomer = NewUser(NEWCOMER, "Newcomer", ())
    act = MutationContext("create_user", "Partner", user_id=caller.user_id)

    with pytest.raises(NotPermitted) as denial:
        api.world.store.act(alone, act, lambda work: create_user(work, newcomer).id)

    assert denial.value.reasons == ("PERSON_REQUIRED",)
    assert stored(api, User, object_id=NEWCOMER) == []


@pytest.mark.parametrize("wrong", [{"objectId": "newcomer"}, {"displayName": ""}, {"roles": ["OPERATOR"]}])
def test_an_invalid_user_is_bad_input(api: Api, wrong: dict[str, Any]) -> None:
    assert create(api, "alder-global-admin", **wrong).codes == ["BAD_INPUT"]


@pytest.mark.rule("R55")
def test_a_disabled_user_cannot_sign_in_until_it_is_enabled(api: Api) -> None:
    new_rows, target = NewRows(api), find_persona("alder-sales-agent")

    disabled = access(api, "alder-global-admin", "disable", "alder-sales-agent")

    shown = {"state": "INACTIVE", "roles": ["SALES_AGENT"], "version": 2}
    assert disabled.data["disableUser"] == {"user": shown, "userErrors": []}
    (record,) = new_rows.records()
    assert (record.tenant_id, record.operation) == (ALDER.id, "disable_user")
    assert (record.old_value, record.new_value) == ({"state": "active"}, {"state": "inactive"})
    with api.world.store.reading(SIGNING_IN) as work:
        assert not work.sign_in.caller(
            directory_id=ALDER.id, object_id=target.id, auth_mode=AuthMode.APP_USER
        )
    enabled = access(api, "alder-global-admin", "enable", "alder-sales-agent", 2)
    assert enabled.data["enableUser"]["user"] == {**shown, "state": "ACTIVE", "version": 3}
    assert api.world.caller("alder-sales-agent").principal.roles == ("sales_agent",)


@pytest.mark.rule("R55")
def test_access_is_ended_and_given_once_and_never_ones_own(api: Api) -> None:
    assert codes(access(api, "alder-global-admin", "disable", "alder-global-admin"), "disableUser") == [
        "SELF_CHANGE"
    ]
    assert codes(access(api, "alder-global-admin", "enable", "alder-user"), "enableUser") == [
        "ALREADY_ENABLED"
    ]
    access(api, "alder-global-admin", "disable", "alder-user")
    assert codes(access(api, "alder-global-admin", "disable", "alder-user", 2), "disableUser") == [
        "ALREADY_DISABLED"
    ]
    assert codes(access(api, "alder-global-admin", "enable", "alder-user"), "enableUser") == ["STALE_VERSION"]


@pytest.mark.rule("R55")
@pytest.mark.parametrize("word", ["disable", "enable"])
def test_only_a_global_admin_of_the_tenant_ends_or_gives_access(api: Api, word: str) -> None:
    assert access(api, "alder-user-management-admin", word, "alder-user").codes == ["FORBIDDEN"]
    assert access(api, "alder-sales-agent", word, "alder-user").codes == ["NOT_FOUND"]
    assert access(api, "meadow-global-admin", word, "alder-user").codes == ["NOT_FOUND"]
    assert {each.state for each in stored(api, User, id=user_id("alder-user"))} == {UserState.ACTIVE}


@pytest.mark.rule("R55")
def test_the_last_global_admin_stays_even_if_two_disable_each_other(api: Api) -> None:
    create(api, "alder-global-admin", "GLOBAL_ADMIN")
    second = stored(api, User, object_id=NEWCOMER)[0].id
    caller = api.world.caller("alder-global-admin")

    def disable(whom: str, by: str) -> None:
        act = MutationContext("disable_user", "User", whom, user_id=by)
        api.world.store.act(
            caller.principal, act, lambda work: disable_user(work, whom, expected_version=1).id
        )

    disable(caller.user_id, second)
    with refuses(Refusal.LAST_GLOBAL_ADMIN):  # the first signed in before it was disabled
        disable(second, caller.user_id)

    assert {each.state for each in stored(api, User, id=second)} == {UserState.ACTIVE}


def test_users_are_listed_below_their_own_organisation_and_for_those_who_manage_them(api: Api) -> None:
    query = "{ viewer { partner { users(first: 50) { nodes { displayName roles } } } } }"

    found = api.ask("alder-account-admin", query)
    hidden = api.ask("alder-sales-agent", query).data["viewer"]["partner"]["users"]["nodes"]

    by_name = {
        each["displayName"]: each["roles"] for each in found.data["viewer"]["partner"]["users"]["nodes"]
    }
    assert by_name["Alder, user"] == []
    assert by_name["Alder, sales agent"] == ["SALES_AGENT"]
    assert len(by_name) == len(stored(api, User, tenant_id=ALDER.id))
    assert hidden == []
    theirs = api.ask("meadow-global-admin", "{ viewer { customer { users { totalCount } } } }").data
    assert theirs["viewer"]["customer"]["users"]["totalCount"] == len(stored(api, User, tenant_id=MEADOW.id))


def test_a_page_of_users_with_roles_takes_one_statement_for_all_roles(api: Api) -> None:
    query = "{ viewer { partner { users(first: 50) { nodes { roles } } } } }"

    assert len(api.ask("alder-global-admin", query).statements) == 2
    assert len(api.ask("cedar-user-management-admin", query).statements) == 2
    assert len(stored(api, User, tenant_id=CEDAR.id)) < len(stored(api, User, tenant_id=ALDER.id))


STATEMENTS = {"create_user": 12, "update_user_roles": 13}
"""What one success takes, with one role given."""


@pytest.mark.parametrize("crowd", [0, 200])
def test_statements_do_not_grow_with_users(api: Api, crowd: int) -> None:
    now = api.world.clock.now
    rows = [
        {
            "id": fixed_id(f"crowd-{number}"),
            "tenant_id": ALDER.id,
            "object_id": fixed_id(f"crowd-{number}.object"),
            "display_name": "Crowd",
            "cloud": "public",
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for number in range(crowd)
    ]
    if rows:
        with api.world.store.engine.begin() as connection:
            connection.execute(insert(User), rows)

    short = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }"
    input = {"objectId": NEWCOMER, "displayName": "Newcomer", "roles": ["SALES_AGENT"]}
    created = api.ask("alder-global-admin", short, input=input)
    changed = assign(api, "alder-global-admin", "alder-sales-agent", "ADMIN_AGENT")

    assert {
        "create_user": len(created.statements),
        "update_user_roles": len(changed.statements),
    } == STATEMENTS
