# Partnerships of a provider and a reseller (SM3): seen by both, and by nobody else.

has_standing(caller: Principal, "provider", partnership: Partnership) if
  caller.type = "indirect_provider" and partnership.provider_id = caller.tenant_id;

# SPR, R19: a direct-bill partner may become a reseller; a provider or an Advisor may not.
has_standing(caller: Principal, "reseller", partnership: Partnership) if
  caller.type in ["indirect_reseller", "direct_bill"] and partnership.reseller_id = caller.tenant_id;

# Role matrix, "manage reseller partnerships": the roles that manage partnerships read them.
grant(role, standing, "read", _: Partnership) if
  standing in ["provider", "reseller"] and relationship_manager(role);

# Role matrix, "accept provider invitation".
grant("global_admin", "reseller", "accept", _: Partnership);

# Role matrix, "manage reseller partnerships": the provider ends them, where that is the choice (SM3).
grant(role, "provider", "remove", _: Partnership) if
  relationship_manager(role) and choice("PROVIDERS_END_PARTNERSHIPS");

# R57; role matrix, "manage reseller partnerships": the provider invites the reseller by a link.
grant(role, "provider", "invite", _: Partnership) if relationship_manager(role);

# D2I, R19: a direct-bill partner enrols as a reseller once it is restricted and sells nothing new directly.
forbid("SELLS_DIRECTLY", caller: Principal, "accept", _: Partnership) if
  caller.type = "direct_bill" and caller.status = "active";

# R50: a national cloud may lack the indirect model.
forbid("NO_INDIRECT_MODEL", _caller: Principal, "accept", partnership: Partnership) if
  lacks_indirect_model(partnership.cloud);
