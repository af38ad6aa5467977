"""The application: routes, sign-in, decision sinks, and the store under the policy."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from multichannel.decision_log.log_file import BackgroundWorker, DecisionLog, LineFile
from multichannel.explorer.page import explorer_assets, explorer_page
from multichannel.explorer.sign_in import SignInConfiguration, sign_in_routes
from multichannel.graphql.execution.budget import CostBudget
from multichannel.graphql.execution.event_streams import EventNotifier, EventStreams
from multichannel.graphql.execution.executor import Execution
from multichannel.graphql.execution.faults import Faults
from multichannel.graphql.http.connection_limits import (
    CONNECTION_LIMITER,
    STREAMS_PER_THREAD,
    ConnectionLimiter,
)
from multichannel.graphql.http.view import GraphQLView
from multichannel.graphql.http.websocket import WebSocketView
from multichannel.graphql.schema import build_schema
from multichannel.graphql.types.bulk_operations import RESULTS_PATH
from multichannel.identity.tokens import TokenVerifier
from multichannel.policy.deployment.current_policy import CurrentPolicy
from multichannel.policy.deployment.reloader import Reloader
from multichannel.server import health
from multichannel.server.application import PATH, Application
from multichannel.server.bulk_results import results_file
from multichannel.server.bulk_runner import bulk_runner
from multichannel.server.callers import verified
from multichannel.server.expiry_job import expiry_job
from multichannel.server.metrics import Metrics
from multichannel.server.policy_watcher import policy_watcher
from multichannel.server.shadow_policy import CandidateFolder, ShadowPolicy, to_file, to_log
from multichannel.services.sign_in import sign_in
from multichannel.settings import Settings
from multichannel.store.decision_recorder import DecisionRecorder
from multichannel.store.store import Store
from multichannel.store.users import Caller

EVENT_POLL_INTERVAL = 1.0
"""Seconds between two polls for events of other processes; those of this one are pushed at once."""

Personas = Callable[[], list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an application needs.

    `personas` returns the demo's tokens, if there is one. Without a `reloader` the policy never changes.
    Without `sign_in` the pages ask people for a token.
    """

    settings: Settings
    engine: Engine
    policy: CurrentPolicy
    verifier: TokenVerifier
    clock: Callable[[], datetime]
    personas: Personas | None = None
    reloader: Reloader | None = None
    sign_in: SignInConfiguration | None = None


def make_app(dependencies: Dependencies) -> Application:
    """The ASGI application. It owns the engine, and disposes of it at the end."""
    build_schema()
    settings, policy, clock = dependencies.settings, dependencies.policy, dependencies.clock
    store = Store(
        dependencies.engine,
        policy.current,
        clock,
        public_url=settings.public_url,
        operation_seconds=settings.operation_seconds,
    )
    sinks = open_sinks(settings, store)
    store.recorder = DecisionRecorder(store.clock, sinks) if sinks else None
    threads = settings.threads
    verifier = dependencies.verifier
    metrics = Metrics(policy)
    caller_of = _signing_in(store, verifier)
    faults = Faults(metrics.count_fault)
    streams = EventStreams(store, caller_of, EventNotifier(EVENT_POLL_INTERVAL), faults)
    execution = Execution(
        store,
        caller_of,
        streams,
        threads=threads,
        has_verified=verifier.has_verified,
        count=metrics.count_operation,
        faults=faults,
        budget=CostBudget(settings.user_cost_per_second, settings.tenant_cost_per_second),
    )
    limiter = ConnectionLimiter(threads * STREAMS_PER_THREAD)
    view = GraphQLView(execution, limiter, explorer_page, max_bytes=settings.max_body_bytes)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        with ExitStack() as running:
            for sink in sinks:
                running.enter_context(sink)
            async with (
                expiry_job(store, settings.sweep_seconds),
                bulk_runner(store),
                policy_watcher(dependencies.reloader),
            ):
                yield {CONNECTION_LIMITER: limiter}
            execution.close()
            streams.close()
        dependencies.engine.dispose()

    routes: list[BaseRoute] = [
        WebSocketRoute(PATH, WebSocketView(execution, limiter).serve),
        explorer_assets(),
        *sign_in_routes(dependencies.sign_in, personas=dependencies.personas is not None),
        Route(RESULTS_PATH, results_file(store, caller_of), methods=["GET"]),
        Route("/livez", health.liveness, methods=["GET"]),
        Route("/readyz", health.readiness(store, policy), methods=["GET"]),
        Route(
            "/policy",
            health.current_policy(policy, offer_sign_in=dependencies.sign_in is not None),
            methods=["GET"],
        ),
        Route("/metrics", metrics.respond, methods=["GET"]),
    ]
    if dependencies.personas is not None:
        routes.append(Route("/demo/personas", _personas(dependencies.personas), methods=["GET"]))
    return Application(view, routes, allowed_hosts=settings.allowed_hosts, lifespan=lifespan)


def check_log_files(settings: Settings) -> None:
    """Misconfigured if a log that the settings name cannot be written."""
    for path in (settings.decision_log, settings.shadow_log if settings.shadow_dir else None):
        if path is not None:
            LineFile(path).close()


def open_sinks(settings: Settings, store: Store) -> tuple[BackgroundWorker, ...]:
    """The sinks for the decisions of a store; each works while it is entered."""
    sinks: list[BackgroundWorker] = []
    key = settings.decision_key.get_secret_value() if settings.decision_key else secrets.token_hex()
    if settings.decision_log is not None:
        sinks.append(DecisionLog(settings.decision_log, key, sample=settings.decision_sample))
    if settings.shadow_dir is not None:
        report = to_log if settings.shadow_log is None else to_file(settings.shadow_log)
        candidate = CandidateFolder(settings.shadow_dir)
        sinks.append(ShadowPolicy(candidate, store, key, report, sample=settings.shadow_sample))
    return tuple(sinks)


def _signing_in(store: Store, verifier: TokenVerifier) -> Callable[[str], Caller]:
    def caller_of(token: str) -> Caller:
        return sign_in(store, verified(verifier.verify(token)))

    return caller_of


def _personas(personas: Personas) -> Callable[[Request], Response]:
    def answer(_request: Request) -> Response:
        return JSONResponse(personas(), headers={"Cache-Control": "no-store"})

    return answer
