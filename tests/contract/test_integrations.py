"""What editors, hooks and pipelines are told of the workbench is what its commands do."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.shell import COMMAND, Run
from tests.workbench.suites import users

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    *(hook["entry"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())),
    *(
        line.strip().partition(" >")[0].partition(" #")[0]
        for step in yaml.safe_load((ROOT / "docs/examples/policy-review.yml").read_text())["jobs"]["review"][
            "steps"
        ]
        for line in step.get("run", "").splitlines()
        if line.strip().startswith("multichannel")
    ),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Another repository, that holds nothing but a policy."""
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    return tmp_path


def edit(repository: Path, file: str, before: str, after: str) -> None:
    path = repository / "policies" / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def on_a_terminal(command: list[str], cwd: Path, environment: dict[str, str]) -> tuple[int, str]:
    """What a command prints on a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as started:
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux's word for the end of a terminal
                break
            if not piece:
                break
            written += piece
    os.close(ours)
    return started.returncode, written.decode().replace("\r\n", "\n")


def tasks() -> dict[str, dict[str, Any]]:
    text = (ROOT / ".vscode" / "tasks.json").read_text()
    without_comments = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    return {task["label"]: task for task in json.loads(without_comments)["tasks"]}


WRONG_ROLE = ("roles.polar", '"account_admin"]', '"account_admn"]')
ONE_ROLE_LESS = ("user.polar", 'in ["global_admin", ', "in [")


@pytest.mark.parametrize(
    ("label", "mistake", "place", "codes"),
    [
        ("policy check", WRONG_ROLE, "policies/roles.polar", {"unknown-role"}),
        ("policy test", ONE_ROLE_LESS, "policies/user.cases.yaml", None),
    ],
)
def test_the_editors_tasks_find_the_place_of_each_problem(
    repository: Path, label: str, mistake: tuple[str, str, str], place: str, codes: set[str] | None
) -> None:
    if label == "policy test":
        shutil.rmtree(repository / "policies")
        users(repository / "policies")
    edit(repository, *mistake)
    task = tasks()[label]
    assert task["command"] == "${workspaceFolder}/.venv/bin/multichannel"
    environment = {**os.environ, **task["options"]["env"], "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)

    exit_code, written = on_a_terminal([str(COMMAND), *task["args"]], repository, environment)

    pattern = task["problemMatcher"]["pattern"]
    matches = [found for line in written.splitlines() if (found := re.match(pattern["regexp"], line))]
    assert exit_code != 0
    assert place in {found[pattern["file"]] for found in matches}, written
    for found in matches:
        path, line = found[pattern["file"]], int(found[pattern["line"]])
        assert 1 <= line <= len((repository / path).read_text("utf-8").splitlines())
        assert found[pattern["severity"]] in {"error", "warning"}
        assert found[pattern["message"]]
    if codes is not None:
        assert {found[pattern["code"]] for found in matches} == codes


def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return found


def run_hook(hook: dict[str, Any], run: Run) -> tuple[int, str, str]:
    """As pre-commit runs it: the entry, then its arguments, in the root of the repository."""
    _, *words = shlex.split(hook["entry"])
    return run(*words, *hook["args"])


MISSPELT_ROLE = (
    "subscription.polar",
    'grant("admin_agent", "billing_partner", "release"',
    'grant("acount_admin", "billing_partner", "release"',
)
OTHER_ROLE = (MISSPELT_ROLE[0], MISSPELT_ROLE[1], MISSPELT_ROLE[1].replace("admin_agent", "account_admin"))
WORSE = {
    "check": (MISSPELT_ROLE, "unknown-role"),
    "matrix": (OTHER_ROLE, "MATRIX.md"),
    "test": (ONE_ROLE_LESS, "unexpected-verdict"),
}
"""By command an edit, and what is printed of it."""


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_each_hook_passes_the_shipped_policy_and_stops_a_worse_one(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch, hook: dict[str, Any]
) -> None:
    """The worse one is the shipped policy with an edit; for cases, a small policy: thousands ship."""
    monkeypatch.chdir(repository)
    assert not hook["pass_filenames"]
    code, out, err = run_hook(hook, run)
    assert code == 0, out + err

    command = hook["id"].rpartition("-")[2]
    if command == "test":
        shutil.rmtree(repository / "policies")
        users(repository / "policies")
    mistake, printed = WORSE[command]
    edit(repository, *mistake)

    code, out, err = run_hook(hook, run)
    assert code in {1, 3}
    assert printed in out + err


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_each_hook_runs_for_the_files_it_reads(hook: dict[str, Any]) -> None:
    reads = {"policies/main.polar"}
    proof = {"cast.yaml", "p/user.cases.yaml", "policies/invariants.yaml"}
    reads |= {"policies/MATRIX.md"} if hook["id"].endswith("matrix") else proof

    assert {name for name in reads if re.search(hook["files"], name)} == reads
    assert re.search(hook["files"], "src/multichannel/server/app.py") is None
    assert re.search(hook["files"], "docs/forecast.yaml") is None


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_command_that_is_shown_exists_with_its_options(
    run: Run, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, group, name, *words = shlex.split(script)
    code, out, _ = run(group, name, "--help")

    assert code == 0
    for option, value in zip(words, [*words[1:], ""], strict=False):
        if option.startswith("--"):
            assert f"{option} " in out
        if option == "--format":
            assert re.search(rf"[<|]{value}[|>]", out)


def test_the_pipeline_gives_no_step_more_than_it_needs() -> None:
    workflow = yaml.safe_load((ROOT / "docs/examples/policy-review.yml").read_text())
    job = workflow["jobs"]["review"]

    # YAML 1.1 takes the key `on` for true.
    assert list(workflow[True]) == ["pull_request"]
    assert workflow["permissions"] == {"contents": "read"}
    assert job["permissions"] == {"contents": "read", "security-events": "write"}
    # What a pull request can name never becomes a part of a script.
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []
    assert len([step for step in job["steps"] if "run" in step]) == 6
