# Users: known to those of their own tenant who manage people.

has_standing(p: Principal, "self", u: User) if
  p.kind in ["partner", "customer"] and u.tenant_id = p.tenant_id;

# Role matrix, "partner users and roles".
grant(role, "self", "read", _: User) if
  role in ["global_admin", "user_management_admin", "account_admin"];

# R52: nothing crosses national clouds, but for the service itself.
forbid("CROSS_CLOUD", p: Principal, _action: String, u: User) if
  p.kind in ["partner", "customer"] and u.cloud != p.cloud;
