"""Verdicts with their reasons on many rows at once: one statement for all rows, actions and restrictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.to_sql import met, where
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.session import GuardedSession

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Derivation
    from multichannel.policy.language.source import Rule
    from multichannel.policy.schema.resources import Resource


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether an action is allowed on a row, and every restriction that stands against it, with its rule."""

    allowed: bool
    restrictions: tuple[tuple[str, Rule], ...]


def check_rows(  # noqa: PLR0913, PLR0917  (who asks of what, and what)
    session: GuardedSession,
    policy: Policy,
    principal: Principal,
    now: datetime,
    resource: Resource,
    ids: Collection[str],
    actions: Sequence[Action],
) -> Mapping[str, Mapping[Action, CheckResult]]:
    """By row and action what the policy says of rows that the principal has been shown."""
    model = resource.mapped
    columns: list[Any] = [model.id]
    hits: list[tuple[Action, str, Rule]] = []
    for action in actions:
        allowed = where(policy.predicate(principal, action, resource), resource, model)
        columns.append(allowed.label(f"may_{action}"))
        for code, derivations in _by_reason(policy.restrictions(principal, action, resource)).items():
            hit = or_(*(met(each.conditions, resource, model) for each in derivations))
            columns.append(hit.label(f"hit_{len(hits)}"))
            hits.append((action, code, derivations[0].rules[-1]))
    statement = select(*columns).where(model.id.in_(sorted(set(ids))))
    found = session.decided(statement, {"now": now}).mappings()
    return {row["id"]: {action: _judgement(row, action, hits) for action in actions} for row in found}


def _judgement(row: Any, action: Action, hits: list[tuple[Action, str, Rule]]) -> CheckResult:
    restrictions = tuple(
        (code, rule) for number, (of, code, rule) in enumerate(hits) if of is action and row[f"hit_{number}"]
    )
    return CheckResult(bool(row[f"may_{action}"]), restrictions)


def _by_reason(derivations: Sequence[Derivation]) -> dict[str, list[Derivation]]:
    found: dict[str, list[Derivation]] = defaultdict(list)
    for derivation in derivations:
        found[derivation.reason or ""].append(derivation)
    return found
