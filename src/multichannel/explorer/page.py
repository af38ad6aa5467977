"""Serves the built explorer: one page for people at `/graphql`, its files under `/explorer/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.types import Scope

DIST = Path(__file__).parent / "dist"
# Monaco, the editor inside GraphiQL, makes style elements and attributes at run time, hence 'unsafe-inline';
# fonts and images are files or data: URLs in its style sheet.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self';"
    " style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    # The same address answers a program's GET as GraphQL.
    "Vary": "Accept",
}
ASSET_HEADERS = {
    # A worker obeys the policy of its own script, not that of the page that starts it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=31536000, immutable",
}
NOT_BUILT = "The explorer is not built; run make explorer. The API itself answers POST /graphql.\n"


def explorer_page() -> Response:
    """The answer to a browser's `GET /graphql`: GraphiQL, or 503 and what to do where it is not built."""
    index = DIST / "index.html"
    if not index.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503, headers=HEADERS)
    return FileResponse(index, headers=HEADERS)


def explorer_assets() -> Mount:
    """The route of the page's scripts, styles and workers, whose names hold digests and so never go stale."""
    return Mount("/explorer/assets", app=_Assets(directory=DIST / "assets", check_dir=False), name="explorer")


class _Assets(StaticFiles):
    async def check_config(self) -> None:
        """Accept a missing folder: an explorer that is not built has no assets, which is 404 and no fault."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept by the browser and to run under a policy of its own."""
        response = await super().get_response(path, scope)
        response.headers.update(ASSET_HEADERS)
        return response
