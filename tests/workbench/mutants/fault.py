"""A fault that somebody might really make, with a name for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from multichannel.policy.language.source import PolicySource


@dataclass(frozen=True, slots=True)
class Fault:
    """In `file`, `after` replaces `before`, however its lines are broken; without `before` it is appended."""

    name: str
    file: str
    before: str
    after: str

    def put_into(self, source: PolicySource) -> PolicySource:
        """The policy with the fault. KeyError if there is no such place, or no difference."""
        texts = dict(source.texts)
        text = texts[self.file]
        pattern = r"\s+".join(map(re.escape, re.split(r"\s+", self.before)))
        if self.after == self.before or not (place := re.search(pattern, text)):
            raise KeyError(self.name)
        start, end = place.span() if self.before else (len(text), len(text))
        changed = f"{text[:start]}{self.after}{text[end:]}\n"
        return PolicySource(tuple((texts | {self.file: changed}).items()))


def added(name: str, file: str, statement: str) -> Fault:
    """A statement too many."""
    return Fault(name, file, "", statement)
