"""Which roles a user may give to others and take from them, by its own roles."""

from __future__ import annotations

import pytest

from multichannel.domain.refusals import Refusal
from multichannel.domain.users import Role, require_assignable
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
