"""What ten thousand different documents of a hundred principals leave in memory, and what they evict."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import httpx
import orjson
import pytest
from sqlalchemy import URL, Engine, insert
from starlette.applications import Starlette

from multichannel.demo.issuer import DemoIssuer
from multichannel.domain.base import new_id
from multichannel.domain.tenants import Cloud
from multichannel.domain.users import RoleAssignment, User, UserState
from multichannel.server.bootstrap import now
from multichannel.store.engines import open_database
from tests.benchmarks.server import product
from tests.benchmarks.variants import policy_on
from tests.benchmarks.world import SMALL, World, fill_sqlite

DOCUMENTS, PRINCIPALS, HOT_EVERY = 10_000, 100, 20
MOST_MEGABYTES = 400
ROLES = ("sales_agent", "admin_agent", "helpdesk_agent", "billing_admin", "global_admin")
HOT = "{ customers(first: 3) { nodes { hot: id companyName subscriptions(first: 2) { nodes { id } } } } }"
DOCUMENT = """{{ customers(first: 2) {{ nodes {{ a{0}: id companyName market
  subscriptions(first: 2) {{ nodes {{ b{0}: id friendlyName customer {{ companyName }} }} }} }} }} }}"""


@pytest.mark.long
def test_documents_without_end_stay_within_bounds_and_evict_nothing_that_is_used() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.graphql.test_compiled_memory"], check=True, capture_output=True
    )
    found = orjson.loads(ran.stdout)

    assert found["statuses"] == [200]
    assert found["plans_of_hot_document"] == 1
    assert found["megabytes"] < MOST_MEGABYTES


async def probe(folder: Path) -> dict[str, object]:
    """Send the documents to an application of its own, and measure this process."""
    url = URL.create("sqlite", database=str(folder / "world.db"))
    fill_sqlite(url, SMALL)
    engine = open_database(url.render_as_string())
    issuer = DemoIssuer(folder)
    tokens = [issuer.token(tenant, user, now=now()) for tenant, user in _users(engine)]
    app = product(engine, policy_on(), folder, url.render_as_string())
    statuses: set[int] = set()
    hot_plans: set[int] = set()
    async with app.router.lifespan_context(app), _client(app) as client:
        plans = app.view._execution._compiled._plans  # type: ignore[union-attr]
        for number in range(DOCUMENTS):
            queries = [DOCUMENT.format(number)] + [HOT] * (number % HOT_EVERY == 0)
            for query in queries:
                headers = {"Authorization": f"Bearer {tokens[number % PRINCIPALS]}"}
                response = await client.post("/graphql", json={"query": query}, headers=headers)
                statuses.add(response.status_code)
            hot_plans.add(id(plans.get((HOT, None))))
    return {
        "statuses": sorted(statuses),
        "plans_of_hot_document": len(hot_plans),
        "megabytes": _resident_megabytes(),
    }


def _users(engine: Engine) -> Iterator[tuple[str, str]]:
    """A user of each partner with each set of roles, up to the number of principals: tenant and object id."""
    sets = [roles for size in range(1, len(ROLES) + 1) for roles in combinations(ROLES, size)]
    partners = World(SMALL).partners
    with engine.begin() as connection:
        for number in range(PRINCIPALS):
            tenant, roles = partners[number % len(partners)], sets[number // len(partners) % len(sets)]
            user, object_id = new_id(), new_id()
            row: dict[str, object] = {
                "id": user,
                "tenant_id": tenant,
                "object_id": object_id,
                "state": UserState.ACTIVE,
            }
            dated = {"created_at": now(), "updated_at": now(), "version": 1}
            connection.execute(
                insert(User), {**row, **dated, "display_name": "a user", "cloud": Cloud.PUBLIC}
            )
            assigned = [{"user_id": user, "tenant_id": tenant, "role": role} for role in roles]
            connection.execute(insert(RoleAssignment), assigned)
            yield tenant, object_id


def _client(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.buffer.write(orjson.dumps(asyncio.run(probe(Path(name)))))
