# Audit records (R53): each tenant reads its own chain, and nobody another's.

has_standing(p: Principal, "self", r: AuditRecord) if
  p.kind = "partner" and r.tenant_id = p.tenant_id;

has_standing(p: Principal, "customer", r: AuditRecord) if
  p.kind = "customer" and r.tenant_id = p.tenant_id;

# Role matrix, "audit / activity log": what was done to which object, and what came of it.
grant(role, "self", "read_summary", _: AuditRecord) if
  role in ["global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"];

# Old and new values are of any field of any object, prices among them, and the acting user is a person: both
# are for the global admin, who alone may read everything the tenant has.
grant("global_admin", "self", "read", _: AuditRecord);

# The matrix gives a customer's own data to its global admin and to no other role of it.
grant("global_admin", "customer", "read", _: AuditRecord);

# R52: nothing crosses national clouds, but for the service itself.
forbid("CROSS_CLOUD", p: Principal, _action: String, r: AuditRecord) if
  p.kind in ["partner", "customer"] and r.cloud != p.cloud;
