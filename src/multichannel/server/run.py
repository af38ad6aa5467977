"""Runs the application under uvicorn, in one process or several."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import LOGGING_CONFIG

from multichannel.demo.issuer import FOLDER, DemoIssuer
from multichannel.identity import KeySource, TokenVerifier
from multichannel.server.app import Dependencies, Personas, make_app
from multichannel.server.bootstrap import driver_url, now, open_policy, require_current
from multichannel.server.decision_sinks import check_log_files
from multichannel.server.metrics import SHARED
from multichannel.server.uvicorn_protocols import HttpProtocol, WebSocketProtocol
from multichannel.settings import Settings, check_serving, load_settings
from multichannel.store.engines import open_database

LONGEST_DRAIN = 30
"""Seconds that running operations have to end in when the server is told to stop."""

CONNECTIONS_PER_THREAD = 16
"""How many clients may be connected for each thread. Of more, who asks is answered 503 at once, rather than
wait in a line that grows without end; the rest of these are idle, or wait less than is worth a retry.
"""

LONGEST_START = 60
"""Seconds in which a process has to answer the one that started it. The server's own 5 are too few where the
machine is busy: processes that still start would be taken for dead, and replaced again and again.
"""

LOGGING = {
    **LOGGING_CONFIG,
    "formatters": {
        **LOGGING_CONFIG["formatters"],
        "service": {
            "()": "uvicorn.logging.DefaultFormatter",
            "fmt": "%(levelprefix)s [%(process)d] %(message)s",
        },
    },
    "handlers": {
        **LOGGING_CONFIG["handlers"],
        "service": {
            "formatter": "service",
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
        },
    },
    "loggers": {
        **LOGGING_CONFIG["loggers"],
        "multichannel": {"handlers": ["service"], "level": "INFO"},
    },
}
"""What the service itself says, with the process that says it, beside what the server says."""


def serve(settings: Settings) -> None:
    """Serve until stopped. Workers read the settings from the environment that this sets."""
    os.environ["MULTICHANNEL_DATABASE_URL"] = driver_url(settings)
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
        server_header=False,
        log_config=LOGGING,
        timeout_graceful_shutdown=LONGEST_DRAIN,
        timeout_worker_healthcheck=LONGEST_START,
    )


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """A folder through which several workers tell each other their metrics, while the block lasts."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="multichannel-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[SHARED] = folder
        yield


def production_app() -> Starlette:
    """The application that trusts the issuer of the settings; Misconfigured if it must not start."""
    settings = load_settings()
    trust = check_serving(settings)
    verifier = TokenVerifier(
        trust.issuer, trust.audience, KeySource(trust.jwks, now), now, max_bytes=settings.max_token_bytes
    )
    return _app(settings, verifier)


def demo_app() -> Starlette:
    """The application that trusts the demo's own issuer, and gives anyone any persona's token."""
    from multichannel.demo.personas import tokens  # noqa: PLC0415  (the demo world is not loaded in production)

    issuer = DemoIssuer(FOLDER)
    keys = KeySource(str(issuer.jwks_path), now, demo=True)
    verifier = TokenVerifier(issuer.issuer, issuer.audience, keys, now)
    return _app(load_settings(demo=True), verifier, lambda: tokens(issuer, now()))


def _app(settings: Settings, verifier: TokenVerifier, personas: Personas | None = None) -> Starlette:
    require_current(settings)
    # More than operations take, so that readiness can be told, and the sweeper and a shadow policy work,
    # while all of them run.
    engine = open_database(driver_url(settings), connections=settings.threads + 3)
    # A process that takes the place of another starts, too, while the policy folder holds a bad one.
    policy = open_policy(settings, or_former=True)
    app = make_app(Dependencies(settings, engine, policy.live, verifier, now, personas, policy))
    _settle()
    return app


def _settle() -> None:
    """What was made at start-up stays: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
