"""What the service tells of its own state: whether it can answer, and which policy is in force since when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from multichannel.explorer import policy_page
from multichannel.policy.deployment.current_policy import InForce, LivePolicy, Problem
from multichannel.store.store import Store

Endpoint = Callable[[Request], Response]


def alive(_request: Request) -> Response:
    """That the process runs."""
    return PlainTextResponse("alive")


def ready(store: Store, live: LivePolicy) -> Endpoint:
    """Whether the service can answer: 200 or 503. A policy that was refused does not hinder it."""

    def respond(_request: Request) -> Response:
        usable = store.is_reachable()
        body = {"ready": usable, "database": usable, **status(live.state)}
        return JSONResponse(body, 200 if usable else 503)

    return respond


def policy(live: LivePolicy) -> Endpoint:
    """The policy in force: a page for browsers, for programs JSON with the digest of each of its files."""

    def respond(request: Request) -> Response:
        state = live.state
        if "text/html" in request.headers.get("Accept", ""):
            return policy_page.page(state)
        headers = {"Cache-Control": "no-store", "Vary": "Accept"}
        return JSONResponse({**status(state), "files": state.files}, headers=headers)

    return respond


def status(state: InForce) -> dict[str, object]:
    """The policy in force as JSON; the problem is about one that was refused."""
    return {
        "policy": state.policy.digest,
        "policySince": _time(state.since),
        "policyProblem": None if state.problem is None else _problem(state.problem),
        "policyPinned": state.pinned,
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "message": problem.message,
        "file": problem.file,
        "line": problem.line,
        "digest": problem.digest,
        "since": _time(problem.since),
    }


def _time(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")
