"""A small policy with groups of roles and actions, a choice, and restrictions of all resource types."""

from __future__ import annotations

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES

MAIN = """
type allow(principal: Principal, action: String, resource: Resource);
type has_standing(principal: Principal, standing: String, resource: Resource);
type forbid(reason: String, principal: Principal, action: String, resource: Resource);

allow(principal: Principal, action: String, resource) if
  has_standing(principal, standing, resource) and
  grant(role, standing, action, resource) and
  role in principal.roles;

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Resource) if
  record.cloud != caller.cloud;

# Partners that have left the programme change nothing.
forbid("PARTNER_INACTIVE", caller: Principal, action: String, _: Resource) if
  caller.status = "inactive" and changes(action);

changes("update");
changes("cancel");
changes("create_customer");

seller("admin_agent");
seller("sales_agent");
reader("helpdesk_agent");
reader(role) if seller(role);

# Global admins of the billing partner release subscriptions.
choice("GLOBAL_ADMIN_RELEASES") if false;
"""
SUBSCRIPTIONS = """
has_standing(caller: Principal, "billing_partner", subscription: Subscription) if
  caller.kind = "partner" and subscription.billing_partner_id = caller.tenant_id;
grant(role, "billing_partner", "read", _: Subscription) if reader(role);
grant(role, "billing_partner", action, _: Subscription) if
  seller(role) and changes(action);
grant("admin_agent", "billing_partner", "release", _: Subscription);
grant("global_admin", "billing_partner", "release", _: Subscription) if
  choice("GLOBAL_ADMIN_RELEASES");
"""
SERVICE = """
has_standing(caller: Principal, "system", _: Service) if caller.kind = "system";
grant("operator", "system", "add_partner", _: Service);
"""


def grouped(*edits: tuple[str, str]) -> PolicySource:
    """The policy with these edits of `main.polar`."""
    main = "".join(f"resource {name} {{}}\n" for name in RESOURCES) + MAIN
    for before, after in edits:
        assert main.count(before) == 1
        main = main.replace(before, after)
    return PolicySource(
        (("main.polar", main), ("service.polar", SERVICE), ("subscription.polar", SUBSCRIPTIONS))
    )


def policy_with(*edits: tuple[str, str]) -> Policy:
    """The policy with these edits of `main.polar`, loaded."""
    return Policy(grouped(*edits))
