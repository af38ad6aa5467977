"""Suppresses findings that follow from statements or files that could not be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from multichannel.policy.language.source import ANY_RESOURCE, PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.findings import Finding

NAMED = {"unknown-standing", "unused-standing", "unknown-rule", "unreachable-rule"}
"""Findings that something is missing for the name they point to."""
MISSED = {"no-allow", "missing-resource", "missing-cross-cloud", "ungranted-action", "idle-restriction"}
"""Findings that something is missing for a name in their message."""
UNCOMMENTED = "uncommented-restriction"
KNOWN = {"allow", *RESOURCES, *map(str, Action)}
WORD = re.compile(r"\w+")


def without_consequences(
    findings: Iterable[Finding], unread: Sequence[Finding], source: PolicySource
) -> Iterator[Finding]:
    """The findings without those that follow from unreadable statements or files."""
    files = {found.file for found in unread}
    words = {word for found in unread for word in WORD.findall(found.rule)}
    words |= RESOURCES.keys() if ANY_RESOURCE in words else set()
    is_file_unread = any(not found.rule for found in unread)
    lines = {name: text.split("\n") for name, text in source.texts}
    for found in findings:
        if found.code in NAMED | MISSED:
            about = _pointed_to(found, lines) if found.code in NAMED else _spoken_of(found)
            follows = is_file_unread or bool(words & about)
        else:
            follows = found.code == UNCOMMENTED and found.file in files
        if not follows:
            yield found


def _pointed_to(found: Finding, lines: dict[str, list[str]]) -> set[str]:
    return set(WORD.findall(lines[found.file][found.line - 1][found.column - 1 :])[:1])


def _spoken_of(found: Finding) -> set[str]:
    return KNOWN & set(WORD.findall(found.message))
