from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, insert, select

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, PartnerStatus, PartnerType, Tenant, TenantKind
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.engines import WRITING, execution_options, open_database
from multichannel.store.store import Store
from tests.databases import copy_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALDER, BIRCH, MEADOW = (f"00000000-0000-4000-8000-{number:012}" for number in (1, 2, 3))


def agent(tenant_id: str = ALDER, *roles: str) -> Principal:
    """An agent of Alder, who serves Meadow, or of another partner."""
    return Principal(
        tenant_id=tenant_id,
        kind=TenantKind.PARTNER,
        roles=roles or ("sales_agent",),
        cloud=Cloud.PUBLIC,
        type=PartnerType.DIRECT_BILL,
        status=PartnerStatus.ACTIVE,
        market="US",
    )


def add(connection: Connection, model: type[Base], **values: object) -> None:
    """Insert a row past every guard."""
    connection.execute(insert(model), values)


def add_tenant(connection: Connection, tenant_id: str, kind: TenantKind) -> None:
    """Insert a tenant with its partner or customer."""
    add(connection, Tenant, id=tenant_id, kind=kind, cloud=Cloud.PUBLIC, created_at=NOW)
    common = {"id": tenant_id, "market": "US", "cloud": Cloud.PUBLIC, "created_at": NOW}
    if kind is TenantKind.PARTNER:
        add(connection, Partner, name="A partner", type=PartnerType.DIRECT_BILL, **common)
    else:
        add(
            connection, Customer, company_name="Meadow", phone_number="0", version=1, updated_at=NOW, **common
        )


def add_relationship(connection: Connection, partner_id: str, customer_id: str) -> None:
    """Insert an active relationship."""
    add(
        connection,
        ResellerRelationship,
        partner_id=partner_id,
        customer_id=customer_id,
        status="active",
        market="US",
        cloud=Cloud.PUBLIC,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database to be copied, in which Alder serves Meadow, and Birch serves nobody."""
    empty: str = request.getfixturevalue(f"empty_{request.param}")
    with copy_of(empty, tmp_path_factory.mktemp("served")) as url:
        with opened(url) as engine, engine.connect() as connection:
            connection.execution_options(**execution_options(engine, WRITING))
            add_tenant(connection, ALDER, TenantKind.PARTNER)
            add_tenant(connection, BIRCH, TenantKind.PARTNER)
            add_tenant(connection, MEADOW, TenantKind.CUSTOMER)
            add_relationship(connection, ALDER, MEADOW)
            connection.commit()
        yield url


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """The engine of a database, for a while."""
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def engine(served: str, tmp_path: Path) -> Iterator[Engine]:
    """That database, for this test alone."""
    with copy_of(served, tmp_path) as url, opened(url) as engine:
        yield engine


@pytest.fixture
def store(engine: Engine, shipped_policy: Policy) -> Store:
    """The store over it, at a time that stands still."""
    return Store(engine, lambda: shipped_policy, lambda: NOW)


@pytest.fixture(scope="module")
def shared_engine(served: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """That database, for all tests of a module that leave it as it is."""
    with copy_of(served, tmp_path_factory.mktemp("shared")) as url, opened(url) as engine:
        yield engine


@pytest.fixture
def shared_store(shared_engine: Engine, shipped_policy: Policy) -> Store:
    """A store of this test's own over the shared database."""
    return Store(shared_engine, lambda: shipped_policy, lambda: NOW)


@pytest.fixture
def phone(engine: Engine) -> Callable[[], str | None]:
    """Meadow's telephone number as it is stored now."""

    def read() -> str | None:
        with engine.connect() as connection:
            return connection.scalar(select(Customer.phone_number))

    return read
