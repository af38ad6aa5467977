"""Who is what to a record: widened, narrowed, mistaken."""

from tests.workbench.mutants.fault import Fault, added

STANDINGS = (
    Fault(
        "a relationship that is over still opens the customer",
        "customer.polar",
        'r.partner_id = p.tenant_id and r.status = "active"',
        "r.partner_id = p.tenant_id",
    ),
    Fault(
        "a relationship that was only requested opens the customer",
        "customer.polar",
        'r.partner_id = p.tenant_id and r.status = "active"',
        'r.partner_id = p.tenant_id and r.status in ["active", "requested"]',
    ),
    Fault(
        "the attached reseller is taken for the relationship's partner",
        "customer.polar",
        "r in c.relationships and r.partner_id",
        "r in c.relationships and r.associated_partner_id",
    ),
    Fault(
        "any partner can be attached like a reseller",
        "customer.polar",
        'p.type = "indirect_reseller" and\n',
        'p.kind = "partner" and\n',
    ),
    Fault(
        "every customer is every customer",
        "customer.polar",
        'has_standing(p: Principal, "customer", c: Customer) if\n'
        '  p.kind = "customer" and c.id = p.tenant_id;',
        'has_standing(p: Principal, "customer", _c: Customer) if\n  p.kind = "customer";',
    ),
    Fault(
        "and becomes or: whoever is a partner, or a relationship is active",
        "customer.polar",
        'r.partner_id = p.tenant_id and r.status = "active"',
        '(r.partner_id = p.tenant_id or r.status = "active")',
    ),
    Fault(
        "one sells what is not sold in CSP",
        "subscription.polar",
        's.channel = "csp" and s.billing_partner_id = p.tenant_id',
        "s.billing_partner_id = p.tenant_id",
    ),
    Fault(
        "who is credited is taken for who bills",
        "subscription.polar",
        's.channel = "csp" and s.billing_partner_id = p.tenant_id',
        's.channel = "csp" and s.partner_of_record_id = p.tenant_id',
    ),
    Fault(
        "a relationship shows what other partners sell",
        "subscription.polar",
        's.channel != "csp" and s.recorded_by = "customer" and\n',
        's.recorded_by in ["customer", "partner"] and\n',
    ),
    Fault(
        "a relationship shows what is sold, and not what was bought elsewhere",
        "subscription.polar",
        's.channel != "csp" and s.recorded_by = "customer" and\n',
        's.channel = "csp" and s.recorded_by = "customer" and\n',
    ),
    Fault(
        "an attachment under one provider shows what others sell",
        "subscription.polar",
        "r in s.customer.relationships and r.partner_id = s.billing_partner_id and",
        "r in s.customer.relationships and",
    ),
    Fault(
        "a partner of record may be a direct-bill partner",
        "subscription.polar",
        'p.type = "indirect_reseller" and s.channel = "csp" and s.partner_of_record_id',
        'p.type in ["indirect_reseller", "direct_bill"] and s.channel = "csp" and s.partner_of_record_id',
    ),
    Fault(
        "a customer changes what is sold to it",
        "subscription.polar",
        'p.kind = "customer" and s.channel != "csp" and s.recorded_by = "customer" and s.customer_id',
        'p.kind = "customer" and s.customer_id',
    ),
    Fault(
        "the source answers as if it were the target",
        "transfer.polar",
        'p.kind = "partner" and t.source_partner_id = p.tenant_id and t.initiated_by = "target" and',
        'p.kind = "partner" and t.target_partner_id = p.tenant_id and t.initiated_by = "target" and',
    ),
    Fault(
        "the target reads the lines before the source has accepted",
        "transfer.polar",
        't.status in ["in_progress",',
        't.status in ["pending", "in_progress",',
    ),
    Fault(
        "legacy subscriptions can be asked for",
        "transfer.polar",
        't.kind in ["azure_plan", "new_commerce"]',
        't.kind in ["azure_plan", "legacy", "new_commerce"]',
    ),
    Fault(
        "an offer goes to whoever is named in it",
        "transfer.polar",
        'p.type = "indirect_provider" and t.target_partner_id',
        'p.kind = "partner" and t.target_partner_id',
    ),
    Fault(
        "whoever owns a transfer has all of it",
        "transfer.polar",
        'p.kind = "partner" and t.owner_id = p.tenant_id and t.initiated_by = nil',
        'p.kind = "partner" and t.owner_id = p.tenant_id',
    ),
    Fault(
        "a provider learns who is at an address before anybody has consented",
        "partner.polar",
        'ps.provider_id = p.tenant_id and ps.status = "active"',
        'ps.provider_id = p.tenant_id and ps.status in ["active", "invited"]',
    ),
    Fault(
        "everybody manages everybody's people",
        "user.polar",
        'has_standing(p: Principal, "self", u: User) if\n'
        '  p.kind in ["partner", "customer"] and u.tenant_id = p.tenant_id;',
        'has_standing(p: Principal, "self", _u: User) if\n  p.kind in ["partner", "customer"];',
    ),
    Fault(
        "partners read each other's audit records",
        "audit_record.polar",
        'has_standing(p: Principal, "self", r: AuditRecord) if\n'
        '  p.kind = "partner" and r.tenant_id = p.tenant_id;',
        'has_standing(p: Principal, "self", _r: AuditRecord) if\n  p.kind = "partner";',
    ),
    Fault(
        "whoever stands in a provider's place is one",
        "partnership.polar",
        'p.type = "indirect_provider" and ps.provider_id',
        'p.kind = "partner" and ps.provider_id',
    ),
    Fault(
        "a provider withdraws what its reseller asked for",
        "relationship.polar",
        " and r.associated_partner_id = nil",
        "",
    ),
    Fault(
        "the billed are taken for the billing",
        "billing_profile.polar",
        "b.partner_id = p.tenant_id",
        "b.customer_id = p.tenant_id",
    ),
    Fault(
        "another partner's attestation is seen like the customer's own signature",
        "customer_agreement.polar",
        'a.kind = "direct" and\n',
        "\n",
    ),
    added(
        "a standing that nothing is granted at",
        "user.polar",
        'has_standing(p: Principal, "colleague", u: User) if\n'
        '  p.kind = "partner" and u.tenant_id = p.tenant_id;',
    ),
)
