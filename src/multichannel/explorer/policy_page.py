"""The page at `/policy`: the current policy, since when it is current, a rejected one, and the matrix.

It shows no data of tenants. It has no script, and its content security policy allows none.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from html import escape

from starlette.responses import HTMLResponse, Response

from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import InForce, Problem
from multichannel.workbench.matrix.html import STYLE, as_html, document
from multichannel.workbench.matrix.matrix import matrix_of

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    # The same address answers a program with JSON.
    "Vary": "Accept",
}


def page(state: InForce) -> Response:
    """The page about the current policy."""
    return HTMLResponse(document("Current policy", _status(state) + _tables(state.policy)), headers=HEADERS)


@lru_cache(2)
def _tables(policy: Policy) -> str:
    """The matrix, made once per policy."""
    return as_html(matrix_of(policy))


def _status(state: InForce) -> str:
    since = state.since.isoformat(timespec="seconds").replace("+00:00", "Z")
    pinned = (
        "<p><strong>Pinned.</strong> A rollback has pinned an earlier version. The policy folder is ignored"
        " until you release it: <code>multichannel policy rollback --release</code></p>"
    )
    return "".join(
        (
            f"<p>Digest <code>{escape(state.policy.digest)}</code><br>",
            f'Current since <time datetime="{since}">{since}</time></p>',
            pinned if state.pinned else "",
            "" if state.problem is None else _problem(state.problem),
        )
    )


def _problem(problem: Problem) -> str:
    since = problem.since.isoformat(timespec="seconds").replace("+00:00", "Z")
    digest = f" Its digest is <code>{escape(problem.digest)}</code>." if problem.digest else ""
    return (
        '<div class="problem" role="status"><p><strong>A new policy was rejected</strong> at '
        f'<time datetime="{since}">{since}</time>; the policy below stays current.{digest}</p>'
        f"<pre>{escape(problem.message)}</pre></div>"
    )
