"""`policy coverage` tells which conditions came true in cases, which were tried, and what stopped them."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.testing.case_files import read_cases
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.coverage.coverage import Coverage, CoverageState, CoveredRule, cover
from multichannel.workbench.coverage.html import coverage_page
from multichannel.workbench.coverage.instrumentation import Instrumentation
from multichannel.workbench.coverage.tables import as_lcov
from multichannel.workbench.revisions import changed_lines
from tests.cli.shell import Run
from tests.workbench.suites import CASES, USERS, edited, users

NEIGHBOUR = """\
has_standing(p: Principal, "neighbour", u: User) if
  p.kind = "partner" and u.state = "active" and
  u.tenant_id = "canyon" and
  u.cloud = p.cloud;
grant("global_admin", "neighbour", "read", _: User);
"""
EITHER = """\
has_standing(p: Principal, "either", u: User) if
  (p.kind = "partner" or (p.kind = "customer" and # why not
   u.state in ["disabled", # nobody is
   "invited"])) and
  u.tenant_id = p.tenant_id;
"""
HELPED = """\
forbid("NOT_NOW", p: Principal, action: String, u: User) if
  action != "read" and is_at(p.market) and u.state = "invited";
is_at("US");
is_at("CA");
"""
EVERYBODY = """\
forbid("ADMINS_ASIDE", p: Principal, "read", u: User) if
  "account_admin" in p.roles and u.tenant_id != p.tenant_id;
"""


def covered(folder: Path, policy: str, cases: str = CASES, *, counts_items: bool = False) -> Coverage:
    place = users(folder / "policies", policy=policy, cases=cases)
    return cover(PolicySource.read(place), read_cases(place), counts_items=counts_items)


def rule(coverage: Coverage, text: str) -> CoveredRule:
    return next(each for each in coverage.rules if text in each.rule.text)


def conditions(found: CoveredRule) -> list[tuple[str, CoverageState]]:
    return [(spot.point.text, spot.state) for spot in found.spots[1:]]


@pytest.fixture(scope="module")
def shipped() -> Coverage:
    return cover(PolicySource.read(SHIPPED_POLICIES), read_cases(SHIPPED_POLICIES))


def test_all_of_the_shipped_policy_is_covered_by_its_cases(shipped: Coverage) -> None:
    assert [each.rule.position for each in shipped.rules if each.state is not CoverageState.TRUE] == []
    assert shipped.percent() == 100
    choices = (SHIPPED_POLICIES / "choices.polar").read_text("utf-8")
    off = re.findall(r'^(choice\("\w+"\)) if false;$', choices, re.MULTILINE)
    counted = {
        rule.mark
        for rule in shipped.source.rules
        if rule.is_rule and not any(choice in rule.text for choice in off)
    }
    assert off
    assert {each.rule.mark for each in shipped.rules} == counted


def test_rules_are_counted_for_as_many_expectations_as_they_hold_in(tmp_path: Path) -> None:
    found = covered(tmp_path, USERS)
    of_users = found.of_file("user.polar")
    assert [(each.rule.line, each.count, each.state) for each in of_users] == [
        (1, 6, CoverageState.TRUE),
        (4, 3, CoverageState.TRUE),
        (6, 2, CoverageState.TRUE),
        (9, 2, CoverageState.TRUE),
    ]
    assert [(spot.count, spot.tried) for spot in of_users[0].spots] == [(8, 8), (6, 8)]
    assert found.percent("user.polar") == 100


def test_a_grant_is_tried_only_at_a_standing_that_is_held_and_with_a_role_that_is_had(tmp_path: Path) -> None:
    policy = edited(USERS, '["global_admin", "account_admin"]', '["sales_agent", "admin_agent"]')
    found = rule(covered(tmp_path, policy), '"self", "read"')
    assert (found.state, found.count) == (CoverageState.TRIED, 0)
    assert found.stopped is not None
    assert str(found.stopped.example) == (
        'alder_global_admin read alder_agent (user.cases.yaml:7), where role is "global_admin"'
    )


def test_a_rule_that_is_never_true_tells_what_stopped_it_and_what_that_met(tmp_path: Path) -> None:
    found = covered(tmp_path, USERS + NEIGHBOUR)
    stopped = rule(found, '"neighbour", u')
    assert conditions(stopped) == [
        ('p.kind = "partner"', CoverageState.TRUE),
        ('u.state = "active"', CoverageState.TRUE),
        ('u.tenant_id = "canyon"', CoverageState.TRIED),
        ("u.cloud = p.cloud", CoverageState.NEVER),
    ]
    assert stopped.state is CoverageState.TRIED
    assert stopped.stopped is not None
    assert stopped.stopped.point.place == (13, 3)
    assert stopped.stopped.tried == 6
    assert str(stopped.stopped.example) == (
        'alder_global_admin read alder_agent (user.cases.yaml:7), where u.tenant_id is "alder"'
    )
    never = rule(found, '"neighbour", "read"')
    assert (never.state, never.stopped) == (CoverageState.NEVER, None)
    assert found.of(CoverageState.TRUE, "user.polar") == 4
    assert found.percent("user.polar") == pytest.approx(400 / 6)


def test_each_alternative_must_have_been_true(tmp_path: Path) -> None:
    found = rule(covered(tmp_path, USERS + EITHER), '"either"')
    whole = 'p.kind = "partner" or (p.kind = "customer" and u.state in ["disabled", "invited"])'
    assert conditions(found) == [
        (whole, CoverageState.TRUE),
        ('p.kind = "partner"', CoverageState.TRUE),
        ('p.kind = "customer"', CoverageState.TRUE),
        ('u.state in ["disabled", "invited"]', CoverageState.TRIED),
        ("u.tenant_id = p.tenant_id", CoverageState.TRUE),
    ]
    assert (found.count, found.state) == (6, CoverageState.TRIED)
    assert found.stopped is not None
    assert found.stopped.example is not None
    assert found.stopped.example.values == ('u.state is "active"',)


def test_rules_that_others_ask_are_tried_where_they_are_asked(tmp_path: Path) -> None:
    found = covered(tmp_path, USERS + HELPED)
    assert [rule(found, text).state for text in ('is_at("US")', 'is_at("CA")')] == [
        CoverageState.TRUE,
        CoverageState.NEVER,
    ]
    told = rule(found, '"NOT_NOW"')
    assert conditions(told) == [
        ('action != "read"', CoverageState.TRUE),
        ("is_at(p.market)", CoverageState.TRUE),
        ('u.state = "invited"', CoverageState.TRIED),
    ]
    assert [spot.count for spot in told.spots] == [8, 4, 4, 0]


def test_restrictions_that_look_at_roles_are_asked_with_them(tmp_path: Path) -> None:
    found = rule(covered(tmp_path, USERS + EVERYBODY), "ADMINS_ASIDE")
    assert conditions(found) == [
        ('"account_admin" in p.roles', CoverageState.TRUE),
        ("u.tenant_id != p.tenant_id", CoverageState.TRIED),
    ]
    assert [spot.count for spot in found.spots] == [4, 1, 0]


def test_an_allow_of_another_form_is_covered_by_its_conditions(tmp_path: Path) -> None:
    place = users(tmp_path / "policies")
    main = (place / "main.polar").read_text("utf-8")
    other = 'allow(p: Principal, "read", _: User) if p.kind = "partner" and p.type = "advisor";\n'
    (place / "main.polar").write_text(main + other, "utf-8")
    found = cover(PolicySource.read(place), read_cases(place))
    assert conditions(rule(found, '"advisor"')) == [
        ('p.kind = "partner"', CoverageState.TRUE),
        ('p.type = "advisor"', CoverageState.TRIED),
    ]
    assert [each.count for each in found.of_file("user.polar")] == [6, 3, 2, 2]


def test_words_that_a_rule_never_held_with_are_told_and_count_only_when_asked(tmp_path: Path) -> None:
    policy = edited(
        USERS, '["global_admin", "account_admin"]', '["global_admin", "sales_agent", "account_admin"]'
    )
    found = rule(covered(tmp_path, policy), '"self", "read"')
    assert [(each.point.text.partition(" in ")[0], each.words) for each in found.unmet] == [
        ("role", ('"sales_agent"',))
    ]
    assert found.state is CoverageState.TRUE
    assert replace(found, counts_items=True).state is CoverageState.TRIED


@pytest.mark.parametrize("step", [70, pytest.param(7, marks=pytest.mark.long)])
def test_probes_and_traces_of_the_engine_tell_of_the_same_rules(shipped_policy: Policy, step: int) -> None:
    """The rules whose probes are reached at their end are those that a trace names."""
    source = shipped_policy.source
    probes = Instrumentation(source)
    ends = {probe.end.number: probe.rule for probe in probes.probes}
    for case in read_cases(SHIPPED_POLICIES)[::9]:
        for each in list(case.expectations())[::step]:
            found = probes.reached({each.principal: {each.action}}, case.record)
            held = {ends[item.point] for item in found[each.principal, each.action] if item.point in ends}
            proofs = shipped_policy.grant_derivations(each.principal, each.action, case.record)
            hits = shipped_policy.restriction_hits(each.principal, each.action, case.record)
            standings = shipped_policy.standings(each.principal, case.record)
            assert {rule for rule in held if rule.name == "forbid"} == {
                rule for _, rules in hits for rule in rules if rule.name == "forbid"
            }
            assert {rule for rule in held if rule.name == "has_standing"} == {
                rule for _, rules in standings for rule in rules if rule.name == "has_standing"
            }
            assert {rule for rule in held if rule.name in {"grant", "allow"}} == {
                rule for rules in proofs for rule in rules if rule.name in {"grant", "allow"}
            }


def test_lcov_has_rules_as_functions_and_their_lines(tmp_path: Path) -> None:
    place = users(tmp_path / "policies", policy=USERS + NEIGHBOUR)
    found = cover(PolicySource.read(place), read_cases(place))
    _, of_users = as_lcov(found, place).split("TN:\n")[1:]
    assert of_users.splitlines() == [
        f"SF:{place}/user.polar",
        "FN:1,has_standing@user.polar:1",
        "FN:4,grant@user.polar:4",
        "FN:6,grant@user.polar:6",
        "FN:9,forbid@user.polar:9",
        "FN:11,has_standing@user.polar:11",
        "FN:15,grant@user.polar:15",
        "FNDA:6,has_standing@user.polar:1",
        "FNDA:3,grant@user.polar:4",
        "FNDA:2,grant@user.polar:6",
        "FNDA:2,forbid@user.polar:9",
        "FNDA:0,has_standing@user.polar:11",
        "FNDA:0,grant@user.polar:15",
        "FNF:6",
        "FNH:4",
        "DA:1,8",
        "DA:2,6",
        "DA:4,3",
        "DA:5,3",
        "DA:6,2",
        "DA:9,8",
        "DA:10,2",
        "DA:11,8",
        "DA:12,6",
        "DA:13,0",
        "DA:14,0",
        "DA:15,0",
        "LF:12",
        "LH:9",
        "end_of_record",
    ]


class _Page(HTMLParser):
    """What a page shows, and what it would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.marks: list[tuple[str, str, str]] = []
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.fetched += [str(given[key]) for key in ("src", "href") if key in given]
        if tag not in {"meta", "link"}:
            self.open.append(tag)
        if "tabindex" in given:
            assert given["tabindex"] == "0"
            self.marks.append((str(given["class"]), "", str(given["title"])))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "span" and self.marks:
            state, _, title = self.marks[-1]
            self.marks[-1] = (state, data, title)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_colours_conditions_and_says_why_without_fetching_anything(tmp_path: Path) -> None:
    found = covered(tmp_path, USERS + NEIGHBOUR + "# <script>alert(1)</script>\n")
    text = coverage_page(found)
    page = _Page(text)
    assert [link for link in page.fetched if not link.startswith("#")] == []
    assert "<script" not in text
    assert page.open == []
    assert ("true", "u.tenant_id = p.tenant_id", "true for 6 expectations") in page.marks
    stopped = next(mark for mark in page.marks if mark[0] == "tried")
    assert stopped[1] == 'u.tenant_id = "canyon"'
    assert stopped[2].startswith(
        "never true, tried by 6 expectations; for example alder_global_admin read alder"
    )
    assert ("never", "u.cloud = p.cloud", "never tried") in page.marks
    assert '<a href="#user.polar-13">Line 13</a>' in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return users(tmp_path / "policies", policy=USERS + NEIGHBOUR)


def test_text_tells_what_stopped_each_rule_then_counts(folder: Path, run: Run) -> None:
    code, out, err = run("policy", "coverage", "--policy", str(folder))
    assert (code, err) == (0, "")
    lines = [line.rstrip() for line in out.splitlines() if line.strip()]
    text = (folder / "main.polar").read_text("utf-8")
    number = text.partition('grant(role, standing, "read_summary", resource)')[0].count("\n") + 1
    assert lines == [
        (
            f"{folder}/main.polar:{number}:1: never tried: no case reaches "
            'grant(role, standing, "read_summary", resource)'
        ),
        (
            f'{folder}/user.polar:13:3: never true: `u.tenant_id = "canyon"`, tried by 6 expectations; for '
            'example alder_global_admin read alder_agent (user.cases.yaml:7), where u.tenant_id is "alder"'
        ),
        (
            f"{folder}/user.polar:15:1: never tried: no case reaches "
            'grant("global_admin", "neighbour", "read", _: User)'
        ),
        "file        rules  true  tried  never  percent",
        "main.polar      2     1             1     50.0",
        "user.polar      6     4      1      1     66.7",
        "all             8     5      1      2     62.5",
    ]


@pytest.mark.parametrize(("threshold", "code"), [("62.5", 0), ("62.51", 1), ("101", 2)])
def test_less_than_the_threshold_fails(folder: Path, run: Run, threshold: str, code: int) -> None:
    found, _, err = run("policy", "coverage", "--policy", str(folder), "--threshold", threshold)
    assert found == code
    if code == 1:
        assert err == "62.50 % of the rules are covered; required: 62.51 %.\n"


def test_json_tells_every_condition(folder: Path, run: Run) -> None:
    code, out, _ = run("policy", "coverage", "--policy", str(folder), "--format", "json")
    told = json.loads(out)
    assert (code, told["command"], told["percent"], told["rules"]) == (0, "policy coverage", 62.5, 8)
    stopped = next(each for each in told["details"] if each["state"] == "tried")
    assert (stopped["file"], stopped["line"], stopped["tried"], stopped["count"]) == ("user.polar", 11, 8, 0)
    assert stopped["conditions"][2] == {
        "text": 'u.tenant_id = "canyon"',
        "line": 13,
        "column": 3,
        "alternative": False,
        "state": "tried",
        "count": 0,
        "tried": 6,
        "example": {
            "who": "alder_global_admin",
            "action": "read",
            "what": "alder_agent",
            "case": "user.cases.yaml:7",
            "met": ['u.tenant_id is "alder"'],
        },
    }


@pytest.mark.parametrize("output_format", ["text", "json", "lcov", "html"])
def test_what_is_written_to_a_file_is_not_printed(
    folder: Path, run: Run, tmp_path: Path, output_format: str
) -> None:
    place = tmp_path / "coverage"
    asked = ("policy", "coverage", "--policy", str(folder), "--format", output_format)
    assert run(*asked, "--output", str(place)) == (0, "", "")
    assert "user.polar" in place.read_text("utf-8")
    code, _, err = run(*asked, "--output", str(tmp_path / "absent" / "coverage"))
    assert code == 2
    assert "cannot be written" in err


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *who, *arguments]  # whichever git is there
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose policy has since got a standing and a file."""
    place = users(tmp_path / "policies")
    git(tmp_path, "init", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message=First")
    edit = edited(USERS, "  u.cloud != p.cloud;", "  u.cloud != p.cloud; # for everybody")
    (place / "user.polar").write_text(edit + NEIGHBOUR, "utf-8")
    (place / "other.polar").write_text('is_at("US");\n', "utf-8")
    return place


def test_only_rules_on_lines_that_have_changed_are_counted(repository: Path, run: Run) -> None:
    asked = ("policy", "coverage", "--policy", str(repository), "--format", "json", "--changed-since")
    code, out, _ = run(*asked, "main")
    told = json.loads(out)
    assert code == 0
    assert [(each["file"], each["line"]) for each in told["details"]] == [
        ("other.polar", 1),
        ("user.polar", 9),
        ("user.polar", 11),
        ("user.polar", 15),
    ]
    git(repository, "add", ".")
    git(repository, "commit", "--message=Second")
    code, out, _ = run(*asked, "HEAD")
    told = json.loads(out)
    assert (code, told["rules"], told["percent"], told["details"]) == (0, 0, 100.0, [])


def test_new_lines_are_told_by_file(repository: Path) -> None:
    assert changed_lines(repository, "HEAD") == {
        "user.polar": {*range(10, 16)},
        "other.polar": {1, 2},
    }


@pytest.mark.parametrize("revision", ["v9", "--output=/tmp/pwned", "", "HEAD:policies"])
def test_what_is_no_revision_is_a_usage_error(repository: Path, revision: str) -> None:
    with pytest.raises(BadInput, match="no such revision in this git repository"):
        changed_lines(repository, revision)


def test_a_folder_outside_of_any_repository_is_a_usage_error(folder: Path, run: Run) -> None:
    code, out, err = run("policy", "coverage", "--policy", str(folder), "--changed-since", "main")
    assert (code, out) == (2, "")
    assert err == f"{folder} cannot be compared with 'main': not inside a git repository.\n"
