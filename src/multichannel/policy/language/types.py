"""Type inference: what terms of rules stand for, such as records or facts, and which words they can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import cache

from multichannel.domain.base import GUID
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.language.ast import Call, Dot, Literal, Name, Operation, Term, variables, walk
from multichannel.policy.language.resource_binding import ANYTHING, PRINCIPAL
from multichannel.policy.language.source import ARITY, Rule
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar, with_article
from multichannel.policy.schema.vocabulary import Action, AuthMode, Principal, SystemRole

STANDING = 1
"""The place of the standing among the parameters of has_standing."""
ACTION = 2
"""The place of the action among the parameters of forbid."""


def literals_of(rule: Rule, place: int) -> set[str]:
    """The words that a parameter can be: itself, or those that the body lists for it; none for any."""
    term = rule.tree.parameters[place].term
    if isinstance(term, Literal):
        return {str(term.value)}
    return _listed(term.name, rule) if isinstance(term, Name) else set()


def _listed(variable: str, rule: Rule) -> set[str]:
    return {
        each.value
        for part in rule.body_terms
        if isinstance(part, Operation) and part.operator in {"=", "in"}
        if any(isinstance(operand, Name) and operand.name == variable for operand in part.operands)
        for each in walk(part)
        if isinstance(each, Literal) and isinstance(each.value, str)
    }


def standings_by_kind(statements: Iterable[Rule]) -> Mapping[str | None, set[str]]:
    """By kind of record what one can be to it; under None what one can be to anything."""
    found: dict[str | None, set[str]] = defaultdict(set)
    for rule in statements:
        if rule.is_verdict and rule.tree.name == "has_standing":
            words = literals_of(rule, STANDING)
            found[rule.record_type] |= words
            found[None] |= words
    return found


def record_variable(rule: Rule) -> str | None:
    """The variable of the record of a verdict."""
    return variables(rule.tree.parameters)[-1] if rule.is_verdict else None


PRINCIPAL_WORDS: dict[str, type[StrEnum]] = {
    "kind": TenantKind,
    "type": PartnerType,
    "status": PartnerStatus,
    "cloud": Cloud,
    "auth_mode": AuthMode,
}
NULLABLE = {"cloud", "type", "status", "market"}
"""Facts that some principals do not have."""
ROUNDS = 3
"""How deep types are inferred through helper rules."""


class ValueForm(StrEnum):
    """The form of a value."""

    RECORD = "a record"
    TEXT = "a string"
    WORD = "a word"
    IDENTITY = "an id"
    MARKET = "a market"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a term: a name for messages; the class of a record, or the vocabulary of a value."""

    name: str
    form: ValueForm
    kind: str | None = None
    many: bool = False
    words: frozenset[str] | None = None
    nullable: bool = False
    code: str = "unknown-word"


Scope = Mapping[str, ValueType]
"""The variables of one rule."""

ROLE = ValueType("role", ValueForm.WORD, words=frozenset(map(str, (*Role, *SystemRole))), code="unknown-role")
CODE = ValueType("code", ValueForm.TEXT)


def class_type(kind: str) -> ValueType | None:
    """The type of records of a class, or of the principal; None for any other class."""
    return ValueType(kind, ValueForm.RECORD, kind) if kind == PRINCIPAL or kind in RESOURCES else None


@cache
def fact_types(kind: str) -> Mapping[str, ValueType]:
    """The types of the facts of a resource type, or of the principal, by name."""
    if kind == PRINCIPAL:
        return {field.name: _fact_of_principal(field.name) for field in fields(Principal)}
    resource = RESOURCES[kind]
    return {name: _fact(resource, attribute) for name, attribute in resource.attributes.items()}


def _fact_of_principal(name: str) -> ValueType:
    label, nullable = f"{PRINCIPAL}.{name}", name in NULLABLE
    if name == "roles":
        return ValueType(label, ValueForm.WORD, many=True, words=ROLE.words, code=ROLE.code)
    if name in PRINCIPAL_WORDS:
        return ValueType(
            label, ValueForm.WORD, words=frozenset(map(str, PRINCIPAL_WORDS[name])), nullable=nullable
        )
    return ValueType(label, ValueForm.MARKET if name == "market" else ValueForm.IDENTITY, nullable=nullable)


def _is_identity(resource: Resource, name: str) -> bool:
    """Whether a fact is the id of a record here; an offer's id at the vendor, say, is a word."""
    if not name.endswith("_id"):
        return name == "id"
    return resource.model is None or repr(resource.column(name).type) == repr(GUID)


def _fact(resource: Resource, attribute: Scalar | Relation) -> ValueType:
    label = f"{resource.name}.{attribute.name}"
    if isinstance(attribute, Relation):
        return ValueType(label, ValueForm.RECORD, attribute.target, many=attribute.many is not None)
    form = ValueForm.WORD if attribute.words else ValueForm.TEXT
    if _is_identity(resource, attribute.name):
        form = ValueForm.IDENTITY
    elif attribute.name == "market":
        form = ValueForm.MARKET
    elif attribute.is_flag:
        form = ValueForm.FLAG
    return ValueType(label, form, words=attribute.words, nullable=attribute.nullable)


class TypeInference:
    """The types of the variables of a policy, as far as they can be inferred."""

    def __init__(self, statements: Iterable[Rule]) -> None:
        """Infer from the heads of rules first, then from their queries of each other."""
        self._rules = [rule for rule in statements if rule.is_rule]
        self._standings = standings_by_kind(self._rules)
        self.standings = self._standings[None]
        """Every standing that a rule gives."""
        self._argument_types: dict[tuple[str, int, int], set[ValueType | None]] = {}
        self._verdict = cache(self._find_verdict)
        self._scopes = {rule: self._scope(rule) for rule in self._rules}
        for _ in range(ROUNDS):
            before, self._argument_types = self._argument_types, self._arguments()
            if self._argument_types == before:
                break
            self._scopes |= {rule: self._scope(rule) for rule in self._rules if _needs_arguments(rule)}

    def scope(self, rule: Rule) -> Scope:
        """The variables of a rule."""
        return self._scopes.get(rule, {})

    def of(self, term: Term, scope: Scope) -> ValueType | None:
        """The type of a term; None if it is unknown."""
        if isinstance(term, Name):
            return scope.get(term.name)
        if isinstance(term, Dot) and term.arguments is None:
            subject = self.of(term.subject, scope)
            if subject is not None and subject.kind is not None and not subject.many:
                return _nearest(term.name, fact_types(subject.kind))
        return None

    def parameters(self, name: str, arity: int, kind: str | None) -> tuple[ValueType | None, ...]:
        """The types of the parameters of a rule; `kind` is the resource type of a verdict."""
        if ARITY.get(name) == arity:
            about = class_type(kind) if kind else None
            return (*self._verdict(name, kind), about)
        return tuple(_any_of(self._argument_types.get((name, arity, place), set())) for place in range(arity))

    def _find_verdict(self, name: str, kind: str | None) -> tuple[ValueType | None, ...]:
        known = RESOURCES[kind].actions if kind in RESOURCES else tuple(Action)
        about = f" on {with_article(kind)}" if kind in RESOURCES else ""
        action = ValueType(
            f"action{about}", ValueForm.WORD, words=frozenset(map(str, known)), code="unknown-action"
        )
        standing = ValueType(
            "standing" + (f" to {with_article(kind)}" if kind else ""),
            ValueForm.WORD,
            words=frozenset(self._standings[kind]) if kind is None or kind in RESOURCES else None,
            code="unknown-standing",
        )
        principal = class_type(PRINCIPAL)
        return {
            "allow": (principal, action),
            "has_standing": (principal, standing),
            "grant": (ROLE, standing, action),
            "forbid": (CODE, principal, action),
        }[name]

    def _scope(self, rule: Rule) -> Scope:
        scope: dict[str, ValueType] = {}
        parameters = rule.tree.parameters
        implied = self.parameters(*rule.signature, rule.record_type)
        names = variables(parameters)
        for name, parameter, meaning in zip(names, parameters, implied, strict=True):
            declared = class_type(parameter.kind) if parameter.kind else None
            if name is not None and name != ANYTHING and (found := declared or meaning):
                scope[name] = found
        known = -1
        while known < len(scope):
            known = len(scope)
            for name, meaning in self._bound(rule, scope):
                if meaning is not None and name != ANYTHING:
                    scope.setdefault(name, meaning)
        return scope

    def _bound(self, rule: Rule, scope: Scope) -> Iterator[tuple[str, ValueType | None]]:
        """The types that the conditions of a body imply for its variables."""
        for term in rule.body_terms:
            if isinstance(term, Call):
                for argument, meaning in self.arguments(term, scope):
                    if isinstance(argument, Name):
                        yield argument.name, meaning
            elif isinstance(term, Operation) and term.operator in {"in", "="}:
                left, right = term.operands
                infer = self._one_of if term.operator == "in" else self.of
                if isinstance(left, Name):
                    yield left.name, infer(right, scope)
                if isinstance(right, Name) and term.operator == "=":
                    yield right.name, self.of(left, scope)

    def arguments(self, call: Call, scope: Scope) -> Iterator[tuple[Term, ValueType | None]]:
        """The arguments of a call, with the types that they must have."""
        about = self.of(call.arguments[-1], scope) if call.arguments else None
        kind = about.kind if about and not about.many else None
        return zip(call.arguments, self.parameters(call.name, len(call.arguments), kind), strict=True)

    def _one_of(self, listed: Term, scope: Scope) -> ValueType | None:
        """The type of the members of a list."""
        found = self.of(listed, scope)
        return replace(found, name=found.kind or found.name, many=False) if found and found.many else None

    def _arguments(self) -> dict[tuple[str, int, int], set[ValueType | None]]:
        """By rule and parameter, the types of all arguments."""
        found: dict[tuple[str, int, int], set[ValueType | None]] = defaultdict(set)
        for rule in self._rules:
            for call in rule.tree.calls:
                for place, argument in enumerate(call.arguments):
                    meaning = self.of(argument, self._scopes[rule])
                    if not isinstance(argument, Literal):
                        found[call.name, len(call.arguments), place].add(meaning)
        return found


def _needs_arguments(rule: Rule) -> bool:
    """Whether the types of its variables depend on the arguments that rules pass to each other."""
    signatures = (rule.signature, *((call.name, len(call.arguments)) for call in rule.tree.calls))
    return any(ARITY.get(name) != arity for name, arity in signatures)


def _any_of(meanings: set[ValueType | None]) -> ValueType | None:
    """The type of all arguments of a parameter; words of one vocabulary may be on several resource types."""
    known = [each for each in meanings if each is not None]
    if len(meanings) == 1:
        return next(iter(meanings))
    if len(known) < len(meanings) or not known or len({(each.form, each.code) for each in known}) > 1:
        return None
    words = [each.words for each in known]
    if any(each is None for each in words) or known[0].code == "unknown-word":
        return None
    name = known[0].name.partition(" ")[0]
    return replace(known[0], name=name, words=frozenset().union(*(each for each in words if each)))


def _nearest(name: str, known: Mapping[str, ValueType]) -> ValueType | None:
    """The type of a fact; for a misspelt one that of a similar record, whose facts are checked, too."""
    if name in known:
        return known[name]
    near = next((known[near] for near in get_close_matches(name, known, n=1)), None)
    return near if near is not None and near.form is ValueForm.RECORD else None
