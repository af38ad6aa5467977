"""Verdicts with their reasons on many rows: one statement for all rows, actions and restrictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from multichannel.policy.decide.to_sql import restriction_holds
from multichannel.policy.schema.vocabulary import Action

if TYPE_CHECKING:
    from multichannel.policy.decide.derivations import Derivation
    from multichannel.policy.language.source import Rule
    from multichannel.policy.schema.resources import Resource
    from multichannel.store.access import Access


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether an action is allowed on a row, and every restriction that applies: its code and its rule."""

    allowed: bool
    restrictions: tuple[tuple[str, Rule], ...]


def check_rows(
    access: Access, resource: Resource, ids: Collection[str], actions: Sequence[Action]
) -> Mapping[str, Mapping[Action, CheckResult]]:
    """The policy's verdict by row and action, for rows that were shown to the principal."""
    pending = access.pending(resource, "check_rows")
    model = resource.mapped
    columns: list[Any] = [model.id]
    hits: list[tuple[Action, str, Rule]] = []
    for action in actions:
        columns.append(access.granted(action, resource).label(f"may_{action}"))
        restrictions = access.policy.restrictions(access.principal, action, resource)
        for code, derivations in _by_reason(restrictions).items():
            hit = or_(*(restriction_holds(each.conditions, resource, model) for each in derivations))
            columns.append(hit.label(f"hit_{len(hits)}"))
            hits.append((action, code, derivations[0].rules[-1]))
    statement = select(*columns).where(model.id.in_(sorted(set(ids))))
    rows = access.session.decided(statement, now=access.now).mappings()
    results = {row["id"]: {action: _result(row, action, hits) for action in actions} for row in rows}
    if pending is not None:
        for action in actions:
            pending.listed((action,), sum(result[action].allowed for result in results.values()))
    return results


def _result(row: Mapping[Any, Any], action: Action, hits: list[tuple[Action, str, Rule]]) -> CheckResult:
    restrictions = tuple(
        (code, rule) for number, (of, code, rule) in enumerate(hits) if of is action and row[f"hit_{number}"]
    )
    return CheckResult(bool(row[f"may_{action}"]), restrictions)


def _by_reason(derivations: Sequence[Derivation]) -> dict[str, list[Derivation]]:
    groups: dict[str, list[Derivation]] = defaultdict(list)
    for derivation in derivations:
        groups[derivation.name].append(derivation)
    return groups
