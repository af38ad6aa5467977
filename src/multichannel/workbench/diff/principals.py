"""The principals that a comparison tries, and the sets of roles that each of them has.

Principals that no rule about a resource type can tell apart are tried once: they are alike in every fact that
these rules read, and markets are alike that occur in the same lists only. A role is tried alone, and together
with those that rules ask for at the same time: rules ask whether somebody has a role and never whether
somebody lacks one, so a decision that differs for many roles differs for as few as two derivations ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations

from multichannel.domain.tenants import TenantKind
from multichannel.policy.decide.derivations import Roles
from multichannel.policy.decide.sample_principals import all_principals, markets_in, roles_of
from multichannel.policy.language.ast import Dot, ListLiteral, Literal, Operation, Term
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import ROLES, Principal
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.diff.principal_groups import PrincipalGroup, grouped

NONE = frozenset[str]()


@dataclass(frozen=True)
class RoleReading:
    """How the rules of some versions read the roles of a principal, on one resource type."""

    named: frozenset[str]
    """The roles that are tested for by name; all of them where a rule asks for a variable."""
    most: int
    """How many roles two derivations can ask for together."""
    unclear: tuple[Rule, ...]
    """Rules that do anything else with the list of roles, so that no sets of roles are enough."""

    def sets(self, kind: TenantKind) -> tuple[Roles, ...]:
        """The sets of roles to try, small ones first."""
        roles = roles_of(kind)
        named = [role for role in roles if role in self.named]
        found = {
            frozenset((role, *more))
            for role in roles
            for size in range(self.most)
            for more in combinations(named, size)
        }
        ordered = (tuple(role for role in roles if role in each) for each in found)
        return tuple(sorted(ordered, key=lambda each: (len(each), [roles.index(role) for role in each])))


def role_reading(versions: Sequence[PolicyVersion], resource: Resource) -> RoleReading:
    """How the rules of all versions that decide about a resource type read roles."""
    named: set[str] = set()
    unclear: list[Rule] = []
    most = {"allow": 1, "forbid": 0}
    for version in versions:
        depth: dict[str, int] = defaultdict(int)
        for name in ("has_standing", "forbid", "allow", "grant"):
            for rules in version.rules_with_helpers(name, resource):
                tested = [each for rule in rules for each in _tested_roles(rule, unclear)]
                depth[name] = max(depth[name], len(tested))
                # The `allow` that ships asks for the role of a grant, which is each role in turn.
                if name != "allow" or not version.is_composed:
                    named |= {word for words in tested for word in words}
        most["allow"] = max(most["allow"], depth["allow"] + depth["has_standing"] + depth["grant"])
        most["forbid"] = max(most["forbid"], depth["forbid"])
    return RoleReading(frozenset(named), sum(most.values()), tuple(dict.fromkeys(unclear)))


def _tested_roles(rule: Rule, unclear: list[Rule]) -> Iterator[Roles]:
    """For each question after a role the roles it can be about; notes a rule that asks anything else."""
    plain = set[int]()
    for term in rule.terms:
        if isinstance(term, Operation) and term.operator == "in" and _is_roles(term.operands[1]):
            plain.add(id(term.operands[1]))
            left = term.operands[0]
            yield (str(left.value),) if isinstance(left, Literal) else tuple(map(str, ROLES))
    if any(_is_roles(term) and id(term) not in plain for term in rule.terms):
        unclear.append(rule)


def _is_roles(term: Term) -> bool:
    return isinstance(term, Dot) and term.name == "roles"


class PrincipalClasses:
    """For each resource type one principal for all that the rules of some versions cannot tell apart."""

    def __init__(self, versions: Sequence[PolicyVersion]) -> None:
        self._versions = versions
        self._classes: dict[frozenset[str], dict[tuple[object, ...], list[Principal]]] = {}
        self._read = cache(self._facts_read)

    def of(self, resource: Resource, facts: frozenset[str] = NONE) -> tuple[Principal, ...]:
        """The principals to try; those that differ in `facts` are told apart, too."""
        return tuple(alike[0] for alike in self._of(self._read(resource, facts)).values())

    def alike(self, principal: Principal, resource: Resource) -> Principal:
        """The one that is tried for a principal where it differs in nothing that rules read."""
        facts = self._read(resource, NONE)
        return self._of(facts)[_key(principal, facts)][0]

    def size(self, principals: Iterable[Principal], resource: Resource) -> int:
        """How many principals these stand for, not counting markets that are alike."""
        facts = self._read(resource, NONE)
        classes = self._of(facts)
        return sum(len(classes[_key(each, facts)]) for each in principals)

    def groups(
        self, principals: Iterable[Principal], resource: Resource, facts: frozenset[str] = NONE
    ) -> tuple[PrincipalGroup, ...]:
        """Some of the principals that are tried in the fewest words."""
        return grouped(principals, self.of(resource, facts))

    @cached_property
    def everyone(self) -> tuple[Principal, ...]:
        """One principal for each kind, type, status, cloud, mode and market that rules tell apart."""
        alike = alike_markets(*(version.policy.source for version in self._versions))
        return all_principals(dict.fromkeys(alike.values()))

    def _facts_read(self, resource: Resource, facts: frozenset[str]) -> frozenset[str]:
        read = (version.facts_read(resource) for version in self._versions)
        return frozenset({"kind"}).union(facts, *read) - {"tenant_id", "roles"}

    def _of(self, facts: frozenset[str]) -> dict[tuple[object, ...], list[Principal]]:
        if facts not in self._classes:
            classes: dict[tuple[object, ...], list[Principal]] = defaultdict(list)
            for principal in self.everyone:
                classes[_key(principal, facts)].append(principal)
            self._classes[facts] = dict(classes)
        return self._classes[facts]


def _key(principal: Principal, facts: frozenset[str]) -> tuple[object, ...]:
    return tuple(getattr(principal, fact) for fact in sorted(facts))


def alike_markets(*sources: PolicySource) -> dict[str, str]:
    """For each market that policies mention, the first that occurs in the same lists and nowhere else."""
    occurrences: dict[str, set[object]] = defaultdict(set)
    for source in sources:
        for rule in source.rules:
            listed = set[int]()
            for term in rule.terms:
                if isinstance(term, ListLiteral):
                    words = [item for item in term.items if isinstance(item, Literal)]
                    listed |= {id(item) for item in words}
                    for item in words:
                        occurrences[str(item.value)].add((rule.text, term.span.start))
                elif isinstance(term, Literal) and id(term) not in listed:
                    occurrences[str(term.value)].add(term.value)
    firsts: dict[frozenset[object], str] = {}
    return {
        market: firsts.setdefault(frozenset(occurrences[market]), market) for market in markets_in(*sources)
    }
