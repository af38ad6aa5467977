# Partnerships of a provider and a reseller (SM3): seen by both, and by nobody else.

has_standing(caller: Principal, "provider", partnership: Partnership) if
  caller.type = "indirect_provider" and partnership.provider_id = caller.tenant_id;

# SPR, R19: a direct-bill partner may become a reseller; a provider or an Advisor may not.
has_standing(caller: Principal, "reseller", partnership: Partnership) if
  caller.type in ["indirect_reseller", "direct_bill"] and partnership.reseller_id = caller.tenant_id;

# Role matrix, "manage reseller partnerships": the roles that manage partnerships read them.
grant(role, standing, "read", _: Partnership) if
  standing in ["provider", "reseller"] and
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# Role matrix, "accept provider invitation".
grant("global_admin", "reseller", "accept", _: Partnership);

# SM3; role matrix, "manage reseller partnerships": the provider ends a partnership. An older page says that
# only the vendor's support can: take the next grant away to follow it.
grant(role, "provider", "remove", _: Partnership) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# D2I, R19: a direct-bill partner enrols as a reseller once it is restricted and sells nothing new directly.
forbid("SELLS_DIRECTLY", caller: Principal, "accept", _: Partnership) if
  caller.type = "direct_bill" and caller.status = "active";

# R50: the vendor lists the indirect model as missing in the US government cloud. To open it there, take this
# away.
forbid("NO_INDIRECT_MODEL", _caller: Principal, "accept", partnership: Partnership) if
  partnership.cloud = "us_government";

# Vendor codes 800039, 900149: a partner that has left the programme keeps its data and changes nothing.
forbid("PARTNER_INACTIVE", caller: Principal, action: String, _: Partnership) if
  caller.status = "inactive" and action in ["accept", "remove"];

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", caller: Principal, _action: String, partnership: Partnership) if
  partnership.cloud != caller.cloud;
