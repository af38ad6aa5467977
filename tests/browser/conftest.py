from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    with _visiting(chromium, demo_server) as visit:
        yield visit


@pytest.fixture(scope="module")
def long_visit(chromium: Browser, demo_server: Server) -> Iterator[Visit]:
    """The same for all tests of a module that begin with an example: to load the explorer takes seconds."""
    with _visiting(chromium, demo_server) as visit:
        yield visit


@contextmanager
def _visiting(chromium: Browser, server: Server) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    visit = Visit(context.new_page())
    visit.listen()
    visit.page.goto(f"{server.url}/graphql")
    yield visit
    context.close()


@pytest.fixture(scope="module")
def server(
    sqlite_world: str, tmp_path_factory: pytest.TempPathFactory, shipped_policy: Policy
) -> Iterator[DemoServer]:
    """A demo that may be changed."""
    folder = tmp_path_factory.mktemp("demo")
    issuer = DemoIssuer(folder)
    with (
        copy_of(sqlite_world, folder) as database,
        running(demo_app(database, issuer, shipped_policy)) as url,
    ):
        yield DemoServer(url, issuer)


@pytest.fixture(scope="module")
def page(chromium: Browser, server: DemoServer) -> Iterator[Page]:
    """The explorer, tall enough that the editor renders all of an answer."""
    context = chromium.new_context(viewport={"width": 1600, "height": 2400})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{server.url}/graphql")
    yield page
    context.close()
