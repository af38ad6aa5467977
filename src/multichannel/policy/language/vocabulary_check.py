"""The words of rules: what is misspelt grants nothing or fails for somebody, and nobody would notice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from difflib import get_close_matches

from multichannel.domain.users import Role
from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import Call, Dot, Literal, Name, Pattern, terms, walk
from multichannel.policy.language.resource_binding import principals_of
from multichannel.policy.language.source import VERDICTS, PolicySource, Rule
from multichannel.policy.schema.vocabulary import Action, Principal, SystemRole

STANDING = re.compile(r'has_standing\([^,]+,\s*"(\w+)"')
FACTS = {field.name for field in fields(Principal)}


def check_words(source: PolicySource) -> None:
    """Refuse a word of a grant that is no role, action or standing here, and a fact no principal has."""
    standings = {found[1] for rule in source.rules if (found := STANDING.match(rule.text))}
    known = {*map(str, Role), *map(str, SystemRole), *map(str, Action), *standings}
    for rule in source.rules:
        if rule.name == "grant":
            for word in sorted(_granted_words(rule) - known):
                meant = did_you_mean(word, known)
                raise PolicyInvalid(f'{rule.position}: "{word}" is no role, action or standing.{meant}')
        for fact in _asked_of_principals(rule):
            if fact not in FACTS:
                meant = did_you_mean(fact, FACTS)
                raise PolicyInvalid(f"{rule.position}: a Principal has no fact `{fact}`.{meant}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence with the nearest known word; nothing if none is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _granted_words(rule: Rule) -> set[str]:
    """The words of a grant, without those that it hands to helper rules, which may name anything."""
    statement = rule.tree
    calls = [part for part in walk(statement.body) if isinstance(part, Call) and part.name not in VERDICTS]
    handed_on = {id(argument) for call in calls for argument in call.arguments}
    return {
        term.value
        for term in terms(statement)
        if isinstance(term, Literal) and isinstance(term.value, str) and id(term) not in handed_on
    }


def _asked_of_principals(rule: Rule) -> Iterator[str]:
    statement = rule.tree
    principals = principals_of(statement)
    for parameter in statement.parameters:
        if parameter.kind == "Principal" and isinstance(parameter.pattern, Pattern):
            yield from (name for name, _ in parameter.pattern.fields)
    for term in walk(statement.body):
        if isinstance(term, Dot) and isinstance(term.subject, Name) and term.subject.name in principals:
            yield term.name
