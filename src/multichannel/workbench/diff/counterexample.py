"""Records that show a change: the facts that matter, completed with any values to a whole record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multichannel.policy.decide.conditions import Value
from multichannel.policy.decide.sample_principals import OTHER_MARKET, OWN_TENANT
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar
from multichannel.policy.schema.vocabulary import Principal
from multichannel.workbench.diff.literals import OTHER_TENANTS
from multichannel.workbench.diff.model_finder import FactModel

RecordFacts = Mapping[str, Value]


def choose_facts(model: FactModel, principal: Principal) -> RecordFacts:
    """One value for each fact that matters, in the order of their paths; the principal's own if it may be."""
    own = [str(value) for value in (principal.cloud, principal.market, OWN_TENANT) if value is not None]
    return {
        path: next((value for value in values if value in own), values[0])
        for path, values in sorted(model.items())
        if path not in _implied(model)
    }


def _implied(model: FactModel) -> set[str]:
    """Counts of rows that follow from the facts of the rows."""
    with_rows = {path.partition("[")[0] for path in model if "[" in path}
    return {path for path, values in model.items() if path in with_rows and 0 not in values}


def build_record(resource: Resource, facts: RecordFacts, principal: Principal) -> Any:
    """A whole record with these facts, as `Policy.check` takes it."""
    return _RecordBuilder(facts, principal).build(resource, "", {})


class _RecordBuilder:
    def __init__(self, facts: RecordFacts, principal: Principal) -> None:
        self._facts = facts
        self._principal = principal

    def build(self, resource: Resource, prefix: str, implied: Mapping[str, Value]) -> Any:
        scalars: dict[str, Value] = {
            name: self._value(resource, prefix, attribute, implied)
            for name, attribute in resource.attributes.items()
            if isinstance(attribute, Scalar)
        }
        related = {
            name: self._related(attribute, prefix, scalars)
            for name, attribute in resource.attributes.items()
            if isinstance(attribute, Relation)
        }
        return resource.facts(**scalars, **related)

    def _value(self, resource: Resource, prefix: str, scalar: Scalar, implied: Mapping[str, Value]) -> Value:
        if scalar.name in implied:
            return implied[scalar.name]
        if prefix + scalar.name in self._facts:
            return self._facts[prefix + scalar.name]
        if scalar.nullable:
            return None
        return self._any(resource, scalar)

    def _any(self, resource: Resource, scalar: Scalar) -> Value:
        if scalar.words is not None:
            own = str(self._principal.cloud)
            return own if own in scalar.words else min(scalar.words)
        if resource.model is not None and resource.column(scalar.name).type.python_type is bool:
            return False
        if scalar.name == "id" or scalar.name.endswith("_id"):
            return OTHER_TENANTS[0]
        return self._principal.market or OTHER_MARKET if scalar.name == "market" else OTHER_MARKET

    def _related(self, relation: Relation, prefix: str, owner: Mapping[str, Value]) -> Any:
        target, at = RESOURCES[relation.target], prefix + relation.name
        if relation.many is None:
            local = relation.local
            implied = {"id": owner[local]} if local in owner else {}
            return self.build(target, f"{at}.", implied)
        rows: dict[str, Value] = {relation.many.column: owner[relation.local]}
        if relation.many.between is not None:
            rows[relation.many.between] = OWN_TENANT
        return [self.build(target, f"{at}[{row}].", rows) for row in range(self._count(at))]

    def _count(self, at: str) -> int:
        """As many rows as the facts count or name."""
        rows = (path for path in self._facts if path.startswith(f"{at}["))
        with_facts = [int(path[len(at) + 1 :].partition("]")[0]) + 1 for path in rows]
        count = self._facts.get(at)
        return max([*with_facts, count if isinstance(count, int) else 0])
