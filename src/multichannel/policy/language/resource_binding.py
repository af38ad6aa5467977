"""Which resource types a verdict is about, and which of its parameters is the principal.

A standing, grant or restriction whose record has a class is about that resource type. One without a class, or
of the class `Resource`, is general: it is bound to the resource types that have every fact it reads of the
record, itself or through helper rules. So `record.cloud != caller.cloud` holds for all that have a cloud,
without a list of types that would have to be maintained, and the service itself, which has none, is
neither denied by it nor makes it fail. For the types that are bound, anything else that is wrong with the
rule is an error when the policy is loaded. A general rule that is bound to no type is a misspelling: refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Call, Dot, Name, Statement, Term, walk
from multichannel.policy.language.source import ANY_RESOURCE, VERDICTS, PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES, Relation

PRINCIPAL = "Principal"
ANYTHING = "_"
"""The variable that stands for a different value each time."""
PRINCIPAL_AT = {"allow": 0, "has_standing": 0, "forbid": 1}
"""Where decisions hand the principal to a rule, whether its parameter has a class or not."""
SOURCES = 64
"""For how many policies, or resource types of policies, it is kept."""

Helpers = Mapping[str, list[Statement]]
"""The rules by name that others refer to, decisions do not."""


def principals_of(statement: Statement) -> frozenset[str]:
    """The variables of a rule's head that stand for the principal."""
    at = PRINCIPAL_AT.get(statement.name)
    return frozenset(
        parameter.term.name
        for place, parameter in enumerate(statement.parameters)
        if isinstance(parameter.term, Name) and (parameter.kind == "Principal" or place == at)
    )


def concerns(source: PolicySource, rule: Rule, kind: str) -> bool:
    """Whether a decision about a record of a resource type can use a rule."""
    return rule.about in {None, kind} and kind not in _unbound(source).get(rule, ())


@lru_cache(SOURCES)
def texts_about(source: PolicySource, kind: str, *, marked: bool = False) -> tuple[tuple[str, str], ...]:
    """The files with only the rules that concern a resource type; the others are blank lines.

    General rules are written for the type: the engine tries the class `Resource` against every type.
    """

    def keep(rule: Rule) -> str:
        if not concerns(source, rule, kind):
            return "\n" * rule.text.count("\n")
        text = source.marked_text(rule) if marked else rule.text
        is_general = rule.name in VERDICTS and rule.is_rule and rule.tree.parameters[-1].kind == ANY_RESOURCE
        return _about(rule, text, kind) if is_general else text

    return source.rewritten(keep).texts


def texts_bound(source: PolicySource) -> tuple[tuple[str, str], ...]:
    """The files with each general rule that does not concern all resource types written for those it does.

    The first stands in the place of the rule, the others at the end of its file, so that lines stay.
    """
    unbound = _unbound(source)
    added: dict[str, str] = defaultdict(str)

    def bind(rule: Rule) -> str:
        if rule not in unbound:
            return rule.text
        first, *others = (_about(rule, rule.text, kind) for kind in RESOURCES if kind not in unbound[rule])
        added[rule.file] += "".join(f"\n{other}" for other in others)
        return first

    return tuple((name, text + added[name]) for name, text in source.rewritten(bind).texts)


def _about(rule: Rule, text: str, kind: str) -> str:
    """A text of a general rule, the head of which is as written, for one resource type."""
    last = rule.tree.parameters[-1]
    start, end = last.term.span.end, last.span.end
    return f"{text[:start]}: {kind}{text[end:]}"


@lru_cache(SOURCES)
def _unbound(source: PolicySource) -> Mapping[Rule, frozenset[str]]:
    """The resource types that general rules do not concern; PolicyInvalid for a rule that concerns none."""
    helpers: dict[str, list[Statement]] = defaultdict(list)
    for rule in source.rules:
        if rule.is_rule and rule.name not in {*VERDICTS, "allow"}:
            helpers[rule.name].append(rule.tree)
    unbound = {}
    for rule in source.rules:
        if rule.name in VERDICTS and rule.is_rule and rule.about is None:
            kinds = frozenset(kind for kind in RESOURCES if missing_fact(rule.tree, kind, helpers))
            if kinds == RESOURCES.keys():
                raise PolicyInvalid(f"{rule.position}: no resource type has all facts that this rule reads")
            if kinds:
                unbound[rule] = kinds
    return unbound


def missing_fact(statement: Statement, kind: str, helpers: Helpers) -> str | None:
    """A fact that a general rule reads of the record and that a resource type does not have, if any."""
    return next(_missing(statement, -1, kind, helpers, set()), None)


def _missing(
    statement: Statement, at: int, kind: str, helpers: Helpers, seen: set[tuple[str, int, str]]
) -> Iterator[str]:
    """The facts that a rule reads of the record at a parameter and that a resource type does not have."""
    term = statement.parameters[at].term
    if not isinstance(term, Name):
        return
    for part in walk(statement.body):
        if isinstance(part, Dot) and _root(part) == term.name and _reached(part, kind) is None:
            yield ".".join(_names(part))
        if isinstance(part, Call):
            yield from _missing_in_helpers(part, term.name, kind, helpers, seen)


def _missing_in_helpers(
    call: Call, variable: str, kind: str, helpers: Helpers, seen: set[tuple[str, int, str]]
) -> Iterator[str]:
    for at, argument in enumerate(call.arguments):
        target = _reached(argument, kind) if _root(argument) == variable else None
        if target not in RESOURCES or (call.name, at, target) in seen:
            continue
        seen.add((call.name, at, target))
        for helper in helpers.get(call.name, ()):
            applies = len(helper.parameters) == len(call.arguments)
            if applies and helper.parameters[at].kind in {None, ANY_RESOURCE, target}:
                yield from _missing(helper, at, target, helpers, seen)


def _root(term: Term) -> str | None:
    """The variable that a chain of facts begins with."""
    while isinstance(term, Dot) and term.arguments is None:
        term = term.subject
    return term.name if isinstance(term, Name) else None


def _names(term: Term) -> list[str]:
    return [*_names(term.subject), term.name] if isinstance(term, Dot) else []


def _reached(term: Term, kind: str) -> str | None:
    """The resource type at the end of a chain of facts, nothing for a value or a list; None for no fact."""
    for name in _names(term):
        attribute = RESOURCES[kind].attributes.get(name) if kind else None
        if attribute is None:
            return None
        kind = attribute.target if isinstance(attribute, Relation) and attribute.many is None else ""
    return kind
