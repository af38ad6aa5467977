"""One server process of a comparison over HTTP: `python -m tests.benchmarks.server` with what to serve."""

from __future__ import annotations

import gc
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine
from starlette.applications import Starlette

import multichannel.server.app as application
from multichannel.demo.issuer import DemoIssuer
from multichannel.graphql.execution.executor import Execution
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import CurrentPolicy, PolicyState
from multichannel.server.app import Dependencies, make_app
from multichannel.server.application import Application
from multichannel.server.bootstrap import now
from multichannel.server.uvicorn_protocols import HttpProtocol
from multichannel.settings import load_settings
from multichannel.store.engines import open_database
from tests.benchmarks.json_by_hand import json_by_hand
from tests.benchmarks.variants import INTERPRETED, LIMIT, OFF, policy_off, policy_on
from tests.benchmarks.world import SCALES, World
from tests.serving import UNLIMITED

A_DAY = 86_400
"""Seconds until the expiry job begins, which would work beside what is measured."""


def product(engine: Engine, policy: Policy, keys: Path, url: str) -> Application:
    """The application with everything in it, signing in included."""
    issuer = DemoIssuer(keys)
    source = KeySource(str(issuer.jwks_path), now, demo=True)
    verifier = TokenVerifier(issuer.issuer, issuer.audience, source, now)
    live = CurrentPolicy(PolicyState(policy, now()))
    settings = load_settings(demo=True, database_url=url, sweep_seconds=A_DAY, **UNLIMITED)
    return make_app(Dependencies(settings, engine, live, verifier, now))


def _interpreting(*given: Any, **options: Any) -> Execution:
    return Execution(*given, **{**options, "has_verified": None})  # without it, nothing is compiled


def main(variant: str, url: str, scale: str, keys: str, descriptor: str) -> None:
    """Serve on a socket that is open already, until stopped."""
    engine = open_database(url)
    if variant == INTERPRETED:
        vars(application)["Execution"] = _interpreting
    app: Starlette
    if variant != LIMIT:
        app = product(engine, policy_off() if variant == OFF else policy_on(), Path(keys), url)
    else:
        app = json_by_hand(engine, World(SCALES[scale]).partners[0])
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools" if variant == LIMIT else HttpProtocol,
        ws="none",
        proxy_headers=False,
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=600,  # a server waits for its turn
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
