# Support cases (SM8) of subscriptions. R69: a case is seen by the customer, by the partner that it is assigned
# to, and by the partners of the subscription that bill or support it; by no other partner.

has_standing(caller: Principal, "customer", support_case: SupportCase) if
  caller.kind = "customer" and support_case.customer_id = caller.tenant_id;

# R69: the partner that bills the subscription, as long as it sees what it sells (R62).
has_standing(caller: Principal, "billing_partner", support_case: SupportCase) if
  caller.kind = "partner" and bills(caller, support_case.subscription);

# R70: the designated support contact of the subscription, while it is that.
has_standing(caller: Principal, "support_contact", support_case: SupportCase) if
  supports(caller, support_case.subscription);

# R69: the partner that handles the case, on its own or for its provider.
has_standing(caller: Principal, "assigned_partner", support_case: SupportCase) if
  caller.kind = "partner" and support_case.assigned_partner_id = caller.tenant_id and
  relationship in support_case.customer.relationships and
  serves(caller, relationship) and relationship.status = "active";

# R15: after its rights are gone the duty stays: a partner finishes the cases that it has. R62: unless it was
# the customer that ended the relationship.
has_standing(caller: Principal, "assigned_partner", support_case: SupportCase) if
  caller.kind = "partner" and support_case.assigned_partner_id = caller.tenant_id and
  support_case.status != "closed" and
  relationship in support_case.customer.relationships and
  serves(caller, relationship) and relationship.status = "removed";

serves(caller: Principal, relationship) if
  relationship.partner_id = caller.tenant_id;
serves(caller: Principal, relationship) if
  relationship.associated_partner_id = caller.tenant_id;

# Role matrix, "service requests for customer".
grant(role, standing, "read", _: SupportCase) if
  standing in ["billing_partner", "support_contact", "assigned_partner"] and case_reader(role);
grant(role, "customer", "read", _: SupportCase) if case_handler(role);

# SM8: the work on a case. A customer hands its case to another partner, too.
grant(role, standing, action, _: SupportCase) if
  standing in ["customer", "billing_partner", "assigned_partner"] and
  action in ["comment", "assign", "resolve", "reopen", "close"] and case_handler(role);

# SM8: whether its own case is done with is for the customer to say; a partner resolves it.
forbid("CUSTOMER_CLOSES", caller: Principal, "close", support_case: SupportCase) if
  caller.kind = "partner" and support_case.opened_by = "customer";
