# Billing profiles: one per partner and customer, and no other partner's business.

has_standing(p: Principal, "billing_partner", b: BillingProfile) if
  p.kind = "partner" and b.partner_id = p.tenant_id;

has_standing(p: Principal, "customer", b: BillingProfile) if
  p.kind = "customer" and b.customer_id = p.tenant_id;

# Role matrix, "customer billing help" and "invoices, reconciliation".
grant(role, "billing_partner", "read_billing", _: BillingProfile) if
  role in ["global_admin", "billing_admin", "admin_agent"];
grant("global_admin", "customer", "read_billing", _: BillingProfile);

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, b: BillingProfile) if
  b.cloud != p.cloud;
