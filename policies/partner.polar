# Partners, as other tenants may know them: by name, where there is a link.

has_standing(p: Principal, "self", pr: Partner) if
  p.kind = "partner" and pr.id = p.tenant_id;

has_standing(p: Principal, "partnership", pr: Partner) if
  p.kind = "partner" and
  ps in pr.resellers and ps.reseller_id = p.tenant_id and ps.status in ["invited", "active"];
has_standing(p: Principal, "partnership", pr: Partner) if
  p.kind = "partner" and
  ps in pr.providers and ps.provider_id = p.tenant_id and ps.status in ["invited", "active"];

# Whoever asked a customer for a relationship has introduced itself.
has_standing(p: Principal, "customer", pr: Partner) if
  p.kind = "customer" and
  r in pr.relationships and r.customer_id = p.tenant_id;

# Everybody of a partner knows the partner; everybody else knows names.
grant(role, "self", "read", _: Partner) if
  role in ["global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent", "account_admin"];
grant(role, "partnership", "read_summary", _: Partner) if
  role in ["global_admin", "user_management_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read_summary", _: Partner);

# R52: nothing crosses national clouds, but for the service itself.
forbid("CROSS_CLOUD", p: Principal, _action: String, pr: Partner) if
  p.kind in ["partner", "customer"] and pr.cloud != p.cloud;
