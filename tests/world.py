"""The demo world for tests: made once for each engine and pytest process, copied for every test."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Dialect, Engine, event, make_url

from multichannel.demo.cast import find_persona
from multichannel.demo.world import seed
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import AuthMode, Principal
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.services.sign_in import sign_in
from multichannel.store.engines import open_database
from multichannel.store.store import Store
from multichannel.store.users import SIGNING_IN, Caller, VerifiedToken
from tests.databases import copy_of

ENGINES: dict[tuple[str, str], Engine] = {}
"""By backend and scope."""

CURRENT: dict[Dialect, URL] = {}
"""The databases that these engines connect to."""


@dataclass
class Clock:
    """A clock that stands still until a test moves it on."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class World:
    """The demo world in a database of the test's own."""

    url: str
    store: Store
    policy: Policy
    clock: Clock

    def principal(self, persona: str) -> Principal:
        """The facts of a persona as it signs in."""
        return self.caller(persona).principal

    def caller(self, persona: str) -> Caller:
        """A persona as it signs in."""
        found = find_persona(persona)
        with self.store.reading(SIGNING_IN) as work:
            caller = work.sign_in.caller(
                directory_id=found.organisation.id, object_id=found.id, auth_mode=AuthMode.APP_USER
            )
        assert caller is not None
        return caller

    def caller_of_token(self, token: str) -> Caller:
        """The caller of a persona's name, or of what `bearer_of` gives."""
        return sign_in(self.store, verified_token(token))


VERIFIED = "verified."


def verified_token(token: str) -> VerifiedToken:
    """What a persona's name, or what `bearer_of` gives, stands for."""
    claims = token.removeprefix(VERIFIED)
    if claims == token:
        persona = find_persona(token)
        return VerifiedToken(persona.organisation.id, persona.id, AuthMode.APP_USER)
    values = json.loads(base64.urlsafe_b64decode(claims))
    return VerifiedToken(**{**values, "auth_mode": AuthMode(values["auth_mode"])})


def bearer_of(token: VerifiedToken) -> str:
    """A bearer token that stands for what an issuer says, in tests in which it is not about signatures."""
    return VERIFIED + base64.urlsafe_b64encode(json.dumps(asdict(token)).encode()).decode()


one_engine = pytest.mark.parametrize("world", ["sqlite"], indirect=True)
"""For tests of many roles or inputs, each of which is decided before or beside the database."""


one_shared_engine = pytest.mark.parametrize("shared_world", ["sqlite"], indirect=True)
"""The same for tests that only read."""


postgresql_later = pytest.mark.parametrize(
    "world", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
"""For modules of many stories: the state machine drives the same mutations on PostgreSQL in every run."""


shared_postgresql_later = pytest.mark.parametrize(
    "shared_world", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
"""The same for tests that only read."""


@pytest.fixture(scope="session")
def shipped_policy() -> Policy:
    """The policy that ships with the product."""
    return Policy.load(SHIPPED_POLICIES)


@pytest.fixture(scope="session")
def sqlite_world(
    empty_sqlite: str, tmp_path_factory: pytest.TempPathFactory, shipped_policy: Policy
) -> Iterator[str]:
    """The URL of the world in SQLite, to be copied and never written to."""
    with copy_of(empty_sqlite, tmp_path_factory.mktemp("world")) as url:
        fill(url, shipped_policy)
        yield url


@pytest.fixture(scope="session")
def postgresql_world(
    empty_postgresql: str, tmp_path_factory: pytest.TempPathFactory, shipped_policy: Policy
) -> Iterator[str]:
    """The URL of the world in PostgreSQL, to be copied and never written to."""
    with copy_of(empty_postgresql, tmp_path_factory.mktemp("world")) as url:
        fill(url, shipped_policy)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path, shipped_policy: Policy) -> Iterator[World]:
    """The demo world in a fresh database; the test runs once for each engine."""
    template: str = request.getfixturevalue(f"{request.param}_world")
    with copy_of(template, tmp_path) as url, _opened(url, shipped_policy, "test") as world:
        yield world


@pytest.fixture
def twin(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[World]:
    """The same world in another database, at the same time."""
    template: str = request.getfixturevalue(f"{make_url(world.url).get_backend_name()}_world")
    with copy_of(template, tmp_path) as url, _opened(url, world.policy, "twin") as twin:
        store = Store(twin.store.engine, lambda: world.policy, world.clock)
        yield replace(twin, store=store, clock=world.clock)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def shared_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shipped_policy: Policy
) -> Iterator[World]:
    """The demo world for tests that change nothing: one database for each engine and module."""
    template: str = request.getfixturevalue(f"{request.param}_world")
    with (
        copy_of(template, tmp_path_factory.mktemp("shared")) as url,
        _opened(url, shipped_policy, "module") as world,
    ):
        yield world


@contextmanager
def _opened(url: str, policy: Policy, scope: str) -> Iterator[World]:
    clock = Clock()
    engine = _engine(url, scope)
    yield World(url, Store(engine, lambda: policy, clock), policy, clock)
    engine.dispose()


def _engine(url: str, scope: str) -> Engine:
    """The engine of all worlds of a scope, which exist one after the other; it connects to `url` from now on.

    An engine keeps the SQL that it has compiled: compiling it takes longer than most tests.
    """
    database = make_url(url)
    key = database.get_backend_name(), scope
    if key not in ENGINES:
        ENGINES[key] = open_database(url, connections=2)
        event.listen(ENGINES[key], "do_connect", _connect_to_current)
    CURRENT[ENGINES[key].dialect] = database
    return ENGINES[key]


def _connect_to_current(
    dialect: Dialect, _record: object, arguments: list[Any], parameters: dict[str, Any]
) -> None:
    arguments[:], current = dialect.create_connect_args(CURRENT[dialect])
    parameters.update(current)


def fill(url: str, policy: Policy) -> None:
    engine = open_database(url, connections=1)
    seed(Store(engine, lambda: policy, lambda: datetime.now(UTC)))
    engine.dispose()
