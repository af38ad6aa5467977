"""Serves the pages for people: sign-in, invitations, and which client of which issuer they use.

The pages sign in by authorization code with PKCE, in the browser; the service sees the access token alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from multichannel.explorer.page import built_page

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the pages may load and do; each adds what it connects to."""


@dataclass(frozen=True, slots=True)
class SignInConfiguration:
    """A public client at an OpenID Connect issuer: the issuer's URL, its id there, the scopes to request."""

    authority: str
    client_id: str
    scope: str

    @property
    def origin(self) -> str:
        """Scheme, host and port of the issuer."""
        parts = urlsplit(self.authority)
        return f"{parts.scheme}://{parts.netloc}"


def sign_in_routes(configuration: SignInConfiguration | None, *, personas: bool) -> list[Route]:
    """The pages that sign people in and show invitations, and what they read about the ways to sign in.

    `personas` says that `/demo/personas` hands out tokens. Without either, people paste a token.
    """
    # The only page that connects to the issuer; the others find the token in the tab's session storage.
    issuer = "" if configuration is None else f" {configuration.origin}"
    content_security_policy = f"{CONTENT_SECURITY_POLICY}; connect-src 'self'{issuer}"
    client = configuration and {
        "authority": configuration.authority,
        "clientId": configuration.client_id,
        "scope": configuration.scope,
    }

    def page(_request: Request) -> Response:
        return built_page("sign-in.html", content_security_policy)

    def describe(_request: Request) -> Response:
        return JSONResponse({"personas": personas, "client": client}, headers={"Cache-Control": "no-store"})

    def invitation(_request: Request) -> Response:
        return built_page("invitation.html", f"{CONTENT_SECURITY_POLICY}; connect-src 'self'")

    return [
        Route("/invitations/{code}", invitation, methods=["GET"]),
        Route("/sign-in", page, methods=["GET"]),
        Route("/sign-in/configuration", describe, methods=["GET"]),
    ]
