"""Runs the application under uvicorn, in one process or several."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import LOGGING_CONFIG

from multichannel.explorer.sign_in import SignInConfiguration
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from multichannel.server.app import Dependencies, Personas, check_log_files, make_app
from multichannel.server.bootstrap import driver_url, now, open_policy, require_current
from multichannel.server.callers import verifier_of
from multichannel.server.metrics import SHARED
from multichannel.server.uvicorn_protocols import HttpProtocol, WebSocketProtocol
from multichannel.settings import Settings, check_serving, load_settings
from multichannel.store.engines import open_database

DRAIN_SECONDS = 30
"""Running operations have so long to end when the server stops."""

CONNECTIONS_PER_THREAD = 16
"""Connected clients per thread. Requests of further clients are answered 503 at once, rather than queued
without limit; most of the connected ones are idle, or wait for less time than a retry takes.
"""

START_SECONDS = 60
"""A worker has so long to answer its supervisor. Uvicorn's default of 5 is too short on a busy machine:
workers that are still starting would be replaced again and again.
"""

LOGGING = deepcopy(LOGGING_CONFIG)
LOGGING["formatters"]["service"] = LOGGING["formatters"]["default"] | {
    "fmt": "%(levelprefix)s [%(process)d] %(message)s"
}
LOGGING["handlers"]["service"] = LOGGING["handlers"]["default"] | {"formatter": "service"}
LOGGING["loggers"]["multichannel"] = {"handlers": ["service"], "level": "INFO"}
"""Uvicorn's log, and the service's own with the process id."""


def serve(settings: Settings) -> None:
    """Serve until stopped. Workers read the settings from the environment set here."""
    os.environ["MULTICHANNEL_DATABASE_URL"] = driver_url(settings)
    os.environ["MULTICHANNEL_PUBLIC_URL"] = settings.public_url
    if settings.shadow_dir is not None:
        os.environ["MULTICHANNEL_SHADOW_DIR"] = str(settings.shadow_dir)
    check_log_files(settings)
    with _shared_metrics(settings.workers):
        _run(settings)


def _run(settings: Settings) -> None:
    uvicorn.run(
        "multichannel.server.run:demo_app" if settings.demo else "multichannel.server.run:production_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=settings.max_body_bytes,
        ws_per_message_deflate=False,
        limit_concurrency=settings.threads * CONNECTIONS_PER_THREAD,
        access_log=False,
        proxy_headers=False,  # the application reads them where it uses them
        server_header=False,
        log_config=LOGGING,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """While the block lasts, a folder through which several workers share their metrics."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="multichannel-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[SHARED] = folder
        yield


def production_app() -> Starlette:
    """The application for production; Misconfigured if the settings do not allow it."""
    settings = load_settings()
    trust = check_serving(settings)
    verifier = verifier_of(settings, trust)
    client_id = settings.oidc_client_id
    sign_in = client_id and SignInConfiguration(trust.authority, client_id, settings.oidc_scope)
    return _app(settings, verifier, sign_in=sign_in or None)


def demo_app() -> Starlette:
    """The application for the demo, which trusts its own issuer and hands out the tokens of all personas."""
    # The demo world is not loaded in production.
    from multichannel.demo.issuer import FOLDER, DemoIssuer, tokens  # noqa: PLC0415

    issuer = DemoIssuer(FOLDER)
    keys = KeySource(str(issuer.jwks_path), now, demo=True)
    verifier = TokenVerifier(issuer.issuer, issuer.audience, keys, now)
    return _app(load_settings(demo=True), verifier, lambda: tokens(issuer, now()))


def _app(
    settings: Settings,
    verifier: TokenVerifier,
    personas: Personas | None = None,
    sign_in: SignInConfiguration | None = None,
) -> Starlette:
    require_current(settings)
    # Operations take one each; four more serve health checks, the expiry job, bulk operations and a
    # shadow policy.
    engine = open_database(driver_url(settings), connections=settings.threads + 4)
    # A replaced worker must start even while the policy folder holds a bad policy.
    reloader = open_policy(settings, fall_back_to_last_good=True)
    app = make_app(Dependencies(settings, engine, reloader.live, verifier, now, personas, reloader, sign_in))
    # The objects made at start-up live as long as the process; the collector need not scan them again.
    gc.collect()
    gc.freeze()
    return app
