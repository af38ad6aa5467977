from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page


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
