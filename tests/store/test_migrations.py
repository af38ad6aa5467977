"""The migrations give the schema of the mapped classes, and can be undone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, inspect, make_url, select, text

from multichannel.domain.base import Base
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus, DelegatedRight
from multichannel.domain.tenants import Tenant
from multichannel.errors import Misconfigured
from multichannel.store import migrations
from multichannel.store.engines import WRITING, execution_options, open_database

GRANTS: Any = DelegatedAdminGrant.__table__


@pytest.fixture
def migrated(database_url: str) -> Iterator[Engine]:
    opened = open_database(database_url)
    yield opened
    opened.dispose()


def _connection(engine: Engine) -> Connection:
    return engine.connect().execution_options(**execution_options(engine, WRITING))


def test_the_migrations_give_the_schema_of_the_mapped_classes(migrated: Engine) -> None:
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


UPGRADE = "import sys; from multichannel.store import migrations; migrations.upgrade(sys.argv[1])"


def test_of_processes_that_migrate_at_once_one_does_and_the_others_wait(database_url: str) -> None:
    migrations.remove(database_url)

    begun = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    assert [(*each.communicate(timeout=60)[1:], each.returncode) for each in begun] == [("", 0)] * 2
    assert migrations.current(database_url) == migrations.head()


def test_migrations_can_be_undone_and_run_again(database_url: str, migrated: Engine) -> None:
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


@pytest.mark.parametrize("version", ["0001", "0017"])
def test_a_database_of_an_unknown_version_is_refused_and_stays_as_it_is(
    database_url: str, migrated: Engine, version: str
) -> None:
    with _connection(migrated) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        connection.commit()

    with pytest.raises(Misconfigured, match=f"schema version {version}, which this release cannot upgrade"):
        migrations.upgrade(database_url)

    assert migrations.current(database_url) == version
    assert not migrations.is_known(version)


@pytest.mark.parametrize("version", ["0002", "0018", "0019", "0020", "0021"])
def test_a_database_at_a_landed_version_can_be_upgraded(version: str) -> None:
    assert migrations.is_known(version)


def test_a_database_whose_rows_reference_missing_rows_is_refused(sqlite_url: str) -> None:
    with sqlite3.connect(make_url(sqlite_url).database or "") as connection:
        connection.execute("INSERT INTO role_assignments VALUES ('a', 'global_admin', 'b')")
    connection.close()

    with pytest.raises(Misconfigured, match="reference missing rows; nothing was migrated"):
        migrations.upgrade(sqlite_url)


@pytest.mark.rule("R54")
def test_customers_that_were_created_here_are_not_linked_and_all_other_tenants_are(database_url: str) -> None:
    engine = open_database(database_url)
    migrations.downgrade(database_url, "0002")
    at, common = "2026-01-01T00:00:00.000000Z", "'US', 'public'"
    with _connection(engine) as connection:
        for number, kind in enumerate(("partner", "customer", "customer")):
            connection.exec_driver_sql(
                f"INSERT INTO tenants (id, kind, cloud, created_at) "  # noqa: S608  (constants)
                f"VALUES ('{_id(number)}', '{kind}', 'public', '{at}')"
            )
        connection.exec_driver_sql(
            f"INSERT INTO partners (id, name, type, status, market, cloud, created_at) "  # noqa: S608
            f"VALUES ('{_id(0)}', 'Maple', 'direct_bill', 'active', {common}, '{at}')"
        )
        for number, requested in ((1, f"'{at}'"), (2, "NULL")):
            connection.exec_driver_sql(
                f"INSERT INTO customers (id, custom_domains, qualification, market, cloud, version, "  # noqa: S608
                f"created_at, updated_at) VALUES ('{_id(number)}', '[]', 'none', {common}, 1, '{at}', '{at}')"
            )
            connection.exec_driver_sql(
                f"INSERT INTO reseller_relationships (id, partner_id, customer_id, addressed_to, status, "  # noqa: S608
                f"delegated_admin_requested, delegated_admin, requested_at, market, cloud, version, "
                f"created_at, updated_at) VALUES ('{_id(number)}', '{_id(0)}', '{_id(number)}', 'x', "
                f"'active', false, false, {requested}, {common}, 1, '{at}', '{at}')"
            )
        connection.commit()

    migrations.upgrade(database_url)

    with _connection(engine) as connection:
        rows = connection.execute(select(Tenant.id, Tenant.directory_id).order_by(Tenant.id)).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [(_id(0), _id(0)), (_id(1), None), (_id(2), _id(2))]


@pytest.mark.rule("SM7")
def test_delegated_admin_of_before_becomes_grants_of_every_right_with_an_end(database_url: str) -> None:
    engine = open_database(database_url)
    migrations.downgrade(database_url, "0002")
    at, common = "2026-01-01T00:00:00.000000Z", "'US', 'public'"
    links = (("active", "true"), ("active", "false"), ("requested", "false"), ("removed", "false"))
    with _connection(engine) as connection:
        for number, kind in ((0, "partner"), (1, "customer")):
            connection.exec_driver_sql(
                f"INSERT INTO tenants (id, kind, cloud, created_at) "  # noqa: S608  (constants)
                f"VALUES ('{_id(number)}', '{kind}', 'public', '{at}')"
            )
        connection.exec_driver_sql(
            f"INSERT INTO partners (id, name, type, status, market, cloud, created_at) "  # noqa: S608
            f"VALUES ('{_id(0)}', 'Maple', 'direct_bill', 'active', {common}, '{at}')"
        )
        connection.exec_driver_sql(
            f"INSERT INTO customers (id, custom_domains, qualification, market, cloud, version, "  # noqa: S608
            f"created_at, updated_at) VALUES ('{_id(1)}', '[]', 'none', {common}, 1, '{at}', '{at}')"
        )
        for number, (status, delegated) in enumerate(links):
            # One active relationship of the two is through a reseller, for which the partner itself stands.
            through = f"'{_id(0)}'" if number == 1 else "NULL"
            connection.exec_driver_sql(
                f"INSERT INTO reseller_relationships (id, partner_id, customer_id, addressed_to, "  # noqa: S608
                f"status, associated_partner_id, delegated_admin_requested, delegated_admin, "
                f"accepted_at, expires_at, market, cloud, version, created_at, updated_at) VALUES "
                f"('{_id(number)}', '{_id(0)}', '{_id(1)}', "
                f"'x', '{status}', {through}, true, {delegated}, '{at}', "
                f"'2999-01-01T00:00:00.000000Z', {common}, 1, '{at}', '{at}')"
            )
        connection.commit()

    migrations.upgrade(database_url)

    with _connection(engine) as connection:
        rows = connection.execute(select(GRANTS).order_by(GRANTS.c.relationship_id)).mappings().all()
    assert [(row["relationship_id"], row["status"]) for row in rows] == [
        (_id(0), DelegatedAdminStatus.ACTIVE),
        (_id(2), DelegatedAdminStatus.PENDING),
    ]
    assert all(row[right] for row in rows for right in DelegatedRight)
    held = rows[0]
    assert held["expires_at"] == held["ends_at"]
    assert timedelta(days=364) < held["ends_at"] - datetime.now(UTC) <= timedelta(days=365)

    migrations.downgrade(database_url, "0002")
    with _connection(engine) as connection:
        flags = connection.exec_driver_sql(
            "SELECT delegated_admin FROM reseller_relationships ORDER BY id"
        ).scalars()
        assert [bool(flag) for flag in flags] == [True, False, False, False]
    migrations.upgrade(database_url)
    engine.dispose()


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"
