"""The command: the committed file and what it says when it is stale, its words of refusal, its text."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.workbench.matrix.matrix import matrix_of

POLICIES = Path(__file__).parents[2] / "policies"
COMMAND = Path(sys.executable).with_name("multichannel")
RELEASE = 'grant("admin_agent", "billing_partner", "release", _: Subscription);'


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [str(COMMAND), "policy", "matrix", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=100)


def test_the_committed_matrix_is_that_of_the_shipped_policy() -> None:
    answer = run("--check", cwd=POLICIES.parent)

    assert (answer.returncode, answer.stdout) == (0, "policies/MATRIX.md says what the policy says.\n")


def test_a_stale_file_is_told_with_its_difference_and_the_command_that_renews_it(copied: Path) -> None:
    text = (copied / "subscription.polar").read_text()
    (copied / "subscription.polar").write_text(text.replace(RELEASE, RELEASE.replace("admin_", "sales_", 1)))

    stale = run("--policy", copied, "--check", cwd=copied)
    machine = json.loads(run("--policy", copied, "--check", "--format", "json", cwd=copied).stdout)

    assert stale.returncode == 1
    difference = [line for line in stale.stdout.splitlines() if line.startswith(("+|", "-|"))]
    assert [line[:40] for line in difference] == [
        "-| `billing_partner` | `release` |  |  |",
        "+| `billing_partner` | `release` |  |  |",
    ]
    assert "\x1b" not in stale.stdout
    command = stale.stdout.splitlines()[-1].partition(" renew it: multichannel policy matrix ")[2]
    assert (machine["stale"], machine["file"]) == (True, "MATRIX.md")
    assert machine["renew"].endswith(command)

    assert run(*command.split(), cwd=copied).returncode == 0
    assert run("--policy", copied, "--check", cwd=copied).returncode == 0


def test_a_file_that_is_not_there_is_stale(copied: Path) -> None:
    (copied / "MATRIX.md").unlink()
    answer = run("--policy", copied, "--check", cwd=copied)

    told = f"MATRIX.md holds no matrix. Write it: multichannel policy matrix --policy {copied} "
    assert (answer.returncode, answer.stdout.partition("--format")[0]) == (1, told)
    assert answer.stdout.count("\n") == 1


def test_text_for_a_pipe_begins_with_a_word_and_ends_its_lines_with_one() -> None:
    lines = run("--resource", "Subscription", cwd=POLICIES.parent).stdout.splitlines()

    assert lines[0] == "Subscription"
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resource", "Subscripton"), "did you mean Subscription?"),
        (("--role", "sale_agent"), "did you mean sales_agent?"),
        (("MATRIX.md",), "a file is for --check"),
        (("--check", "--role", "sales_agent"), "--check is about the whole matrix"),
        (("--output", "/nowhere/at/all.md"), "cannot be written"),
    ],
)
def test_what_has_no_meaning_is_refused(arguments: tuple[str, ...], said: str) -> None:
    answer = run(*arguments, cwd=POLICIES.parent)

    assert answer.returncode == 2
    assert said in " ".join(answer.stderr.replace("│", " ").split())
    assert answer.stdout == ""


def test_a_policy_that_does_not_load_has_no_matrix(copied: Path) -> None:
    (copied / "user.polar").write_text("grant(\n")

    assert run("--policy", copied, cwd=copied).returncode == 3


@pytest.mark.parametrize("columns", [80, 120])
def test_the_text_keeps_to_the_width_and_cuts_nothing_off(
    columns: int, monkeypatch: pytest.MonkeyPatch, shipped_policy: Policy
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(cwd=POLICIES.parent).stdout

    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text
    assert "\x1b" not in text
    together = "".join(text.split())
    for each in matrix_of(shipped_policy).sheets:
        for item in each.restrictions:
            for clamp in item.clamps:
                assert clamp.clause.rule.position in together
                assert "".join(clamp.clause.where.split()) in together
