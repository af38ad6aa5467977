"""What changes between two versions of a policy, named so that it can be accepted by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from multichannel.policy.decide.policy import Verdict
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.counterexample import Facts
from multichannel.workbench.diff.principal_groups import PrincipalGroup

NOT_GRANTED = "NOT_GRANTED"
BRACES = re.compile(r"\{([^{}]*)\}")
WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Disagreement(AssertionError):
    """The check of a record does not say what the comparison found: a fault of this program."""


class Direction(StrEnum):
    """What becomes of verdicts; what weighs most comes first."""

    ALLOWED = "newly-allowed"
    DENIED = "newly-denied"
    REASON = "changed-reason"


SUFFIX = {Direction.ALLOWED: "", Direction.DENIED: ".denied", Direction.REASON: ".reason"}


@dataclass(frozen=True, slots=True)
class Key:
    """What a change is about. The cause is a standing, or the code of a restriction in capitals."""

    direction: Direction
    resource: str
    action: Action
    cause: str
    role: str

    @property
    def name(self) -> str:
        """Such as `subscription.release.billing_partner.global_admin`; it outlives edits elsewhere."""
        return named(self.direction, self.resource, [self.action], self.cause, [self.role])


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody, the facts of a record that matter, and what both versions say of it."""

    principal: Principal
    facts: Facts
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Cited:
    """A rule of one of the versions, `old` or `new`; whether it is in that version only."""

    side: str
    rule: Rule
    is_edited: bool


@dataclass
class Change:
    """One role may do one thing that it could not, or the reverse, or is refused it for another reason."""

    key: Key
    principals: set[Principal] = field(default_factory=set)
    rules: dict[Cited, None] = field(default_factory=dict)
    witness: Witness | None = None


@dataclass(frozen=True)
class Changes:
    """Changes of several actions and roles that are alike in all else."""

    direction: Direction
    resource: str
    actions: tuple[Action, ...]
    cause: str
    roles: tuple[str, ...]
    principals: tuple[PrincipalGroup, ...]
    count: int
    """How many principals these are, roles aside."""
    rules: tuple[Cited, ...]
    witness: Witness
    names: tuple[str, ...]
    """By each of which one of them is accepted."""

    @property
    def name(self) -> str:
        """All names in one, with braces."""
        return named(self.direction, self.resource, self.actions, self.cause, self.roles)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Statements that differ, and that no change of a verdict or a reason comes from."""

    old: tuple[Rule, ...]
    new: tuple[Rule, ...]


@dataclass(frozen=True)
class Bound:
    """What was compared: everything within is decided, nothing is said of what lies outside."""

    principals: dict[str, int]
    """By kind of record, how many, for each role alone."""
    decisions: int
    rows: int
    values: dict[str, tuple[str | int | bool | None, ...]]
    """By kind of record and path, the values the fact was given."""
    questions: int
    capped: int
    """How many questions were given up; where it is not zero, there may be changes that are not told."""
    roles_decide: tuple[str, ...]
    """Kinds of records whose standings or restrictions look at roles: two roles together were not tried."""


@dataclass(frozen=True)
class Diff:
    """Two versions of a policy, compared."""

    changes: tuple[Changes, ...]
    rewritings: tuple[Rewriting, ...]
    text_only: tuple[str, ...]
    bound: Bound

    def of(self, direction: Direction) -> tuple[Changes, ...]:
        """The changes of one direction."""
        return tuple(change for change in self.changes if change.direction is direction)

    @property
    def names(self) -> frozenset[str]:
        """The names of all changes."""
        return frozenset(name for change in self.changes for name in change.names)


def named(
    direction: Direction, resource: str, actions: Collection[str], cause: str, roles: Collection[str]
) -> str:
    """The name of changes; more than one action or role stands in braces."""
    parts = (WORD.sub("_", resource).lower(), _braced(actions), cause, _braced(roles))
    return ".".join(part for part in parts if part) + SUFFIX[direction]


def _braced(words: Collection[str]) -> str:
    return next(iter(words)) if len(words) == 1 else f"{{{','.join(words)}}}"


def expanded(name: str) -> Iterator[str]:
    """The names that a name with braces stands for."""
    found = BRACES.search(name)
    if found is None:
        yield name
        return
    for word in found[1].split(","):
        yield from expanded(name[: found.start()] + word.strip() + name[found.end() :])


def alike(changes: Iterable[Change]) -> Iterator[tuple[Change, ...]]:
    """Changes by what they have in common: the same principals and cause, then the same roles."""
    by_action = [tuple(group) for _, group in groupby(sorted(changes, key=_of_action), key=_of_action)]
    for _, group in groupby(sorted(by_action, key=_of_roles), key=_of_roles):
        yield tuple(change for several in group for change in several)


def _of_action(change: Change) -> tuple[str, ...]:
    key = change.key
    who = sorted(map(repr, change.principals))
    return (str(list(Direction).index(key.direction)), key.resource, key.cause, key.action, *who)


def _of_roles(changes: Sequence[Change]) -> tuple[object, ...]:
    key = changes[0].key
    who = tuple(sorted(map(repr, changes[0].principals)))
    order = list(Direction).index(key.direction)
    return order, key.resource, key.cause, tuple(sorted(change.key.role for change in changes)), who
