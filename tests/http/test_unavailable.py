"""Health and sign-in while what the service depends on is down or hangs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from multichannel.demo.cast import find_persona
from multichannel.demo.issuer import DemoIssuer, token
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import CurrentPolicy, PolicyState
from multichannel.server.app import Dependencies, make_app
from multichannel.settings import load_settings
from multichannel.store.engines import open_database
from multichannel.store.store import Store
from tests.databases import copy_of
from tests.serving import demo_app, now, running


@pytest.fixture
def without_keys(sqlite_world: str, tmp_path: Path, shipped_policy: Policy) -> Iterator[tuple[str, str]]:
    """The URL of a service that has never reached its issuer, and a token of that."""
    issuer = DemoIssuer(tmp_path)
    with copy_of(sqlite_world, tmp_path) as database:
        settings = load_settings(demo=True, database_url=database)
        keys = KeySource("http://127.0.0.1:9/keys", now)
        verifier = TokenVerifier(issuer.issuer, issuer.audience, keys, now)
        policy = CurrentPolicy(PolicyState(shipped_policy, now()))
        app = make_app(Dependencies(settings, open_database(database), policy, verifier, now))
        with running(app) as url:
            yield url, token(issuer, find_persona("alder-sales-agent"), now())


def test_while_keys_cannot_be_read_a_token_is_not_called_invalid(without_keys: tuple[str, str]) -> None:
    url, bearer = without_keys
    headers = {"Authorization": f"Bearer {bearer}"}

    answer = httpx.post(f"{url}/graphql", json={"query": "{ viewer { tenantId } }"}, headers=headers)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "www-authenticate" not in answer.headers
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert "127.0.0.1:9" not in answer.text
    assert 'multichannel_faults_total{kind="keys"} 1.0' in httpx.get(f"{url}/metrics").text

    address = f"ws://{urlsplit(url).netloc}/graphql"
    with connect(address, subprotocols=["graphql-transport-ws"], additional_headers=headers) as socket:  # type: ignore[list-item]
        socket.send('{"type": "connection_init"}')
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


def test_readiness_answers_within_two_seconds_whatever_hangs(
    sqlite_world: str, tmp_path: Path, shipped_policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, checks = threading.Event(), []

    def hang(store: Store) -> bool:
        checks.append(store)
        return hanging.wait(30)

    async def ask(app: Starlette) -> list[tuple[int, float]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            began = time.monotonic()
            answers = await asyncio.gather(*(client.get("/readyz") for _ in range(20)))
            took = time.monotonic() - began
            hanging.set()
            await asyncio.sleep(0.05)
            answers.append(await client.get("/readyz"))
        return [(answer.status_code, took) for answer in answers]

    with copy_of(sqlite_world, tmp_path) as database:
        app = demo_app(database, DemoIssuer(tmp_path), shipped_policy)
        monkeypatch.setattr(Store, "is_ready", hang)
        answers = asyncio.run(ask(app))

    assert [status for status, _ in answers] == [503] * 20 + [200]
    assert answers[0][1] < 2
    assert len(checks) == 2
