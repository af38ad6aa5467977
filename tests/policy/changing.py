"""Facts changed as failed conditions say: what a near miss wants is given to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from multichannel.policy.explain.derivation import EXISTS, PRINCIPAL, EvaluatedCondition, Place
from multichannel.policy.explain.explanation import NearMiss
from multichannel.policy.schema.resources import RESOURCES, Relation, Scalar
from multichannel.policy.schema.vocabulary import Principal

ELSEWHERE = "elsewhere"


def given_what_it_lacks(miss: NearMiss, who: Principal, record: Any) -> tuple[Principal, Any]:
    """A principal and a record of which every failed condition that was reached holds."""
    if miss.roles_needed:
        who = replace(who, roles=(*who.roles, miss.roles_needed[0]))
    for failed in miss.failed:
        if failed.holds is None or failed.subject is None:
            continue
        place, value = failed.subject.place, _wanted(failed)
        if place[0] == PRINCIPAL:
            who = _changed(who, place[1:], value)
        else:
            record = _changed(record, place[1:], value)
    return who, record


def _wanted(failed: EvaluatedCondition) -> Any:
    assert failed.subject is not None
    if failed.operator == EXISTS:
        return [_some_record(_target(failed.subject.place))]
    if failed.operator == "in":
        return failed.expected[0]
    if failed.operator == "!=":
        return ELSEWHERE
    assert failed.operator == "=", failed
    return failed.expected


def _target(place: Place) -> str:
    """What the list at a place holds: no relation name stands for two kinds that have it to many."""
    names = {
        item.target
        for resource in RESOURCES.values()
        for item in resource.attributes.values()
        if isinstance(item, Relation) and item.name == place[-1]
    }
    [name] = names
    return name


def _some_record(name: str) -> Any:
    resource = RESOURCES[name]
    values = {
        item.name: min(item.words) if isinstance(item, Scalar) and item.words else ELSEWHERE
        for item in resource.attributes.values()
    }
    return resource.facts(**values)


def _changed(owner: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    step, *rest = place
    if isinstance(step, int):
        return [_changed(item, tuple(rest), value) if at == step else item for at, item in enumerate(owner)]
    return replace(owner, **{step: _changed(getattr(owner, step), tuple(rest), value)})
