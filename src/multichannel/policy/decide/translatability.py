"""The check, at load, that everything a policy requires of a record can be evaluated over a list in SQL.

That does not depend on the principal. So what rules require of the principal alone is taken for granted, and
a single query for each resource type reaches every rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import lru_cache
from typing import Any

from polar import Variable

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import Answer, Engine, PolicyFault
from multichannel.policy.decide.partial_results import check_own_rows, conditions
from multichannel.policy.decide.sample_principals import (
    IN_SEVERAL_STATES,
    ONE_OF_EACH_KIND,
    in_mentioned_markets,
)
from multichannel.policy.language.ast import (
    Dot,
    Name,
    Operation,
    Span,
    Term,
    walk,
)
from multichannel.policy.language.resource_binding import PRINCIPAL, principals_of
from multichannel.policy.language.source import VERDICTS, PolicySource, Rule
from multichannel.policy.language.types import fact_types
from multichannel.policy.language.vocabulary_check import check_words
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Principal

ANY, REASON = Variable("resource"), Variable("reason")
STANDING, ACTION = Variable("standing"), Variable("action")
CHECKED = 64
"""How many policies stay checked, so that loading one again costs little."""


@lru_cache(CHECKED)
def check_translatable(source: PolicySource, not_joined: tuple[Resource, ...]) -> None:
    """Evaluate every standing and restriction, and `allow` where standings and grants do not say all.

    PolicyInvalid with file and line of one that fails.
    """
    engine = Engine(source)
    check_words(source)
    _check_standings_and_restrictions(source)
    for resource in not_joined:
        for principal in ONE_OF_EACH_KIND:
            _check(engine, ("allow", principal, ACTION, ANY), principal, [resource])


def _check_standings_and_restrictions(source: PolicySource) -> None:
    asking = ONE_OF_EACH_KIND[:1]
    engine = Engine(source.rewritten(_taken_for_granted))
    if any(
        _reads_principals(rule)
        for rule in source.rules
        if rule.is_rule and rule.name not in {*VERDICTS, "allow"}
    ):
        asking, engine = (*IN_SEVERAL_STATES, *in_mentioned_markets(source)), Engine(source)
    for principal in asking:
        _check(engine, ("has_standing", principal, STANDING, ANY), principal, RESOURCES.values())
        _check(engine, ("forbid", REASON, principal, ACTION, ANY), principal, RESOURCES.values())


def _check(
    engine: Engine, question: tuple[Any, ...], principal: Principal, resources: Collection[Resource]
) -> None:
    """One question about all resource types; if that fails, one by one, for an error that names the type."""
    with suppress(PolicyFault, PolicyInvalid):
        if len(resources) > 1:
            for answer in engine.ask_in_part(*question, kind=None):
                for resource in answer.resources:
                    _check_filter(answer, principal, resource)
            return
    for resource in resources:
        _check_resource(engine, question, principal, resource)


def _check_resource(
    engine: Engine, question: tuple[Any, ...], principal: Principal, resource: Resource
) -> None:
    try:
        for answer in engine.ask_in_part(*question, kind=resource.name):
            _check_filter(answer, principal, resource)
    except PolicyFault as fault:
        raise PolicyInvalid(f"{resource.name}: {fault}") from fault
    except PolicyInvalid as refusal:
        place = _place(engine, principal, resource, question)
        raise PolicyInvalid(place + refusal.message) from None


def _place(engine: Engine, principal: Principal, resource: Resource, question: tuple[Any, ...]) -> str:
    """The position of the rule whose answer cannot be translated; evaluated again, with a trace."""
    for answer in engine.ask_in_part(*question, kind=resource.name, trace=True):
        try:
            _check_filter(answer, principal, resource)
        except PolicyInvalid:
            return f"{answer.rules[-1].position}: " if answer.rules else ""
    return ""


def _check_filter(answer: Answer, principal: Principal, resource: Resource) -> None:
    check_own_rows(conditions(answer.bindings["resource"], resource), resource, principal.tenant_id)


def _reads_principals(rule: Rule) -> bool:
    """Whether a helper rule may read facts of a principal without saying so.

    A parameter without a type can stand for a principal, or for a value that facts of principals are compared
    with; one that has facts which principals lack is a record, as in the rules of verdicts.
    """
    principal = principals_of(rule.tree)
    unsure = {
        item.term.name for item in rule.tree.parameters if isinstance(item.term, Name) and item.kind is None
    } - principal
    unsure -= _records(rule.tree.body)
    return any(
        _names(term) & unsure and _reads(term, principal | unsure) for term in _conditions(rule.tree.body)
    )


def _records(body: Term | None) -> set[str]:
    """The variables that a fact is read of which principals do not have."""
    return {
        part.subject.name
        for part in (walk(body) if body is not None else ())
        if isinstance(part, Dot) and isinstance(part.subject, Name) and part.name not in fact_types(PRINCIPAL)
    }


def _conditions(term: Term | None) -> Iterator[Term]:
    """The conditions of a body, those of its alternatives too."""
    if isinstance(term, Operation) and term.operator in {"and", "or"}:
        for operand in term.operands:
            yield from _conditions(operand)
    elif term is not None:
        yield term


def _reads(term: Term, names: AbstractSet[str]) -> bool:
    return any(isinstance(part, Dot) and _names(part) & names for part in walk(term))


def _taken_for_granted(rule: Rule) -> str:
    """The rule, line by line, without what a verdict requires of the principal alone."""
    text = rule.text
    if rule.name in {"allow", "grant"}:
        return text
    statement = rule.tree
    principal = principals_of(statement)
    for span in sorted(_about(statement.body, principal), key=lambda span: -span.start):
        itself = " = ".join([*principal, *principal])
        lines = "\n" * text.count("\n", span.start, span.end)
        text = f"{text[: span.start]}{itself}{lines}{text[span.end :]}"
    return text


def _about(term: Term | None, principal: AbstractSet[str]) -> Iterator[Span]:
    """The conditions that are about the principal and nothing else."""
    return (part.span for part in _conditions(term) if _names(part) and _names(part) <= principal)


def _names(term: Term) -> set[str]:
    return {each.name for each in walk(term) if isinstance(each, Name)}
