"""The proof, at load, that whatever the policy asks of a record can be asked of a whole list in SQL.

What can be asked does not depend on who asks. So what rules demand of the principal alone is taken for
granted, and every rule is met by a single question for each kind of record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
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
from multichannel.policy.language.resource_binding import principals_of
from multichannel.policy.language.source import VERDICTS, PolicySource, Rule
from multichannel.policy.language.vocabulary_check import check_words
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Principal

ANY, REASON = Variable("resource"), Variable("reason")
STANDING, ACTION = Variable("standing"), Variable("action")


def prove(source: PolicySource) -> None:
    """Ask for every standing and restriction; PolicyInvalid with file and line of what is no list filter."""
    check_words(source)
    asking = ONE_OF_EACH_KIND[:1]
    engine = Engine(_taking_principals_for_granted(source))
    if any(
        _looks_at_principals(rule)
        for rule in source.rules
        if rule.is_rule and rule.name not in {*VERDICTS, "allow"}
    ):
        asking, engine = (*IN_SEVERAL_STATES, *in_mentioned_markets(source)), Engine(source)
    for resource in RESOURCES.values():
        for principal in asking:
            _prove(engine, principal, resource, ("has_standing", principal, STANDING, ANY))
            _prove(engine, principal, resource, ("forbid", REASON, principal, ACTION, ANY))


def prove_whole(engine: Engine, resources: Iterable[Resource]) -> None:
    """Ask what is allowed, where that is more than standings and grants say; or PolicyInvalid."""
    for resource in resources:
        for principal in ONE_OF_EACH_KIND:
            _prove(engine, principal, resource, ("allow", principal, ACTION, ANY))


def _prove(engine: Engine, principal: Principal, resource: Resource, question: tuple[Any, ...]) -> None:
    try:
        for answer in engine.ask_in_part(*question, kind=resource.name):
            _check_filter(answer, principal, resource)
    except PolicyFault as fault:
        raise PolicyInvalid(f"{resource.name}: {fault}") from fault
    except PolicyInvalid as refusal:
        place = _place(engine, principal, resource, question)
        raise PolicyInvalid(place + refusal.message) from None


def _place(engine: Engine, principal: Principal, resource: Resource, question: tuple[Any, ...]) -> str:
    """Where the rule stands whose answer cannot be a list filter; asked again, with a trace."""
    for answer in engine.ask_in_part(*question, kind=resource.name, trace=True):
        try:
            _check_filter(answer, principal, resource)
        except PolicyInvalid:
            return f"{answer.rules[-1].position}: " if answer.rules else ""
    return ""


def _check_filter(answer: Answer, principal: Principal, resource: Resource) -> None:
    check_own_rows(conditions(answer.bindings["resource"], resource), resource, principal.tenant_id)


def _looks_at_principals(rule: Rule) -> bool:
    """Whether a rule that others ask looks at facts of a parameter that may be the principal."""
    statement = rule.tree
    open_names = {
        item.term.name
        for item in statement.parameters
        if isinstance(item.term, Name) and item.kind in {"Principal", None}
    }
    return any(isinstance(term, Dot) and _names(term) & open_names for term in walk(statement.body))


def _taking_principals_for_granted(source: PolicySource) -> PolicySource:
    """The same policy, line by line, without what standings and restrictions ask of the principal alone."""
    return source.rewritten(_taken_for_granted)


def _taken_for_granted(rule: Rule) -> str:
    text = rule.text
    if rule.name not in VERDICTS:
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
    if isinstance(term, Operation) and term.operator in {"and", "or"}:
        for operand in term.operands:
            yield from _about(operand, principal)
    elif term is not None and _names(term) and _names(term) <= principal:
        yield term.span


def _names(term: Term) -> set[str]:
    return {each.name for each in walk(term) if isinstance(each, Name)}
