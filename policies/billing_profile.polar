# Billing profiles: one for each partner and customer, hidden from every other partner.

has_standing(caller: Principal, "billing_partner", profile: BillingProfile) if
  caller.kind = "partner" and profile.partner_id = caller.tenant_id;

has_standing(caller: Principal, "customer", profile: BillingProfile) if
  caller.kind = "customer" and profile.customer_id = caller.tenant_id;

# Role matrix, "customer billing help" and "invoices, reconciliation".
grant(role, "billing_partner", "read_billing", _: BillingProfile) if billing_reader(role);
grant("global_admin", "customer", "read_billing", _: BillingProfile);
