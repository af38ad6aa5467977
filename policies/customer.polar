# Customers. The company profile belongs to the customer and is shared by all partners that serve it.

# R4: the customer's permission is an active reseller relationship.
has_standing(p: Principal, "relationship_holder", c: Customer) if
  p.kind = "partner" and
  r in c.relationships and r.partner_id = p.tenant_id and r.status = "active";

# R23, R24: a provider attaches a reseller to a customer it created for it.
has_standing(p: Principal, "attached_reseller", c: Customer) if
  p.type = "indirect_reseller" and
  r in c.relationships and r.associated_partner_id = p.tenant_id and r.status = "active";

has_standing(p: Principal, "customer", c: Customer) if
  p.kind = "customer" and c.id = p.tenant_id;

# Role matrix, "search / view customers".
grant(role, "relationship_holder", "read", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant(role, "attached_reseller", "read", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read", _: Customer);

# "Use multichannel" and "add licences" (user management), "view subscriptions" (billing) are about a customer
# these roles must be able to name; the profile itself stays closed to them.
grant(role, "relationship_holder", "read_summary", _: Customer) if
  role in ["user_management_admin", "billing_admin"];

# Role matrix, "edit customer details".
grant(role, "relationship_holder", "update", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "update", _: Customer);

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, c: Customer) if
  c.cloud != p.cloud;

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", p: Principal, "update", _: Customer) if
  p.status = "inactive";
