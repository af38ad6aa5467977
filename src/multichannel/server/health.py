"""Health endpoints: liveness, readiness, and the current policy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from multichannel.explorer import policy_page
from multichannel.policy.deployment.current_policy import CurrentPolicy, PolicyState, ReloadFailure
from multichannel.store.store import Store

Endpoint = Callable[[Request], Response]
LONGEST_CHECK = 1.5
"""Seconds, after which a database that has not answered counts as not ready."""


def liveness(_request: Request) -> Response:
    """200 while the process runs."""
    return PlainTextResponse("alive")


def readiness(store: Store, live: CurrentPolicy) -> Callable[[Request], Awaitable[Response]]:
    """200 if the service can answer, else 503. It can with a rejected policy: the current one stays.

    Answers in time whatever hangs: one thread checks the database, and a check that goes on is not repeated.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="readiness")
    checking: asyncio.Future[bool] | None = None

    async def respond(_request: Request) -> Response:
        nonlocal checking
        if checking is None or checking.done():
            checking = asyncio.get_running_loop().run_in_executor(thread, store.is_ready)
        await asyncio.wait([checking], timeout=LONGEST_CHECK)
        ready = checking.done() and checking.result()
        body = {"ready": ready, "database": ready, **policy_status(live.state)}
        return JSONResponse(body, 200 if ready else 503)

    return respond


def current_policy(live: CurrentPolicy, *, offer_sign_in: bool = False) -> Endpoint:
    """The current policy: a page for browsers, JSON with the digest of each file for programs."""

    def respond(request: Request) -> Response:
        state = live.state
        if "text/html" in request.headers.get("Accept", ""):
            return policy_page.page(state, offer_sign_in=offer_sign_in)
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        return JSONResponse({**policy_status(state), "files": state.files}, headers=headers)

    return respond


def policy_status(state: PolicyState) -> dict[str, object]:
    """The current policy as JSON; the problem is that of a rejected policy.

    `policyUnchecked` says what is wrong with the current one, where the service is set to let that pass.
    """
    return {
        "policy": state.policy.digest,
        "policySince": _time(state.since),
        "policyProblem": None if state.problem is None else _problem(state.problem),
        "policyPinned": state.pinned,
        "policyUnchecked": state.unchecked or None,
    }


def _problem(problem: ReloadFailure) -> dict[str, object]:
    return {
        "message": problem.message,
        "file": problem.file,
        "line": problem.line,
        "digest": problem.digest,
        "since": _time(problem.since),
    }


def _time(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")
