"""Users."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import USER_MANAGERS, has
from tests.policy.oracle.world import Row, World


def may(_world: World, who: Principal, _action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    return row["tenant_id"] == who.tenant_id and has(who, USER_MANAGERS)


def reasons(_world: World, who: Principal, action: Action, _row: Row) -> set[str]:
    """An application gives nobody a role."""
    alone = action is Action.UPDATE_ROLES and who.auth_mode == "app"
    return {"PERSON_REQUIRED"} if alone else set()
