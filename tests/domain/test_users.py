"""Which roles a user may give to others and take from them, by its own roles."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.domain.refusals import Refusal
from multichannel.domain.users import Role, User, require_assignable
from tests.domain.builders import BEGAN, NOW
from tests.refusals import refuses

ASSIGNABLE = {
    Role.GLOBAL_ADMIN: set(Role),
    Role.USER_MANAGEMENT_ADMIN: set(Role) - {Role.GLOBAL_ADMIN},
    Role.ACCOUNT_ADMIN: {Role.ACCOUNT_ADMIN},
}


@pytest.mark.parametrize("own", Role)
@pytest.mark.parametrize("role", Role)
def test_a_user_assigns_the_roles_within_its_own_reach_and_no_others(own: Role, role: Role) -> None:
    if role in ASSIGNABLE.get(own, ()):
        require_assignable([role], by=[own])
    else:
        with refuses(Refusal.ROLE_NOT_YOURS_TO_ASSIGN):
            require_assignable([role], by=[own])


def test_roles_add_up() -> None:
    require_assignable([Role.ACCOUNT_ADMIN, Role.SALES_AGENT], by=["account_admin", "user_management_admin"])


def user(**differing: Any) -> User:
    return User(**({"id": "user", "tenant_id": "tenant", "version": 2, "updated_at": BEGAN} | differing))


@pytest.mark.parametrize(
    ("held", "wanted", "changed"),
    [
        ([], [], set()),
        ([Role.SALES_AGENT], [Role.SALES_AGENT], set()),
        ([], [Role.SALES_AGENT], {Role.SALES_AGENT}),
        ([Role.SALES_AGENT], [], {Role.SALES_AGENT}),
        (
            [Role.SALES_AGENT, Role.ADMIN_AGENT],
            [Role.ADMIN_AGENT, Role.GLOBAL_ADMIN],
            {Role.SALES_AGENT, Role.GLOBAL_ADMIN},
        ),
    ],
)
def test_a_change_of_roles_gives_those_that_differ_and_counts_a_version(
    held: list[Role], wanted: list[Role], changed: set[Role]
) -> None:
    row = user()

    assert row.reassign(held, wanted, by=["global_admin"], expected_version=2, at=NOW) == changed
    assert (row.version, row.updated_at) == ((3, NOW) if changed else (2, BEGAN))


@pytest.mark.rule("R46")
def test_roles_of_another_version_are_not_changed() -> None:
    row = user()
    with refuses(Refusal.STALE_VERSION):
        row.reassign([], [Role.SALES_AGENT], by=["global_admin"], expected_version=1, at=NOW)
    assert row.version == 2


@pytest.mark.parametrize(("held", "wanted"), [([Role.GLOBAL_ADMIN], []), ([], [Role.GLOBAL_ADMIN])])
def test_a_role_beyond_reach_is_neither_assigned_nor_removed(held: list[Role], wanted: list[Role]) -> None:
    row = user()
    with refuses(Refusal.ROLE_NOT_YOURS_TO_ASSIGN):
        row.reassign(held, wanted, by=["user_management_admin"], expected_version=2, at=NOW)
    assert row.version == 2


def test_a_role_beyond_reach_may_stay() -> None:
    row = user()
    held = [Role.GLOBAL_ADMIN]
    wanted = [Role.GLOBAL_ADMIN, Role.SALES_AGENT]

    changed = row.reassign(held, wanted, by=["user_management_admin"], expected_version=2, at=NOW)

    assert changed == {Role.SALES_AGENT}
