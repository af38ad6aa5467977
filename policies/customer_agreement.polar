# Customer agreements (SM6): what a customer signed, or a partner attests that it did.

has_standing(p: Principal, "attesting_partner", a: CustomerAgreement) if
  p.kind = "partner" and a.partner_id = p.tenant_id;

# SM6: the customer's own signature holds with every partner it has given its permission to (R4).
has_standing(p: Principal, "relationship_holder", a: CustomerAgreement) if
  p.kind = "partner" and a.kind = "direct" and
  r in a.customer.relationships and r.partner_id = p.tenant_id and r.status = "active";

has_standing(p: Principal, "customer", a: CustomerAgreement) if
  p.kind = "customer" and a.customer_id = p.tenant_id;

# Role matrix, "see/handle agreements page". Of the customer's own signature a partner learns that it is there;
# who signed is the customer's business.
grant(role, "attesting_partner", "read", _: CustomerAgreement) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant(role, "relationship_holder", "read_summary", _: CustomerAgreement) if
  role in ["global_admin", "user_management_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read", _: CustomerAgreement);

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, a: CustomerAgreement) if
  a.cloud != p.cloud;
