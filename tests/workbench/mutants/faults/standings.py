"""Who is what to a record: widened, narrowed, mistaken."""

from tests.workbench.mutants.fault import Fault, added

STANDINGS = (
    Fault(
        "every partner has the work of the others to do",
        "vendor_task.polar",
        'caller.kind = "partner" and vendor_task.partner_id = caller.tenant_id;',
        'caller.kind = "partner" and vendor_task.partner_id != caller.tenant_id;',
    ),
    Fault(
        "bulk operations are everybody's",
        "bulk_operation.polar",
        'caller.kind in ["partner", "customer"] and operation.tenant_id = caller.tenant_id;',
        'caller.kind in ["partner", "customer"] and operation.tenant_id != "";',
    ),
    Fault(
        "a relationship that is over still opens the customer",
        "customer.polar",
        'relationship.partner_id = caller.tenant_id and relationship.status = "active"',
        "relationship.partner_id = caller.tenant_id",
    ),
    Fault(
        "a relationship that was only requested opens the customer",
        "customer.polar",
        'relationship.partner_id = caller.tenant_id and relationship.status = "active"',
        'relationship.partner_id = caller.tenant_id and relationship.status in ["active", "requested"]',
    ),
    Fault(
        "the attached reseller is taken for the relationship's partner",
        "customer.polar",
        "relationship in customer.relationships and relationship.partner_id",
        "relationship in customer.relationships and relationship.associated_partner_id",
    ),
    Fault(
        "any partner can be attached like a reseller",
        "customer.polar",
        'caller.type = "indirect_reseller" and\n',
        'caller.kind = "partner" and\n',
    ),
    Fault(
        "every customer is every customer",
        "customer.polar",
        'has_standing(caller: Principal, "customer", customer: Customer) if\n'
        '  caller.kind = "customer" and customer.id = caller.tenant_id;',
        'has_standing(caller: Principal, "customer", _customer: Customer) if\n  caller.kind = "customer";',
    ),
    Fault(
        "and becomes or: whoever is a partner, or a relationship is active",
        "customer.polar",
        'relationship.partner_id = caller.tenant_id and relationship.status = "active"',
        '(relationship.partner_id = caller.tenant_id or relationship.status = "active")',
    ),
    Fault(
        "one sells what is not sold in CSP",
        "subscription.polar",
        'subscription.channel = "csp" and subscription.billing_partner_id = caller.tenant_id',
        "subscription.billing_partner_id = caller.tenant_id",
    ),
    Fault(
        "who is credited is taken for who bills",
        "subscription.polar",
        'subscription.channel = "csp" and subscription.billing_partner_id = caller.tenant_id',
        'subscription.channel = "csp" and subscription.partner_of_record_id = caller.tenant_id',
    ),
    Fault(
        "a relationship shows what other partners sell",
        "subscription.polar",
        'subscription.channel != "csp" and subscription.recorded_by = "customer" and\n',
        'subscription.recorded_by in ["customer", "partner"] and\n',
    ),
    Fault(
        "a relationship shows what is sold, and not what was bought elsewhere",
        "subscription.polar",
        'subscription.channel != "csp" and subscription.recorded_by = "customer" and\n',
        'subscription.channel = "csp" and subscription.recorded_by = "customer" and\n',
    ),
    Fault(
        "an attachment under one provider shows what others sell",
        "subscription.polar",
        "relationship in subscription.customer.relationships and\n"
        "  relationship.partner_id = subscription.billing_partner_id and",
        "relationship in subscription.customer.relationships and",
    ),
    Fault(
        "a partner of record may be a direct-bill partner",
        "subscription.polar",
        'caller.type = "indirect_reseller" and\n'
        '  subscription.channel = "csp" and subscription.partner_of_record_id',
        'caller.type in ["indirect_reseller", "direct_bill"] and\n'
        '  subscription.channel = "csp" and subscription.partner_of_record_id',
    ),
    Fault(
        "a customer changes what is sold to it",
        "subscription.polar",
        'caller.kind = "customer" and\n'
        '  subscription.channel != "csp" and subscription.recorded_by = "customer" and\n'
        "  subscription.customer_id",
        'caller.kind = "customer" and subscription.customer_id',
    ),
    Fault(
        "the source answers as if it were the target",
        "transfer.polar",
        'transfer.source_partner_id = caller.tenant_id and transfer.initiated_by = "target" and\n'
        '  transfer.kind in ["azure_plan"',
        'transfer.target_partner_id = caller.tenant_id and transfer.initiated_by = "target" and\n'
        '  transfer.kind in ["azure_plan"',
    ),
    Fault(
        "the target reads the lines before the source has accepted",
        "transfer.polar",
        'transfer.status in ["in_progress",',
        'transfer.status in ["pending", "in_progress",',
    ),
    Fault(
        "legacy subscriptions can be asked for",
        "transfer.polar",
        'transfer.kind in ["azure_plan", "new_commerce"]',
        'transfer.kind in ["azure_plan", "legacy", "new_commerce"]',
    ),
    Fault(
        "an offer goes to whoever is named in it",
        "transfer.polar",
        'caller.type = "indirect_provider" and transfer.target_partner_id',
        'caller.kind = "partner" and transfer.target_partner_id',
    ),
    Fault(
        "whoever owns a transfer has all of it",
        "transfer.polar",
        'caller.kind = "partner" and transfer.owner_id = caller.tenant_id and transfer.initiated_by = nil',
        'caller.kind = "partner" and transfer.owner_id = caller.tenant_id',
    ),
    Fault(
        "a provider learns who is at an address before anybody has consented",
        "partner.polar",
        'partnership.provider_id = caller.tenant_id and partnership.status = "active"',
        'partnership.provider_id = caller.tenant_id and partnership.status in ["active", "invited"]',
    ),
    Fault(
        "everybody manages everybody's people",
        "user.polar",
        'has_standing(caller: Principal, "self", user: User) if\n'
        '  caller.kind in ["partner", "customer"] and user.tenant_id = caller.tenant_id;',
        'has_standing(caller: Principal, "self", _user: User) if\n  caller.kind in ["partner", "customer"];',
    ),
    Fault(
        "partners read each other's audit records",
        "audit_record.polar",
        'has_standing(caller: Principal, "self", record: AuditRecord) if\n'
        '  caller.kind = "partner" and record.tenant_id = caller.tenant_id;',
        'has_standing(caller: Principal, "self", _record: AuditRecord) if\n  caller.kind = "partner";',
    ),
    Fault(
        "whoever stands in a provider's place is one",
        "partnership.polar",
        'caller.type = "indirect_provider" and partnership.provider_id',
        'caller.kind = "partner" and partnership.provider_id',
    ),
    Fault(
        "a provider withdraws what its reseller asked for",
        "relationship.polar",
        " and relationship.associated_partner_id = nil",
        "",
    ),
    Fault(
        "the billed are taken for the billing",
        "billing_profile.polar",
        "profile.partner_id = caller.tenant_id",
        "profile.customer_id = caller.tenant_id",
    ),
    Fault(
        "another partner's attestation is seen like the customer's own signature",
        "customer_agreement.polar",
        'agreement.kind = "direct" and\n',
        "\n",
    ),
    added(
        "a standing that nothing is granted at",
        "user.polar",
        'has_standing(caller: Principal, "colleague", user: User) if\n'
        '  caller.kind = "partner" and user.tenant_id = caller.tenant_id;',
    ),
)
