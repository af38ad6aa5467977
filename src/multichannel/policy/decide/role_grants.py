"""What the policy grants, whoever asks: each role at each standing, and what the grant asks of the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from polar import Variable

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.oso_engine import Engine
from multichannel.policy.decide.partial_results import conditions
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import ROLES, Action

ANY, ROLE, STANDING = Variable("resource"), Variable("role"), Variable("standing")


@dataclass(frozen=True, slots=True)
class Given:
    """A role that is granted an action at a standing, where these conditions hold, by these rules."""

    role: str
    standing: str
    conditions: Conditions
    rules: tuple[Rule, ...]


def given(engine: Engine, action: Action, resource: Resource, standings: Iterable[str]) -> tuple[Given, ...]:
    """Every way in which an action is granted on a kind of record. Raises PolicyFault, PolicyInvalid.

    A grant to whatever role is one to each role there is; one at whatever standing is one at each of these.
    """
    asking = _Asking(engine, action, resource, tuple(standings))
    return tuple(dict.fromkeys(asking.found(ROLE, STANDING)))


@dataclass(frozen=True, slots=True)
class _Asking:
    engine: Engine
    action: Action
    resource: Resource
    standings: tuple[str, ...]

    def found(self, role: Variable | str, standing: Variable | str) -> Iterator[Given]:
        """What is granted to a role at a standing; what a grant leaves open is asked word by word."""
        open_roles = open_standings = False
        question = ("grant", role, standing, self.action.value, ANY)
        for answer in self.engine.ask_in_part(*question, kind=self.resource.name, trace=True):
            whom, at = answer.bindings.get("role", role), answer.bindings.get("standing", standing)
            open_roles |= type(whom) is not str
            open_standings |= type(at) is not str
            if type(whom) is type(at) is str:
                asked = conditions(answer.bindings["resource"], self.resource)
                yield Given(whom, at, asked, answer.rules)
        if open_roles:
            for each in ROLES:
                yield from self.found(each.value, standing)
        elif open_standings:
            for each_standing in self.standings:
                yield from self.found(role, each_standing)
