"""Users."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import delegated_admin
from tests.policy.oracle.roles import USER_MANAGERS, has, is_partner
from tests.policy.oracle.world import Row, World

ACCESS = {Action.DISABLE, Action.ENABLE}
CHANGES = {Action.UPDATE_ROLES, *ACCESS}


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside; R55: access is ended by global admins alone; R59."""
    tenant_id = row["tenant_id"]
    if delegated_admin.uses(world, who, "manage_users", tenant_id):
        return True
    if action is Action.READ and delegated_admin.uses(world, who, "read_directory", tenant_id):
        return True
    roles = {"global_admin"} if action in ACCESS else USER_MANAGERS
    return tenant_id == who.tenant_id and has(who, roles)


def reasons(world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """An application gives nobody a role, nor takes or gives access; R59: what delegation does not reach."""
    if action not in CHANGES:
        return set()
    found = {"PERSON_REQUIRED"} if who.auth_mode == "app" else set()
    if is_partner(who) and row["tenant_id"] != who.tenant_id:
        found |= {"PARTNER_INACTIVE"} if who.status == "inactive" else set()
        found |= {"GLOBAL_ADMIN_OF_CUSTOMER"} if _is_global_admin(world, row) else set()
    return found


def _is_global_admin(world: World, row: Row) -> bool:
    return "global_admin" in row.get("roles", ()) or any(
        each["user_id"] == row["id"] and each["role"] == "global_admin"
        for each in world.tables.get("RoleAssignment", ())
    )
