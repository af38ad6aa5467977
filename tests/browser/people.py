"""Browsers of people who sign in at the provider, and the service that trusts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from multichannel.demo.cast import find_persona
from tests.databases import copy_of
from tests.oidc.provider import OidcProvider

COMMAND = Path(sys.executable).with_name("multichannel")
PERSONA = "alder-sales-agent"
SMALL = "/invitations/none"
"""A page with the session of the explorer, which takes seconds to load and is not always what matters."""
TOKEN = "JSON.parse(Object.values(sessionStorage)[0]).access_token"


@pytest.fixture(scope="module")
def service(
    sqlite_world: str, oidc_provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of `multichannel serve`, which trusts the provider, on a database with the demo's companies."""
    for name in (PERSONA, "alder-admin-agent", "cedar-admin-agent", "ember-global-admin"):
        persona = find_persona(name)
        oidc_provider.add_account(name, persona.organisation.id, persona.id)
    folder = tmp_path_factory.mktemp("service")
    with copy_of(sqlite_world, folder) as database:
        settings = oidc_provider.settings | {"database_url": database}
        environment = {f"MULTICHANNEL_{name.upper()}": value for name, value in settings.items()}
        with subprocess.Popen(
            [COMMAND, "serve", "--port", "0"],
            cwd=folder,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            try:
                started = next(line for line in process.stderr if "running on" in line)
                yield started.split("running on ")[1].split()[0]
            finally:
                process.terminate()
                process.communicate()


@dataclass
class Person:
    """A browser with a fresh profile, every address it asked for, and complaints about the service."""

    page: Page
    service: str
    provider: OidcProvider
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.location["url"].startswith(self.service):
            self.complaints.append(message.text)

    def sign_in(self, login: str = PERSONA) -> None:
        """From a page that offers it, through the form of the provider, back to that page."""
        self.page.get_by_role("link", name="Sign in").click()
        self.provider.log_in(self.page, login)
        expect(self.page.get_by_role("link", name="Sign out")).to_be_visible()

    def begin_signed_in(self, to: str = "/graphql") -> None:
        """As after `sign_in` from a page, which is opened once instead of twice."""
        self.page.goto(f"{self.service}/sign-in?to={to}")
        self.provider.log_in(self.page, PERSONA)
        expect(self.page.get_by_role("link", name="Sign out")).to_be_visible()


@pytest.fixture
def person(chromium: Browser, service: str, oidc_provider: OidcProvider) -> Iterator[Person]:
    """Somebody at a desk."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    person = Person(context.new_page(), service, oidc_provider)
    person.listen()
    yield person
    context.close()
