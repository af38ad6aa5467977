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

# Role matrix, "confirm MCA (attest)" for the partner, "sign MCA" for the customer's global admin (SM6).
# C5: the list of later editions for agreements has the partner's global admin; to follow it, add it here.
grant(role, "relationship_holder", "confirm_agreement", _: Customer) if
  role in ["admin_agent", "sales_agent"];
grant("global_admin", "customer", "confirm_agreement", _: Customer);

# Role matrix, "partner users and roles": a customer manages its own people with the same roles. A partner's
# agents are nobody there.
grant(role, "customer", "add_user", _: Customer) if
  role in ["global_admin", "user_management_admin", "account_admin"];

# What the customer has elsewhere is told by the customer, or written down by a partner for itself (R4).
grant("global_admin", "customer", "record_subscription", _: Customer);
grant(role, "relationship_holder", "record_subscription", _: Customer) if
  role in ["global_admin", "admin_agent", "sales_agent"];

# Role matrix, "buy / create subscription"; R21: whoever sells holds the relationship itself.
# C4, C5: the vendor's pages disagree about global admins, helpdesk agents and billing admins, so only those
# buy whom all of them list. To let the others, uncomment:
grant(role, "relationship_holder", "create_subscription", _: Customer) if
  role in ["admin_agent", "sales_agent"];
# grant("global_admin", "relationship_holder", "create_subscription", _: Customer);
# grant("helpdesk_agent", "relationship_holder", "create_subscription", _: Customer);
# grant("billing_admin", "relationship_holder", "create_subscription", _: Customer);

# Vendor's REST surface, "app+user only": an application alone vouches for nobody.
forbid("PERSON_REQUIRED", p: Principal, action: String, _: Customer) if
  action in ["confirm_agreement", "add_user"] and
  p.auth_mode = "app";

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, c: Customer) if
  c.cloud != p.cloud;

# A partner that has left the programme keeps its books and changes nothing (vendor codes 800039, 900149).
forbid("PARTNER_INACTIVE", p: Principal, "update", _: Customer) if
  p.status = "inactive";
forbid("PARTNER_INACTIVE", p: Principal, "confirm_agreement", _: Customer) if
  p.status = "inactive";
forbid("PARTNER_INACTIVE", p: Principal, action: String, _: Customer) if
  p.status = "inactive" and
  action in ["record_subscription", "create_subscription"];

# R19: nothing new is sold by a restricted partner.
forbid("RESTRICTED_PARTNER", p: Principal, "create_subscription", _: Customer) if
  p.status = "restricted";

# R22: resellers buy and bill nothing; their provider does.
forbid("RESELLERS_SELL_NOTHING", p: Principal, "create_subscription", _: Customer) if
  p.type = "indirect_reseller";

# Role matrix, second axis: an Advisor earns a fee and bills nothing.
forbid("ADVISORS_SELL_NOTHING", p: Principal, "create_subscription", _: Customer) if
  p.type = "advisor";

# R12: a partner sells in its own market.
forbid("DIFFERENT_MARKET", p: Principal, "create_subscription", c: Customer) if
  c.market != p.market;
