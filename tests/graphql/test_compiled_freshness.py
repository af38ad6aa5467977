"""A compiled answer is never stale: the very next request sees who was changed, and what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, delete, insert, text, update

from multichannel.demo.cast import ALDER, MEADOW, find_persona
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import TenantKind
from multichannel.domain.users import Role, RoleAssignment, User, UserState
from multichannel.policy.decide.conditions import NEVER, Predicate
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.store import Store
from tests.graphql.both_executions import Both, both_of
from tests.world import World

AGENT = "alder-sales-agent"
PAGE = "{ customers(first: 5) { totalCount nodes { id companyName email viewerCan } } }"


@pytest.fixture
def both(world: World) -> Iterator[Both]:
    with both_of(world) as both:
        both.same(AGENT, PAGE)  # from here on, plan, statement and caller are known
        yield both


def write(both: Both, change: Callable[[Connection], Any]) -> None:
    with both.world.store.engine.begin() as connection:
        change(connection)


def user_of(persona: str) -> Any:
    return User.object_id == find_persona(persona).id


def test_a_disabled_user_is_nobody_at_once_and_an_enabled_one_is_back(both: Both) -> None:
    before = both.same(AGENT, PAGE)

    write(both, lambda connection: connection.execute(_state(UserState.INACTIVE)))
    compiled, interpreted = both.answers(AGENT, PAGE)
    assert compiled == interpreted
    assert compiled[0] == 401

    write(both, lambda connection: connection.execute(_state(UserState.ACTIVE)))
    assert both.same(AGENT, PAGE) == before


def _state(state: UserState) -> Any:
    return update(User).where(user_of(AGENT)).values(state=state)


def test_a_changed_role_shows_in_the_next_answer(both: Both) -> None:
    before = both.same(AGENT, PAGE)
    assigned = RoleAssignment.user_id.in_(_ids_of(both))

    write(both, lambda connection: connection.execute(delete(RoleAssignment).where(assigned)))
    without = both.same(AGENT, PAGE)

    assert orjson.loads(without)["data"]["customers"]["totalCount"] == 0
    role = {"user_id": _ids_of(both)[0], "role": Role.SALES_AGENT, "tenant_id": ALDER.id}
    write(both, lambda connection: connection.execute(insert(RoleAssignment), [role]))
    assert both.same(AGENT, PAGE) == before


def _ids_of(both: Both) -> list[str]:
    with both.world.store.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, object_id FROM users")).all()
    return [str(row.id) for row in rows if str(row.object_id) == find_persona(AGENT).id]


def test_an_ended_relationship_shows_in_the_next_answer(both: Both) -> None:
    ended = (
        update(ResellerRelationship)
        .where(ResellerRelationship.partner_id == ALDER.id, ResellerRelationship.customer_id == MEADOW.id)
        .values(stored_status=RelationshipStatus.REMOVED)
    )
    assert MEADOW.id.encode() in both.same(AGENT, PAGE)

    write(both, lambda connection: connection.execute(ended))

    assert MEADOW.id.encode() not in both.same(AGENT, PAGE)


def without(policy: Policy, taken: dict[tuple[Action, Resource], Predicate]) -> Policy:
    """The policy with other predicates for some actions of people."""
    changed = copy(policy)

    def translate(principal: Principal, action: Action, resource: Resource) -> Predicate:
        own = None if principal.kind is TenantKind.SYSTEM else taken.get((action, resource))
        return own or policy.translate(principal, action, resource)

    changed.translate = lru_cache(1000)(translate)
    changed._visible = lru_cache(100)(changed._see)
    return changed


def test_a_reloaded_policy_decides_the_next_answer(world: World) -> None:
    current = [world.policy]
    store = Store(world.store.engine, lambda: current[0], world.clock)
    with both_of(replace(world, store=store)) as both:
        before = both.same(AGENT, PAGE)

        current[0] = without(world.policy, {(Action.READ, CUSTOMER): NEVER})
        stricter = orjson.loads(both.same(AGENT, PAGE))
        assert {node["email"] for node in stricter["data"]["customers"]["nodes"]} == {None}

        current[0] = world.policy
        assert both.same(AGENT, PAGE) == before


def test_computed_fields_are_never_stale_either(world: World) -> None:
    page = "{ customers(first: 5) { nodes { id viewerCanNow domains { name } } } viewer { roles } }"
    current = [world.policy]
    store = Store(world.store.engine, lambda: current[0], world.clock)
    with both_of(replace(world, store=store)) as both:
        before = both.same(AGENT, page)

        current[0] = without(world.policy, {(Action.READ, CUSTOMER): NEVER})
        assert {each["path"][-1] for each in orjson.loads(both.same(AGENT, page))["errors"]} == {"domains"}
        current[0] = world.policy

        write(both, lambda connection: connection.execute(_state(UserState.INACTIVE)))
        assert [reply[0] for reply in both.answers(AGENT, page)] == [401, 401]
        write(both, lambda connection: connection.execute(_state(UserState.ACTIVE)))

        assigned = RoleAssignment.user_id.in_(_ids_of(both))
        write(both, lambda connection: connection.execute(delete(RoleAssignment).where(assigned)))
        assert orjson.loads(both.same(AGENT, page))["data"] == {
            "customers": {"nodes": []},
            "viewer": {"roles": []},
        }
        role = {"user_id": _ids_of(both)[0], "role": Role.SALES_AGENT, "tenant_id": ALDER.id}
        write(both, lambda connection: connection.execute(insert(RoleAssignment), [role]))
        assert both.same(AGENT, page) == before


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_lost_connection_costs_no_answer(both: Both) -> None:
    before = both.same(AGENT, PAGE)
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    write(both, lambda connection: connection.execute(others))

    assert [reply[2] for reply in both.answers(AGENT, PAGE)] == [before, before]
    assert both.same(AGENT, PAGE) == before


CLIENTS, CHANGES = 8, 50
COUNT = {"query": "{ customers { totalCount } }"}


@pytest.mark.long
def test_no_answer_is_stale_under_load(both: Both) -> None:
    """Each of eight clients gets what is true when its request begins, while relationship and role change."""
    before = _count(both.same(AGENT, COUNT["query"]))
    expected = {0: before - 1, 1: 0, 2: 0, 3: before}
    changes: list[tuple[float, float, int]] = []
    answers: list[tuple[float, float, int]] = []

    async def change() -> None:
        for number in range(CHANGES):
            began = time.perf_counter()
            await asyncio.to_thread(write, both, _change(both, number % 4))
            changes.append((began, time.perf_counter(), expected[number % 4]))
            await asyncio.sleep(0.05)

    async def ask(changing: asyncio.Task[None]) -> None:
        while not changing.done():
            began = time.perf_counter()
            reply = await both.compiling.post(
                "/graphql", json=COUNT, headers={"Authorization": f"Bearer {AGENT}"}
            )
            answers.append((began, time.perf_counter(), _count(reply.content)))

    async def load() -> None:
        changing = asyncio.create_task(change())
        await asyncio.gather(changing, *(ask(changing) for _ in range(CLIENTS)))

    both.runner.run(load())
    clear = [(began, count) for began, ended, count in answers if not _overlaps(changes, began, ended)]

    assert len(clear) > CHANGES
    for began, count in clear:
        assert count == next((value for _, done, value in reversed(changes) if done <= began), before)


def _change(both: Both, step: int) -> Callable[[Connection], Any]:
    """Remove the relationship, remove the role, and put both back."""
    user_id = _ids_of(both)[0]
    relationship = update(ResellerRelationship).where(
        ResellerRelationship.partner_id == ALDER.id, ResellerRelationship.customer_id == MEADOW.id
    )
    role = {"user_id": user_id, "role": Role.SALES_AGENT, "tenant_id": ALDER.id}
    assigned = RoleAssignment.user_id == user_id
    steps: list[Callable[[Connection], Any]] = [
        lambda connection: connection.execute(relationship.values(stored_status=RelationshipStatus.REMOVED)),
        lambda connection: connection.execute(delete(RoleAssignment).where(assigned)),
        lambda connection: connection.execute(relationship.values(stored_status=RelationshipStatus.ACTIVE)),
        lambda connection: connection.execute(insert(RoleAssignment), [role]),
    ]
    return steps[step]


def _overlaps(changes: list[tuple[float, float, int]], began: float, ended: float) -> bool:
    return any(started < ended and done > began for started, done, _ in changes)


def _count(body: bytes) -> int:
    return int(orjson.loads(body)["data"]["customers"]["totalCount"])
