"""Which statements of two versions differ, in anything but comments and layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from multichannel.policy.language.ast import Literal, walk
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.language.tokens import tokens

CACHED = 5_000


@dataclass(frozen=True)
class Edits:
    """The statements that only one version has, and the files in which only text differs."""

    removed: tuple[Rule, ...]
    added: tuple[Rule, ...]
    text_only: tuple[str, ...]

    @property
    def by_version(self) -> dict[str, tuple[Rule, ...]]:
        """The removed statements as `old`, the added ones as `new`."""
        return {"old": self.removed, "new": self.added}


def find_edits(old: PolicySource, new: PolicySource) -> Edits:
    """The edits between two versions; a statement that moved is not edited."""
    removed = tuple(_without(old.rules, new.rules))
    added = tuple(_without(new.rules, old.rules))
    before, after = dict(old.texts), dict(new.texts)
    changed = {rule.file for rule in (*removed, *added)}
    same = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return Edits(removed, added, tuple(_place(name, before, after) for name in same if name not in changed))


def _without(rules: Iterable[Rule], others: Iterable[Rule]) -> list[Rule]:
    left = Counter(normalized(other.text) for other in others)
    only = []
    for rule in rules:
        if left[normalized(rule.text)]:
            left[normalized(rule.text)] -= 1
        else:
            only.append(rule)
    return only


def subject(rule: Rule) -> tuple[str, ...]:
    """What a statement is about, whatever its variables: file, name, resource type, literals of its head."""
    parts = (part for each in rule.tree.parameters for part in (each.term, each.pattern))
    words = (str(term.value) for part in parts for term in walk(part) if isinstance(term, Literal))
    return rule.file, rule.name, rule.about or "", *words


@lru_cache(CACHED)
def normalized(text: str) -> str:
    """A statement without comments and layout."""
    return " ".join(token.text for token in tokens(text))


def _place(name: str, before: dict[str, str], after: dict[str, str]) -> str:
    """`file:line` of the first line that differs."""
    old, new = (texts.get(name, "").splitlines() for texts in (before, after))
    line = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    return f"{name}:{(min(len(old), len(new)) if line is None else line) + 1}"
