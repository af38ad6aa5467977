"""What each kind of edit is told as: exactly that, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from multichannel.policy.decide.sample_principals import with_role
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.counterexample import build_record
from multichannel.workbench.diff.wording import principal_text, rewriting_text
from tests.workbench.diff.edits import Edit, diff_of, edited, names, position, released, shipped

SUBSCRIPTION, MAIN = "subscription.polar", "main.polar"
RELEASE = 'grant("admin_agent", "billing_partner", "release", _: Subscription);'
TRIALS = (
    'forbid("TRIALS_STAY", _caller: Principal, "release", subscription: Subscription) if\n'
    "  subscription.is_trial = true;"
)
SUPPORT = (
    'has_standing(caller: Principal, "support_contact", subscription: Subscription) if\n'
    "  supports(caller, subscription);"
)
CREDIT = (
    'has_standing(caller: Principal, "partner_of_record", subscription: Subscription) if\n'
    '  caller.type = "indirect_reseller" and\n'
    '  subscription.channel = "csp" and subscription.partner_of_record_id = caller.tenant_id;'
)
SUMMARY = 'grant("user_management_admin", "relationship_holder", "read_summary", _: ResellerRelationship);'
ATTACHED = (
    "relationship.partner_id = subscription.billing_partner_id and\n"
    "  relationship.associated_partner_id = caller.tenant_id"
)
CREDITED, RELEASING = position(SUBSCRIPTION, CREDIT), position(SUBSCRIPTION, RELEASE)
READERS = ("admin_agent", "billing_admin", "global_admin", "helpdesk_agent", "sales_agent")
CASE_HANDLERS = ("admin_agent", "global_admin", "helpdesk_agent")
OPENED = {
    "read": READERS,
    "read_summary": READERS,
    "open_support_case": CASE_HANDLERS,
    "read_own_access": ("global_admin",),
    "label": READERS,
}
"""What the standings of an attached reseller and of a support contact open, and to whom."""


@dataclass(frozen=True)
class Told:
    """What an edit is expected to be told as."""

    edits: tuple[Edit, ...]
    allowed: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)
    rewritten: tuple[str, ...] = ()
    text_only: tuple[str, ...] = ()


EDITS = {
    "a role swapped": Told(
        ((SUBSCRIPTION, RELEASE, RELEASE.replace("admin_agent", "sales_agent")),),
        allowed=released(["sales_agent"]),
        denied=released(["admin_agent"], ".denied"),
    ),
    "a restriction dropped": Told(
        ((SUBSCRIPTION, TRIALS, ""),),
        allowed={"subscription.release.TRIALS_STAY.admin_agent"},
    ),
    "a restriction of one market only": Told(
        ((SUBSCRIPTION, ".is_trial = true;", '.is_trial = true and subscription.market = "GB";'),),
        allowed={"subscription.release.TRIALS_STAY.admin_agent"},
    ),
    "a standing widened": Told(
        ((SUBSCRIPTION, f'{ATTACHED} and relationship.status = "active";', f"{ATTACHED};"),),
        allowed={
            f"subscription.{action}.attached_reseller.{role}"
            for action, roles in OPENED.items()
            for role in roles
        },
    ),
    "a standing narrowed by a fact that may be unknown": Told(
        ((SUBSCRIPTION, SUPPORT, f"{SUPPORT[:-1]} and subscription.partner_of_record_id = nil;"),),
        denied={
            f"subscription.{action}.support_contact.{role}.denied"
            for action, roles in OPENED.items()
            for role in roles
        },
    ),
    "a status more in a list of words": Told(
        (("transfer.polar", '["in_progress", "completed",', '["pending", "in_progress", "completed",'),),
        allowed={f"transfer.read.receiver.{role}" for role in ("global_admin", "admin_agent", "sales_agent")},
    ),
    "a reason by another name": Told(
        ((SUBSCRIPTION, '"TRIALS_STAY"', '"TRIALS_REMAIN"'),),
        reasons={"subscription.release.TRIALS_REMAIN.admin_agent.reason"},
    ),
    "variables renamed and conditions turned round": Told(
        (
            (
                SUBSCRIPTION,
                CREDIT,
                (
                    'has_standing(q: Principal, "partner_of_record", x: Subscription) if\n'
                    '  x.partner_of_record_id = q.tenant_id and x.channel = "csp" and\n'
                    '  q.type = "indirect_reseller";'
                ),
            ),
        ),
        rewritten=(f"{CREDITED} is now {CREDITED}",),
    ),
    "a rule split in two": Told(
        (
            (
                SUBSCRIPTION,
                CREDIT,
                CREDIT.replace("caller.tenant_id;", "caller.tenant_id and subscription.is_trial = true;\n")
                + CREDIT.replace("caller.tenant_id;", "caller.tenant_id and subscription.is_trial != true;"),
            ),
        ),
        rewritten=(f"{CREDITED} is now {CREDITED}, {position(SUBSCRIPTION, CREDIT, 3)}",),
    ),
    "a rule moved to another place": Told(
        ((SUBSCRIPTION, RELEASE, ""), (SUBSCRIPTION, TRIALS, f"{TRIALS}\n{RELEASE}")),
        text_only=(RELEASING,),
    ),
    "a comment": Told(
        ((SUBSCRIPTION, "# R35, R36: trials", "# R35 and R36: trials"),),
        text_only=(position(SUBSCRIPTION, TRIALS, -1),),
    ),
    "a grant taken away": Told(
        (("relationship.polar", SUMMARY, ""),),
        denied={"reseller_relationship.read_summary.relationship_holder.user_management_admin.denied"},
    ),
}


@pytest.mark.parametrize("told", EDITS.values(), ids=EDITS)
def test_an_edit_is_told_as_what_it_changes(told: Told) -> None:
    diff = diff_of(*told.edits)

    assert names(diff, Direction.ALLOWED) == told.allowed
    assert names(diff, Direction.DENIED) == told.denied
    assert names(diff, Direction.REASON) == told.reasons
    assert tuple(map(rewriting_text, diff.rewritings)) == told.rewritten
    assert diff.text_only == told.text_only
    assert diff.bounds.given_up == 0


@pytest.mark.parametrize("told", EDITS.values(), ids=EDITS)
def test_both_versions_say_of_every_witness_what_is_told_of_them(told: Told) -> None:
    old, new = shipped(), edited(*told.edits)

    for change in diff_of(*told.edits).changes:
        resource, principal = RESOURCES[change.resource], change.counterexample.principal
        whole = build_record(resource, change.counterexample.facts, principal)
        for action in change.actions:
            for role in change.roles:
                before, after = (each.check(with_role(principal, role), action, whole) for each in (old, new))
                if change.direction is Direction.REASON:
                    assert (before.allowed, after.allowed) == (False, False)
                    assert before.reasons != after.reasons
                else:
                    newly_allowed = change.direction is Direction.ALLOWED
                    assert (before.allowed, after.allowed) == (not newly_allowed, newly_allowed)


def test_a_witness_has_no_fact_that_does_not_matter() -> None:
    (change,) = diff_of((SUBSCRIPTION, TRIALS, "")).changes

    assert dict(change.counterexample.facts) == {
        "billing_partner_id": "own_tenant",
        "channel": "csp",
        "cloud": "public",
        "is_trial": True,
        "status": "active",
    }
    assert change.counterexample.before.reasons == ("TRIALS_STAY",)
    assert [cited.rule.position for cited in change.rules] == [position(SUBSCRIPTION, TRIALS)]


def test_principals_are_told_by_what_they_have_in_common() -> None:
    diff = diff_of((SUBSCRIPTION, TRIALS, ""))

    (change,) = diff.changes
    assert [str(group) for group in change.principals] == [
        "advisor or direct_bill or indirect_provider, active or restricted",
    ]


def test_customers_whose_market_is_unknown_are_compared_and_named() -> None:
    own = "customer.id = caller.tenant_id;"
    changes = diff_of(("customer.polar", own, f"{own[:-1]} and caller.market != nil;")).changes
    assert {change.direction for change in changes} == {Direction.DENIED}
    assert {str(group) for change in changes for group in change.principals} == {
        "customer, market unknown",
        "customer, market unknown, app_user",
    }
    assert {principal_text(change.counterexample.principal) for change in changes} >= {
        "global_admin, customer, public, app_user, market unknown"
    }


def test_an_edited_restriction_is_cited_where_a_grant_would_allow_less_without_it() -> None:
    narrower = (SUBSCRIPTION, ".is_trial = true;", '.is_trial = true and subscription.commerce = "legacy";')
    diff = diff_of((SUBSCRIPTION, RELEASE, RELEASE.replace("admin_agent", "sales_agent")), narrower)

    (allowed,) = diff.of(Direction.ALLOWED)
    assert {(each.version, each.rule.position) for each in allowed.rules if each.is_edited} == {
        ("new", RELEASING),
        ("old", position(SUBSCRIPTION, TRIALS)),
    }
    assert diff.rewritings == ()


@pytest.mark.long
def test_an_edit_of_allow_itself_is_compared_for_every_kind_of_record() -> None:
    diff = diff_of((MAIN, "role in principal.roles;", 'role in principal.roles and role != "sales_agent";'))

    assert not diff.of(Direction.ALLOWED)
    assert {change.roles for change in diff.of(Direction.DENIED)} == {("sales_agent",)}
    granted = {change.resource for change in diff.of(Direction.DENIED)}
    assert granted >= {"Customer", "Partner", "Subscription", "Transfer", "ResellerRelationship"}
    assert diff.rewritings == ()


def test_a_restriction_by_roles_is_told_for_the_roles_it_names() -> None:
    by_role = (
        f'{TRIALS}\nforbid("NO_SALES", p: Principal, "cancel", _: Subscription) if "sales_agent" in p.roles;'
    )
    diff = diff_of((SUBSCRIPTION, TRIALS, by_role))

    # A customer's sales agent is granted nothing to lose, unless it is a global admin as well.
    assert names(diff, Direction.DENIED) == {
        "subscription.cancel.NO_SALES.sales_agent.denied",
        "subscription.cancel.NO_SALES.global_admin+sales_agent.denied",
    }
    assert diff.bounds.roles == {"Subscription": 2}


def test_two_versions_that_are_one_differ_in_nothing() -> None:
    diff = diff_of()

    assert not diff.changes
    assert not diff.rewritings
    assert not diff.text_only
    assert diff.bounds.decisions == 0
