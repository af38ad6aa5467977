"""Serves sign-in for people: its page at `/sign-in`, and which client of which issuer the pages use.

The pages sign in by authorization code with PKCE, in the browser; the service sees the access token alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from multichannel.explorer.page import built_page


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
    """The page that signs people in and out, and what the pages read before they offer a way to sign in.

    `personas` says that `/demo/personas` hands out tokens. Without either, people paste a token.
    """
    # The only page that connects to the issuer; the others find the token in the tab's session storage.
    issuer = "" if configuration is None else f" {configuration.origin}"
    content_security_policy = (
        f"default-src 'none'; script-src 'self'; connect-src 'self'{issuer}; style-src 'self';"
        " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    client = configuration and {
        "authority": configuration.authority,
        "clientId": configuration.client_id,
        "scope": configuration.scope,
    }

    def page(_request: Request) -> Response:
        return built_page("sign-in.html", content_security_policy)

    def describe(_request: Request) -> Response:
        return JSONResponse({"personas": personas, "client": client}, headers={"Cache-Control": "no-store"})

    return [
        Route("/sign-in", page, methods=["GET"]),
        Route("/sign-in/configuration", describe, methods=["GET"]),
    ]
