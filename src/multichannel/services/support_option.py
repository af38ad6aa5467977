"""A support option and its blockers, as callers are told them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.support import SupportOptionKind
from multichannel.errors import Refused
from multichannel.policy.language.source import Rule


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why an option is not available, by a refusal of the domain or a restriction of the policy."""

    code: str
    message: str
    rule: str | None = None


NOT_GRANTED = Blocker("NOT_GRANTED", "None of your roles allows this.")
NOT_GRANTED_TO_PARTNER = Blocker("NOT_GRANTED", "No role of this partner allows this.")


def blocker_of_refusal(refusal: Refused, sentence: str | None = None) -> Blocker:
    """The blocker for a refusal, which another sentence can say."""
    return Blocker(refusal.code, sentence or refusal.message, refusal.rule)


def blocker_of_rule(code: str, rule: Rule) -> Blocker:
    """The blocker for a restriction, in the words of the policy's comment."""
    first = rule.reason.partition(". ")[0].rstrip(".")
    return Blocker(code, f"{first[:1].upper()}{first[1:]}.", rule.number)


@dataclass(frozen=True, slots=True)
class SupportOption:
    """One option; available if nothing blocks it."""

    kind: SupportOptionKind
    available: bool
    available_from: datetime | None
    blocked_by: tuple[Blocker, ...]


def support_option(
    kind: SupportOptionKind, blockers: Iterable[Blocker], available_from: datetime | None = None
) -> SupportOption:
    """An option with its blockers, one for each code."""
    by_code: dict[str, Blocker] = {}
    for each in blockers:
        by_code.setdefault(each.code, each)
    return SupportOption(kind, not by_code, available_from, tuple(by_code.values()))
