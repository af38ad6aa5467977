"""`policy check` on the command line: its exit codes, and what it prints in each format."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.cli.shell import Run
from tests.workbench.check.seeding import SHIPPED, customer

SOURCE = PolicySource.read(SHIPPED_POLICIES)
FILES, STATEMENTS = len(SOURCE.texts), len(SOURCE.rules)
COLOURS = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_POLICIES, tmp_path / "here" / "rules", symlinks=False))


@pytest.fixture
def run(run: Run, folder: Path) -> Run:
    """In the folder above the policy."""
    return lambda *arguments: run("policy", "check", "--policy", folder.name, *arguments)


def _add(folder: Path, rule: str) -> int:
    """The line where a rule stands at the end of customer.polar."""
    text = customer(rule).text
    (folder / "customer.polar").write_text(text, "utf-8")
    return text.count("\n", 0, text.index(rule)) + 1


def test_a_policy_without_findings_is_good(run: Run) -> None:
    assert run() == (0, f"{FILES} files, {STATEMENTS} statements: 0 errors, 0 warnings.\n", "")


def test_a_finding_is_a_line_for_editors_the_source_with_marks_and_advice(run: Run, folder: Path) -> None:
    line = _add(folder, 'grant("admin_agnt", "relationship_holder", "add_user", _: Customer);')

    code, out, _ = run()

    assert code == 3
    assert out == (
        f'rules/customer.polar:{line}:7: error: "admin_agnt" is not a role [unknown-role]\n'
        f'{line:>5} | grant("admin_agnt", "relationship_holder", "add_user", _: Customer);\n'
        "      |       ^~~~~~~~~~~~\n"
        "        Did you mean admin_agent?\n\n"
        f"{FILES} files, {STATEMENTS + 1} statements: 1 error, 0 warnings. The policy does not load.\n"
    )


def test_findings_in_a_policy_that_loads_fail_with_one(run: Run, folder: Path) -> None:
    _add(folder, 'grant("admin_agent", "relationship_holder", "suspend", _: Customer);')

    assert run()[0] == 1


def test_warnings_alone_fail_only_when_asked_for(run: Run, folder: Path) -> None:
    (folder / "user.cases.yaml").unlink()

    assert run()[0] == 0
    assert run("--fail-level", "warning")[0] == 1


def test_a_folder_without_a_policy_is_told_and_a_missing_one_is_a_wrong_option(
    run: Run, folder: Path
) -> None:
    for path in folder.glob("*.polar"):
        path.unlink()
    code, out, _ = run()
    assert code == 3
    assert "contains no .polar file" in out

    shutil.rmtree(folder)
    assert run()[0] == 2


def test_json_says_what_was_checked_and_what_was_found(run: Run, folder: Path) -> None:
    line = _add(folder, 'grant("admin_agent", "relationship_holder", "suspend", _: Customer);')

    code, out, _ = run("--format", "json")

    found = json.loads(out)
    assert code == 1
    assert {key: found[key] for key in ("schema_version", "command", "loads", "statements", "errors")} == {
        "schema_version": 1,
        "command": "policy check",
        "loads": True,
        "statements": STATEMENTS + 1,
        "errors": 1,
    }
    assert found["policy_sha256"] != SHIPPED.digest
    (finding,) = found["findings"]
    assert (finding["path"], finding["line"], finding["column"]) == ("rules/customer.polar", line, 45)


def test_github_and_sarif_name_the_same_place(run: Run, folder: Path) -> None:
    line = _add(folder, 'grant("admin_agent", "relationship_holder", "suspend", _: Customer);')

    _, github, _ = run("--format", "github")
    _, sarif, _ = run("--format", "sarif")

    assert github.startswith(
        f"::error file=rules/customer.polar,line={line},endLine={line},col=45,endColumn=54,"
    )
    (result,) = json.loads(sarif)["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": line, "startColumn": 45, "endColumn": 54}


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(
    run: Run, folder: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    _add(folder, 'grant("admin_agent", "relationship_holder", "suspend", _: Customer); # ' + "long " * 30)

    _, out, _ = run()

    plain = [COLOURS.sub("", line) for line in out.splitlines()]
    assert plain != out.splitlines()
    assert max(len(line) for line in plain) <= width
    pieces = [line.partition(" | ")[2] for line in plain if " | " in line and "~" not in line]
    shown = "".join(piece.ljust(width - len("      | ")) for piece in pieces)
    assert shown.count("long ") == 30
