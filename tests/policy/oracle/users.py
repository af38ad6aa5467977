"""Users."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import USER_MANAGERS, has
from tests.policy.oracle.world import Row, World

ACCESS = {Action.DISABLE, Action.ENABLE}


def may(_world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside; R55: access is ended by global admins alone."""
    roles = {"global_admin"} if action in ACCESS else USER_MANAGERS
    return row["tenant_id"] == who.tenant_id and has(who, roles)


def reasons(_world: World, who: Principal, action: Action, _row: Row) -> set[str]:
    """An application gives nobody a role, nor takes or gives access."""
    alone = action in {Action.UPDATE_ROLES, *ACCESS} and who.auth_mode == "app"
    return {"PERSON_REQUIRED"} if alone else set()
