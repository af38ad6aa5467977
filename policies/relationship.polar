# Reseller relationships: the two parties see them, and nobody else learns that they exist.

has_standing(p: Principal, "relationship_holder", r: ResellerRelationship) if
  p.kind = "partner" and r.partner_id = p.tenant_id;

# A provider's request that goes with its reseller's was not made by the provider: the reseller withdraws both.
has_standing(p: Principal, "requester", r: ResellerRelationship) if
  p.kind = "partner" and r.partner_id = p.tenant_id and r.associated_partner_id = nil;

# R24: the reseller a provider has attached to this customer.
has_standing(p: Principal, "attached_reseller", r: ResellerRelationship) if
  p.type = "indirect_reseller" and r.associated_partner_id = p.tenant_id;

has_standing(p: Principal, "customer", r: ResellerRelationship) if
  p.kind = "customer" and r.customer_id = p.tenant_id;

# Role matrix, "use multichannel", "request reseller relationship" and "search / view customers".
grant(role, "relationship_holder", "read", _: ResellerRelationship) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("user_management_admin", "relationship_holder", "read_summary", _: ResellerRelationship);
grant(role, "attached_reseller", "read_summary", _: ResellerRelationship) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read", _: ResellerRelationship);

# R14, R15: the customer's global admin answers, and takes admin rights away; nobody else there does.
grant("global_admin", "customer", action, _: ResellerRelationship) if
  action in ["accept", "decline", "revoke_delegated_admin"];

# Who may ask (C2, partner.polar) may withdraw.
grant(role, "requester", "cancel", _: ResellerRelationship) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# Role matrix, "remove reseller relationship" (C5) and "extend relationship to provider".
grant("global_admin", "relationship_holder", "remove", _: ResellerRelationship);
grant("admin_agent", "relationship_holder", "extend", _: ResellerRelationship);

# R18: only direct-bill partners and providers remove customer relationships.
forbid("ONLY_SELLERS_REMOVE", p: Principal, "remove", _: ResellerRelationship) if
  p.type in ["indirect_reseller", "advisor"];

# D2I: only a direct-bill partner that becomes a reseller has anything to extend.
forbid("ONLY_DIRECT_BILL_EXTENDS", p: Principal, "extend", _: ResellerRelationship) if
  p.type in ["indirect_provider", "indirect_reseller", "advisor"];

# R50: the vendor lists the indirect model as missing in the US government cloud. To open it there, take this away.
forbid("NO_INDIRECT_MODEL", _p: Principal, "extend", r: ResellerRelationship) if
  r.cloud = "us_government";

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", p: Principal, action: String, _: ResellerRelationship) if
  p.status = "inactive" and action in ["cancel", "remove", "extend"];

# Vendor's REST surface, "app+user only": an application alone ends no relationship.
forbid("PERSON_REQUIRED", p: Principal, "remove", _: ResellerRelationship) if
  p.auth_mode = "app";

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, r: ResellerRelationship) if
  r.cloud != p.cloud;
