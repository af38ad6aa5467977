"""A fault that somebody might really make, with a name for it."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.policy.language.source import PolicySource


@dataclass(frozen=True, slots=True)
class Fault:
    """In `file`, `after` stands where `before` stood; without `before`, it stands at the end."""

    name: str
    file: str
    before: str
    after: str

    def put_into(self, source: PolicySource) -> PolicySource:
        """The policy with the fault. KeyError when there is no such place, or no difference."""
        texts = dict(source.texts)
        text = texts[self.file]
        if self.before not in text or self.after == self.before:
            raise KeyError(self.name)
        changed = text.replace(self.before, self.after, 1) if self.before else f"{text}\n{self.after}\n"
        return PolicySource(tuple((texts | {self.file: changed}).items()))


def added(name: str, file: str, statement: str) -> Fault:
    """A statement too many."""
    return Fault(name, file, "", statement)
