"""Cases: what they expect, how they are read, and that asking for all actions at once is asking for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.testing.case_files import read_cases
from multichannel.policy.testing.cases import expectation_results, run_cases
from tests.policy.conftest import POLICIES

TABLE = """
facts:
  User:
    alder_agent: {tenant_id: alder, state: active, cloud: public}
cases:
  - who: alder
    what: alder_agent
    roles: %s
    why: Role matrix.
"""


def _read(folder: Path, roles: str) -> Path:
    (folder / "cast.yaml").write_text((POLICIES / "cast.yaml").read_text("utf-8"))
    (folder / "user.cases.yaml").write_text(TABLE % roles)
    return folder


@pytest.mark.parametrize("step", [75, pytest.param(5, marks=pytest.mark.long)])
def test_verdicts_on_all_actions_are_those_on_each(policy: Policy, step: int) -> None:
    cases = read_cases(POLICIES)
    for case in cases[::step]:
        roles = case.principal.roles
        assert policy.verdicts(case.principal, case.record, [roles])[roles] == {
            action: policy.check(case.principal, action, case.record) for action in case.resource.actions
        }


def test_verdicts_are_right_where_restrictions_depend_on_roles() -> None:
    texts = dict(PolicySource.read(POLICIES).texts)
    texts["user.polar"] += (
        'forbid("HELPDESK_STAYS_OUT", p: Principal, "read", _: User) if "helpdesk_agent" in p.roles;'
    )
    policy = Policy(PolicySource(tuple(texts.items())))
    case = next(case for case in read_cases(POLICIES) if case.what == "alder_agent")
    told = policy.verdicts(case.principal, case.record, [("helpdesk_agent",), ("global_admin",)])
    reasons = {roles[0]: [*map(str, verdicts.values())] for roles, verdicts in told.items()}
    assert "HELPDESK_STAYS_OUT" in str(reasons["helpdesk_agent"])
    assert "HELPDESK_STAYS_OUT" not in str(reasons["global_admin"])


def test_a_table_of_roles_expects_a_verdict_of_every_role_on_every_action(
    policy: Policy, tmp_path: Path
) -> None:
    granted = "{read: [global_admin, user_management_admin], update_roles: [global_admin]}"
    found = [*expectation_results(policy, read_cases(_read(tmp_path, granted)))]
    assert len(found) == 15 * 4
    unmet = {(str(item.expectation.who), item.expectation.action.value) for item in found if not item.is_met}
    may = {
        (f"alder_{role}", action.value)
        for action in found[0].expectation.case.resource.actions
        for role in {item.expectation.principal.roles[0] for item in found}
        if policy.check(
            next(item.expectation.principal for item in found if item.expectation.principal.roles == (role,)),
            action,
            found[0].expectation.case.record,
        ).allowed
    }
    expected = {("alder_global_admin", "read"), ("alder_user_management_admin", "read")}
    expected |= {("alder_global_admin", "update_roles")}
    assert unmet == may ^ expected


def test_a_table_without_roles_lets_nobody_do_anything(policy: Policy, tmp_path: Path) -> None:
    unmet = run_cases(policy, read_cases(_read(tmp_path, "{}")))
    assert unmet
    assert all("expected denied, the policy says allowed" in str(item) for item in unmet)


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ("{raed: [global_admin]}", "'raed' is not an action on a User"),
        ("{read: [global_admn]}", "'global_admn' is not a role"),
        ("{read: global_admin}", "read must be a list"),
        ("[read]", "`roles` must be a mapping"),
    ],
)
def test_a_table_that_means_nothing_is_refused_with_its_line(
    tmp_path: Path, roles: str, message: str
) -> None:
    with pytest.raises(PolicyInvalid, match=r"user\.cases\.yaml:6: ") as refused:
        read_cases(_read(tmp_path, roles))
    assert message in refused.value.message
