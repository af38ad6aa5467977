"""What operations cost is taken from a budget of their user and of their tenant, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from multichannel.errors import RateLimited
from multichannel.graphql.execution.budget import BASE_COST, SECONDS, CostBudget
from multichannel.graphql.execution.cost import MAX_COST
from multichannel.graphql.execution.event_streams import EventNotifier, EventStreams
from multichannel.graphql.execution.executor import Execution
from multichannel.graphql.http.connection_limits import ConnectionLimiter
from multichannel.graphql.http.view import GraphQLView
from tests.world import World, one_shared_engine

AGENT, COLLEAGUE, OTHER = "alder-sales-agent", "alder-global-admin", "birch-sales-agent"
COMPILED = "{ customers { totalCount } }"
INTERPRETED = "{ viewer { tenantId } customers { totalCount } }"
PER_SECOND = MAX_COST / SECONDS + 1
FULL = round(PER_SECOND * SECONDS)


@dataclass
class Seconds:
    """A clock that stands still until a test moves it on."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Limited:
    """The endpoint under a budget."""

    client: httpx.AsyncClient
    runner: asyncio.Runner
    clock: Seconds = field(default_factory=Seconds)

    def ask(self, persona: str, query: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {persona}"}
        return self.runner.run(self.client.post("/graphql", json={"query": query, **body}, headers=headers))


@contextmanager
def limited(world: World, *, user: float, tenant: float) -> Iterator[Limited]:
    streams, clock = EventStreams(world.store, world.caller_of_token, EventNotifier(None)), Seconds()
    budget = CostBudget(user, tenant, clock)
    execution = Execution(
        world.store, world.caller_of_token, streams, threads=1, has_verified=bool, budget=budget
    )
    view = GraphQLView(execution, ConnectionLimiter(1), Response, max_bytes=1_000_000)
    app = Starlette(routes=[Route("/graphql", view, methods=["GET", "POST"])])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    with asyncio.Runner() as runner:
        yield Limited(client, runner, clock)
        runner.run(client.aclose())
    execution.close()
    streams.close()


@one_shared_engine
@pytest.mark.parametrize("query", [COMPILED, INTERPRETED])
def test_who_has_used_up_its_budget_is_told_when_there_is_enough_again(
    shared_world: World, query: str
) -> None:
    with limited(shared_world, user=PER_SECOND, tenant=0) as api:
        first = api.ask(AGENT, query)
        cost = FULL - left(first)["user"]
        assert cost > BASE_COST
        for _ in range(FULL // cost - 1):
            assert api.ask(AGENT, query).status_code == 200

        refused = api.ask(AGENT, query)
        assert refused.status_code == 429
        [error] = refused.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED"}
        assert f"this one costs {cost}" in error["message"]
        assert "data" not in refused.json()

        api.clock.now += int(refused.headers["retry-after"])
        assert api.ask(AGENT, query).status_code == 200


@one_shared_engine
def test_users_have_budgets_of_their_own_and_share_that_of_their_tenant(shared_world: World) -> None:
    with limited(shared_world, user=2 * PER_SECOND, tenant=3 * PER_SECOND) as api:
        full = left(api.ask(OTHER, COMPILED))
        mine, colleagues = left(api.ask(AGENT, COMPILED)), left(api.ask(COLLEAGUE, COMPILED))
        assert mine == full
        assert colleagues["user"] == full["user"]
        assert colleagues["tenant"] < full["tenant"]


@one_shared_engine
@pytest.mark.parametrize("query", [COMPILED, INTERPRETED])
def test_responses_tell_the_cost_if_they_are_asked_to(shared_world: World, query: str) -> None:
    with limited(shared_world, user=PER_SECOND, tenant=PER_SECOND) as api:
        plain = api.ask(AGENT, query)
        answer = api.ask(AGENT, query, extensions={"cost": True})

    body = answer.json()
    told = body.pop("extensions")["cost"]
    assert body == plain.json()
    assert told["limit"] == MAX_COST
    assert told["left"] == left(answer)
    assert told["operation"] == left(plain)["user"] - left(answer)["user"]
    assert answer.headers["ratelimit-policy"] == '"user";q=200020;w=20, "tenant";q=200020;w=20'


@one_shared_engine
def test_without_a_limit_there_is_nothing_to_tell_but_the_cost(shared_world: World) -> None:
    with limited(shared_world, user=0, tenant=0) as api:
        answer = api.ask(AGENT, COMPILED, extensions={"cost": True})
    assert "ratelimit" not in answer.headers
    assert answer.json()["extensions"] == {"cost": {"operation": 1_030, "limit": MAX_COST, "left": {}}}


@one_shared_engine
def test_what_is_refused_costs_nothing_and_a_bucket_never_overflows(shared_world: World) -> None:
    clock = Seconds()
    budget, caller = CostBudget(PER_SECOND, 0, clock), shared_world.caller(AGENT)
    [full] = budget.charge(caller, 0).balances
    budget.charge(caller, 0)
    with pytest.raises(RateLimited) as refused:
        budget.charge(caller, MAX_COST)
    assert refused.value.seconds == 1
    clock.now += 10_000
    [again] = budget.charge(caller, 0).balances
    assert again == full


def left(answer: httpx.Response) -> dict[str, int]:
    """What a response says is left."""
    parts = (each.split(";r=") for each in answer.headers["ratelimit"].split(", "))
    return {name.strip('"'): int(number) for name, number in parts}
