"""What is taken away again: restrictions dropped, weakened, aimed at somebody else."""

from tests.workbench.mutants.fault import Fault

RESTRICTIONS = (
    Fault(
        "subscriptions cross national clouds",
        "subscription.polar",
        'forbid("CROSS_CLOUD", p: Principal, _action: String, s: Subscription) if\n  s.cloud != p.cloud;',
        "",
    ),
    Fault(
        "customers' users cross national clouds",
        "user.polar",
        'p.kind in ["partner", "customer"] and u.cloud != p.cloud',
        'p.kind = "partner" and u.cloud != p.cloud',
    ),
    Fault(
        "only reading stays in its national cloud",
        "transfer.polar",
        'forbid("CROSS_CLOUD", p: Principal, _action: String, t: Transfer) if\n',
        'forbid("CROSS_CLOUD", p: Principal, action: String, t: Transfer) if\n'
        '  action in ["read", "read_summary"] and\n',
    ),
    Fault(
        "a cloud is compared with a market",
        "customer.polar",
        "c.cloud != p.cloud",
        "c.cloud != p.market",
    ),
    Fault(
        "a cloud is compared with itself",
        "partnership.polar",
        "ps.cloud != p.cloud",
        "p.cloud != p.cloud",
    ),
    Fault(
        "a partner that has left the programme gives away what it has",
        "subscription.polar",
        '"assign_partner_of_record", "release"];\n\n# R22',
        '"assign_partner_of_record"];\n\n# R22',
    ),
    Fault(
        "the wrong partners are restricted",
        "customer.polar",
        'p.status = "restricted"',
        'p.status = "active"',
    ),
    Fault(
        "nobody is restricted: a status that there is not",
        "transfer.polar",
        'p.status = "restricted"',
        'p.status = "restriced"',
    ),
    Fault(
        "a restricted partner receives, and does not give",
        "transfer.polar",
        "t.target_partner_id = p.tenant_id and action in",
        "t.source_partner_id = p.tenant_id and action in",
    ),
    Fault(
        "a code that callers do not know",
        "subscription.polar",
        'forbid("RESTRICTED_PARTNER"',
        'forbid("RESTRICTED_PARTNR"',
    ),
    Fault(
        "trials are transferred, and nothing else",
        "subscription.polar",
        "s.is_trial = true",
        "s.is_trial = false",
    ),
    Fault(
        "legacy licences leave providers and stay with direct-bill partners",
        "subscription.polar",
        'p.type != "direct_bill"',
        'p.type = "direct_bill"',
    ),
    Fault(
        "private records are private to their customers, too",
        "subscription.polar",
        'p.kind = "partner" and s.channel != "csp" and s.recorded_by = "partner" and s.owner_id !=',
        's.channel != "csp" and s.recorded_by = "partner" and s.owner_id !=',
    ),
    Fault(
        "private records are nobody's secret",
        "subscription.polar",
        's.recorded_by = "partner" and s.owner_id != p.tenant_id;',
        's.recorded_by = "partner" and s.owner_id = s.customer_id;',
    ),
    Fault(
        "a partner sells in every market but its own",
        "customer.polar",
        "c.market != p.market",
        "c.market = p.market",
    ),
    Fault(
        "licences are recreated, and usage is not",
        "subscription.polar",
        's.billing_type != "usage"',
        's.billing_type != "license"',
    ),
    Fault(
        "the indirect model is missing in the wrong cloud",
        "partner.polar",
        'pr.cloud = "us_government"',
        'pr.cloud = "public"',
    ),
    Fault(
        "people are refused, and applications are not",
        "user.polar",
        'p.auth_mode = "app"',
        'p.auth_mode = "app_user"',
    ),
    Fault(
        "whoever sells directly enrols as a reseller",
        "partnership.polar",
        'p.type = "direct_bill" and p.status = "active"',
        'p.type = "direct_bill" and p.status = "restricted"',
    ),
    Fault(
        "Advisors remove customer relationships",
        "relationship.polar",
        'p.type in ["indirect_reseller", "advisor"];\n\n# D2I',
        'p.type = "indirect_reseller";\n\n# D2I',
    ),
    Fault(
        "resellers take part in transfers, and providers do not",
        "transfer.polar",
        'p.type = "indirect_reseller" and action in ["accept", "consent"]',
        'p.type = "indirect_provider" and action in ["accept", "consent"]',
    ),
    Fault(
        "a restriction of another kind of record",
        "subscription.polar",
        'forbid("TRIALS_STAY", _p: Principal, "release", s: Subscription) if\n  s.is_trial = true;',
        'forbid("TRIALS_STAY", _p: Principal, "release", _s: Transfer);',
    ),
)
