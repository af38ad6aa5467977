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

# SM1, R64: a partner that goes on through a provider requests a relationship in the provider's name.
has_standing(caller: Principal, "extender", relationship: ResellerRelationship) if
  caller.kind = "partner" and
  relationship.associated_partner_id = caller.tenant_id and relationship.is_extension = true;

has_standing(caller: Principal, "customer", relationship: ResellerRelationship) if
  caller.kind = "customer" and relationship.customer_id = caller.tenant_id;

# Role matrix, "use multichannel", "request reseller relationship" and "search / view customers".
grant(role, "relationship_holder", "read", _: ResellerRelationship) if customer_manager(role);
grant("user_management_admin", "relationship_holder", "read_summary", _: ResellerRelationship);
grant(role, "attached_reseller", "read_summary", _: ResellerRelationship) if customer_manager(role);
grant("global_admin", "customer", "read", _: ResellerRelationship);

# R14, R15: only the customer's global admin answers a request, and revokes delegated admin.
grant("global_admin", "customer", action, _: ResellerRelationship) if
  action in ["accept", "decline", "revoke_delegated_admin"];

# R62: the customer's permission stays the customer's; its global admin takes it back at any time.
grant("global_admin", "customer", "end", _: ResellerRelationship);

# R24; role matrix, "manage reseller partnerships": a provider detaches the reseller that it has attached, also
# after their partnership has ended, which leaves the reseller its customers (SM3).
grant(role, "relationship_holder", "detach_reseller", _: ResellerRelationship) if relationship_manager(role);

# R62, R65: a customer ends the part of a reseller, and keeps the provider.
grant("global_admin", "customer", "detach_reseller", _: ResellerRelationship);

# C2, SM7: further rights are requested within the relationship.
grant(role, "relationship_holder", "request_delegated_admin", _: ResellerRelationship) if
  delegated_admin_requester(role);

# The roles that may request may withdraw a request (C2).
grant(role, "requester", "cancel", _: ResellerRelationship) if relationship_requester(role);

# R56: they invite the customer by a link.
grant(role, "requester", "invite", _: ResellerRelationship) if relationship_requester(role);

# Role matrix, "remove reseller relationship" (C5) and "extend relationship to provider".
grant("global_admin", "relationship_holder", "remove", _: ResellerRelationship);
grant("admin_agent", "relationship_holder", "extend", _: ResellerRelationship);
grant("admin_agent", "extender", "cancel", _: ResellerRelationship);
grant(role, "extender", "read_summary", _: ResellerRelationship) if customer_manager(role);

# R18: only direct-bill partners and providers remove customer relationships.
forbid("ONLY_SELLERS_REMOVE", caller: Principal, "remove", _: ResellerRelationship) if
  caller.type in ["indirect_reseller", "advisor"];

# D2I: only a direct-bill partner that becomes a reseller has a relationship to extend.
forbid("ONLY_DIRECT_BILL_EXTENDS", caller: Principal, "extend", _: ResellerRelationship) if
  caller.type in ["indirect_provider", "indirect_reseller", "advisor"];

# R50: a national cloud may lack the indirect model.
forbid("NO_INDIRECT_MODEL", _caller: Principal, "extend", relationship: ResellerRelationship) if
  lacks_indirect_model(relationship.cloud);

# Role matrix, second axis, "direct relationship request": an Advisor has a procedure of its own.
forbid("ADVISORS_DO_NOT_RESELL", caller: Principal, "request_delegated_admin", _: ResellerRelationship) if
  caller.type = "advisor";

# Vendor codes 800039, 900149: a partner that has left the programme asks for nothing.
forbid("PARTNER_INACTIVE", caller: Principal, "request_delegated_admin", _: ResellerRelationship) if
  caller.status = "inactive";

# Vendor's REST surface, "app+user only": an application without a user ends no relationship, and asks for no
# rights.
forbid("PERSON_REQUIRED", caller: Principal, action: String, _: ResellerRelationship) if
  caller.auth_mode = "app" and action in ["remove", "request_delegated_admin"];
