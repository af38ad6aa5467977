"""The application as a whole: what a command imports, its version, its completion, and every command once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from multichannel.cli.application import LazyGroup, RootCommands, app
from multichannel.cli.policy import PolicyCommands
from multichannel.demo.issuer import FOLDER, DemoIssuer
from tests.cli.shell import COMMAND, Run
from tests.workbench.suites import users

TENANT, PERSON = "7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10", "0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11"
DATABASE = {"sqlalchemy"}
ENGINE = {"oso", "polar"}
API = {"strawberry", "graphql", "uvicorn"}
MIGRATIONS = {"alembic"}
SETTINGS = {"pydantic_settings", "joserfc"}
MODELS = {"multichannel.domain", "pydantic.dataclasses", "pydantic_settings", "starlette", "httpx"}


def imported_by(folder: Path, *arguments: str) -> set[str]:
    """The names of all modules that a command imports."""
    program = (
        "import sys; from multichannel.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        ("--help", DATABASE | ENGINE | API | MIGRATIONS | SETTINGS),
        ("--version", DATABASE | ENGINE | API | MIGRATIONS | SETTINGS),
        ("policy --help", DATABASE | ENGINE | API | MIGRATIONS | SETTINGS),
        (
            "token --as alder-sales-agent",
            DATABASE | ENGINE | API | MIGRATIONS | MODELS,
        ),
        ("policy check", API | MIGRATIONS | SETTINGS),
    ],
)
def test_a_command_imports_no_more_than_it_needs(tmp_path: Path, arguments: str, unused: set[str]) -> None:
    DemoIssuer(tmp_path / FOLDER)

    assert imported_by(tmp_path, *arguments.split()) & unused == set()


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version")[:2] == (0, "multichannel 0.1.0\n")


def test_a_fault_of_the_program_is_no_finding(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multichannel.cli.policy.check.check_folder", lambda _: [].pop())
    code, out, err = run("policy", "check")

    assert (code, out) == (4, "")
    assert "IndexError: pop from empty list" in err


@pytest.mark.parametrize("group", [RootCommands, PolicyCommands])
def test_the_help_of_a_group_says_of_each_command_what_the_command_says_of_itself(
    group: type[LazyGroup],
) -> None:
    commands = group(name="group")

    for name, (_, line) in group.summaries.items():
        assert commands.load(name).help.partition("\n\n")[0].replace("\n", " ") == line, name


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("multichannel to", ["token"]),
        ("multichannel policy ch", ["check"]),
        ("multichannel policy check --fo", ["--format"]),
        ("multichannel policy check --format s", ["sarif"]),
    ],
)
def test_words_are_completed_in_every_group(words: str, completed: list[str]) -> None:
    request = {
        "_MULTICHANNEL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(
        [COMMAND], env={**os.environ, **request}, capture_output=True, text=True, check=True, timeout=100
    )

    assert done.stdout.split() == completed


def leaves(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The words of every command."""
    found: list[tuple[str, ...]] = []
    for name in group.commands:
        command = group.load(name) if isinstance(group, LazyGroup) else group.commands[name]
        found += leaves(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]
    return found


COMMANDS = leaves(typer.main.get_group(app))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_shows_an_example(run: Run, command: tuple[str, ...]) -> None:
    code, out, _ = run(*command, "--help")

    assert code == 0
    assert "Example: " in out
    assert f"multichannel {' '.join(command)}" in " ".join(out.partition("Example: ")[2].split())


OPERATOR = f"""\
db upgrade
partner add --id {TENANT} --name Alder --type direct_bill --market US
user add --tenant {TENANT} --object-id {PERSON} --name Ada
user list --tenant {TENANT}
customer list
tenant list
audit verify
sweep
bulk --list
policy check
policy test --allow-gaps --policy policies
policy explain --policy policies --as alder_global_admin --action read --resource alder_agent
policy coverage --policy policies
policy matrix --policy policies
policy diff policies policies
policy replay --log decisions.jsonl --candidate policies
policy rollback --list --policy policies"""


def test_an_operator_runs_each_command(run: Run) -> None:
    users(Path("policies"))
    Path("decisions.jsonl").write_text("")

    for line in OPERATOR.splitlines():
        code, _, err = run(*line.split())
        assert (code, err) == (0, ""), line


def test_the_installed_command_runs_in_an_empty_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MULTICHANNEL_")}

    done = subprocess.run(
        [COMMAND, "db", "upgrade"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / ".multichannel/multichannel.db").is_file()


def test_an_empty_database_has_no_audit_chains_and_all_are_whole(
    sqlite_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", sqlite_url)

    assert run("audit", "verify", "--json") == (0, '{"chains": [\n], "whole": true}\n', "")
