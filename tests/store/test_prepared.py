"""Prepared statements give what SQLAlchemy gives, whatever the connection has been through."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

import multichannel
from multichannel.domain.audit import AuditChain
from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Tenant, TenantKind
from multichannel.store import direct_execution
from multichannel.store.direct_execution import run_prepared, write_prepared
from multichannel.store.engines import WRITING, execution_options
from multichannel.store.prepared import MAX_LIST, PreparedObjects, PreparedStatement, columns_of
from multichannel.store.session import GuardedSession
from tests.world import World

PACKAGE = Path(multichannel.__file__).parent
BY_ID = PreparedStatement(select(Tenant.id, Tenant.kind).where(Tenant.id == bindparam("id")))
KINDS = PreparedStatement(
    select(Tenant.kind).where(Tenant.id.in_(bindparam("ids", expanding=True))).order_by(Tenant.id)
)
PLAIN = [each.class_ for each in Base.registry.mappers if columns_of(each.class_)]


@pytest.fixture
def connection(world: World) -> Any:
    """A connection on which a transaction that writes can begin."""
    with world.store.engine.connect() as connection:
        yield connection.execution_options(**execution_options(world.store.engine, WRITING))


def some_tenants(connection: Connection) -> list[str]:
    ids = list(connection.scalars(select(Tenant.id).order_by(Tenant.id)))
    connection.rollback()
    return ids


def test_only_the_guarded_session_runs_prepared_statements() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name) and node.id in {"run_prepared", "write_prepared"}
    }

    assert users == {"store/session.py"}


def test_objects_have_the_values_that_the_session_loads(world: World, connection: Connection) -> None:
    seen = 0
    for model in PLAIN:
        keys = inspect(model).primary_key
        prepared = PreparedObjects(model, select(*columns_of(model)).order_by(*keys))
        with GuardedSession(connection) as guarded:
            made = [row[0] for row in guarded.decided_objects(prepared)]
            assert all(inspect(each).persistent for each in made)
            assert not guarded.dirty
        with Session(world.store.engine) as session:
            loaded = session.scalars(select(model).order_by(*keys)).all()
            values = [[getattr(each, name) for name in prepared.attributes] for each in loaded]
        assert [[getattr(each, name) for name in prepared.attributes] for each in made] == values
        seen += len(values)
    assert seen > len(PLAIN)


def test_an_object_is_loaded_once_in_a_session(connection: Connection) -> None:
    prepared = PreparedObjects(Customer, select(*columns_of(Customer)).order_by(Customer.id).limit(1))
    with GuardedSession(connection) as session:
        ((first,),) = session.decided_objects(prepared)
        first.city = "Dover"
        ((again,),) = session.decided_objects(prepared)

    assert again is first
    assert again.city == "Dover"


@pytest.mark.parametrize("count", [0, 1, 3, MAX_LIST + 1])
def test_lists_have_any_length(connection: Connection, count: int) -> None:
    ids = some_tenants(connection)[:count]
    parameters = {"ids": [*ids, *ids[:1] * (count - len(ids))]}

    with GuardedSession(connection) as session:
        rows = session.decided_rows(KINDS, **parameters)

    assert len(rows) == len(ids)
    assert all(isinstance(row.kind, TenantKind) for row in rows)


def test_prepared_statements_survive_rollbacks_with_which_the_driver_drops_its_own(
    connection: Connection,
) -> None:
    one, *_ = some_tenants(connection)
    for _ in range(3):
        for _ in range(7):  # after five, the driver prepares it
            connection.execute(text("SELECT count(*) FROM tenants"))
        assert run_prepared(connection, BY_ID, {"id": one})[0].id == one
        connection.rollback()
        assert run_prepared(connection, BY_ID, {"id": one})[0].id == one
        connection.rollback()
        assert run_prepared(connection, BY_ID, {"id": one})[0].id == one
        connection.commit()


def test_a_connection_keeps_a_bounded_number_of_statements(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_execution, "MAX_PREPARED", 2)
    ids = some_tenants(connection)
    connection.info.pop(direct_execution.PREPARED, None)

    for count in (1, 2, 3, 4, 3, 2, 1):
        assert len(run_prepared(connection, KINDS, {"ids": ids[:count]})) == count

    if connection.dialect.name == "postgresql":
        named = text("SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE '\\_%'")
        assert connection.scalar(named) == 2


def test_an_error_of_the_database_is_one_of_sqlalchemy_and_ends_the_transaction(
    connection: Connection,
) -> None:
    keys = [column.name for column in AuditChain.__table__.columns]
    insert = PreparedStatement(AuditChain.__table__.insert(), keys=keys)  # type: ignore[attr-defined]  # a table
    row = {"tenant_id": "00000000-0000-4000-8000-000000000000", "length": 0, "seal": ""}

    def write() -> None:
        write_prepared(connection, insert, [{**row, "pruned": 0, "checkpoint": ""}])
        connection.commit()

    with pytest.raises(IntegrityError):
        write()
    connection.rollback()
    assert some_tenants(connection)


def test_a_text_with_a_nul_character_never_reaches_postgresql_in_part(connection: Connection) -> None:
    named = PreparedStatement(select(Customer.id).where(Customer.company_name == bindparam("name")))

    if connection.dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match="NUL"):
            run_prepared(connection, named, {"name": "a\0b"})
    else:
        assert run_prepared(connection, named, {"name": "a\0b"}) == []
