from __future__ import annotations

from multichannel.demo.cast import ALDER, fixed_id
from multichannel.domain.users import Role, RoleAssignment, User
from multichannel.services.users import NewUser, create_user, update_user_roles
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
ROBIN = NewUser(fixed_id("robin"), "Robin", (Role.SALES_AGENT,))


def roles(use_cases: UseCases, user_id: str) -> set[Role]:
    return {each.role for each in use_cases.rows(RoleAssignment, user_id=user_id)}


def test_a_user_is_created_once_in_the_tenant_of_the_caller(use_cases: UseCases) -> None:
    user_id = use_cases.run("alder-global-admin", lambda work: create_user(work, ROBIN))

    assert use_cases.row(User, id=user_id).tenant_id == ALDER.id
    assert roles(use_cases, user_id) == {Role.SALES_AGENT}
    assert use_cases.refused("alder-global-admin", lambda work: create_user(work, ROBIN)) == "USER_EXISTS"


def test_roles_are_replaced_in_the_version_that_was_seen(use_cases: UseCases) -> None:
    user_id = use_cases.run("alder-global-admin", lambda work: create_user(work, ROBIN))
    wanted = {Role.ADMIN_AGENT, Role.HELPDESK_AGENT}

    code = use_cases.refused(
        "alder-global-admin", lambda work: update_user_roles(work, user_id, wanted, expected_version=2)
    )
    assert code == "STALE_VERSION"
    use_cases.run(
        "alder-global-admin", lambda work: update_user_roles(work, user_id, wanted, expected_version=1)
    )
    assert roles(use_cases, user_id) == wanted


def test_nobody_changes_their_own_roles(use_cases: UseCases) -> None:
    own = use_cases.world.caller("alder-global-admin").user_id

    code = use_cases.refused(
        "alder-global-admin", lambda work: update_user_roles(work, own, [], expected_version=1)
    )

    assert code == "SELF_CHANGE"


def test_a_second_global_admin_can_lose_the_role(use_cases: UseCases) -> None:
    second = NewUser(fixed_id("robin"), "Robin", (Role.GLOBAL_ADMIN,))
    user_id = use_cases.run("meadow-global-admin", lambda work: create_user(work, second))
    use_cases.run(
        "meadow-global-admin", lambda work: update_user_roles(work, user_id, [], expected_version=1)
    )

    assert roles(use_cases, user_id) == set()
