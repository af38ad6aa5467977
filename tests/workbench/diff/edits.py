"""Edits of the shipped policy."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.diff.changes import Direction, PolicyDiff
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.policy_version import PolicyVersion

Edit = tuple[str, str, str]
"""A file, what stands there, and what is to stand there; every time it does."""


@lru_cache(1)
def shipped() -> Policy:
    """The policy that ships."""
    return Policy.load(SHIPPED_POLICIES)


@lru_cache(64)
def edited(*edits: Edit) -> Policy:
    """The shipped policy with these edits."""
    texts = dict(PolicySource.read(SHIPPED_POLICIES).texts)
    for file, before, after in edits:
        assert before in texts[file]
        texts[file] = texts[file].replace(before, after)
    return Policy(PolicySource(tuple(sorted(texts.items()))))


@lru_cache(64)
def diff_of(*edits: Edit) -> PolicyDiff:
    """What the edits change."""
    return compared(*edits).diff()


def compared(*edits: Edit) -> PolicyComparison:
    """The comparison of the shipped policy, of which derivations are kept, with these edits."""
    return PolicyComparison(_shipped_version(), PolicyVersion(edited(*edits)))


@lru_cache(1)
def _shipped_version() -> PolicyVersion:
    return PolicyVersion(shipped())


def names(diff: PolicyDiff, direction: Direction) -> set[str]:
    """The names of all changes of a direction."""
    return {name for change in diff.of(direction) for name in change.names}


def released(roles: Iterable[str], suffix: str = "") -> set[str]:
    """The names of changes of who may release what it bills."""
    return {f"subscription.release.billing_partner.{role}{suffix}" for role in roles}


def position(file: str, text: str, after: int = 0) -> str:
    """`file:line` of a text of the shipped policy, or of a line some lines after it."""
    before, there, _ = dict(PolicySource.read(SHIPPED_POLICIES).texts)[file].partition(text)
    assert there
    return f"{file}:{before.count(chr(10)) + 1 + after}"
