from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from multichannel.demo.issuer import DemoIssuer
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.serving import DemoServer, demo_app, running


class Server(Protocol):
    url: str


@dataclass
class Visit:
    """A page, with every address it asked for and everything its console complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Write down what happens from now on."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def visit(chromium: Browser, demo_server: Server) -> Iterator[Visit]:
    """The explorer of the demo server, opened in a fresh profile."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit(context.new_page())
    visit.listen()
    visit.page.goto(f"{demo_server.url}/graphql")
    yield visit
    context.close()


@pytest.fixture
def server(sqlite_world: str, tmp_path: Path, shipped_policy: Policy) -> Iterator[DemoServer]:
    """A demo that may be changed."""
    issuer = DemoIssuer(tmp_path)
    with (
        copy_of(sqlite_world, tmp_path) as database,
        running(demo_app(database, issuer, shipped_policy)) as url,
    ):
        yield DemoServer(url, issuer)


@pytest.fixture
def page(chromium: Browser, server: DemoServer) -> Iterator[Page]:
    """The explorer in a fresh profile, tall enough that the editor renders all of an answer."""
    context = chromium.new_context(viewport={"width": 1600, "height": 2400})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{server.url}/graphql")
    yield page
    context.close()
