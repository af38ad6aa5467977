"""The command: comparison with the committed file, errors of usage, and the text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.workbench.matrix.matrix import matrix_of
from tests.cli.shell import Run
from tests.workbench.suites import USERS, edited, users

POLICIES = Path(__file__).parents[2] / "policies"
UPDATE_ROLES = 'grant("global_admin", "self", "update_roles", _: User);'


@pytest.fixture
def matrix(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in the folder of a small policy, with its matrix committed."""
    folder = users(tmp_path / "policies")
    monkeypatch.chdir(folder)

    def command(*arguments: str) -> tuple[int, str, str]:
        return run("policy", "matrix", *arguments, "--policy", str(folder))

    assert command("--format", "markdown", "--output", "MATRIX.md") == (0, "", "")
    return command


def test_the_committed_matrix_is_that_of_the_shipped_policy(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(POLICIES.parent)

    assert run("policy", "matrix", "--check") == (0, "policies/MATRIX.md is up to date.\n", "")


def test_a_file_that_is_out_of_date_is_reported_with_its_difference_and_the_command_that_updates_it(
    matrix: Run,
) -> None:
    granted = edited(USERS, UPDATE_ROLES, UPDATE_ROLES.replace("global", "account"))
    Path("user.polar").write_text(granted)

    code, out, _ = matrix("--check")
    machine = json.loads(matrix("--check", "--format", "json")[1])

    assert code == 1
    difference = [line for line in out.splitlines() if line.startswith(("+|", "-|"))]
    assert [line[:28] for line in difference] == [
        "-| `self` | `update_roles` |",
        "+| `self` | `update_roles` |",
    ]
    assert "\x1b" not in out
    command = out.splitlines()[-1].partition(" update it: multichannel policy matrix ")[2]
    assert (machine["stale"], machine["file"]) == (True, "MATRIX.md")
    assert machine["renew"].endswith(command)

    assert matrix(*command.split())[0] == 0
    assert matrix("--check")[0] == 0


def test_a_missing_file_is_out_of_date(matrix: Run) -> None:
    Path("MATRIX.md").unlink()
    code, out, _ = matrix("--check")

    message = "MATRIX.md does not contain a matrix. Create it: multichannel policy matrix --policy "
    assert (code, out.startswith(message), out.count("\n")) == (1, True, 1)


def test_text_in_a_pipe_has_no_blank_line_first_and_no_trailing_spaces(matrix: Run) -> None:
    lines = matrix("--resource", "User")[1].splitlines()

    assert lines[0] == "User"
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--resource", "Subscripton"), "Did you mean Subscription?"),
        (("--role", "sale_agent"), "Did you mean sales_agent?"),
        (("MATRIX.md",), "FILE requires --check"),
        (("--check", "--role", "sales_agent"), "--check compares the whole matrix"),
        (("--output", "/nowhere/at/all.md"), "cannot be written"),
    ],
)
def test_invalid_arguments_are_a_usage_error(matrix: Run, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = matrix(*arguments)

    assert (code, out) == (2, "")
    assert message in " ".join(err.replace("│", " ").split())


def test_a_policy_that_does_not_load_has_no_matrix(matrix: Run) -> None:
    Path("user.polar").write_text("grant(\n")

    assert matrix()[0] == 3


@pytest.mark.parametrize("columns", [80, 120])
def test_the_text_keeps_to_the_width_and_cuts_nothing_off(
    columns: int, run: Run, monkeypatch: pytest.MonkeyPatch, shipped_policy: Policy
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run("policy", "matrix")[1]

    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text
    assert "\x1b" not in text
    together = "".join(text.split())
    for each in matrix_of(shipped_policy).resources:
        for item in each.restrictions:
            for clause in item.clauses:
                assert clause.condition.rule.position in together
                assert "".join(clause.condition.where.split()) in together
