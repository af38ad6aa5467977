from __future__ import annotations

from pathlib import Path

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.diff.violations import Violation
from multichannel.workbench.invariants import read
from tests.workbench.diff.edits import Edit, compared

SHIPPED = SHIPPED_POLICIES / "invariants.yaml"
BREAKING: dict[str, Edit] = {
    "a trial is given away": ("subscription.polar", ".is_trial = true;", ".is_trial = nil;"),
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
    return compared(*edits).violations(read(file))


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
        ("{never: x, what: User, extra: y}", "invariants.yaml:2: an invariant has no `extra`"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_line(tmp_path: Path, item: str, said: str) -> None:
    path = tmp_path / "invariants.yaml"
    path.write_text(f"invariants:\n- {item}\n", "utf-8")

    with pytest.raises(PolicyInvalid) as refusal:
        read(path)

    assert str(refusal.value).startswith(said)
