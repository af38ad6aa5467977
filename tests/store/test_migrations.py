"""The history of the schema makes what the mapped classes say, and can be undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, text

from multichannel.domain.base import Base
from multichannel.store import migrations
from multichannel.store.engines import WRITING, execution_options, open_database


@pytest.fixture
def migrated(database_url: str) -> Iterator[Engine]:
    opened = open_database(database_url)
    yield opened
    opened.dispose()


def _connection(engine: Engine) -> Connection:
    return engine.connect().execution_options(**execution_options(engine, WRITING))


def test_what_the_migrations_make_is_what_the_mapped_classes_say(migrated: Engine) -> None:
    with _connection(migrated) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_migrated_database_is_at_the_version_this_code_needs(database_url: str) -> None:
    assert migrations.current(database_url) == migrations.head()


def test_migrating_again_changes_nothing(database_url: str, migrated: Engine) -> None:
    before = sorted(inspect(migrated).get_table_names())
    migrations.upgrade(database_url)
    assert sorted(inspect(migrated).get_table_names()) == before
    assert migrations.current(database_url) == migrations.head()


def test_migrations_can_be_undone_and_made_again(database_url: str, migrated: Engine) -> None:
    migrations.remove(database_url)
    assert sorted(inspect(migrated).get_table_names()) == ["alembic_version"]
    assert migrations.current(database_url) is None
    migrations.upgrade(database_url)
    with _connection(migrated) as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_an_empty_database_is_at_no_version(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    assert migrations.current(url) is None
    migrations.upgrade(url)
    assert migrations.current(url) == migrations.head()


def test_a_database_of_the_first_schema_keeps_what_it_holds(database_url: str, migrated: Engine) -> None:
    """Relationships had no address then, and users no version."""
    migrations.remove(database_url)
    with _connection(migrated) as connection:
        command.upgrade(migrations._config(connection), "0001")
        for table, row in FIRST_ROWS:
            _insert(connection, table, row)
        connection.commit()

    migrations.upgrade(database_url)

    with _connection(migrated) as connection:
        relationship = connection.exec_driver_sql(
            "SELECT CAST(customer_id AS TEXT), addressed_to, delegated_admin_requested "
            "FROM reseller_relationships"
        ).one()
        user = connection.exec_driver_sql("SELECT version, updated_at = created_at FROM users").one()
        parent = connection.exec_driver_sql(
            "SELECT count(*) FROM subscriptions WHERE parent_id = id"
        ).scalar()
    assert relationship[0] == relationship[1] == MEADOW
    assert relationship[2] == 1
    assert tuple(user) == (1, 1)
    assert parent == 1


ALDER, MEADOW = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
PLACE = {"cloud": "public", "created_at": "2026-01-01T00:00:00.000000Z"}
SEEN = {**PLACE, "version": 1, "updated_at": "2026-01-01T00:00:00.000000Z", "market": "US"}
FIRST_ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    ("tenants", {"id": ALDER, "kind": "partner", **PLACE}),
    ("tenants", {"id": MEADOW, "kind": "customer", **PLACE}),
    (
        "partners",
        {"id": ALDER, "name": "Alder", "type": "direct_bill", "status": "active", "market": "US", **PLACE},
    ),
    ("customers", {"id": MEADOW, "custom_domains": "[]", "qualification": "none", **SEEN}),
    (
        "users",
        {
            "id": ALDER,
            "tenant_id": ALDER,
            "object_id": ALDER,
            "display_name": "U",
            "state": "active",
            **PLACE,
        },
    ),
    (
        "reseller_relationships",
        {
            "id": ALDER,
            "partner_id": ALDER,
            "customer_id": MEADOW,
            "status": "active",
            "delegated_admin": True,
            **SEEN,
        },
    ),
    (
        "subscriptions",
        {
            "id": ALDER,
            "owner_id": ALDER,
            "customer_id": MEADOW,
            "recorded_by": "partner",
            "channel": "csp",
            "commerce": "legacy",
            "quantity": 1,
            "parent_id": ALDER,
            "status": "active",
            "billing_type": "license",
            "billing_cycle": "monthly",
            "suspension_reasons": "[]",
            **SEEN,
        },
    ),
)


def _insert(connection: Connection, table: str, row: dict[str, object]) -> None:
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608  (names of columns)
