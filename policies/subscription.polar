# Subscriptions. What one CSP partner sells, no other partner sees, unless it was made part of it (R8, R24).

has_standing(p: Principal, "billing_partner", s: Subscription) if
  s.channel = "csp" and s.billing_partner_id = p.tenant_id;

# R24, R25: the partner of record is credited for the subscription; that is no delegation.
has_standing(p: Principal, "partner_of_record", s: Subscription) if
  p.type = "indirect_reseller" and s.channel = "csp" and s.partner_of_record_id = p.tenant_id;

# R26: the designated support contact, of whatever channel.
has_standing(p: Principal, "support_contact", s: Subscription) if
  p.kind = "partner" and s.support_contact_id = p.tenant_id;

# R24: a reseller attached to the customer under the provider that bills it.
has_standing(p: Principal, "attached_reseller", s: Subscription) if
  p.type = "indirect_reseller" and s.channel = "csp" and
  r in s.customer.relationships and r.partner_id = s.billing_partner_id and
  r.associated_partner_id = p.tenant_id and r.status = "active";

# R4: a relationship opens what the customer says it bought elsewhere, never what another CSP partner sells (R8).
has_standing(p: Principal, "relationship_holder", s: Subscription) if
  p.kind = "partner" and multichannel(p.cloud) and
  s.channel != "csp" and s.recorded_by = "customer" and
  r in s.customer.relationships and r.partner_id = p.tenant_id and r.status = "active";

# What a partner wrote down for itself of another channel stays between it and the customer.
has_standing(p: Principal, "recorder", s: Subscription) if
  p.kind = "partner" and s.channel != "csp" and s.recorded_by = "partner" and s.owner_id = p.tenant_id;

# What a reseller's own export holds names no billing partner; it is the reseller's record, and no delegation.
has_standing(p: Principal, "recorder", s: Subscription) if
  p.type = "indirect_reseller" and s.channel = "csp" and s.recorded_by = "partner" and
  s.billing_partner_id = nil and s.owner_id = p.tenant_id;

has_standing(p: Principal, "customer", s: Subscription) if
  p.kind = "customer" and s.customer_id = p.tenant_id;

# C1: multichannel support by national cloud. The vendor's own pages disagree about the US government cloud;
# take its line away to close it there.
multichannel("public");
multichannel("us_government");

# Role matrix, "view subscriptions".
grant(role, standing, "read", _: Subscription) if
  standing in ["billing_partner", "attached_reseller", "support_contact", "relationship_holder", "recorder"] and
  role in ["global_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"];
grant("global_admin", "customer", "read", _: Subscription);

# R24: credit only, so a summary is all that credit shows.
grant(role, "partner_of_record", "read_summary", _: Subscription) if
  role in ["global_admin", "billing_admin", "admin_agent", "sales_agent", "helpdesk_agent"];

# "Use multichannel" and "add licences": user management names a subscription without reading it.
grant("user_management_admin", standing, "read_summary", _: Subscription) if
  standing in ["billing_partner", "relationship_holder"];

# Role matrix, "invoices, reconciliation": the terms of the one who bills, and of the one who pays.
grant(role, "billing_partner", "read_billing", _: Subscription) if
  role in ["global_admin", "billing_admin", "admin_agent"];
grant("global_admin", "customer", "read_billing", _: Subscription);

# R52: nothing crosses national clouds.
forbid("CROSS_CLOUD", p: Principal, _action: String, s: Subscription) if
  s.cloud != p.cloud;

# A record a partner made for itself of another channel is seen by that partner and the customer, whoever it names.
forbid("PRIVATE_RECORD", p: Principal, _action: String, s: Subscription) if
  p.kind = "partner" and s.channel != "csp" and s.recorded_by = "partner" and s.owner_id != p.tenant_id;
