"""Stories outside of the demo: an operator, an empty database, and people of a real identity provider."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from multichannel.cli import main
from multichannel.policy.decide.policy import Policy
from multichannel.server import bootstrap
from tests.importing.books import guid
from tests.oidc.provider import GLOBAL_ADMIN, OidcProvider
from tests.serving import production_app, running
from tests.stories.telling import Story
from tests.world import Clock

INVITED = "resellerRelationship { id status customer { id } invitation { url } }"


@dataclass(frozen=True)
class Service:
    """A running service, its database, and the provider that its people sign in at."""

    url: str
    provider: OidcProvider
    database: str
    policy: Policy

    def token(self, login: str) -> str:
        """A token of a person, who signs in at the provider."""
        return self.provider.token(login)

    def operate(self, *arguments: str | Path) -> None:
        """A command of the operator that succeeds without complaint; in this process, which costs less."""
        complaints = StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()), redirect_stderr(complaints):
            patch.setenv("MULTICHANNEL_DATABASE_URL", self.database)
            patch.setattr(sys, "argv", ["multichannel", *map(str, arguments)])
            patch.setattr(bootstrap, "load_policy", lambda _: self.policy)
            with pytest.raises(SystemExit) as end:
                main()
        assert (end.value.code or 0, complaints.getvalue()) == (0, "")

    def add_partner(self, name: str, kind: str, cloud: str = "public") -> None:
        """A partner that the operator adds, with one admin agent."""
        identity = ("--id", guid(name), "--name", name.title(), "--domain", f"{name}.example")
        self.operate("partner", "add", *identity, "--type", kind, "--market", "US", "--cloud", cloud)
        object_id = str(uuid4())
        self.provider.add_account(f"{name}-admin-agent", guid(name), object_id)
        person = ("--tenant", guid(name), "--object-id", object_id, "--name", f"{name.title()} admin agent")
        self.operate("user", "add", *person, "--role", "admin_agent")

    def add_company(self, name: str) -> None:
        """A company that the service has never heard of, whose administrator has an account."""
        self.provider.add_account(
            f"{name}-admin", guid(name), wids=[GLOBAL_ADMIN], upn=f"admin@{name}.example"
        )


@dataclass(frozen=True)
class OutsideStory(Story):
    """A service without the demo while a story goes on."""

    server: Service

    def request(self, agent: str, company: str, **wanted: Any) -> tuple[str, str]:
        """The id of a partner's request to a company, and the code of its link."""
        wanted = {"customer": f"{company}.example", **wanted}
        asked = self.done(agent, "requestResellerRelationship", INVITED, **wanted)
        assert (asked["status"], asked["customer"]) == ("REQUESTED", None)
        return asked["id"], code_in(asked["invitation"])

    def redeem(self, company: str, code: str) -> None:
        """A company that the service has never heard of opens a link."""
        self.server.add_company(company)
        administrator = f"{company}-admin"
        assert self.answer(administrator, "{ viewer { roles } }").status_code == 401
        self.done(administrator, "redeemInvitation", INVITED, code=code, companyName=company.title())
        assert self.ask(administrator, "{ viewer { roles } }") == {"viewer": {"roles": ["GLOBAL_ADMIN"]}}


def code_in(invitation: dict[str, str]) -> str:
    """The code of a link."""
    return urlsplit(invitation["url"]).path.rpartition("/")[2]


@contextmanager
def told_outside(database: str, provider: OidcProvider, policy: Policy) -> Iterator[OutsideStory]:
    """A story that begins with an empty database, with a clock to be moved on."""
    clock = Clock()
    options = provider.settings | {"database_url": database}
    engine = create_engine(database, poolclass=NullPool)
    with (
        running(production_app(options, policy, clock)) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield OutsideStory(Service(url, provider, database, policy), client, engine, clock)
