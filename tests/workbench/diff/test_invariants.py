from __future__ import annotations

import json
from pathlib import Path

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.diff.violations import InvariantChecker, Violation
from multichannel.workbench.invariants import read
from tests.workbench.diff.edits import Edit, edited

SHIPPED = SHIPPED_POLICIES / "invariants.yaml"
BREAKING: dict[str, Edit] = {
    "a trial is given away": ("subscription.polar", ".is_trial = true;", ".is_trial = nil;"),
    "a partner sees what a customer recorded and shares with others only": (
        "subscription.polar",
        """"selected" and
  share in subscription.shares and share.partner_id = caller.tenant_id;""",
        '"selected" and caller.kind = "partner";',
    ),
    "a partner reads more than the name of a customer that has ended the relationship": (
        "customer.polar",
        '"former_partner", "read_summary"',
        '"former_partner", "read"',
    ),
    "a partner without the customer's permission sees it": (
        "customer.polar",
        'relationship.partner_id = caller.tenant_id and relationship.status = "active"',
        'relationship.partner_id = caller.tenant_id and relationship.status != "requested"',
    ),
    "a partner sees more than what it sells of a customer that has ended the relationship": (
        "subscription.polar",
        'relationship.status in ["active", "removed"]',
        'relationship.status in ["active", "removed", "ended_by_customer"]',
    ),
    "a support case is open to a partner whose relationship the customer has ended": (
        "support_case.polar",
        'serves(caller, relationship) and relationship.status = "removed"',
        'serves(caller, relationship) and relationship.status in ["removed", "ended_by_customer"]',
    ),
    "an admin agent of a partner ends a user's access without the right to manage users": (
        "user.polar",
        'grant(role, "self", "read", _: User)',
        'grant("admin_agent", "self", "disable", _: User); grant(role, "self", "read", _: User)',
    ),
    "a partner changes another tenant's user without the right to manage users": (
        "user.polar",
        "delegation.manage_users = true",
        "delegation.support = true",
    ),
    "an admin agent sees the people of a customer without a right that opens them": (
        "user.polar",
        "delegation.read_directory = true",
        "delegation.support = true",
    ),
    "delegation opens what a CSP partner sells": (
        "subscription.polar",
        """has_standing(caller: Principal, "delegated_support", subscription: Subscription) if
  caller.kind = "partner" and multichannel(caller.cloud) and
  subscription.channel != "csp" and subscription.recorded_by = "customer" and""",
        """has_standing(caller: Principal, "delegated_support", subscription: Subscription) if
  caller.kind = "partner" and multichannel(caller.cloud) and""",
    ),
    "a tenant sees the people of another": (
        "user.polar",
        "user.tenant_id = caller.tenant_id",
        'user.state = "active"',
    ),
    "a partner sells outside of its market": (
        "main.polar",
        "record.market != caller.market",
        "record.market = caller.market",
    ),
    "a partner reads what another partner bills": (
        "billing_profile.polar",
        "profile.partner_id = caller.tenant_id",
        "profile.partner_id != nil",
    ),
    "an application alone gives somebody a role": ("user.polar", '"app"', '"app_user"'),
}


def broken(*edits: Edit, file: Path = SHIPPED) -> tuple[Violation, ...]:
    return tuple(InvariantChecker(PolicyVersion(edited(*edits))).violations(read(file)))


def test_the_shipped_policy_keeps_every_invariant() -> None:
    assert broken() == ()


@pytest.mark.long
@pytest.mark.parametrize(("never", "edit"), BREAKING.items(), ids=BREAKING)
def test_an_edit_that_breaks_an_invariant_is_told_with_somebody_who_may_now(never: str, edit: Edit) -> None:
    found = {violation.invariant.never: violation for violation in broken(edit)}

    assert never in found
    action, witness = found[never].counterexample or pytest.fail("nobody breaks it")
    assert action in found[never].actions
    assert witness.after.allowed
    assert found[never].rules


def test_an_invariant_speaks_of_those_it_names_and_of_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "invariants.yaml"
    path.write_text(
        """invariants:
- never: a restricted reseller reads
  who: {type: indirect_reseller, status: restricted, roles: sales_agent}
  standing: [attached_reseller]
  may: read
  what: [Subscription, Customer]
""",
        "utf-8",
    )
    found = broken(file=path)

    assert [(each.resource, list(each.actions), list(each.roles)) for each in found] == [
        ("Subscription", ["read"], ["sales_agent"]),
        ("Customer", ["read"], ["sales_agent"]),
    ]
    assert {(each.type, each.status) for violation in found for each in violation.principals} == {
        ("indirect_reseller", "restricted")
    }


def test_an_invariant_says_nothing_of_what_is_all_right(tmp_path: Path) -> None:
    never = "{never: a partner reads, who: {kind: partner, roles: sales_agent}, may: read, what: Customer"
    path = tmp_path / "invariants.yaml"
    ways = [
        f"held in resource.relationships and held.{end} = principal.tenant_id"
        for end in ("partner_id", "associated_partner_id")
    ]
    for unless, is_broken in ((ways, False), (ways[:1], True), (ways[0], True)):
        path.write_text(f"invariants:\n- {never}, unless: {json.dumps(unless)}}}\n", "utf-8")
        assert bool(broken(file=path)) is is_broken


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("{what: User}", "invariants.yaml:2: `never` (a text) and `what` are required"),
        ("{never: x, what: Userr}", "invariants.yaml:2: 'Userr' is not a word for `what`; it is one of "),
        ("{never: x, what: User, may: cancel}", "invariants.yaml:2: 'cancel' is not a word for `may`"),
        ("{never: x, what: User, who: {tier: a}}", "invariants.yaml:2: `who` has no `tier`"),
        ("{never: x, what: User, who: {roles: king}}", "invariants.yaml:2: 'king' is not a word for `roles`"),
        (
            "{never: x, what: User, where: resource.age = 1}",
            "invariants.yaml:2: `where`: User has no fact",
        ),
        ("{never: x, what: User, where: 'not resource.id'}", "invariants.yaml:2: `where`: "),
        ("{never: x, what: User, where: 'true); cut('}", "invariants.yaml:2: `where`: "),
        ("{never: x, what: User, unless: 'not resource.id'}", "invariants.yaml:2: `unless`: "),
        (
            "{never: x, what: User, unless: [resource.age = 1]}",
            "invariants.yaml:2: `unless`: User has no fact",
        ),
        ("{never: x, what: User, unless: [1]}", "invariants.yaml:2: `unless` must be the body of a rule"),
        ("{never: x, what: User, unless: 1}", "invariants.yaml:2: `unless` must be a list"),
        ("{never: x, what: User, extra: y}", "invariants.yaml:2: an invariant has no `extra`"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_line(tmp_path: Path, item: str, said: str) -> None:
    path = tmp_path / "invariants.yaml"
    path.write_text(f"invariants:\n- {item}\n", "utf-8")

    with pytest.raises(PolicyInvalid) as refusal:
        read(path)

    assert str(refusal.value).startswith(said)
