"""Findings: mistakes in a policy, and their output as JSON, as commands of GitHub, and as SARIF 2.1.0.

In output for other programs, paths are relative to the working directory; paths outside it are absolute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTY = {**IN_TEXT, ":": "%3A", ",": "%2C"}


class Level(StrEnum):
    """Severity of a finding: an error must not ship."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake at one place; `column` and `length` in characters, lines and columns from 1.

    `code` names the kind of finding (`unknown-attribute`), `rule` is the statement it is about, `hint` says
    what to do.
    """

    file: str
    line: int
    code: str
    message: str
    column: int = 1
    length: int = 1
    level: Level = Level.ERROR
    rule: str = ""
    hint: str = ""

    @property
    def position(self) -> str:
        """`file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def text(self) -> str:
        """Message and hint, without the place."""
        return f"{self.message}. {self.hint}" if self.hint else self.message

    def __str__(self) -> str:
        """One line, for people and for tools that parse `file:line:column: level: message`."""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.position}: {self.level}: {self.message}{hint} [{self.code}]"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The distinct findings, sorted by file and place."""
    return sorted(
        set(findings), key=lambda each: (each.file, each.line, each.column, each.code, each.message)
    )


def path_of(finding: Finding, folder: Path) -> str:
    """The file of a finding, relative to the working directory; the folder for a finding about the folder."""
    path, here = (folder / finding.file).resolve(), Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def count_of(number: int, noun: str) -> str:
    """Such as `1 file` or `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def findings_as_json(findings: Iterable[Finding], folder: Path) -> list[dict[str, Any]]:
    """Each finding as an object; `path` is from the working directory, `file` from the policy folder."""
    return [{"path": path_of(finding, folder), **asdict(finding)} for finding in findings]


def findings_as_github(findings: Iterable[Finding], folder: Path) -> str:
    """Workflow commands, one per line, which GitHub shows beside the changed lines."""
    return "".join(
        github_command(
            finding.level,
            finding.text,
            file=path_of(finding, folder),
            line=finding.line,
            endLine=finding.line,
            col=finding.column,
            endColumn=finding.column + finding.length,
            title=finding.code,
        )
        for finding in findings
    )


def github_command(level: str, message: str, **properties: str | int) -> str:
    """A workflow command that annotates a file, with a newline."""
    fields = ",".join(f"{name}={_escaped(str(value), IN_PROPERTY)}" for name, value in properties.items())
    return f"::{level} {fields}::{_escaped(message, IN_TEXT)}\n"


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    return "".join(marks.get(character, character) for character in text)


def findings_as_sarif(
    findings: Sequence[Finding], folder: Path, *, version: str, kinds: Mapping[str, str]
) -> dict[str, Any]:
    """A SARIF log of one run; `kinds` describes each code of a finding."""
    codes = sorted({finding.code for finding in findings} | set(kinds))
    rules = [{"id": code, "shortDescription": {"text": kinds.get(code, code)}} for code in codes]
    return {
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "multichannel policy",
                        "version": version,
                        "rules": rules,
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, folder, codes) for finding in findings],
            }
        ],
    }


def _result(finding: Finding, folder: Path, codes: Sequence[str]) -> dict[str, Any]:
    path = path_of(finding, folder)
    if path.startswith("/"):
        artifact = {"uri": Path(path).as_uri()}
    else:
        artifact = {"uri": quote(path), "uriBaseId": "%SRCROOT%"}  # the root of the repository
    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endColumn": finding.column + finding.length,
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": finding.level.value,
        "message": {"text": finding.text},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }
