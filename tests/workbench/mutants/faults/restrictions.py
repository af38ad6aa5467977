"""What is taken away again: restrictions dropped, weakened, aimed at somebody else."""

from tests.workbench.mutants.fault import Fault

RESTRICTIONS = (
    Fault(
        "subscriptions cross national clouds",
        "main.polar",
        'forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Resource) if',
        'forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Transfer) if',
    ),
    Fault(
        "customers' users cross national clouds",
        "main.polar",
        'caller.kind in ["partner", "customer"] and record.cloud',
        'caller.kind = "partner" and record.cloud',
    ),
    Fault(
        "only reading stays in its national cloud",
        "main.polar",
        'forbid("CROSS_CLOUD", caller: Principal, _action: String, record: Resource) if',
        'forbid("CROSS_CLOUD", caller: Principal, action: String, record: Resource) if\n'
        '  action in ["read", "read_summary"] and',
    ),
    Fault(
        "a cloud is compared with a market",
        "main.polar",
        "record.cloud != caller.cloud",
        "record.cloud != caller.market",
    ),
    Fault(
        "a cloud is compared with itself",
        "main.polar",
        "record.cloud != caller.cloud",
        "caller.cloud != caller.cloud",
    ),
    Fault(
        "a partner that has left the programme gives away what it has",
        "main.polar",
        '"request_transfer", "release",',
        '"request_transfer",',
    ),
    Fault(
        "the wrong partners are restricted",
        "main.polar",
        'caller.status = "restricted"',
        'caller.status = "active"',
    ),
    Fault(
        "nobody is restricted: a status that there is not",
        "transfer.polar",
        'caller.status = "restricted"',
        'caller.status = "restriced"',
    ),
    Fault(
        "a restricted partner receives, and does not give",
        "transfer.polar",
        "transfer.target_partner_id = caller.tenant_id and action in",
        "transfer.source_partner_id = caller.tenant_id and action in",
    ),
    Fault(
        "a code that callers do not know",
        "main.polar",
        'forbid("RESTRICTED_PARTNER"',
        'forbid("RESTRICTED_PARTNR"',
    ),
    Fault(
        "trials are transferred, and nothing else",
        "subscription.polar",
        "subscription.is_trial = true",
        "subscription.is_trial = false",
    ),
    Fault(
        "legacy licences leave providers and stay with direct-bill partners",
        "subscription.polar",
        'caller.type != "direct_bill"',
        'caller.type = "direct_bill"',
    ),
    Fault(
        "private records are private to their customers, too",
        "subscription.polar",
        'caller.kind = "partner" and\n'
        '  subscription.channel != "csp" and subscription.recorded_by = "partner" and\n'
        "  subscription.owner_id !=",
        'subscription.channel != "csp" and subscription.recorded_by = "partner" and subscription.owner_id !=',
    ),
    Fault(
        "private records are nobody's secret",
        "subscription.polar",
        'subscription.recorded_by = "partner" and subscription.owner_id != caller.tenant_id;',
        'subscription.recorded_by = "partner" and subscription.owner_id = subscription.customer_id;',
    ),
    Fault(
        "a partner sells in every market but its own",
        "main.polar",
        "record.market != caller.market",
        "record.market = caller.market",
    ),
    Fault(
        "licences are recreated, and usage is not",
        "subscription.polar",
        'subscription.billing_type != "usage"',
        'subscription.billing_type != "license"',
    ),
    Fault(
        "the indirect model is missing in the wrong cloud",
        "choices.polar",
        'lacks_indirect_model("us_government")',
        'lacks_indirect_model("public")',
    ),
    Fault(
        "people are refused, and applications are not",
        "user.polar",
        'caller.auth_mode = "app"',
        'caller.auth_mode = "app_user"',
    ),
    Fault(
        "whoever sells directly enrols as a reseller",
        "partnership.polar",
        'caller.type = "direct_bill" and caller.status = "active"',
        'caller.type = "direct_bill" and caller.status = "restricted"',
    ),
    Fault(
        "Advisors remove customer relationships",
        "relationship.polar",
        'caller.type in ["indirect_reseller", "advisor"];\n\n# D2I',
        'caller.type = "indirect_reseller";\n\n# D2I',
    ),
    Fault(
        "resellers take part in transfers, and providers do not",
        "transfer.polar",
        'caller.type = "indirect_reseller" and action in ["accept", "consent"]',
        'caller.type = "indirect_provider" and action in ["accept", "consent"]',
    ),
    Fault(
        "a restriction of another kind of record",
        "subscription.polar",
        'forbid("TRIALS_STAY", _caller: Principal, "release", subscription: Subscription) if\n'
        "  subscription.is_trial = true;",
        'forbid("TRIALS_STAY", _caller: Principal, "release", _subscription: Transfer);',
    ),
)
