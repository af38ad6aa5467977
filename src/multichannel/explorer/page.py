"""Serves the explorer: its page at `/graphql` for browsers, its assets under `/explorer/`."""

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
ASSET_HEADERS = {
    # A worker is bound by the policy of its own script, not by that of the page that starts it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=31536000, immutable",
}
NOT_BUILT = "The explorer is not built: run make explorer. The API is at POST /graphql.\n"


def page_headers(content_security_policy: str) -> dict[str, str]:
    """The headers of a page; for clients other than browsers, its address has another answer."""
    return {
        "Content-Security-Policy": content_security_policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }


def explorer_page() -> Response:
    """The page for a browser's `GET /graphql`; 503 with instructions if it is not built."""
    return built_page("index.html", CONTENT_SECURITY_POLICY)


def built_page(name: str, content_security_policy: str) -> Response:
    """A page of the build; 503 with instructions if it is not built."""
    page, headers = DIST / name, page_headers(content_security_policy)
    if not page.is_file():
        return PlainTextResponse(NOT_BUILT, status_code=503, headers=headers)
    return FileResponse(page, headers=headers)


def explorer_assets() -> Mount:
    """The route of scripts, styles and workers; their names contain digests, so that they never go stale."""
    return Mount("/explorer/assets", app=_Assets(directory=DIST / "assets", check_dir=False), name="explorer")


class _Assets(StaticFiles):
    async def check_config(self) -> None:
        """Accept a missing folder: an explorer that is not built has no assets, which is a 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, cached for ever and under its own content security policy."""
        response = await super().get_response(path, scope)
        response.headers.update(ASSET_HEADERS)
        return response
