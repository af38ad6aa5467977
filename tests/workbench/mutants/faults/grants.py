"""Which role may do what: a role too many or too few, the wrong standing, the wrong action."""

from tests.workbench.mutants.fault import Fault, added

GRANTS = (
    Fault(
        "helpdesk agents are swapped for account admins",
        "roles.polar",
        '["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"]',
        '["global_admin", "admin_agent", "sales_agent", "account_admin"]',
    ),
    Fault(
        "billing admins do not read bills any more",
        "roles.polar",
        '["global_admin", "billing_admin", "admin_agent"]',
        '["global_admin", "admin_agent"]',
    ),
    Fault(
        "sales agents read what it costs",
        "roles.polar",
        'role in ["global_admin", "billing_admin", "admin_agent"];',
        'role in ["global_admin", "billing_admin", "admin_agent", "sales_agent"];',
    ),
    Fault(
        "a switch that was to stay off is on: global admins buy (C4)",
        "choices.polar",
        'choice("GLOBAL_ADMINS_BUY") if false;',
        'choice("GLOBAL_ADMINS_BUY") if true;',
    ),
    Fault(
        "sales agents give subscriptions away",
        "subscription.polar",
        'grant("admin_agent", "billing_partner", "release", _: Subscription);',
        'grant(role, "billing_partner", "release", _: Subscription) if\n'
        '  role in ["admin_agent", "sales_agent"];',
    ),
    Fault(
        "support contacts read bills",
        "subscription.polar",
        'grant(role, "billing_partner", "read_billing", _: Subscription)',
        'grant(role, "support_contact", "read_billing", _: Subscription)',
    ),
    Fault(
        "credit shows everything",
        "subscription.polar",
        'grant(role, "partner_of_record", "read_summary"',
        'grant(role, "partner_of_record", "read"',
    ),
    Fault(
        "who may suspend may give away",
        "subscription.polar",
        'action in ["suspend", "reactivate", "cancel"] and\n',
        'action in ["suspend", "reactivate", "cancel", "release"] and\n',
    ),
    Fault(
        "attached resellers vouch for customers",
        "customer.polar",
        'grant(role, "relationship_holder", "confirm_agreement"',
        'grant(role, "attached_reseller", "confirm_agreement"',
    ),
    Fault(
        "the customer's billing admin signs for it",
        "customer.polar",
        'grant("global_admin", "customer", "confirm_agreement", _: Customer);',
        'grant("billing_admin", "customer", "confirm_agreement", _: Customer);',
    ),
    Fault(
        "partners answer their own requests",
        "relationship.polar",
        'grant("global_admin", "customer", action, _: ResellerRelationship)',
        'grant("global_admin", "relationship_holder", action, _: ResellerRelationship)',
    ),
    Fault(
        "account admins ask for rights in a customer's tenant",
        "roles.polar",
        'role in ["global_admin", "admin_agent"];',
        'role in ["global_admin", "admin_agent", "account_admin"];',
    ),
    Fault(
        "partners approve the rights that they asked for",
        "delegated_admin_grant.polar",
        'grant("global_admin", "customer", action, _: DelegatedAdminGrant) if\n  action in ["approve"',
        'grant("global_admin", "grantee", action, _: DelegatedAdminGrant) if\n  action in ["approve"',
    ),
    Fault(
        "a support contact closes the cases of others",
        "support_case.polar",
        'standing in ["customer", "billing_partner", "assigned_partner"] and',
        'standing in ["customer", "billing_partner", "support_contact", "assigned_partner"] and',
    ),
    Fault(
        "targets accept what they asked for",
        "transfer.polar",
        'grant(role, "asked", action, _: Transfer)',
        'grant(role, "target", action, _: Transfer)',
    ),
    Fault(
        "providers are ended by their resellers",
        "partnership.polar",
        'grant(role, "provider", "remove", _: Partnership)',
        'grant(role, "reseller", "remove", _: Partnership)',
    ),
    Fault(
        "sales agents give people roles",
        "roles.polar",
        'role in ["global_admin", "user_management_admin", "account_admin"];',
        'role in ["global_admin", "user_management_admin", "account_admin", "sales_agent"];',
    ),
    Fault(
        "every role reads the values of the audit chain",
        "audit_record.polar",
        'grant("global_admin", "self", "read", _: AuditRecord);',
        'grant(_role, "self", "read", _: AuditRecord);',
    ),
    added(
        "the sweeper reads bills",
        "system.polar",
        'grant("sweeper", "system", "read_billing", _: Subscription);',
    ),
    Fault(
        "an import may make users",
        "system.polar",
        'grant("importer", "system", "import", _: Partner);',
        'grant("importer", "system", action, _: Partner) if action in ["import", "add_user"];',
    ),
    Fault(
        "a system role for a tenant's role",
        "billing_profile.polar",
        'grant("global_admin", "customer"',
        'grant("importer", "customer"',
    ),
    Fault(
        "roles do not matter any more",
        "main.polar",
        "grant(role, standing, action, resource) and\n  role in principal.roles;",
        "grant(_role, standing, action, resource) and\n  principal.roles = principal.roles;",
    ),
    Fault(
        "standings do not matter any more",
        "main.polar",
        "has_standing(principal, standing, resource) and\n  grant(role, standing,",
        "has_standing(principal, _standing, resource) and\n  grant(role, _another,",
    ),
    Fault(
        "multichannel support ends in the government's cloud (C1)",
        "choices.polar",
        'choice("MULTICHANNEL_IN_US_GOVERNMENT_CLOUD") if true;',
        'choice("MULTICHANNEL_IN_US_GOVERNMENT_CLOUD") if false;',
    ),
    Fault(
        "whoever reads a summary reads it all",
        "main.polar",
        'grant(role, standing, "read_summary", resource) if\n  grant(role, standing, "read", resource);',
        'grant(role, standing, "read", resource) if\n  grant(role, standing, "read_summary", resource);',
    ),
    added(
        "a back door beside allow",
        "customer.polar",
        'allow(caller: Principal, "read", customer: Customer) if\n'
        '  "global_admin" in caller.roles and customer.cloud = caller.cloud;',
    ),
    added(
        "the same grant a second time",
        "user.polar",
        'grant(role, "self", "read", _: User) if\n'
        '  role in ["account_admin", "global_admin", "user_management_admin"];',
    ),
    added(
        "a grant in the shadow of another",
        "subscription.polar",
        'grant("helpdesk_agent", "billing_partner", "read", _: Subscription);',
    ),
)
