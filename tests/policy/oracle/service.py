"""The service itself, in each of its roles."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.world import Row

NEEDED = {
    ("identity", Action.READ, "User"),
    ("identity", Action.VERIFY_DOMAIN, "Partner"),
    ("identity", Action.VERIFY_DOMAIN, "Customer"),
    ("importer", Action.IMPORT, "Partner"),
    ("operator", Action.ADD_USER, "Partner"),
    ("operator", Action.READ_SUMMARY, "Partner"),
    ("operator", Action.ADD_USER, "Customer"),
    ("operator", Action.READ_SUMMARY, "Customer"),
    ("operator", Action.READ, "User"),
    ("operator", Action.DISABLE, "User"),
    ("operator", Action.ENABLE, "User"),
    ("seeder", Action.READ_SUMMARY, "Partner"),
    ("seeder", Action.READ, "Partner"),
    ("auditor", Action.READ_SUMMARY, "AuditRecord"),
    ("auditor", Action.READ, "AuditRecord"),
    ("sweeper", Action.EXPIRE, "AuditRecord"),
    ("bulk_runner", Action.RUN_BULK, "BulkOperation"),
}
"""The least each needs: sign-in reads users, an import writes a partner's facts, and so on."""
NEEDED_IN_ONE_CLOUD = {
    ("invitee", Action.REDEEM, "ResellerRelationship"),
    ("invitee", Action.REDEEM, "Partnership"),
    ("sweeper", Action.EXPIRE, "ResellerRelationship"),
    ("sweeper", Action.EXPIRE, "DelegatedAdminGrant"),
    ("sweeper", Action.EXPIRE, "Subscription"),
    ("sweeper", Action.EXPIRE, "Transfer"),
}
"""What the service does in one national cloud at a time (R52)."""


def may(who: Principal, action: Action, resource: str, row: Row) -> bool:
    """Whether one of the service's roles needs this, of whatever row, or of one in the cloud it works in."""
    asked = {(role, action, resource) for role in who.roles}
    return bool(asked & NEEDED) or (bool(asked & NEEDED_IN_ONE_CLOUD) and row["cloud"] == who.cloud)
