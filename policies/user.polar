# Users: seen by the roles of their own tenant that manage users.

has_standing(caller: Principal, "self", user: User) if
  caller.kind in ["partner", "customer"] and user.tenant_id = caller.tenant_id;

# Role matrix, "partner users and roles". The domain decides which roles each of these may assign, that nobody
# changes the own roles, and that a tenant keeps a global admin. A partner that has left the programme still
# manages its users, so that it can remove their access.
grant(role, "self", "read", _: User) if user_manager(role);
grant(role, "self", "update_roles", _: User) if user_manager(role);

# R55: a tenant's global admin ends a user's access, and gives it back.
grant("global_admin", "self", action, _: User) if
  action in ["disable", "enable"];

# Vendor's REST surface, "app+user only": an application without a user assigns no roles, and neither disables
# nor enables users.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: User) if
  action in ["update_roles", "disable", "enable"] and
  caller.auth_mode = "app" and caller.kind in ["partner", "customer"];
