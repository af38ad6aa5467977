"""Decisions as JSON lines that identify nobody: ids are keyed hashes, and the rest is vocabulary."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC
from functools import lru_cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from multichannel.decision_log.decisions import SCHEMA_VERSION, Decision, ListDecision, RecordDecision
from multichannel.policy.decide.conditions import Value, digest_of, failures
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar
from multichannel.policy.schema.vocabulary import NO_TENANT, Action, Principal

PLAIN = {"market", "resource_type"}
"""Facts that are logged as they are although the database has no vocabulary for them."""

T = TypeVar("T")
CACHED = 2_000
HASHED_BYTES = 16


class Pseudonyms:
    """Keyed hashes of ids: equal ids have equal hashes, and only the holder of the key can compute them."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self.of = lru_cache(CACHED)(self._hash)
        """The pseudonym of an id: 32 hexadecimal digits. No id stays no id."""

    def _hash(self, value: str | None) -> str | None:
        if value is None or value == NO_TENANT:
            return value
        return hmac.new(self._key, value.encode(), hashlib.sha256).digest()[:HASHED_BYTES].hex()


class DecisionLines:
    """Encodes decisions, with the rules and digests that take too long to find while a request waits."""

    def __init__(self, key: str) -> None:
        self._pseudonyms = Pseudonyms(key)
        self._lists: WeakKeyDictionary[Policy, dict[object, Any]] = WeakKeyDictionary()

    def line(self, decision: Decision) -> dict[str, Any]:
        """The JSON object of one line."""
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

    def filter_digest(self, policy: Policy, decision: ListDecision) -> str:
        """The digest of a list's filter under a policy, as lines have it."""
        return self._cached("filter", policy, decision, self._digest)

    def _record(self, decision: RecordDecision) -> dict[str, Any]:
        reasons, rules = reasons_and_rules_of(decision)
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
        return {
            "actions": [action.value for action in decision.actions],
            "resource": decision.resource.name,
            "predicate": self.filter_digest(decision.policy, decision),
            "rows": decision.rows,
            "rules": self._cached("rules", decision.policy, decision, _rules_of_list),
        }

    def _cached(
        self, name: str, policy: Policy, decision: ListDecision, compute: Callable[[Policy, ListDecision], T]
    ) -> T:
        """The value, computed once for alike decisions; the values of a policy are freed with it."""
        key = name, decision.principal, decision.actions, decision.resource
        cache = self._lists.setdefault(policy, {})
        if key not in cache:
            if len(cache) == CACHED:
                cache.clear()
            cache[key] = compute(policy, decision)
        value: T = cache[key]
        return value

    def _principal(self, principal: Principal) -> dict[str, Any]:
        tenant_id, roles = self._pseudonyms.of(principal.tenant_id), list(principal.roles)
        return {**asdict(principal), "tenant_id": tenant_id, "roles": roles}

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

    def _digest(self, policy: Policy, decision: ListDecision) -> str:
        principal, resource = decision.principal, decision.resource

        def rename(value: Value) -> Value:
            return self._pseudonyms.of(principal.tenant_id) if value == principal.tenant_id else value

        predicates = {action: policy.predicate(principal, action, resource) for action in decision.actions}
        return digest_of(predicates, rename)


def reasons_and_rules_of(decision: RecordDecision) -> tuple[tuple[str, ...], list[str]]:
    """The reasons and rules of a decision."""
    query = decision.policy, decision.principal, decision.action, decision.resource, decision.facts
    return reasons_and_rules(*query, allowed=decision.allowed)


def reasons_and_rules(  # noqa: PLR0913  (a verdict is all of this)
    policy: Policy, principal: Principal, action: Action, resource: Resource, record: Any, *, allowed: bool
) -> tuple[tuple[str, ...], list[str]]:
    """The reasons of a denial, and the rules of either verdict as `file:line`; none without a record."""
    if record is None:
        return (), []
    derivations = policy.grants if allowed else policy.restrictions
    try:
        matching = [
            each for each in derivations(principal, action, resource) if not failures(each.conditions, record)
        ]
    except PolicyFault:
        return (), []
    reasons = () if allowed else tuple(sorted({each.name for each in matching}))
    return reasons, positions(rule for each in matching for rule in each.rules)


def _rules_of_list(policy: Policy, decision: ListDecision) -> list[str]:
    """The rules of a filter: grants and restrictions."""
    return positions(
        rule
        for action in decision.actions
        for derivations in (policy.grants, policy.restrictions)
        for derivation in derivations(decision.principal, action, decision.resource)
        for rule in derivation.rules
    )


def positions(rules: Iterable[Rule]) -> list[str]:
    """The positions of rules, each once, in order."""
    return [f"{file}:{line}" for file, line in sorted({(rule.file, rule.line) for rule in rules})]
