"""The page at `/policy`: the current policy, since when it is current, a rejected one, and the matrix.

It shows no data of tenants. It has no script, and its content security policy allows none.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import lru_cache

from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from multichannel.explorer.page import page_headers
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import PolicyState
from multichannel.workbench.matrix.html import STYLE, matrix_html
from multichannel.workbench.matrix.matrix import matrix_of
from multichannel.workbench.pages import document, render_template

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
HEADERS = page_headers(CONTENT_SECURITY_POLICY)


def page(state: PolicyState, *, offer_sign_in: bool = False) -> Response:
    """The page about the current policy, with a link to one's own rights where people can sign in."""
    status = render_template(
        "explorer/policy_status.html.jinja", state=state, timestamp=_timestamp, offer_sign_in=offer_sign_in
    )
    return HTMLResponse(document("Current policy", status + _tables(state.policy), STYLE), headers=HEADERS)


@lru_cache(2)
def _tables(policy: Policy) -> Markup:
    """The matrix, made once per policy."""
    return matrix_html(matrix_of(policy))


def _timestamp(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
