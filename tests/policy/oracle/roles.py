"""Who somebody is: the sets of roles that the role matrix names, and the kinds of tenant."""

from __future__ import annotations

from collections.abc import Iterable

from multichannel.policy.schema.vocabulary import Principal

MANAGERS = {"global_admin", "admin_agent", "sales_agent", "helpdesk_agent"}
"""Role matrix, "search / view customers" and "edit customer details"."""
VIEWERS = {*MANAGERS, "billing_admin"}
"""Role matrix, "view subscriptions"."""
BILLERS = {"global_admin", "billing_admin", "admin_agent"}
"""Role matrix, "invoices, reconciliation"."""
PARTNERSHIP_MANAGERS = {"global_admin", "user_management_admin", "admin_agent", "sales_agent"}
"""Role matrix, "manage reseller partnerships"."""
USER_MANAGERS = {"global_admin", "user_management_admin", "account_admin"}
"""Role matrix, "partner users and roles"."""
CASE_HANDLERS = {"global_admin", "admin_agent", "helpdesk_agent"}
"""Role matrix, "service requests for customer"; sales agents view them."""
SELLERS = {"global_admin", "user_management_admin", "admin_agent", "sales_agent"}
"""Role matrix, "create customer"."""
ATTESTERS = {"admin_agent", "sales_agent"}
"""Role matrix, "confirm MCA (attest)"."""
AGREEMENT_HANDLERS = {
    "global_admin",
    "user_management_admin",
    "admin_agent",
    "sales_agent",
    "helpdesk_agent",
}
"""Role matrix, "see/handle agreements page"."""
AUDIT_READERS = {*AGREEMENT_HANDLERS, "billing_admin"}
"""Role matrix, "audit / activity log"."""
BULK_STARTERS = {*MANAGERS, *USER_MANAGERS}
"""SM9: whoever changes anything, which billing admins do not."""
EVERY_ROLE = {*VIEWERS, *USER_MANAGERS}


def has(who: Principal, roles: Iterable[str]) -> bool:
    """Whether the principal has one of the roles."""
    return not set(roles).isdisjoint(who.roles)


def is_partner(who: Principal) -> bool:
    """Whether the principal acts for a partner, of whatever type."""
    return who.kind == "partner"


def is_customer(who: Principal) -> bool:
    """Whether the principal acts for a customer."""
    return who.kind == "customer"
