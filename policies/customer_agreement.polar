# Customer agreements (SM6): signed by the customer, or attested by a partner.

has_standing(caller: Principal, "attesting_partner", agreement: CustomerAgreement) if
  caller.kind = "partner" and agreement.partner_id = caller.tenant_id;

# SM6: the customer's own signature is valid with every partner that has the customer's permission (R4).
has_standing(caller: Principal, "relationship_holder", agreement: CustomerAgreement) if
  caller.kind = "partner" and agreement.kind = "direct" and
  relationship in agreement.customer.relationships and
  relationship.partner_id = caller.tenant_id and relationship.status = "active";

has_standing(caller: Principal, "customer", agreement: CustomerAgreement) if
  caller.kind = "customer" and agreement.customer_id = caller.tenant_id;

# Role matrix, "see/handle agreements page". A partner learns that the customer has signed, and not who
# signed.
grant(role, "attesting_partner", "read", _: CustomerAgreement) if agreement_reader(role);
grant(role, "relationship_holder", "read_summary", _: CustomerAgreement) if agreement_reader(role);
grant("global_admin", "customer", "read", _: CustomerAgreement);
