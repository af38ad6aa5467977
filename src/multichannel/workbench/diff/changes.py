"""The changes between two versions of a policy, with names by which they can be accepted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from multichannel.policy.decide.policy import Verdict
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.counterexample import RecordFacts
from multichannel.workbench.diff.principal_groups import PrincipalGroup

NOT_GRANTED = "NOT_GRANTED"
BRACES = re.compile(r"\{([^{}]*)\}")
WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Disagreement(AssertionError):
    """The check of a record contradicts the comparison: a bug in this program."""


class Direction(StrEnum):
    """How verdicts change, the most important change first."""

    ALLOWED = "newly-allowed"
    DENIED = "newly-denied"
    REASON = "changed-reason"


TOGETHER = "+"
"""Between roles of which one alone makes no difference."""
SUFFIX = {Direction.ALLOWED: "", Direction.DENIED: ".denied", Direction.REASON: ".reason"}


@dataclass(frozen=True, slots=True)
class ChangeKey:
    """What a change is about. The cause is a standing, or the code of a restriction in capitals."""

    direction: Direction
    resource: str
    action: Action
    cause: str
    roles: tuple[str, ...]

    @property
    def role(self) -> str:
        """The role, or those that it takes together."""
        return TOGETHER.join(self.roles)

    @property
    def name(self) -> str:
        """Such as `subscription.release.billing_partner.global_admin`; it is stable under edits elsewhere."""
        return change_name(self.direction, self.resource, [self.action], self.cause, [self.role])


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A principal, the facts of a record that matter, and the verdicts of both versions."""

    principal: Principal
    facts: RecordFacts
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class CitedRule:
    """A rule of one version, `old` or `new`; `is_edited` if only that version has it."""

    version: str
    rule: Rule
    is_edited: bool


@dataclass
class VerdictChange:
    """One role is newly allowed or denied an action, or denied it for another reason."""

    key: ChangeKey
    principals: set[Principal] = field(default_factory=set)
    rules: dict[CitedRule, None] = field(default_factory=dict)
    counterexample: Counterexample | None = None


@dataclass(frozen=True)
class ChangeGroup:
    """Changes of several actions and roles that are alike otherwise."""

    direction: Direction
    resource: str
    actions: tuple[Action, ...]
    cause: str
    roles: tuple[str, ...]
    principals: tuple[PrincipalGroup, ...]
    count: int
    """The number of principals, not counting roles separately."""
    rules: tuple[CitedRule, ...]
    counterexample: Counterexample
    names: tuple[str, ...]
    """Each accepts one of them."""

    @property
    def name(self) -> str:
        """All names in one, with braces."""
        return change_name(self.direction, self.resource, self.actions, self.cause, self.roles)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Statements that differ without changing a verdict or a reason."""

    old: tuple[Rule, ...]
    new: tuple[Rule, ...]


@dataclass(frozen=True)
class ComparisonBounds:
    """What was compared: everything within is decided, nothing outside is known."""

    principals: dict[str, int]
    """By resource type how many; each stands for all that its rules cannot tell apart."""
    decisions: int
    roles: dict[str, int]
    """By resource type how many roles of a principal were tried together at most."""
    rows: int
    """How many rows of a relation a record was given at most: as many as what is compared asks for."""
    values: dict[str, tuple[str | int | bool | None, ...]]
    """By resource type and path, the values that the fact was given."""
    queries: int
    given_up: int
    """How many queries took too long, or asked for too many rows."""
    unclear: tuple[str, ...]
    """The positions of rules that read the list of roles in a way for which no set of roles is enough."""

    @property
    def is_complete(self) -> bool:
        """Whether all that the rules ask for was compared; else there may be changes that are not listed."""
        return not (self.given_up or self.unclear)


@dataclass(frozen=True)
class PolicyDiff:
    """Two versions of a policy, compared."""

    changes: tuple[ChangeGroup, ...]
    rewritings: tuple[Rewriting, ...]
    text_only: tuple[str, ...]
    bounds: ComparisonBounds

    def of(self, direction: Direction) -> tuple[ChangeGroup, ...]:
        """The changes of one direction."""
        return tuple(change for change in self.changes if change.direction is direction)

    @property
    def names(self) -> frozenset[str]:
        """The names of all changes."""
        return frozenset(name for change in self.changes for name in change.names)


def change_name(
    direction: Direction, resource: str, actions: Collection[str], cause: str, roles: Collection[str]
) -> str:
    """The name of changes; more than one action or role stands in braces."""
    parts = (WORD.sub("_", resource).lower(), _braced(actions), cause, _braced(roles))
    return ".".join(part for part in parts if part) + SUFFIX[direction]


def _braced(words: Collection[str]) -> str:
    return next(iter(words)) if len(words) == 1 else f"{{{','.join(words)}}}"


def expand_braces(name: str) -> Iterator[str]:
    """The names that a name with braces stands for."""
    braces = BRACES.search(name)
    if braces is None:
        yield name
        return
    for word in braces[1].split(","):
        yield from expand_braces(name[: braces.start()] + word.strip() + name[braces.end() :])


def group_changes(changes: Iterable[VerdictChange]) -> Iterator[tuple[VerdictChange, ...]]:
    """ChangeGroup by what they have in common: the same principals and cause, then the same roles."""
    by_action = [tuple(group) for _, group in groupby(sorted(changes, key=_of_action), key=_of_action)]
    for _, group in groupby(sorted(by_action, key=_of_roles), key=_of_roles):
        yield tuple(change for changes_of_action in group for change in changes_of_action)


def _of_action(change: VerdictChange) -> tuple[str, ...]:
    key = change.key
    principals = sorted(map(repr, change.principals))
    return (str(list(Direction).index(key.direction)), key.resource, key.cause, key.action, *principals)


def _of_roles(changes: Sequence[VerdictChange]) -> tuple[object, ...]:
    key = changes[0].key
    principals = tuple(sorted(map(repr, changes[0].principals)))
    order = list(Direction).index(key.direction)
    return order, key.resource, key.cause, tuple(sorted(change.key.role for change in changes)), principals
