"""Units of work: one snapshot to read from, one transaction to write, and no effect lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from multichannel.domain.customers import Customer
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.users import User
from multichannel.errors import Busy, Misconfigured
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.attempts import ATTEMPTS
from multichannel.store.engines import READING, WRITING, execution_options, open_database
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from tests.store.conftest import ALDER, MEADOW, NOW, add, agent

Phone = Callable[[], str | None]


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """The text of every statement, as it is sent."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def _add_one(work: UnitOfWork) -> None:
    customer = work.customers.get(MEADOW, to=Action.UPDATE)
    customer.phone_number = str(int(customer.phone_number or "0") + 1)


@pytest.mark.parametrize("code", ["40001", "40P01"])
@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_a_transaction_that_the_database_aborts_is_run_again_with_one_effect(
    engine: Engine, store: Store, phone: Phone, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr("multichannel.store.attempts.LONGEST_PAUSE", 0)
    attempts = []

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def give_up(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_others: Any) -> Any:
        if not statement.startswith("UPDATE"):
            return statement, parameters
        attempts.append(statement)
        if len(attempts) == ATTEMPTS:
            return statement, parameters
        return f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$", {}

    store.write(agent(), _add_one)
    assert phone() == "1"
    assert len(attempts) == ATTEMPTS


@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_after_the_last_attempt_the_client_may_retry(
    store: Store, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multichannel.store.attempts.LONGEST_PAUSE", 0)
    attempts = []

    def conflict(work: UnitOfWork) -> None:
        attempts.append(work)
        raise DBAPIError("COMMIT", {}, psycopg.errors.SerializationFailure())

    with pytest.raises(Busy):
        store.write(agent(), conflict)
    assert len(attempts) == ATTEMPTS
    assert phone() == "0"


def test_a_row_locked_by_another_transaction_may_be_retried(
    engine: Engine, store: Store, phone: Phone
) -> None:
    impatient = {"sqlite": "PRAGMA busy_timeout=50", "postgresql": "SET lock_timeout = 50"}[
        engine.dialect.name
    ]

    @event.listens_for(engine, "connect")
    def hurry(connection: Any, _record: Any) -> None:
        connection.execute(impatient)
        connection.commit()

    engine.dispose()

    def hold(work: UnitOfWork) -> None:
        _add_one(work)
        work._session.flush()
        with pytest.raises(Busy):
            store.write(agent(), _add_one)

    store.write(agent(), hold)
    assert phone() == "1"


def test_an_error_other_than_a_conflict_is_not_retried(shared_store: Store) -> None:
    attempts = []

    def fail(work: UnitOfWork) -> None:
        attempts.append(work)
        customer = work.customers.get(MEADOW, to=Action.UPDATE)
        customer.cloud = None  # type: ignore[assignment]
        work._session.flush()

    with pytest.raises(IntegrityError):
        shared_store.write(agent(), fail)
    assert len(attempts) == 1


def test_concurrent_writers_lose_nothing(engine: Engine, store: Store, phone: Phone) -> None:
    writers = {"sqlite": 4, "postgresql": 2}[
        engine.dialect.name
    ]  # PostgreSQL sends losers back, five times at most
    start = threading.Barrier(writers)

    def write(_number: int) -> None:
        start.wait()
        for _ in range(5):
            store.write(agent(), _add_one)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert phone() == str(5 * writers)


@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_concurrent_writers_are_serialized(store: Store, phone: Phone) -> None:
    both_have_read = threading.Barrier(2)
    runs = []

    def add_one_to_what_was_read(work: UnitOfWork) -> None:
        runs.append(threading.get_ident())
        seen = work._session.decided(select(Customer.phone_number)).scalar_one()
        if runs.count(threading.get_ident()) == 1:
            both_have_read.wait(timeout=10)
        work.customers.get(MEADOW, to=Action.UPDATE).phone_number = str(int(seen or "0") + 1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _number: store.write(agent(), add_one_to_what_was_read), range(2)))
    assert phone() == "2"
    assert len(runs) > 2, "neither writer was sent back, so this showed nothing"


def test_a_reading_sees_one_snapshot(store: Store, phone: Phone) -> None:
    with store.reading(agent()) as work:
        before = work._session.decided(select(Customer.phone_number)).scalar_one()
        store.write(agent(), _add_one)
        after = work._session.decided(select(Customer.phone_number)).scalar_one()
    assert (before, after, phone()) == ("0", "0", "1")


# SQLite has no read-only transaction; the guarded session refuses the write.
@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_a_reading_writes_nothing(shared_engine: Engine) -> None:
    with shared_engine.connect() as connection:
        connection.execution_options(**execution_options(shared_engine, READING))
        with pytest.raises(DBAPIError, match="read-only"):
            connection.execute(text("DELETE FROM users"))


def test_references_to_missing_rows_are_refused(shared_engine: Engine) -> None:
    with shared_engine.connect() as connection:
        connection.execution_options(**execution_options(shared_engine, WRITING))
        values = {"object_id": ALDER, "display_name": "U", "cloud": "public", "created_at": NOW}
        with pytest.raises(IntegrityError):
            add(connection, User, tenant_id="00000000-0000-4000-8000-00000000dead", **values)


def test_values_outside_an_enum_are_refused(shared_engine: Engine) -> None:
    with shared_engine.connect() as connection:
        connection.execution_options(**execution_options(shared_engine, WRITING))
        with pytest.raises(IntegrityError):
            connection.execute(text("UPDATE reseller_relationships SET status = 'actve'"))


def test_a_database_error_contains_no_values(shared_engine: Engine) -> None:
    statement = text("SELECT * FROM no_such_table WHERE id = :id")
    with shared_engine.connect() as connection, pytest.raises(DBAPIError) as fault:
        connection.execute(statement, {"id": MEADOW})

    assert "no_such_table" in str(fault.value)
    assert MEADOW not in str(fault.value)


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_sqlite_is_set_up_for_readers_beside_one_writer(shared_engine: Engine) -> None:
    with shared_engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000, "synchronous": 2}


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_on_sqlite_a_writer_takes_its_lock_at_once_and_a_reader_takes_none(
    store: Store, statements: list[str]
) -> None:
    store.write(agent(), _add_one)
    assert statements[0] == "BEGIN IMMEDIATE"
    statements.clear()
    with store.reading(agent()) as work:
        work._session.decided(select(func.count()).select_from(ResellerRelationship))
    assert "BEGIN IMMEDIATE" not in statements


@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_on_postgresql_writing_is_serializable_and_reading_is_one_snapshot(shared_engine: Engine) -> None:
    found = {}
    for mode in (READING, WRITING):
        with shared_engine.connect() as connection:
            connection.execution_options(**execution_options(shared_engine, mode))
            found[mode] = connection.exec_driver_sql("SHOW transaction_isolation").scalar()
    assert found == {READING: "repeatable read", WRITING: "serializable"}


def test_a_database_of_another_kind_is_refused() -> None:
    with pytest.raises(Misconfigured, match="must be SQLite or PostgreSQL"):
        open_database("mysql://localhost/x")


def test_each_unit_of_work_uses_the_current_policy(engine: Engine, shipped_policy: Policy) -> None:
    asked = []

    def in_force() -> Policy:
        asked.append(shipped_policy)
        return shipped_policy

    store = Store(engine, in_force, lambda: NOW)
    store.write(agent(), _add_one)
    with store.reading(agent()):
        pass
    assert len(asked) == 2


def test_an_operation_keeps_the_policy_it_began_with(shared_engine: Engine, shipped_policy: Policy) -> None:
    another = Policy(shipped_policy.source)
    in_force = [shipped_policy]
    store = Store(shared_engine, lambda: in_force[-1], lambda: NOW)

    with store.operation():
        with store.reading(agent()) as work:
            assert work.policy is shipped_policy
        in_force.append(another)
        with store.reading(agent()) as work:
            assert work.policy is shipped_policy
        assert store.write(agent(), lambda work: work.policy) is shipped_policy
    with store.reading(agent()) as work:
        assert work.policy is another
