# Delegated administration (SM7): rights in its tenant that a customer gives a partner for a limited time. What
# the rights open is written in the files of what they open.

has_standing(caller: Principal, "grantee", delegation: DelegatedAdminGrant) if
  caller.kind = "partner" and delegation.partner_id = caller.tenant_id;

has_standing(caller: Principal, "customer", delegation: DelegatedAdminGrant) if
  caller.kind = "customer" and delegation.customer_id = caller.tenant_id;

# Role matrix, "search / view customers": those who serve the customer know what they may do there.
grant(role, "grantee", "read", _: DelegatedAdminGrant) if customer_manager(role);
grant("user_management_admin", "grantee", "read_summary", _: DelegatedAdminGrant);
grant("global_admin", "customer", "read", _: DelegatedAdminGrant);

# SM7: only the customer's global admin answers a request, and lets a grant extend itself.
grant("global_admin", "customer", action, _: DelegatedAdminGrant) if
  action in ["approve", "decline", "set_auto_extend"];

# SM7: either side takes rights away, and ends all of them.
grant("global_admin", "customer", action, _: DelegatedAdminGrant) if
  action in ["reduce", "terminate"];
grant(role, "grantee", action, _: DelegatedAdminGrant) if
  action in ["reduce", "terminate"] and delegated_admin_requester(role);

# Vendor's REST surface, "app+user only": an application without a user gives up no rights of its partner.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: DelegatedAdminGrant) if
  caller.kind = "partner" and caller.auth_mode = "app" and
  action in ["reduce", "terminate"];
