"""Findings for other programs: JSON, GitHub's workflow commands, SARIF 2.1.0.

Paths are relative to the working directory, as code hosts and editors expect; paths outside it are absolute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from multichannel.workbench.findings import Finding

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
"""The root of the repository, for code hosts."""
IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTY = {**IN_TEXT, ":": "%3A", ",": "%2C"}


def path_of(finding: Finding, folder: Path) -> str:
    """The file of a finding, relative to the working directory; the folder for a finding about the folder."""
    path, here = (folder / finding.file).resolve(), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def count_of(number: int, noun: str) -> str:
    """Such as `1 file` or `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def findings_as_json(findings: Iterable[Finding], folder: Path) -> list[dict[str, Any]]:
    """Each finding as an object; `path` is from the working directory, `file` from the policy folder."""
    return [
        {
            "path": path_of(finding, folder),
            "file": finding.file,
            "line": finding.line,
            "column": finding.column,
            "length": finding.length,
            "level": finding.level.value,
            "code": finding.code,
            "message": finding.message,
            "hint": finding.hint,
            "rule": finding.rule,
        }
        for finding in findings
    ]


def findings_as_github(findings: Iterable[Finding], folder: Path) -> str:
    """Workflow commands, one per line, which GitHub shows beside the changed lines."""
    return "".join(f"{_command(finding, folder)}\n" for finding in findings)


def _command(finding: Finding, folder: Path) -> str:
    properties: dict[str, str | int] = {
        "file": path_of(finding, folder),
        "line": finding.line,
        "endLine": finding.line,
        "col": finding.column,
        "endColumn": finding.column + finding.length,
        "title": finding.code,
    }
    return github_command(finding.level, properties, text_of(finding))


def github_command(level: str, properties: Mapping[str, str | int], message: str) -> str:
    """A workflow command that annotates a file."""
    fields = ",".join(f"{name}={_escaped(str(value), IN_PROPERTY)}" for name, value in properties.items())
    return f"::{level} {fields}::{_escaped(message, IN_TEXT)}"


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    return "".join(marks.get(character, character) for character in text)


def text_of(finding: Finding) -> str:
    """Message and hint of a finding, without its place."""
    return f"{finding.message}. {finding.hint}" if finding.hint else finding.message


def findings_as_sarif(
    findings: Sequence[Finding], folder: Path, *, version: str, kinds: Mapping[str, str]
) -> dict[str, Any]:
    """A SARIF log of one run; `kinds` describes each code of a finding."""
    codes = sorted({finding.code for finding in findings} | set(kinds))
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
                "results": [_result(finding, folder, codes) for finding in findings],
            }
        ],
    }


def _rule(code: str, description: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": description}}


def _result(finding: Finding, folder: Path, codes: Sequence[str]) -> dict[str, Any]:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endColumn": finding.column + finding.length,
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.level.value,
        "message": {"text": text_of(finding)},
        "locations": [
            {"physicalLocation": {"artifactLocation": _artifact(path_of(finding, folder)), "region": region}}
        ],
    }


def _artifact(path: str) -> dict[str, str]:
    if path.startswith("/"):
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path), "uriBaseId": ROOT}
