"""Findings as GitHub, SARIF viewers and programs read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from multichannel.workbench.findings import (
    Finding,
    Level,
    findings_as_github,
    findings_as_json,
    findings_as_sarif,
    path_of,
)

FINDING = Finding(
    file="a b,c.polar",
    line=3,
    column=5,
    length=4,
    code="syntax",
    message="100 % wrong:\nall of it",
    hint="Begin again.",
    rule="grant(",
)
WARNING = Finding(file="x.polar", line=1, code="no-cases", message="no cases", level=Level.WARNING)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").mkdir()
    (tmp_path / "linked").symlink_to("policies")
    return Path("policies")


def test_paths_are_from_the_working_directory_and_of_the_files_themselves(folder: Path) -> None:
    assert path_of(WARNING, folder) == "policies/x.polar"
    assert path_of(WARNING, Path("linked")) == "policies/x.polar"
    assert path_of(WARNING, Path("/elsewhere")) == "/elsewhere/x.polar"


def test_github_commands_are_one_line_each_with_their_marks_escaped(folder: Path) -> None:
    assert findings_as_github([FINDING, WARNING], folder).splitlines() == [
        (
            "::error file=policies/a b%2Cc.polar,line=3,endLine=3,col=5,endColumn=9,title=syntax::"
            "100 %25 wrong:%0Aall of it. Begin again."
        ),
        "::warning file=policies/x.polar,line=1,endLine=1,col=1,endColumn=2,title=no-cases::no cases",
    ]


def test_json_has_every_field_of_a_finding(folder: Path) -> None:
    assert findings_as_json([FINDING], folder) == [
        {
            "path": "policies/a b,c.polar",
            "file": "a b,c.polar",
            "line": 3,
            "column": 5,
            "length": 4,
            "level": "error",
            "code": "syntax",
            "message": "100 % wrong:\nall of it",
            "hint": "Begin again.",
            "rule": "grant(",
        }
    ]


def test_sarif_names_rules_and_places_relative_to_the_repository(folder: Path) -> None:
    log = findings_as_sarif([FINDING, WARNING], folder, version="1.2", kinds={"other": "Never found."})

    (run,) = log["runs"]
    assert (log["version"], run["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    assert run["tool"]["driver"]["version"] == "1.2"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["no-cases", "other", "syntax"]
    assert run["results"][0] == {
        "ruleId": "syntax",
        "ruleIndex": 2,
        "level": "error",
        "message": {"text": "100 % wrong:\nall of it. Begin again."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "policies/a%20b%2Cc.polar", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 3, "startColumn": 5, "endColumn": 9},
                }
            }
        ],
    }
    assert (run["results"][1]["level"], run["results"][1]["ruleIndex"]) == ("warning", 0)


def test_sarif_places_outside_of_the_repository_are_absolute(folder: Path) -> None:
    log = findings_as_sarif([WARNING], folder / "../../far away", version="1", kinds={})

    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": (Path.cwd().parent / "far away/x.polar").as_uri()}
