# Users: seen by the roles of their own tenant that manage users.

has_standing(caller: Principal, "self", user: User) if
  caller.kind in ["partner", "customer"] and user.tenant_id = caller.tenant_id;

# R59: an active grant of delegated admin of the customer whose user it is, with the right to manage users, or to
# read the directory.
has_standing(caller: Principal, "delegated_manage_users", user: User) if
  caller.kind = "partner" and
  delegation in user.delegated_admin_grants and
  delegation.partner_id = caller.tenant_id and delegation.status = "active" and
  delegation.manage_users = true;

has_standing(caller: Principal, "delegated_read_directory", user: User) if
  caller.kind = "partner" and
  delegation in user.delegated_admin_grants and
  delegation.partner_id = caller.tenant_id and delegation.status = "active" and
  delegation.read_directory = true;

# Role matrix, "partner users and roles". The domain decides which roles each of these may assign, that nobody
# changes the own roles, and that a tenant keeps a global admin. A partner that has left the programme still
# manages its users, so that it can remove their access.
grant(role, "self", "read", _: User) if user_manager(role);
grant(role, "self", "update_roles", _: User) if user_manager(role);

# R55: a tenant's global admin ends a user's access, and gives it back.
grant("global_admin", "self", action, _: User) if
  action in ["disable", "enable"];

# R59: by delegation a partner manages the customer's users.
grant(role, "delegated_manage_users", action, _: User) if
  action in ["read", "update_roles", "disable", "enable"] and delegate(role);
grant(role, "delegated_read_directory", "read", _: User) if delegate(role);

# R59: delegation reaches no global admin of the customer.
forbid("GLOBAL_ADMIN_OF_CUSTOMER", caller: Principal, action: String, user: User) if
  caller.kind = "partner" and user.tenant_id != caller.tenant_id and user.is_global_admin = true and
  action in ["update_roles", "disable", "enable"];

# Vendor codes 800039, 900149: a partner that has left the programme manages its own users, and no customer's.
forbid("PARTNER_INACTIVE", caller: Principal, action: String, user: User) if
  caller.status = "inactive" and user.tenant_id != caller.tenant_id and
  action in ["update_roles", "disable", "enable"];

# Vendor's REST surface, "app+user only": an application without a user assigns no roles, and neither disables
# nor enables users.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: User) if
  action in ["update_roles", "disable", "enable"] and
  caller.auth_mode = "app" and caller.kind in ["partner", "customer"];
