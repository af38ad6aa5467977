"""Audit records."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import AUDIT_READERS, has, is_customer
from tests.policy.oracle.world import Row, World


def may(_world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside: one's own chain, values for global admins alone."""
    if row["tenant_id"] != who.tenant_id or action is Action.EXPIRE:
        return False
    values = action is Action.READ or is_customer(who)
    return has(who, {"global_admin"} if values else AUDIT_READERS)


def reasons(_world: World, _who: Principal, _action: Action, _row: Row) -> set[str]:
    """No restriction of its own."""
    return set()
