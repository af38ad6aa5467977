"""Findings as other programs read them: JSON, GitHub's workflow commands, SARIF 2.1.0.

Paths are relative to the working directory, as code hosts and editors expect; what lies outside is absolute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from multichannel.workbench.findings import Finding

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
"""What code hosts take for the root of the repository."""
IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTY = {**IN_TEXT, ":": "%3A", ",": "%2C"}


def path_of(finding: Finding, folder: Path) -> str:
    """The finding's file from the working directory; the folder itself for a finding about the folder."""
    path, here = (folder / finding.file).resolve(), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def as_json(findings: Iterable[Finding], folder: Path) -> list[dict[str, Any]]:
    """Each finding as an object; `path` is from the working directory, `file` from the policy folder."""
    return [
        {
            "path": path_of(found, folder),
            "file": found.file,
            "line": found.line,
            "column": found.column,
            "length": found.length,
            "level": found.level.value,
            "code": found.code,
            "message": found.message,
            "hint": found.hint,
            "rule": found.rule,
        }
        for found in findings
    ]


def as_github(findings: Iterable[Finding], folder: Path) -> str:
    """Workflow commands, one a line, that GitHub shows beside the changed lines."""
    return "".join(f"{_command(found, folder)}\n" for found in findings)


def _command(found: Finding, folder: Path) -> str:
    properties = {
        "file": path_of(found, folder),
        "line": found.line,
        "endLine": found.line,
        "col": found.column,
        "endColumn": found.column + found.length,
        "title": found.code,
    }
    said = ",".join(f"{name}={_escaped(str(value), IN_PROPERTY)}" for name, value in properties.items())
    return f"::{found.level} {said}::{_escaped(text_of(found), IN_TEXT)}"


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    return "".join(marks.get(character, character) for character in text)


def text_of(found: Finding) -> str:
    """What is wrong and what to do, without the place."""
    return f"{found.message}. {found.hint}" if found.hint else found.message


def as_sarif(
    findings: Sequence[Finding], folder: Path, *, version: str, kinds: Mapping[str, str]
) -> dict[str, Any]:
    """A SARIF log of one run; `kinds` says by code what is wrong with what has it."""
    codes = sorted({found.code for found in findings} | set(kinds))
    return {
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "multichannel policy",
                        "version": version,
                        "rules": [_rule(code, kinds.get(code, code)) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(found, folder, codes) for found in findings],
            }
        ],
    }


def _rule(code: str, says: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": says}}


def _result(found: Finding, folder: Path, codes: Sequence[str]) -> dict[str, Any]:
    region = {
        "startLine": found.line,
        "startColumn": found.column,
        "endColumn": found.column + found.length,
    }
    return {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": found.level.value,
        "message": {"text": text_of(found)},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(path_of(found, folder)), "region": region}}
        ],
    }


def _artifact(path: str) -> dict[str, str]:
    if path.startswith("/"):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path), "uriBaseId": ROOT}
