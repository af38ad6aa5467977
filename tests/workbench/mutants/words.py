"""What else could stand where a word of a policy stands: other words of its vocabulary, facts of its type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.language.ast import Dot, Literal, Name, Operation, Statement, Term, walk
from multichannel.policy.language.source import ANY_RESOURCE, PolicySource
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource
from multichannel.policy.schema.vocabulary import READS, AuthMode, Principal, SystemRole

PRINCIPAL = "Principal"
PRINCIPAL_WORDS: dict[str, Iterable[StrEnum]] = {
    "kind": (TenantKind.PARTNER, TenantKind.CUSTOMER),
    "type": PartnerType,
    "status": PartnerStatus,
    "cloud": Cloud,
    "auth_mode": AuthMode,
}
"""Nobody signs in as the service, so no fault makes a tenant's rule one of the service's."""
INTERCHANGED = ({"market", "cloud"},)
"""Facts, besides ids, that read alike."""


class Words:
    """The vocabulary of one policy."""

    def __init__(self, source: PolicySource) -> None:
        """Standings and codes are what the policy says they are."""
        self._standings: dict[str, list[str]] = {}
        self._codes: dict[str, list[str]] = {}
        for rule in source.rules:
            named = rule.text.split('"')[1] if '"' in rule.text else ""
            book = {"has_standing": self._standings, "forbid": self._codes}.get(rule.name)
            if book is not None and rule.about:
                book.setdefault(rule.about, []).append(named)

    def standings(self, kind: str) -> list[str]:
        """What one can be to a kind of record."""
        return [*dict.fromkeys(self._standings.get(kind, ()))]

    def codes(self, kind: str) -> list[str]:
        """Why something is forbidden there."""
        return [*dict.fromkeys((*self._codes.get(kind, ()), "NOT_TODAY"))]

    def roles(self, like: str) -> list[str]:
        """Those of tenants for one of these; those of the service, and a tenant's, for one of the service."""
        tenants = [role.value for role in Role]
        return [*(role.value for role in SystemRole), Role.GLOBAL_ADMIN] if like in {*SystemRole} else tenants

    def actions(self, kind: str) -> list[str]:
        """What can be asked of a kind of record, or of any."""
        return [action.value for action in (RESOURCES[kind].actions if kind else READS)]

    def named(self, name: str, kind: str, like: str) -> list[str]:
        """The words of a variable of grants and restrictions."""
        if name == "standing":
            return self.standings(kind)
        return self.roles(like) if name == "role" else self.actions(kind)


def types_of(statement: Statement) -> dict[str, str]:
    """What each variable of a statement is: the principal, or a record of some kind."""
    types = {
        item.term.name: item.kind
        for item in statement.parameters
        if isinstance(item.term, Name) and item.kind and item.kind != "String"
    }
    for term in walk(statement.body):
        if isinstance(term, Operation) and term.operator == "in" and isinstance(term.operands[1], Dot):
            variable, path = term.operands
            relation = _relation(path, types) if isinstance(path, Dot) else None
            if isinstance(variable, Name) and relation is not None:
                types[variable.name] = relation.target
    return types


def _relation(path: Dot, types: dict[str, str]) -> Relation | None:
    owner = kind_at(path.subject, types)
    found = RESOURCES[owner].attributes.get(path.name) if owner in RESOURCES else None
    return found if isinstance(found, Relation) else None


def kind_at(term: Term, types: dict[str, str]) -> str | None:
    """What kind of record a path leads to."""
    if isinstance(term, Name):
        return types.get(term.name)
    relation = _relation(term, types) if isinstance(term, Dot) else None
    return relation.target if relation else None


def values(fact: Dot, types: dict[str, str]) -> list[str]:
    """The values a fact may have, where it has words of its own."""
    owner = kind_at(fact.subject, types)
    if owner == PRINCIPAL:
        return [word.value for word in PRINCIPAL_WORDS.get(fact.name, ())]
    words = _resource(owner or "").scalar(fact.name).words if owner in RESOURCES else None
    return sorted(words or ())


def facts_like(fact: Dot, types: dict[str, str]) -> list[str]:
    """Other facts of the same record that have values of the same type."""
    owner = kind_at(fact.subject, types)
    if owner in {None, ANY_RESOURCE}:
        return []
    all_facts = (
        [field.name for field in fields(Principal)]
        if owner == PRINCIPAL
        else [*_resource(owner or "").attributes]
    )
    alike = [name for name in all_facts if name.endswith("_id")] if fact.name.endswith("_id") else []
    alike += [name for group in INTERCHANGED if fact.name in group for name in group if name in all_facts]
    return [name for name in alike if name != fact.name]


def _resource(kind: str) -> Resource:
    return RESOURCES[kind]


def text_of(term: Term) -> str | None:
    """The word that a literal is."""
    return term.value if isinstance(term, Literal) and isinstance(term.value, str) else None
