"""Real servers for tests: uvicorn in a thread, on a free port of 127.0.0.1."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import pytest
import uvicorn
from starlette.applications import Starlette

from multichannel.demo.cast import find_persona
from multichannel.demo.issuer import DemoIssuer, token, tokens
from multichannel.explorer.sign_in import SignInConfiguration
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import CurrentPolicy, PolicyState
from multichannel.server.app import Dependencies, make_app
from multichannel.server.uvicorn_protocols import HttpProtocol, WebSocketProtocol
from multichannel.settings import check_serving, claims_of, load_settings
from multichannel.store.engines import open_database
from tests.databases import copy_of

UNLIMITED = {"user_cost_per_second": 0, "tenant_cost_per_second": 0}
"""Tests of one person at full speed are not about its budget."""


class Server(Protocol):
    """A service over HTTP."""

    @property
    def url(self) -> str: ...

    def token(self, login: str, /) -> str:
        """A token to act as a person."""


@dataclass(frozen=True)
class DemoServer:
    """The demo world over HTTP."""

    url: str
    issuer: DemoIssuer

    def token(self, persona: str) -> str:
        """A token to act as a persona."""
        return token(self.issuer, find_persona(persona), now())


@pytest.fixture(scope="session")
def demo_server(
    sqlite_world: str, tmp_path_factory: pytest.TempPathFactory, shipped_policy: Policy
) -> Iterator[DemoServer]:
    """The demo as `multichannel demo` serves it, for the whole session: tests change nothing in it."""
    folder = tmp_path_factory.mktemp("demo")
    issuer = DemoIssuer(folder)
    with (
        copy_of(sqlite_world, folder) as database,
        running(demo_app(database, issuer, shipped_policy)) as url,
    ):
        yield DemoServer(url, issuer)


def demo_app(
    database: str, issuer: DemoIssuer, policy: Policy, clock: Callable[[], datetime] | None = None
) -> Starlette:
    """The application of demo mode on a database that holds the world; tokens expire by the real time."""
    keys = KeySource(str(issuer.jwks_path), now, demo=True)
    verifier = TokenVerifier(issuer.issuer, issuer.audience, keys, now)
    settings = load_settings(demo=True, database_url=database, **UNLIMITED)
    engine = open_database(database, connections=settings.threads)
    parts = Dependencies(
        settings,
        engine,
        CurrentPolicy(PolicyState(policy, now())),
        verifier,
        clock or now,
        lambda: tokens(issuer, now()),
    )
    return make_app(parts)


def production_app(
    options: dict[str, str], policy: Policy, clock: Callable[[], datetime] | None = None
) -> Starlette:
    """The application of `multichannel serve` with these settings; tokens expire by the real time."""
    settings = load_settings(demo=False, **{**UNLIMITED, **options})
    trust = check_serving(settings)
    keys = KeySource(trust.jwks, now)
    verifier = TokenVerifier(trust.issuer, trust.audience, keys, now, claims=claims_of(settings))
    signed_in_at = settings.oidc_client_id and SignInConfiguration(
        trust.authority, settings.oidc_client_id, settings.oidc_scope
    )
    parts = Dependencies(
        settings,
        open_database(options["database_url"], connections=settings.threads + 3),
        CurrentPolicy(PolicyState(policy, now())),
        verifier,
        clock or now,
        sign_in=signed_in_at or None,
    )
    return make_app(parts)


def now() -> datetime:
    """The real time: tokens expire by it."""
    return datetime.now(UTC)


@contextmanager
def running(app: Starlette) -> Iterator[str]:
    """The URL at which an application answers, as the product runs it, while the block lasts."""
    # The socket listens before the server runs, so that the first request waits in its queue.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=HttpProtocol,
            ws=WebSocketProtocol,
            ws_max_size=262_144,
            ws_per_message_deflate=False,
            log_config=None,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
