"""One server process of a comparison over HTTP: `python -m tests.benchmarks.server` with what to serve."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import multichannel.server.app as application
from multichannel.demo.issuer import DemoIssuer
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import CurrentPolicy, PolicyState
from multichannel.server.app import Dependencies, make_app
from multichannel.server.bootstrap import now
from multichannel.settings import load_settings
from multichannel.store.engines import open_database
from tests.benchmarks.handwritten import BEGIN, driver_connection
from tests.benchmarks.queries import QUERIES
from tests.benchmarks.variants import INTERPRETED, LIMIT, OFF, answering, limit_of, policy_off, policy_on
from tests.benchmarks.world import FULL, SMALL, World

SCALES = {scale.name: scale for scale in (FULL, SMALL)}


def product(engine: Engine, policy: Policy, keys: Path, url: str) -> Starlette:
    """The application with everything in it, signing in included."""
    issuer = DemoIssuer(keys)
    source = KeySource(str(issuer.jwks_path), now, demo=True)
    verifier = TokenVerifier(issuer.issuer, issuer.audience, source, now)
    live = CurrentPolicy(PolicyState(policy, now()))
    return make_app(Dependencies(load_settings(demo=True, database_url=url), engine, live, verifier, now))


def by_hand(engine: Engine, scale: str) -> Starlette:
    """A handler that knows the questions by heart, and asks nobody who he is."""
    caller, policy = World(SCALES[scale]).caller, policy_on()
    limits = {
        query: limit_of(engine, name, answering(engine, policy, caller, query))
        for name, query in QUERIES.items()
    }
    begin, mine = BEGIN[engine.dialect.name], threading.local()

    def answer(query: str) -> bytes:
        connection: Any = getattr(mine, "connection", None)
        if connection is None:
            connection = mine.connection = driver_connection(engine)
        return limits[query].answer(connection, begin)

    async def respond(request: Request) -> Response:
        query = orjson.loads(await request.body())["query"]
        return Response(await run_in_threadpool(answer, query), media_type="application/json")

    return Starlette(routes=[Route("/graphql", respond, methods=["POST"])])


def main(variant: str, url: str, scale: str, keys: str, descriptor: str) -> None:
    """Serve on a socket that is open already, until stopped."""
    engine = open_database(url)
    if variant == INTERPRETED:
        vars(application)["_recalling"] = lambda _verifier: None  # without it, nothing is compiled
    if variant != LIMIT:
        app = product(engine, policy_off() if variant == OFF else policy_on(), Path(keys), url)
    else:
        app = by_hand(engine, scale)
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=600,  # a server waits for its turn
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
