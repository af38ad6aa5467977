# Users: known to those of their own tenant who manage people.

has_standing(p: Principal, "self", u: User) if
  p.kind in ["partner", "customer"] and u.tenant_id = p.tenant_id;

# Role matrix, "partner users and roles". Which roles each of these may give and take, that nobody changes his
# own, and that a tenant keeps a global admin, is the domain's to say. A partner that has left the programme
# goes on managing its people: somebody has to be able to shut the door.
grant(role, "self", "read", _: User) if
  role in ["global_admin", "user_management_admin", "account_admin"];
grant(role, "self", "update_roles", _: User) if
  role in ["global_admin", "user_management_admin", "account_admin"];

# Vendor's REST surface, "app+user only": an application alone gives nobody a role.
forbid("PERSON_REQUIRED", p: Principal, "update_roles", _: User) if
  p.auth_mode = "app" and p.kind in ["partner", "customer"];

# R52: nothing crosses national clouds, but for the service itself.
forbid("CROSS_CLOUD", p: Principal, _action: String, u: User) if
  p.kind in ["partner", "customer"] and u.cloud != p.cloud;
