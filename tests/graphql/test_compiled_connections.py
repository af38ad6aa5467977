"""The connections of compiled statements: never more statements at the server than the pool has room for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from multichannel.errors import DeadlineExceeded
from multichannel.store.compiled.connection_pool import ConnectionPool
from multichannel.store.deadlines import Deadline

SLOW = "SELECT 'slow', pg_sleep(30)::text"
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND datname = current_database()
"""
LOCKED = "SELECT 'locked', pg_advisory_lock($1::integer)::text"
FREE, HELD = (20, 21)
RUNNING = """
SELECT 'c', count(*)::text FROM pg_stat_activity
WHERE state = 'active' AND query LIKE '%pg_advisory_lock(%' AND pid <> pg_backend_pid()
"""


@pytest.fixture
def engine(postgresql_url: str) -> Iterator[Engine]:
    opened = create_engine(postgresql_url)
    yield opened
    opened.dispose()


def test_a_statement_that_nobody_waits_for_is_canceled_and_keeps_its_place_until_it_has_ended(
    engine: Engine,
) -> None:
    async def run(threads: ThreadPoolExecutor) -> tuple[bytes | None, bytes | None]:
        pool = ConnectionPool(engine, threads, most=1)
        assert await pool.run(b"first", "SELECT 'a', 'b'", list, Deadline()) == (b"a", b"b")
        await pool.run(b"blocked", LOCKED, lambda: [b"%d" % FREE], Deadline())  # prepares it
        blocked = asyncio.ensure_future(pool.run(b"blocked", LOCKED, lambda: [b"%d" % HELD], Deadline()))
        await asyncio.sleep(0)
        assert (pool._count, pool._free) == (1, [])
        blocked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await blocked
        answer = await pool.run(b"next", RUNNING, list, Deadline())
        assert pool._count == 1
        pool.close()
        return answer

    with ThreadPoolExecutor(2) as threads, engine.connect() as holder:
        holder.execute(text(f"SELECT pg_advisory_lock({HELD})"))
        assert asyncio.run(run(threads)) == (b"c", b"0")


def test_a_connection_whose_prepared_statements_are_others_than_expected_is_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multichannel.store.compiled.postgresql.MAX_PREPARED", 4)

    async def run(threads: ThreadPoolExecutor) -> int:
        pool = ConnectionPool(engine, threads, most=1)
        await pool.run(b"s0", "SELECT 'a', pg_backend_pid()::text", list, Deadline())
        used = {id(pool._free[0])}
        kept = [*pool._free]
        kept[0]._prepared.put(b"never prepared", value=True, size=1)
        for number in range(1, 8):
            assert await pool.run(b"s%d" % number, "SELECT 'a', 'b'", list, Deadline()) == (b"a", b"b")
            kept += pool._free
            used.add(id(pool._free[0]))
        pool.close()
        return len(used)

    with ThreadPoolExecutor(2) as threads:
        assert asyncio.run(run(threads)) == 2


def test_who_waits_for_a_connection_gets_it_before_all_who_come_later(engine: Engine) -> None:
    async def run(threads: ThreadPoolExecutor) -> list[str]:
        pool, order = ConnectionPool(engine, threads, most=1), []

        async def ask(name: str) -> None:
            await pool.run(b"same", "SELECT 'a', 'b'", list, Deadline())
            order.append(name)
            if name == "first":  # asks again at once, while the others wait
                later.append(asyncio.ensure_future(ask("late")))

        later: list[asyncio.Future[None]] = []
        await asyncio.gather(ask("first"), ask("second"), ask("third"))
        await asyncio.gather(*later)
        pool.close()
        return order

    with ThreadPoolExecutor(2) as threads:
        assert asyncio.run(run(threads)) == ["first", "second", "third", "late"]


def test_the_time_of_a_statement_is_that_of_its_start(engine: Engine) -> None:
    async def run(threads: ThreadPoolExecutor) -> None:
        pool, holds = ConnectionPool(engine, threads, most=1), []

        def parameters() -> list[bytes | None]:
            holds.append(len(pool._free))
            return []

        await pool.run(b"one", "SELECT 'a', 'b'", list, Deadline())
        await pool.run(b"one", "SELECT 'a', 'b'", parameters, Deadline())
        assert holds == [0]
        pool.close()

    with ThreadPoolExecutor(2) as threads:
        asyncio.run(run(threads))


def test_a_statement_past_its_deadline_ends_at_the_server_too(engine: Engine) -> None:
    async def run(threads: ThreadPoolExecutor) -> float:
        pool, began = ConnectionPool(engine, threads, most=1), time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await pool.run(b"slow", SLOW, list, Deadline(0.3))
        pool.close()
        return time.monotonic() - began

    with ThreadPoolExecutor(2) as threads, engine.connect() as watcher:
        assert asyncio.run(run(threads)) < 2
        assert _ended(watcher, SLOW)


def test_connections_that_were_lost_while_nobody_used_them_are_replaced(engine: Engine) -> None:
    async def run(threads: ThreadPoolExecutor, terminate: Callable[[], None]) -> None:
        pool = ConnectionPool(engine, threads, most=3)
        ask = partial(pool.run, b"one", "SELECT 'a', 'b'", list, Deadline())
        await asyncio.gather(ask(), ask(), ask())
        terminate()
        assert list(await asyncio.gather(ask(), ask(), ask())) == [(b"a", b"b")] * 3
        pool.close()

    def terminate() -> None:
        killer.execute(text(TERMINATE))

    with ThreadPoolExecutor(3) as threads, engine.connect() as killer:
        asyncio.run(run(threads, terminate))


def _ended(watcher: Connection, statement: str) -> bool:
    """Whether the statement stops running within five seconds."""
    running = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = :statement")
    for _ in range(50):
        if watcher.execute(running, {"statement": statement}).scalar() == 0:
            return True
        watcher.rollback()
        time.sleep(0.1)
    return False
