# Partnerships of a provider and a reseller (SM3): seen by both, by nobody else.

has_standing(p: Principal, "provider", ps: Partnership) if
  p.type = "indirect_provider" and ps.provider_id = p.tenant_id;

has_standing(p: Principal, "reseller", ps: Partnership) if
  p.kind = "partner" and ps.reseller_id = p.tenant_id;

# Role matrix, "manage reseller partnerships"; whoever manages them reads them.
grant(role, standing, "read", _: Partnership) if
  standing in ["provider", "reseller"] and
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, ps: Partnership) if
  ps.cloud != p.cloud;
