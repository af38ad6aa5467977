"""Whatever two versions say differently of generated records is told, of that principal and that role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.sample_principals import (
    OTHER_MARKET,
    OWN_TENANT,
    USUAL_MARKET,
    markets_in,
    roles_of,
    with_role,
)
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.engines import open_database
from multichannel.workbench.diff.changes import ChangeKey, Direction
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.diff.principals import PrincipalClasses
from tests.policy.oracle import World
from tests.policy.test_agreement import STORED, Stored, asked, stored
from tests.policy.worlds import principals, worlds
from tests.policy.worlds.plain import KINDS
from tests.workbench.diff.edits import Edit, edited, shipped

EDITS: tuple[Edit, ...] = (
    ("subscription.polar", 'subscription.channel != "csp" and ', ""),
    ("subscription.polar", ".is_trial = true;", ".is_trial = false;"),
    ("main.polar", ".market != caller.market;", '.market = "GB" and caller.market != "CA";'),
    ("subscription.polar", "subscription.billing_partner_id = nil and", ""),
    ("main.polar", "!= caller.cloud;", '!= caller.cloud and caller.kind = "customer";'),
    ("customer.polar", ' and relationship.status = "active"', ""),
    (
        "customer.polar",
        'partner_id = caller.tenant_id and relationship.status = "active"',
        "partner_id = caller.tenant_id",
    ),
    ("main.polar", "!= caller.market;", "= caller.market;"),
    ("partner.polar", '.status in ["invited", "active"]', '.status = "active"'),
    ("transfer.polar", '.initiated_by in ["source", "target"]', '.initiated_by != "target"'),
    ("transfer.polar", "transfer.owner_id = caller.tenant_id and", ""),
    ("relationship.polar", ".associated_partner_id = nil;", ".associated_partner_id != nil;"),
    (
        "partnership.polar",
        'caller.type = "direct_bill" and caller.status = "active";',
        'caller.status = "restricted";',
    ),
    ("customer_agreement.polar", 'agreement.kind = "direct" and', ""),
    ("user.polar", 'caller.auth_mode = "app" and', ""),
    ("main.polar", "role in principal.roles;", 'role in principal.roles and principal.market != "GB";'),
)


BOTH_WAYS = (EDITS[5], EDITS[8])
"""One that allows more, and one that denies more, to some of each world."""


@pytest.fixture
def engines(sqlite_url: str) -> Any:
    """One database is enough: that both hold the same is shown elsewhere."""
    engine = open_database(sqlite_url, connections=1)
    yield [engine]
    engine.dispose()


@pytest.mark.parametrize(
    ("examples", "edits"),
    [(4, BOTH_WAYS), pytest.param(60, EDITS, marks=pytest.mark.long)],
    ids=["some", "many"],
)
def test_what_differs_in_a_world_is_told(
    examples: int, edits: tuple[Edit, ...], engines: list[Engine]
) -> None:
    turned: set[Direction] = set()

    @asked(examples, repeatable=examples < 10)
    @given(st.data())
    def look(data: st.DataObject) -> None:
        few = min(len(edits), 3)
        drawn = data.draw(st.lists(st.sampled_from(edits), min_size=1, max_size=few, unique_by=_place))
        new = edited(*sorted(drawn))
        world = data.draw(worlds(data.draw(st.sampled_from(KINDS))))
        told = _told(shipped(), new)
        with stored(engines, shipped(), world) as (held,):
            turned.update(_differences(held, world, data.draw(principals(world)), new, told))

    look()
    assert turned == {Direction.ALLOWED, Direction.DENIED}


def _place(edit: Edit) -> str:
    return edit[0]


Key = tuple[Direction, str, Action, str]


@dataclass(frozen=True)
class Told:
    """What a comparison tells, by principals that each stand for all that rules cannot tell apart."""

    classes: PrincipalClasses
    principals: dict[Key, set[Principal]]

    def has(self, key: Key, principal: Principal) -> bool:
        """Whether it tells so of a principal."""
        return self.classes.alike(principal, RESOURCES[key[1]]) in self.principals.get(key, ())


def _told(old: Policy, new: Policy) -> Told:
    versions = PolicyVersion(old), PolicyVersion(new)
    comparing = PolicyComparison(*versions)
    comparing.diff()
    found: dict[Key, set[Principal]] = {}
    for key, change in comparing._changes.items():
        found.setdefault(_without_cause(key), set()).update(change.principals)
    return Told(PrincipalClasses(versions), found)


def _without_cause(key: ChangeKey) -> tuple[Direction, str, Action, str]:
    return key.direction, key.resource, key.action, key.role


def _differences(
    held: Stored, world: World, people: list[Principal], new: Policy, told: Told
) -> set[Direction]:
    """Which ways verdicts turn; every one of them has to be told."""
    markets = (None, USUAL_MARKET, *markets_in(shipped().source, new.source))
    turned = set()
    for who in people:
        shape = replace(
            who,
            tenant_id=OWN_TENANT,
            roles=(),
            market=who.market if who.market in markets else OTHER_MARKET,
        )
        for resource in STORED:
            for row in world.rows(resource.name):
                facts = held.facts(RESOURCES[resource.name], row["id"], who)
                roles = [(role,) for role in roles_of(who.kind)]
                before, after = (each.verdicts(who, facts, roles) for each in (shipped(), new))
                for role in roles:
                    for action in resource.actions:
                        said = before[role][action].allowed, after[role][action].allowed
                        if said[0] != said[1]:
                            direction = Direction.ALLOWED if said[1] else Direction.DENIED
                            turned.add(direction)
                            key = (direction, resource.name, action, *role)
                            assert told.has(key, shape), (with_role(who, *role), facts)
    return turned
