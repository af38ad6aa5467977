# Groups of roles, as the rows of the vendor's role matrix list them. The comment above a group names the
# rows.

# "Partner users and roles".
user_manager(role) if
  role in ["global_admin", "user_management_admin", "account_admin"];

# "Create customer", "manage reseller partnerships".
relationship_manager(role) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# "Request reseller relationship" (C2).
relationship_requester(role) if
  role in ["global_admin", "admin_agent", "sales_agent"];
relationship_requester("user_management_admin") if
  choice("USER_MANAGEMENT_ADMINS_REQUEST_RELATIONSHIPS");

# C2: delegated admin is requested, and given up, by these roles.
delegated_admin_requester(role) if
  role in ["global_admin", "admin_agent"];
delegated_admin_requester("sales_agent") if
  choice("SALES_AGENTS_REQUEST_DELEGATED_ADMIN");

# R59: what a customer has delegated is used by admin agents; the right to support by helpdesk agents as well
# (SM7).
delegate("admin_agent");
delegate("global_admin") if choice("GLOBAL_ADMINS_USE_DELEGATED_RIGHTS");

delegated_supporter(role) if delegate(role);
delegated_supporter("helpdesk_agent") if choice("HELPDESK_AGENTS_USE_DELEGATED_SUPPORT");

# "Search / view customers", "edit customer details".
customer_manager(role) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];

# "See/handle agreements page".
agreement_reader(role) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent", "helpdesk_agent"];

# "View subscriptions".
subscription_reader(role) if
  role in ["global_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"];

# "Suspend / cancel / reactivate", without the roles in doubt (C4); the same roles keep records and read
# transfers.
subscription_manager(role) if
  role in ["global_admin", "admin_agent", "sales_agent"];

# "Buy / create subscription", "confirm MCA (attest)", "transfer: accept / reject legacy", without the roles
# in doubt (C4, C5).
seller(role) if
  role in ["admin_agent", "sales_agent"];

# "Service requests for customer": sales agents view them.
case_handler(role) if
  role in ["global_admin", "admin_agent", "helpdesk_agent"];
case_reader(role) if case_handler(role);
case_reader("sales_agent");

# Whoever changes anything can do so for many at once; each item is decided by itself.
bulk_starter(role) if
  role in [
    "global_admin", "user_management_admin", "admin_agent", "sales_agent", "helpdesk_agent", "account_admin"
  ];

# "Invoices, reconciliation", "customer billing help".
billing_reader(role) if
  role in ["global_admin", "billing_admin", "admin_agent"];

# "Audit / activity log": all roles but the account admin, who manages users and does no business.
business_role(role) if
  role in [
    "global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"
  ];
