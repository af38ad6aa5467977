# Partnerships of a provider and a reseller (SM3): seen by both, by nobody else.

has_standing(p: Principal, "provider", ps: Partnership) if
  p.type = "indirect_provider" and ps.provider_id = p.tenant_id;

# SPR, R19: a direct-bill partner may become a reseller, a provider or an Advisor is none.
has_standing(p: Principal, "reseller", ps: Partnership) if
  p.type in ["indirect_reseller", "direct_bill"] and ps.reseller_id = p.tenant_id;

# Role matrix, "manage reseller partnerships"; whoever manages them reads them.
grant(role, standing, "read", _: Partnership) if
  standing in ["provider", "reseller"] and
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# Role matrix, "accept provider invitation".
grant("global_admin", "reseller", "accept", _: Partnership);

# Role matrix, "manage reseller partnerships". SM3: the provider ends them. An older page says only the vendor's
# support can: take the next grant away to follow it.
grant(role, "provider", "remove", _: Partnership) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# D2I, R19: a direct-bill partner enrols as a reseller once it is restricted, and sells nothing new directly.
forbid("SELLS_DIRECTLY", p: Principal, "accept", _: Partnership) if
  p.type = "direct_bill" and p.status = "active";

# R50: the vendor lists the indirect model as missing in the US government cloud. To open it there, take this away.
forbid("NO_INDIRECT_MODEL", _p: Principal, "accept", ps: Partnership) if
  ps.cloud = "us_government";

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", p: Principal, action: String, _: Partnership) if
  p.status = "inactive" and action in ["accept", "remove"];

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, ps: Partnership) if
  ps.cloud != p.cloud;
