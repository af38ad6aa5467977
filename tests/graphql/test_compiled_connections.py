"""The connections of compiled statements: never more statements at the server than the pool has room for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, text

from multichannel.store.compiled.postgresql import ConnectionPool, StatementFailed

LOCKED = "SELECT 'locked', pg_advisory_lock(20)::text"


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
        assert await pool.run(b"first", "SELECT 'a', 'b'", []) == (b"a", b"b")
        blocked = asyncio.ensure_future(pool.run(b"blocked", LOCKED, []))
        await asyncio.sleep(0)
        assert (pool._count, pool._free) == (1, [])
        blocked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await blocked
        assert pool._count == 1
        answer = await pool.run(b"next", "SELECT 'c', 'd'", [])
        assert pool._count == 1
        pool.close()
        return answer

    with ThreadPoolExecutor(2) as threads, engine.connect() as holder:
        holder.execute(text("SELECT pg_advisory_lock(20)"))
        assert asyncio.run(run(threads)) == (b"c", b"d")


def test_a_connection_whose_prepared_statements_are_others_than_expected_is_not_used_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multichannel.store.compiled.postgresql.MAX_PREPARED", 4)

    async def run(threads: ThreadPoolExecutor) -> int:
        pool = ConnectionPool(engine, threads, most=1)
        await pool.run(b"s0", "SELECT 'a', pg_backend_pid()::text", [])
        (connection,) = pool._free
        connection._prepared.put(b"never prepared", value=True, size=1)
        failed = 0
        for number in range(1, 8):
            try:
                await pool.run(b"s%d" % number, "SELECT 'a', 'b'", [])
            except StatementFailed:
                failed += 1
                assert connection not in pool._free
        pool.close()
        return failed

    with ThreadPoolExecutor(2) as threads:
        assert asyncio.run(run(threads)) == 1
