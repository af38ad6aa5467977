"""Decisions as lines of JSON that name nobody: ids are keyed hashes, and the rest is vocabulary."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC
from functools import lru_cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from multichannel.decision_log.decisions import SCHEMA_VERSION, Decision, ListDecision, RecordDecision
from multichannel.policy.decide.canonical import digest_of
from multichannel.policy.decide.conditions import Value
from multichannel.policy.decide.evaluate import failures
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar
from multichannel.policy.schema.vocabulary import NO_TENANT, Action, Principal

PLAIN = {"market", "resource_type"}
"""Facts that are neither ids nor of a vocabulary the database knows, and that name nobody all the same."""

T = TypeVar("T")
CACHED = 2_000
HASHED_BYTES = 16


class Pseudonyms:
    """Ids as their keyed hashes: equal ids have equal ones, and only the key's holder can make them."""

    def __init__(self, key: str) -> None:
        """Whoever has the key can find out whether an id they know is meant."""
        self._key = key.encode()
        self.of = lru_cache(CACHED)(self._hash)
        """The pseudonym of an id: 32 hexadecimal digits; what is no id at all stays as it is."""

    def _hash(self, value: str | None) -> str | None:
        if value is None or value == NO_TENANT:
            return value
        return hmac.new(self._key, value.encode(), hashlib.sha256).digest()[:HASHED_BYTES].hex()


class DecisionLines:
    """Makes the log's objects of decisions, with what takes too long to be done while somebody waits."""

    def __init__(self, key: str) -> None:
        """`key` hashes the ids."""
        self._pseudonyms = Pseudonyms(key)
        self._lists: WeakKeyDictionary[Policy, dict[object, Any]] = WeakKeyDictionary()

    def line(self, decision: Decision) -> dict[str, Any]:
        """The object of one line."""
        return {
            "schema_version": SCHEMA_VERSION,
            "id": secrets.token_hex(8),
            "time": f"{decision.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "policy": decision.policy.digest,
            "kind": decision.kind,
            "operation": decision.operation,
            "principal": self._principal(decision.principal),
            **(self._list(decision) if isinstance(decision, ListDecision) else self._record(decision)),
            "microseconds": decision.microseconds,
        }

    def filter_digest(
        self, policy: Policy, principal: Principal, actions: tuple[Action, ...], resource: Resource
    ) -> str:
        """Names the filter of a list under a policy, as the lines do."""
        asked = policy, principal, actions, resource
        return self._once(policy, ("filter", *asked[1:]), lambda: self._digest(*asked))

    def _record(self, decision: RecordDecision) -> dict[str, Any]:
        reasons, rules = judged(decision)
        facts = None if decision.facts is None else self._facts(decision.resource, decision.facts)
        return {
            "action": decision.action.value,
            "resource": decision.resource.name,
            "facts": facts,
            "allowed": decision.allowed,
            "reasons": list(reasons),
            "rules": rules,
        }

    def _list(self, decision: ListDecision) -> dict[str, Any]:
        asked = decision.policy, decision.principal, decision.actions, decision.resource
        return {
            "actions": [action.value for action in decision.actions],
            "resource": decision.resource.name,
            "predicate": self.filter_digest(*asked),
            "rows": decision.rows,
            "rules": self._once(decision.policy, ("rules", *asked[1:]), lambda: _rules_of_lists(*asked)),
        }

    def _once(self, policy: Policy, asked: object, answer: Callable[[], T]) -> T:
        """The answer, made once; those of a policy go with it when it is in force no longer."""
        known = self._lists.setdefault(policy, {})
        if asked not in known:
            if len(known) == CACHED:
                known.clear()
            known[asked] = answer()
        found: T = known[asked]
        return found

    def _principal(self, principal: Principal) -> dict[str, Any]:
        """All that policies know of whoever asks."""
        told = {field.name: getattr(principal, field.name) for field in fields(principal)}
        return {**told, "tenant_id": self._pseudonyms.of(principal.tenant_id), "roles": list(principal.roles)}

    def _facts(self, resource: Resource, record: Any) -> dict[str, Any]:
        return {
            name: self._fact(attribute, getattr(record, name))
            for name, attribute in resource.attributes.items()
        }

    def _fact(self, attribute: Scalar | Relation, value: Any) -> Any:
        if isinstance(attribute, Relation):
            target = RESOURCES[attribute.target]
            if attribute.many:
                return [self._facts(target, item) for item in value]
            return self._facts(target, value)
        plain = attribute.words is not None or attribute.name in PLAIN or not isinstance(value, str)
        return value if plain else self._pseudonyms.of(value)

    def _digest(
        self, policy: Policy, principal: Principal, actions: tuple[Action, ...], resource: Resource
    ) -> str:
        def rename(value: Value) -> Value:
            return self._pseudonyms.of(principal.tenant_id) if value == principal.tenant_id else value

        predicates = {action: policy.predicate(principal, action, resource) for action in actions}
        return digest_of(predicates, rename)


def judged(decision: RecordDecision) -> tuple[tuple[str, ...], list[str]]:
    """The reasons of a denial, and the rules of either verdict as `file:line`; none of what is not there."""
    asked = decision.policy, decision.principal, decision.action, decision.resource, decision.facts
    return judged_by(*asked, allowed=decision.allowed)


def judged_by(  # noqa: PLR0913  (a verdict is all of this)
    policy: Policy, principal: Principal, action: Action, resource: Resource, record: Any, *, allowed: bool
) -> tuple[tuple[str, ...], list[str]]:
    """The same of a verdict of any policy."""
    if record is None:
        return (), []
    derivations = policy.grants if allowed else policy.restrictions
    try:
        ways = [
            way for way in derivations(principal, action, resource) if not failures(way.conditions, record)
        ]
    except PolicyFault:
        return (), []
    reasons = () if allowed else tuple(sorted({way.name for way in ways}))
    return reasons, positions(rule for way in ways for rule in way.rules)


def _rules_of_lists(
    policy: Policy, principal: Principal, actions: tuple[Action, ...], resource: Resource
) -> list[str]:
    """The rules that a filter is made of: what grants, and what takes away."""
    ways = [
        way
        for action in actions
        for way in (
            *policy.grants(principal, action, resource),
            *policy.restrictions(principal, action, resource),
        )
    ]
    return positions(rule for way in ways for rule in way.rules)


def positions(rules: Iterable[Rule]) -> list[str]:
    """Where rules stand, each once, in order."""
    found = sorted({(rule.file, rule.line): rule.position for rule in rules}.items())
    return [position for _, position in found]
