"""Reading and loading a policy as the service does: each refusal that no other finding explains is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import Engine, PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.characters import MARK, hidden_characters
from multichannel.policy.language.source import NOT_READ, READ, PolicySource, Rule, stray_files
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.codes import file_finding
from multichannel.workbench.findings import Finding, Level

LARGEST = 1_000_000
"""Bytes: thousands of rules. The shipped policies are 40 thousand together."""
ENGINE_PLACE = re.compile(r"\s*at line (\d+), column (\d+) of file (\S+\.polar):?.*", re.DOTALL)
OWN_PLACE = re.compile(r"(\S+\.polar):(\d+): ")
BLOCKS = "add a resource block"
"""What the engine says, at rules about it, of a resource type that is not declared."""
KIND = re.compile(r"\b(" + "|".join(RESOURCES) + r")\b")


def read_files(folder: Path) -> tuple[PolicySource, list[Finding]]:
    """The `*.polar` files of a folder, with newlines as line ends, and findings for unreadable files."""
    texts, findings = [], [*_stray(folder)]
    for path in sorted(folder.glob("[!.]*.polar")):
        text = _read(path)
        if isinstance(text, Finding):
            findings.append(text)
            continue
        if text.startswith(MARK):
            message = "the file begins with a byte order mark"
            hint = "Save it as UTF-8 without a byte order mark."
            findings.append(file_finding(path.name, "unreadable", message, hint))
        text = text.removeprefix(MARK)
        findings += _hidden(path.name, text)
        texts.append((path.name, text.replace("\r", "\n")))
    for path in sorted(folder.glob("[!.]*.yaml")):
        if READ.search(path.name):
            found = _read(path)
            findings += [found] if isinstance(found, Finding) else _hidden(path.name, found)
    if not texts and not findings:
        problem = "contains no .polar file" if folder.is_dir() else "is not a folder"
        findings.append(file_finding("", "no-policy", f"{folder} {problem}"))
    return PolicySource(tuple(texts)), findings


def _read(path: Path) -> str | Finding:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        return file_finding(path.name, "unreadable", f"the file cannot be read: {error.strerror}")
    if size > LARGEST:
        message = f"the file has {size:,} bytes; the maximum is {LARGEST:,}"
        return file_finding(path.name, "too-large", message, "Split the file.")
    try:
        return _with_newlines(content.decode())
    except UnicodeDecodeError as error:
        before = _with_newlines(content[: error.start].decode(errors="replace"))
        return Finding(
            file=path.name,
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
            code="unreadable",
            message=f"the byte 0x{content[error.start]:02x} is not valid UTF-8",
            hint="Save the file as UTF-8.",
        )


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _stray(folder: Path) -> Iterator[Finding]:
    for name in stray_files(folder):
        yield file_finding(name, "unread", NOT_READ, "Move or rename it.")


def _hidden(file: str, text: str) -> Iterator[Finding]:
    """Characters that nobody sees."""
    for at, name in hidden_characters(text):
        before = text[:at]
        yield Finding(
            file=file,
            line=before.count("\n") + 1,
            column=at - before.rfind("\n"),
            code="hidden-character",
            message=f"there is an invisible character ({name})",
            hint="Delete it: what is shown is not what is read.",
        )


def load(source: PolicySource) -> Policy | str:
    """The loaded policy, or the reason why it does not load."""
    try:
        return Policy(source)
    except PolicyInvalid as error:
        return error.message
    except PolicyFault as error:
        return str(error)
    except RecursionError:
        return "the rules query each other too deeply"


def check_loading(
    refusal: str, source: PolicySource, statements: Sequence[Rule], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """A finding for a refusal, unless there is an error at the same statement."""
    message, file, line, column = _placed(refusal)
    if BLOCKS in refusal and any(found.code == "missing-resource" for found in findings):
        return
    rule = next((each for each in statements if _is_cause(each, file, line, refusal)), None)
    errors = [found for found in findings if found.level is Level.ERROR]
    if errors and not file:
        return
    if rule is not None and any(found.rule == rule.text and found.file == rule.file for found in errors):
        return
    yield Finding(
        file=file or (rule.file if rule else next(iter(source.texts), ("",))[0]),
        line=line if file else (rule.line if rule else 1),
        column=column,
        code=_code(source),
        message=message,
        rule=rule.text if rule else "",
    )


def _placed(refusal: str) -> tuple[str, str, int, int]:
    """The message and its position; the file is empty if it is unknown."""
    own = OWN_PLACE.search(refusal)
    if own is not None:
        return refusal[own.end() :], own[1], int(own[2]), 1
    engine = ENGINE_PLACE.search(refusal)
    if engine is not None:
        return refusal[: engine.start()], engine[3].rstrip(":"), int(engine[1]), int(engine[2])
    return refusal, "", 1, 1


def _is_cause(rule: Rule, file: str, line: int, refusal: str) -> bool:
    """Whether a rule is at the place of a refusal; without a place, about the resource type it names."""
    if file:
        return rule.file == file and rule.line <= line <= rule.line + rule.text.count("\n")
    resource_type = KIND.search(refusal)
    return resource_type is not None and rule.record_type == resource_type[1]


def _code(source: PolicySource) -> str:
    """Whether the engine refuses the policy, or its translation to list filters."""
    try:
        Engine(source)
    except PolicyInvalid:
        return "refused"
    return "no-list-filter"
