"""Reading the files of a policy folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from multichannel.policy.language.source import PolicySource
from multichannel.workbench.check.codes import FINDING_KINDS
from multichannel.workbench.findings import Finding

MARK = "\ufeff"
LARGEST = 1_000_000
"""Bytes: thousands of rules. The policies that ship are 40 thousand together."""


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """The files that could be read, and a finding for each that could not."""

    source: PolicySource
    findings: tuple[Finding, ...]


def read_files(folder: Path) -> ReadPolicy:
    """All `*.polar` files of a folder, lines ended by one character as the policy itself reads them."""
    texts, findings = [], []
    for path in sorted(folder.glob("[!.]*.polar")):
        found = _read(path)
        if isinstance(found, Finding):
            findings.append(found)
            continue
        if found.startswith(MARK):
            message = "the file begins with a byte order mark"
            findings.append(
                _fault(path.name, "unreadable", message, "Save it as UTF-8 without a byte order mark.")
            )
        texts.append((path.name, found.removeprefix(MARK)))
    if not texts and not findings:
        what = "contains no .polar file" if folder.is_dir() else "is not a folder"
        findings.append(_fault("", "no-policy", f"{folder} {what}"))
    return ReadPolicy(PolicySource(tuple(texts)), tuple(findings))


def _read(path: Path) -> str | Finding:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        return _fault(path.name, "unreadable", f"the file cannot be read: {error.strerror}")
    if size > LARGEST:
        message = f"the file has {size:,} bytes; the maximum is {LARGEST:,}"
        return _fault(path.name, "too-large", message, "Split the file.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return _not_text(path.name, content, error)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fault(file: str, code: str, message: str, hint: str = "") -> Finding:
    """A finding about a file as a whole."""
    return Finding(file=file, line=1, code=code, message=message, hint=hint, level=FINDING_KINDS[code].level)


def _not_text(name: str, content: bytes, error: UnicodeDecodeError) -> Finding:
    before = content[: error.start].decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Finding(
        file=name,
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        code="unreadable",
        message=f"the byte 0x{content[error.start]:02x} is not valid UTF-8",
        hint="Save the file as UTF-8.",
    )
