"""The way in: GraphQL over HTTP is answered before routing, everything else is Starlette's."""

from __future__ import annotations

import os
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from multichannel.graphql.http.view import GraphQLView

PATH = "/graphql"
MAX_HOSTS = 100
TRUSTED_PROXIES = ("FORWARDED_ALLOW_IPS", "127.0.0.1")
"""The variable with the addresses of proxies, as uvicorn names it, and its default."""


class Application(Starlette):
    """Serves GraphQL and some routes, to the hosts that are allowed.

    Middleware and routing take as long as a short operation does. So requests for GraphQL skip them once they
    have let a request with the same `Host` through.
    """

    def __init__(
        self, view: GraphQLView, routes: list[BaseRoute], *, allowed_hosts: tuple[str, ...], lifespan: Any
    ) -> None:
        """`view` is the endpoint for GraphQL; it refuses methods that it does not support itself."""
        self.view = view
        self._hosts: set[bytes] = set()
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts))
        first = Route(PATH, _FirstOfHost(view, self._hosts))
        # What proxies say about the client; GraphQL does not read it.
        proxies = Middleware(ProxyHeadersMiddleware, trusted_hosts=os.environ.get(*TRUSTED_PROXIES))
        super().__init__(routes=[first, *routes], middleware=[proxies, hosts], lifespan=lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the application's lifespan."""
        if scope["type"] == "http" and scope["path"] == PATH and _host(scope) in self._hosts:
            await self.view(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _FirstOfHost:
    """The endpoint of requests whose host was not known to be allowed, and is."""

    def __init__(self, view: GraphQLView, hosts: set[bytes]) -> None:
        self._view, self._hosts = view, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(self._hosts) < MAX_HOSTS:
            self._hosts.add(_host(scope))
        await self._view(scope, receive, send)


def _host(scope: Scope) -> bytes:
    """The header that decides, as it was sent."""
    for name, value in scope["headers"]:
        if name == b"host":
            host: bytes = value
            return host
    return b""
