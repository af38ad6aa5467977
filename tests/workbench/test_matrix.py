"""The matrix says what the policy says: no grant is left out, none is told without its conditions."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.sample_principals import ONE_OF_EACH_KIND
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.matrix.html import matrix_page
from multichannel.workbench.matrix.markdown import matrix_markdown
from multichannel.workbench.matrix.matrix import (
    TENANT_ROLES,
    GrantCell,
    GrantRow,
    Matrix,
    ResourceMatrix,
    matrix_of,
)
from multichannel.workbench.matrix.tables import as_csv, matrix_as_json

POLICIES = Path(__file__).parents[2] / "policies"
COMMAND = Path(sys.executable).with_name("multichannel")
GRANTED_TO_ALL = "grant(_role, standing, action, resource)"
RELEASE = 'grant("admin_agent", "billing_partner", "release", _: Subscription);'


def changed(file: str, before: str, after: str) -> Policy:
    texts = dict(PolicySource.read(POLICIES).texts)
    assert texts[file].count(before) == 1
    return Policy(PolicySource(tuple((texts | {file: texts[file].replace(before, after)}).items())))


def sheet(matrix: Matrix, name: str) -> ResourceMatrix:
    return next(each for each in matrix.resources if each.resource.name == name)


def row(policy: Policy, resource: str, standing: str, action: str) -> GrantRow:
    found = sheet(matrix_of(policy), resource)
    return next(each for each in found.rows if (each.standing, each.action) == (standing, action))


@pytest.fixture(scope="module")
def shipped_matrix(shipped_policy: Policy) -> Matrix:
    return matrix_of(shipped_policy)


def test_a_role_is_told_a_grant_exactly_where_the_policy_gives_it_an_action(
    shipped_policy: Policy, shipped_matrix: Matrix
) -> None:
    """Held against the predicates, which come about another way."""
    for each in shipped_matrix.resources:
        for action in each.resource.actions:
            told = {role for row in each.rows if row.action == action for role in row.cells}
            given = {
                role
                for role in TENANT_ROLES
                for principal in ONE_OF_EACH_KIND
                if principal.kind != "system"
                and shipped_policy.translate(replace(principal, roles=(role,)), action, each.resource).allowed
            }
            assert told & set(TENANT_ROLES) == given, (each.resource.name, action)


def test_each_kind_of_record_has_its_sheet_and_each_action_a_row(shipped_matrix: Matrix) -> None:
    assert [each.resource.name for each in shipped_matrix.resources] == list(RESOURCES)
    assert [each.ungranted for each in shipped_matrix.resources] == [()] * len(RESOURCES)


def test_a_cell_names_the_rules_it_rests_on(shipped_policy: Policy) -> None:
    cells = row(shipped_policy, "Subscription", "billing_partner", "release").cells

    assert list(cells) == ["admin_agent"]
    assert [rule.text for rule in cells["admin_agent"].rules] == [RELEASE]
    assert cells["admin_agent"].mark == "yes"


def test_a_restriction_is_noted_at_the_actions_it_takes_away_and_at_no_other(shipped_matrix: Matrix) -> None:
    found = sheet(shipped_matrix, "Subscription")

    assert [item.code for item in found.restricting("release")] == [
        "PARTNER_INACTIVE",
        "RESELLERS_SELL_NOTHING",
        "LICENSE_BASED_STAYS_WITH_PARTNER",
        "TRIALS_STAY",
    ]
    assert found.restricting("read") == ()
    assert [item.code for item in found.restrictions if item.is_general] == ["CROSS_CLOUD", "PRIVATE_RECORD"]
    inactive = next(item for item in found.restrictions if item.code == "PARTNER_INACTIVE")
    assert [clause.condition.where for clause in inactive.clauses] == ['caller.status = "inactive"']


def test_a_grant_that_looks_at_the_record_is_no_plain_yes() -> None:
    policy = changed(
        "subscription.polar", RELEASE, RELEASE.replace("_:", "s:")[:-1] + " if s.is_trial = false;"
    )

    cell = row(policy, "Subscription", "billing_partner", "release").cells["admin_agent"]

    assert (cell.mark, cell.where) == ("if", "this.is_trial = false")
    assert "[a] if `this.is_trial = false`" in matrix_markdown(matrix_of(policy))
    assert "if [a]" in matrix_page(matrix_of(policy))


def test_an_unconditional_grant_beside_a_conditional_one_is_a_yes() -> None:
    both = RELEASE + "\n" + RELEASE.replace("_:", "s:")[:-1] + " if s.is_trial = false;"
    policy = changed("subscription.polar", RELEASE, both)

    assert row(policy, "Subscription", "billing_partner", "release").cells["admin_agent"].mark == "yes"


def test_a_grant_to_whatever_role_but_one_is_told_role_by_role() -> None:
    wide = 'grant(role, "billing_partner", "release", _: Subscription) if role != "sales_agent";'
    policy = changed("subscription.polar", RELEASE, wide)

    roles = row(policy, "Subscription", "billing_partner", "release").cells

    assert set(TENANT_ROLES) - set(roles) == {"sales_agent"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("role in principal.roles;", 'role in principal.roles and role != "sales_agent";'),
        ("grant(role, standing, action, resource) and\n  role in principal.roles", GRANTED_TO_ALL),
    ],
)
def test_where_allow_is_another_no_cell_is_a_plain_yes(before: str, after: str) -> None:
    matrix = matrix_of(changed("main.polar", before, after))

    marks = {cell.mark for each in matrix.resources for row in each.rows for cell in row.cells.values()}
    assert marks == {"if"}
    assert [rule.name for rule in matrix.allows] == ["allow"]
    assert "**`allow` differs from the shipped policy.**" in matrix_markdown(matrix)
    assert matrix_as_json(matrix)["allow_is_shipped"] is False


def test_a_second_allow_is_told_before_the_tables() -> None:
    shipped = "role in principal.roles;"
    second = 'allow(p: Principal, "read", _: Partner) if p.kind = "customer";'
    text = matrix_markdown(matrix_of(changed("main.polar", shipped, f"{shipped}\n{second}")))

    assert text.index(second) < text.index("## Partner")


def test_a_grant_at_a_standing_that_nobody_can_have_says_so() -> None:
    lost = RELEASE.replace("billing_partner", "reseller")
    policy = changed("subscription.polar", RELEASE, lost)

    assert "`reseller` | no rule defines this standing |" in matrix_markdown(matrix_of(policy))


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("subscription.polar", '"suspend", "reactivate", "cancel"] and', '"suspend", "reactivate"] and'),
        ("subscription.polar", 'subscription.channel = "csp" and ', ""),
        ("subscription.polar", ".is_trial = true;", ".is_trial = false;"),
        ("choices.polar", 'GOVERNMENT_CLOUD") if true;', 'GOVERNMENT_CLOUD") if false;'),
        ("main.polar", "!= caller.cloud;", '!= caller.cloud and caller.kind = "partner";'),
    ],
)
def test_what_changes_the_meaning_changes_the_committed_matrix(file: str, before: str, after: str) -> None:
    texts = dict(PolicySource.read(POLICIES).texts)
    place = texts[file].index(before)
    texts[file] = texts[file][:place] + after + texts[file][place + len(before) :]

    assert (
        matrix_markdown(matrix_of(Policy(PolicySource(tuple(texts.items())))))
        != (POLICIES / "MATRIX.md").read_text()
    )


def test_lines_that_move_leave_the_committed_matrix_as_it_is(shipped_policy: Policy) -> None:
    moved = tuple((name, "# Moved.\n\n\n" + text) for name, text in shipped_policy.source.texts)

    assert matrix_markdown(matrix_of(Policy(PolicySource(moved)))) == matrix_markdown(
        matrix_of(shipped_policy)
    )


def test_one_role_on_one_kind_of_record(shipped_policy: Policy) -> None:
    matrix = matrix_of(shipped_policy, ("Transfer",), "sales_agent")

    assert [each.resource.name for each in matrix.resources] == ["Transfer"]
    assert {role for row in matrix.resources[0].rows for role in row.cells} == {"sales_agent"}
    assert "Not granted to sales_agent: `consent`, `cancel`, `expire`." in matrix_markdown(matrix)


def test_csv_has_a_line_for_each_role_with_yes_or_no(shipped_matrix: Matrix) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(shipped_matrix))))
    release = {line["role"]: line["granted"] for line in lines if line["action"] == "release"}

    assert release == {role: "yes" if role == "admin_agent" else "no" for role in TENANT_ROLES}


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_value_of_the_csv_is_taken_for_a_formula(
    start: str, shipped_matrix: Matrix, by_where: Callable[[Matrix, str], Matrix]
) -> None:
    written = as_csv(by_where(shipped_matrix, start))

    (line,) = csv.DictReader(io.StringIO(written, newline=""))
    assert line["where"] == f"'{start}"


@pytest.fixture
def by_where() -> Callable[[Matrix, str], Matrix]:
    """A matrix of one cell with this condition."""

    def make(matrix: Matrix, where: str) -> Matrix:
        only = GrantRow("self", Action.READ, {"auditor": GrantCell(where, ())})
        return replace(matrix, resources=(replace(matrix.resources[0], rows=(only,), restrictions=()),))

    return make


def test_the_page_stands_alone_and_escapes_what_the_policy_says(shipped_policy: Policy) -> None:
    text = shipped_policy.source.texts
    hostile = tuple(
        (name, each.replace("# Users:", '# <script src="//x"></script> Users:')) for name, each in text
    )
    commented = tuple(
        (name, each.replace('# Role matrix, "partner users', "# <img src=x> <b>", 1))
        for name, each in hostile
    )
    shown = matrix_page(matrix_of(Policy(PolicySource(commented))))

    assert "<script" not in shown
    assert "<img" not in shown
    assert "http" not in shown
    assert " style=" not in shown


def test_the_json_names_file_and_line_of_every_rule(shipped_matrix: Matrix) -> None:
    told = json.loads(json.dumps(matrix_as_json(shipped_matrix)))
    subscription = next(each for each in told["resources"] if each["name"] == "Subscription")
    lines = {path.name: path.read_text().splitlines() for path in POLICIES.glob("*.polar")}

    (release,) = [each for each in subscription["grants"] if each["action"] == "release"]
    assert [lines[rule["file"]][rule["line"] - 1] for rule in release["rules"]] == [RELEASE]
    for item in subscription["restrictions"]:
        for rule in item["rules"]:
            assert lines[rule["file"]][rule["line"] - 1].startswith(f'forbid("{item["code"]}"')
