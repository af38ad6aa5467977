"""Conditions on a principal and a record in the policy language, outside any policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.derivations import Derivations
from multichannel.policy.decide.oso_engine import Engine, PolicyFault
from multichannel.policy.decide.sample_principals import ONE_OF_EACH_KIND
from multichannel.policy.language.ast import Dot, Name
from multichannel.policy.language.source import PolicySource
from multichannel.policy.language.vocabulary_check import check_words
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Principal

_ABOUT = (
    "".join(f"resource {name} {{}}\n" for name in RESOURCES)
    + "allow(_: Principal, _: String, _) if false;\n"
    + "grant(_: String, _: String, _: String, _) if false;\n"
)


class ConditionText:
    """A condition on `principal` and `resource`, written as the body of a rule."""

    def __init__(self, body: str, resources: Iterable[Resource]) -> None:
        """Parse the condition for these resource types; PolicyInvalid if it cannot be translated to SQL."""
        resources = tuple(resources)
        self.body = " ".join(body.split())
        self._source = PolicySource((("where", _ABOUT + "".join(_rule(each, body) for each in resources)),))
        if len(self._source.statements) != len(RESOURCES) + len(resources) + 2:
            raise PolicyInvalid("the condition must be the body of one rule, without `;`")
        check_words(self._source)
        self._derivations = Derivations(Engine(self._source))
        try:
            for resource in resources:
                for principal in ONE_OF_EACH_KIND:
                    self.conditions(principal, resource)
        except PolicyFault as fault:
            raise PolicyInvalid(str(fault)) from fault

    @cached_property
    def facts(self) -> frozenset[str]:
        """The facts of the principal that it reads."""
        terms = (term for rule in self._source.rules for term in rule.terms)
        return frozenset(
            term.name
            for term in terms
            if isinstance(term, Dot) and isinstance(term.subject, Name) and term.subject.name == "principal"
        )

    def conditions(self, principal: Principal, resource: Resource) -> tuple[Conditions, ...]:
        """The alternatives in which the condition holds for a principal."""
        read = {fact: getattr(principal, fact) for fact in {"tenant_id", *self.facts}}
        asking = replace(ONE_OF_EACH_KIND[0], **read)
        return tuple(each.conditions for each in self._derivations.restrictions(asking, resource))


def _rule(resource: Resource, body: str) -> str:
    head = f'forbid("WHERE", principal: Principal, _: String, resource: {resource.name})'
    return f"{head} if principal = principal and resource = resource and (\n{body}\n);\n"
