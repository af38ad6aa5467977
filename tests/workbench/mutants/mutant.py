"""A policy with one fault: which statement was edited, how, and what the files say then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from multichannel.policy.language.ast import Span
from multichannel.policy.language.source import PolicySource, Rule


@dataclass(frozen=True)
class Mutant:
    """One statement of a policy that says something else; an empty text drops it."""

    policy: PolicySource
    rule: Rule
    operator: str
    text: str

    @property
    def kind(self) -> str | None:
        """The kind of record that it can change anything for; None for all."""
        return self.rule.about

    @cached_property
    def source(self) -> PolicySource:
        """All files, with the fault."""
        return self.policy.rewritten(lambda rule: self.text if rule is self.rule else rule.text)

    def __str__(self) -> str:
        """Where, by which operator, and what the statement has become, on one line."""
        became = " ".join(self.text.split()) or "(nothing)"
        return f"{self.rule.position} {self.operator}: {became}"


def edited(text: str, edits: Iterable[tuple[Span, str]]) -> str:
    """A text with what stands at some spans replaced."""
    for span, by in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: span.start] + by + text[span.end :]
    return text
