# Audit records (R53): each tenant reads its own audit log, and no other tenant's.

has_standing(caller: Principal, "self", record: AuditRecord) if
  caller.kind = "partner" and record.tenant_id = caller.tenant_id;

has_standing(caller: Principal, "customer", record: AuditRecord) if
  caller.kind = "customer" and record.tenant_id = caller.tenant_id;

# Role matrix, "audit / activity log": what was done to which record, and with what result.
grant(role, "self", "read_summary", _: AuditRecord) if business_role(role);

# An audit record holds old and new values of any field, prices among them, and names the acting user. Only
# the global admin may read everything that a tenant has.
grant("global_admin", "self", "read", _: AuditRecord);

# The role matrix gives a customer's own data to the customer's global admin alone.
grant("global_admin", "customer", "read", _: AuditRecord);
