"""`policy test` says which expectations do not hold and why, and which verdicts none of them is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from multichannel.policy.decide.conditions import NEVER
from multichannel.policy.decide.policy import Policy
from multichannel.policy.testing.case_files import CaseSuite, read_suite
from multichannel.policy.testing.cases import ALLOWED, Case, Expectation
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.case_coverage import gaps
from multichannel.workbench.junit import junit
from multichannel.workbench.testing import failure, run
from tests.cli.shell import Run
from tests.workbench.suites import CASES, USERS, edited, users

WIDER = edited(USERS, '["global_admin", "account_admin"]', '["global_admin", "account_admin", "sales_agent"]')
SALES = """\
  - who: alder_sales_agent
    what: alder_agent
    may_not: {read: NOT_GRANTED}
    why: Sales agents manage nobody.
lists:
"""
WITH_SALES = edited(CASES, "lists:\n", SALES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy that gives sales agents more than its cases say."""
    return users(tmp_path / "policies", policy=WIDER, cases=WITH_SALES)


@pytest.fixture(scope="module")
def shipped_suite() -> CaseSuite:
    return read_suite(SHIPPED_POLICIES)


def _failures(folder: Path) -> list[str]:
    results = run(Policy.load(folder), read_suite(folder))
    return [str(failure(result)) for result in results if not result.is_met]


def test_a_policy_that_says_what_its_cases_expect_has_no_failures(tmp_path: Path) -> None:
    folder = users(tmp_path / "policies")
    results = run(Policy.load(folder), read_suite(folder))
    assert [result.is_met for result in results] == [True] * 9


def test_a_failure_names_place_principal_action_record_and_both_verdicts(folder: Path) -> None:
    assert _failures(folder) == [
        (
            "user.cases.yaml:24:1: error: alder_sales_agent read alder_agent: "
            "expected NOT_GRANTED, got allowed [unexpected-verdict]"
        )
    ]


def test_a_failure_of_a_restriction_names_all_codes_that_were_found(tmp_path: Path) -> None:
    second = 'forbid("ELSEWHERE", p: Principal, "read", u: User) if u.cloud != p.cloud;\n'
    folder = users(
        tmp_path / "policies",
        policy=USERS + second,
        cases=edited(CASES, "read: CROSS_CLOUD", "read: NOT_HERE"),
    )
    (found,) = _failures(folder)
    assert "alder_abroad: expected NOT_HERE, got CROSS_CLOUD and ELSEWHERE" in found


@pytest.mark.parametrize(
    ("sees", "expected", "found"),
    [
        ("[]", "nothing", "alder_agent"),
        ("[alder_agent, meadow_clerk]", "alder_agent, meadow_clerk", "all but meadow_clerk"),
        ("[meadow_clerk]", "meadow_clerk", "alder_agent"),
    ],
)
def test_a_list_must_be_exactly_what_is_expected(
    tmp_path: Path, sees: str, expected: str, found: str
) -> None:
    folder = users(tmp_path / "policies", cases=edited(CASES, "sees: [alder_agent]", f"sees: {sees}"))
    assert _failures(folder) == [
        (
            "user.cases.yaml:25:1: error: alder_account_admin see every User: "
            f"expected {expected}, got {found} [unexpected-verdict]"
        )
    ]


def test_of_a_list_that_is_right_in_part_only_the_rest_is_told(tmp_path: Path) -> None:
    policy = edited(
        USERS, "  u.tenant_id = p.tenant_id;", '  p.kind = "partner" and u.tenant_id in ["alder", "meadow"];'
    )
    cases = edited(CASES, "sees: [alder_agent]", "sees: [alder_agent, alder_abroad]")
    found = _failures(users(tmp_path / "policies", policy=policy, cases=cases))
    assert "expected alder_abroad, alder_agent, got all but alder_abroad, and also meadow_clerk" in found[-1]


def test_a_list_can_be_of_what_one_may_do_something_to(tmp_path: Path) -> None:
    cases = edited(CASES, "    of: User\n", "    of: User\n    to: update_roles\n")
    (found,) = _failures(users(tmp_path / "policies", cases=cases))
    assert "alder_account_admin update_roles every User: expected alder_agent, got nothing" in found


def test_a_check_and_a_list_that_disagree_are_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = users(tmp_path / "policies")
    policy = Policy.load(folder)
    monkeypatch.setattr(policy, "predicate", lambda *_: NEVER)
    found = [failure(result).message for result in run(policy, read_suite(folder)) if not result.is_met]
    leaves_out = "expected allowed, got allowed by the check of the record, but missing from the list"
    assert found == [
        f"alder_global_admin read alder_agent: {leaves_out}",
        f"alder_global_admin update_roles alder_agent: {leaves_out}",
        f"alder_account_admin read alder_agent: {leaves_out}",
        "alder_account_admin see every User: expected alder_agent, got nothing",
    ]


def test_the_command_explains_failures_and_exits_with_1(folder: Path, run: Run) -> None:
    code, out, err = run("policy", "test", "--policy", str(folder), "--allow-gaps")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    first = (
        f"{folder}/user.cases.yaml:24:1: error: alder_sales_agent read alder_agent: expected NOT_GRANTED, "
    )
    at = lines.index(f"{first}got allowed [unexpected-verdict]")
    assert lines[at + 1].strip() == "Reason of the case: Sales agents manage nobody."
    explanation = "\n".join(lines[at + 2 : at + 10])
    assert "granted to sales_agent as self" in explanation
    assert "user.polar:4 grant(role" in explanation
    assert lines[0].split() == ["user.cases.yaml", "9", "passed", "1", "failed"]
    assert lines[-1].startswith("10 expectations: 9 passed, 1 failed.")


def test_of_very_many_failures_the_first_are_explained(tmp_path: Path, run: Run) -> None:
    wrong = """  - who: alder_sales_agent
    what: alder_agent
    may: [read]
    why: It is not so.
"""
    folder = str(users(tmp_path / "policies", cases=edited(CASES, "lists:\n", f"{wrong * 21}lists:\n")))
    _, out, _ = run("policy", "test", "--policy", folder, "--allow-gaps")
    assert out.count("It is not so.") == 21
    assert out.count("No rule grants this.") == 20
    assert "Only the first 20 failures are explained; use --filter for others.\n" in out
    _, out, _ = run("policy", "test", "--policy", folder, "--allow-gaps", "--format", "json")
    assert [each["explanation"] is None for each in json.loads(out)["failures"]] == [False] * 20 + [True]


def test_a_policy_that_does_not_load_exits_with_3(tmp_path: Path, run: Run) -> None:
    folder = users(tmp_path / "policies", policy=f"{USERS}grant(\n")
    code, out, err = run("policy", "test", "--policy", str(folder))
    assert (code, out) == (3, "")
    assert "user.polar" in err


def test_cases_that_mean_nothing_are_told_with_their_line(tmp_path: Path, run: Run) -> None:
    folder = users(tmp_path / "policies", cases=edited(CASES, "who: meadow_global_admin", "who: meado_admin"))
    code, _, err = run("policy", "test", "--policy", str(folder))
    assert code == 3
    assert "user.cases.yaml:16: 'meado' is not a tenant of cast.yaml" in err


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("user.cases", 10),
        ("alder_sales", 1),
        ("update_roles", 4),
        ("alder_abroad", 2),
        ("CROSS_CLOUD", 2),
        ("every User", 1),
    ],
)
def test_a_filter_keeps_what_has_the_text_in_it(folder: Path, run: Run, text: str, count: int) -> None:
    _, out, _ = run("policy", "test", "--policy", str(folder), "--filter", text, "--format", "json")
    told = json.loads(out)
    assert (told["expectations"], told["gaps"]) == (count, [])


def test_a_filter_that_keeps_what_holds_exits_with_0(folder: Path, run: Run) -> None:
    code, out, _ = run("policy", "test", "--policy", str(folder), "--filter", "alder_account_admin")
    assert (code, out.splitlines()[-1]) == (0, "3 expectations: 3 passed, 0 failed.")


def test_a_filter_that_nothing_has_is_a_usage_error(folder: Path, run: Run) -> None:
    code, out, err = run("policy", "test", "--policy", str(folder), "--filter", "alder_salse")
    assert (code, out) == (2, "")
    assert err == f"No case in {folder} contains `alder_salse`.\n"


def test_json_tells_counts_failures_and_what_they_rest_on(folder: Path, run: Run) -> None:
    code, out, _ = run("policy", "test", "--policy", str(folder), "--format", "json", "--allow-gaps")
    told = json.loads(out)
    assert (code, told["schema_version"], told["command"]) == (1, 1, "policy test")
    assert told["policy_sha256"] == Policy.load(folder).digest
    assert told["files"] == [{"file": "user.cases.yaml", "expectations": 10, "failed": 1}]
    (found,) = told["failures"]
    grants = found.pop("explanation")["grants"]
    assert [grant["standing"] for grant in grants] == ["self"]
    assert found == {
        "path": f"{folder}/user.cases.yaml",
        "file": "user.cases.yaml",
        "line": 24,
        "who": "alder_sales_agent",
        "action": "read",
        "what": "alder_agent",
        "expected": "NOT_GRANTED",
        "found": "allowed",
        "why": "Sales agents manage nobody.",
    }
    assert {gap["level"] for gap in told["gaps"]} == {"warning"}


def test_github_and_sarif_place_failures_at_their_cases(folder: Path, run: Run) -> None:
    _, out, _ = run("policy", "test", "--policy", str(folder), "--format", "github")
    assert f"::error file={folder}/user.cases.yaml,line=24," in out.splitlines()[0]
    _, out, _ = run("policy", "test", "--policy", str(folder), "--format", "sarif")
    first = json.loads(out)["runs"][0]["results"][0]
    assert first["ruleId"] == "unexpected-verdict"
    assert first["locations"][0]["physicalLocation"]["region"]["startLine"] == 24


def test_junit_has_a_test_for_each_expectation_and_each_gap(folder: Path, run: Run, tmp_path: Path) -> None:
    written = tmp_path / "junit.xml"
    code, out, _ = run(
        "policy", "test", "--policy", str(folder), "--junit", str(written), "--format", "junit"
    )
    root = ET.fromstring(written.read_bytes())  # noqa: S314  (made by ourselves)
    assert (code, out) == (1, written.read_text("utf-8"))
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"user.cases.yaml", "gaps"}
    cases = suites["user.cases.yaml"]
    assert (cases.get("tests"), cases.get("failures"), len(cases)) == ("10", "1", 10)
    failed = [test for test in cases if test.find("failure") is not None]
    assert [(test.get("name"), test.get("line")) for test in failed] == [
        ("alder_sales_agent read alder_agent (line 24)", "24")
    ]
    assert failed[0].find("failure").get("message") == "expected NOT_GRANTED, got allowed"  # type: ignore[union-attr]  # it is there
    assert int(root.get("tests", "")) == 10 + len(suites["gaps"])
    assert suites["gaps"].get("failures") == suites["gaps"].get("tests")


def test_junit_holds_no_character_that_xml_does_not_allow(tmp_path: Path) -> None:
    cases = edited(CASES, "why: Account admins look on.", r'why: "a\x1b[31m \0 <b> & \uFFFE \n end"')
    cases = edited(cases, 'update_roles: NOT_GRANTED}\n    why: "', 'update_roles: OTHER}\n    why: "')
    folder = users(tmp_path / "policies", cases=cases)
    text = junit(run(Policy.load(folder), read_suite(folder)))
    failed = ET.fromstring(text.encode()).find(".//failure")  # noqa: S314  (made by ourselves)
    assert failed is not None
    assert "Reason of the case: a\ufffd[31m \ufffd <b> & \ufffd \n end" in str(failed.text)


def test_a_file_that_cannot_be_written_is_told(folder: Path, run: Run, tmp_path: Path) -> None:
    place = tmp_path / "absent" / "junit.xml"
    code, _, err = run("policy", "test", "--policy", str(folder), "--junit", str(place))
    assert (code, err) == (2, f"{place} cannot be written: No such file or directory\n")


def test_gaps_fail_unless_they_are_allowed(tmp_path: Path, run: Run) -> None:
    folder = str(users(tmp_path / "policies"))
    code, out, _ = run("policy", "test", "--policy", folder)
    assert code == 1
    assert "error: no case allows cancel on a Subscription [nothing-allows]" in out
    code, out, _ = run("policy", "test", "--policy", folder, "--allow-gaps")
    assert code == 0
    assert "warning: no case allows cancel on a Subscription [nothing-allows]" in out


def test_a_folder_without_cases_is_all_gaps(tmp_path: Path, run: Run) -> None:
    folder = users(tmp_path / "policies")
    (folder / "user.cases.yaml").unlink()
    (folder / "cast.yaml").unlink()
    code, out, _ = run("policy", "test", "--policy", str(folder))
    assert code == 1
    assert "user.polar:9:1: error: no case on a User expects CROSS_CLOUD by this rule" in out
    assert out.splitlines()[-1].startswith("0 expectations: 0 passed, 0 failed.")


def _without(suite: CaseSuite, drop: Callable[[Expectation], bool]) -> CaseSuite:
    """The same with each expectation as a case of its own, but for those that are dropped."""
    kept = (each for case in suite.cases for each in case.expectations() if not drop(each))
    return CaseSuite(tuple(_alone(each) for each in kept), suite.listings)


def _alone(each: Expectation) -> Case:
    case, allowed = each.case, each.expected == ALLOWED
    return Case(
        file=case.file,
        line=case.line,
        who=each.who,
        principal=each.principal,
        what=case.what,
        resource=case.resource,
        record=case.record,
        may=(each.action,) if allowed else (),
        may_not={} if allowed else {each.action: each.expected},
        roles=None,
        why=case.why,
    )


def _about(each: Expectation, resource: str, action: str) -> bool:
    return (each.case.resource.name, each.action) == (resource, action)


def _found(policy: Policy, suite: CaseSuite) -> list[tuple[str, str]]:
    return [(gap.code, gap.message) for gap in gaps(policy, suite)]


def test_an_action_that_no_case_allows_is_a_gap_and_so_is_the_standing_that_is_granted_it(
    shipped_policy: Policy, shipped_suite: CaseSuite
) -> None:
    suite = _without(
        shipped_suite, lambda each: _about(each, "Subscription", "release") and each.expected == ALLOWED
    )
    assert sorted(_found(shipped_policy, suite)) == [
        ("nothing-allows", "no case allows release on a Subscription"),
        ("standing-without-case", "no case allows release on a Subscription at the standing billing_partner"),
    ]


def test_a_standing_is_without_a_case_where_only_others_are_allowed_the_action(
    shipped_policy: Policy, shipped_suite: CaseSuite
) -> None:
    def of_a_customer(each: Expectation) -> bool:
        return _about(each, "Customer", "read") and each.principal.kind == "customer"

    assert _found(shipped_policy, _without(shipped_suite, of_a_customer)) == [
        ("standing-without-case", "no case allows read on a Customer at the standing customer")
    ]


def test_an_action_that_no_case_denies_is_a_gap(shipped_policy: Policy, shipped_suite: CaseSuite) -> None:
    suite = _without(shipped_suite, lambda each: _about(each, "User", "read") and each.expected != ALLOWED)
    found = _found(shipped_policy, suite)
    assert ("nothing-denies", "no case denies read on a User") in found
    assert ("no-neighbour", "read on alder_agent is allowed, and no similar case denies it") in found


def test_a_denial_far_away_is_no_neighbour(tmp_path: Path) -> None:
    cases = edited(CASES, "what: alder_agent\n    may_not: {read", "what: meadow_clerk\n    may_not: {read")
    cases = edited(cases, "may_not: {read: CROSS_CLOUD, update_roles", "may_not: {update_roles")
    folder = users(tmp_path / "policies", cases=cases)
    found = [gap for gap in gaps(Policy.load(folder), read_suite(folder)) if gap.code == "no-neighbour"]
    assert [(gap.file, gap.line, gap.message) for gap in found] == [
        ("user.cases.yaml", 7, "read on alder_agent is allowed, and no similar case denies it")
    ]


def test_each_of_two_restrictions_with_one_code_wants_a_case_of_its_own(
    shipped_policy: Policy, shipped_suite: CaseSuite
) -> None:
    def met_by_the_second(each: Expectation) -> bool:
        return _about(each, "Subscription", "move_to_csp") and each.expected == "RESELLERS_SELL_NOTHING"

    text = 'forbid("RESELLERS_SELL_NOTHING", caller: Principal, action: String, _: Resource)'
    (gap,) = gaps(shipped_policy, _without(shipped_suite, met_by_the_second))
    assert gap.code == "restriction-without-case"
    assert gap.rule.startswith(text)
    assert gap.file == "main.polar"
    lines = (SHIPPED_POLICIES / gap.file).read_text("utf-8").splitlines()
    assert lines[gap.line - 1].startswith(text)
