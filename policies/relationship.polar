# Reseller relationships: both parties see them, and nobody else learns that they exist.

has_standing(caller: Principal, "relationship_holder", relationship: ResellerRelationship) if
  caller.kind = "partner" and relationship.partner_id = caller.tenant_id;

# A reseller's request creates one of its provider's, too. The reseller made both, and withdraws both.
has_standing(caller: Principal, "requester", relationship: ResellerRelationship) if
  caller.kind = "partner" and
  relationship.partner_id = caller.tenant_id and relationship.associated_partner_id = nil;

# R24: the reseller that a provider has attached to this customer.
has_standing(caller: Principal, "attached_reseller", relationship: ResellerRelationship) if
  caller.type = "indirect_reseller" and relationship.associated_partner_id = caller.tenant_id;

has_standing(caller: Principal, "customer", relationship: ResellerRelationship) if
  caller.kind = "customer" and relationship.customer_id = caller.tenant_id;

# Role matrix, "use multichannel", "request reseller relationship" and "search / view customers".
grant(role, "relationship_holder", "read", _: ResellerRelationship) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("user_management_admin", "relationship_holder", "read_summary", _: ResellerRelationship);
grant(role, "attached_reseller", "read_summary", _: ResellerRelationship) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read", _: ResellerRelationship);

# R14, R15: only the customer's global admin answers a request, and revokes delegated admin privileges.
grant("global_admin", "customer", action, _: ResellerRelationship) if
  action in ["accept", "decline", "revoke_delegated_admin"];

# The roles that may request (C2, partner.polar) may withdraw a request.
grant(role, "requester", "cancel", _: ResellerRelationship) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent"];

# Role matrix, "remove reseller relationship" (C5) and "extend relationship to provider".
grant("global_admin", "relationship_holder", "remove", _: ResellerRelationship);
grant("admin_agent", "relationship_holder", "extend", _: ResellerRelationship);

# R18: only direct-bill partners and providers remove customer relationships.
forbid("ONLY_SELLERS_REMOVE", caller: Principal, "remove", _: ResellerRelationship) if
  caller.type in ["indirect_reseller", "advisor"];

# D2I: only a direct-bill partner that becomes a reseller has a relationship to extend.
forbid("ONLY_DIRECT_BILL_EXTENDS", caller: Principal, "extend", _: ResellerRelationship) if
  caller.type in ["indirect_provider", "indirect_reseller", "advisor"];

# R50: the vendor lists the indirect model as missing in the US government cloud. To open it there, take this
# away.
forbid("NO_INDIRECT_MODEL", _caller: Principal, "extend", relationship: ResellerRelationship) if
  relationship.cloud = "us_government";

# Vendor's REST surface, "app+user only": an application without a user ends no relationship.
forbid("PERSON_REQUIRED", caller: Principal, "remove", _: ResellerRelationship) if
  caller.auth_mode = "app";

# Vendor codes 800039, 900149: a partner that has left the programme keeps its data and changes nothing.
forbid("PARTNER_INACTIVE", caller: Principal, action: String, _: ResellerRelationship) if
  caller.status = "inactive" and action in ["cancel", "remove", "extend"];

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", caller: Principal, _action: String, relationship: ResellerRelationship) if
  relationship.cloud != caller.cloud;
