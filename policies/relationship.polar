# Reseller relationships: the two parties see them, and nobody else learns that they exist.

has_standing(p: Principal, "relationship_holder", r: ResellerRelationship) if
  p.kind = "partner" and r.partner_id = p.tenant_id;

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

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, r: ResellerRelationship) if
  r.cloud != p.cloud;
