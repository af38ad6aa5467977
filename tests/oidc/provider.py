"""A real OpenID Connect provider for tests: the npm package `oidc-provider` on a free port of 127.0.0.1."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page

from tests.npm import installed, node_environment

SOURCES = Path(__file__).parent
AUDIENCE = "https://multichannel.example"
CLIENT_ID = "multichannel-pages"
GLOBAL_ADMIN = "62e90394-69f5-4237-9190-012177145e10"
"""The template id of Entra ID's role Global Administrator, as the claim `wids` has it."""
PASSWORD = "correct horse battery staple"
RETURN = "http://127.0.0.1/sign-in"
"""Where the provider sends back who has signed in, at any port."""


@dataclass
class OidcProvider:
    """A running provider, and the people who have an account there."""

    issuer: str
    accounts_path: Path
    accounts: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service that trusts this provider."""
        return {
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "jwks": f"{self.issuer}/jwks",
            "oidc_client_id": CLIENT_ID,
        }

    def add_account(
        self, login: str, directory_id: str, object_id: str | None = None, **claims: object
    ) -> None:
        """Give a person an account, whose tokens have the claims of Entra ID (further: `wids`, `upn`)."""
        named = {"tid": directory_id, "oid": object_id or str(uuid4()), "name": login.title(), **claims}
        self.accounts[login] = {"password": PASSWORD, "claims": named}
        self.accounts_path.write_text(json.dumps(self.accounts))

    def log_in(self, page: Page, login: str) -> None:
        """Fill in the form of the provider, to which a page has been sent."""
        page.get_by_label("Login").fill(login)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()

    def token(self, login: str) -> str:
        """An access token of a person: authorization code with PKCE, and the form, without a browser."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        client = {"client_id": CLIENT_ID, "redirect_uri": RETURN}
        asked = {
            "response_type": "code",
            "scope": "openid profile",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        with httpx.Client(base_url=self.issuer, timeout=60) as browser:
            form = browser.get("/auth", params=client | asked, follow_redirects=True)
            answer = browser.post(form.url, data={"action": "login", "login": login, "password": PASSWORD})
            while not (location := answer.headers["location"]).startswith(RETURN):
                answer = browser.get(location)
            (code,) = parse_qs(urlsplit(location).query)["code"]
            proof = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
            token: str = browser.post("/token", data=client | proof).json()["access_token"]
        return token


@pytest.fixture(scope="session")
def provider_folder() -> Path:
    """A folder with the provider, installed from the lock file."""
    return installed(SOURCES)


@pytest.fixture(scope="module")
def oidc_provider(provider_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """A provider without accounts; sessions and keys are its own."""
    accounts = tmp_path_factory.mktemp("accounts") / "accounts.json"
    accounts.write_text("{}")
    with _running(provider_folder, accounts) as issuer:
        yield OidcProvider(issuer, accounts)


@contextmanager
def _running(folder: Path, accounts: Path) -> Iterator[str]:
    log = accounts.with_name("provider.log")
    with (
        log.open("w") as errors,
        subprocess.Popen(
            ["node", "provider.mjs", AUDIENCE, str(accounts)],  # noqa: S607  (the node that npm runs on)
            cwd=folder,
            env=node_environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            issuer = next((line.strip() for line in process.stdout if line.startswith("http://")), None)
            assert issuer is not None, log.read_text()
            yield issuer
        finally:
            process.terminate()
            process.wait()
