"""What is measured is right: the variants give the same answers, in so many statements, along indexes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from multichannel.policy.decide.policy import Policy
from multichannel.store.engines import open_database
from tests.benchmarks.cold import ASKED, cold_predicates
from tests.benchmarks.mutations import mutations_over_http
from tests.benchmarks.over_http import Effort, over_http
from tests.benchmarks.plans import PLANNED, whole_tables
from tests.benchmarks.queries import OVER_HTTP, QUERIES, STATEMENTS
from tests.benchmarks.timing import interleaved
from tests.benchmarks.variants import (
    INTERPRETED,
    LIMIT,
    MERCURIUS,
    OFF,
    ON,
    answering,
    policy_on,
    recorded,
    variants,
)
from tests.benchmarks.world import SMALL, World, copy_to_postgresql, fill_sqlite
from tests.databases import copy_of

CALLER = World(SMALL).caller


@pytest.fixture(scope="module")
def small_sqlite(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A SQLite database with the small world in it."""
    url = URL.create("sqlite", database=str(tmp_path_factory.mktemp("world") / "small.db"))
    fill_sqlite(url, SMALL)
    return url


@pytest.fixture(scope="module")
def small_postgresql(
    small_sqlite: URL, empty_postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[URL]:
    """A PostgreSQL database with the small world in it."""
    with copy_of(empty_postgresql, tmp_path_factory.mktemp("copy")) as url:
        copy_to_postgresql(small_sqlite, make_url(url))
        yield make_url(url)


@pytest.fixture(params=["small_sqlite", "small_postgresql"])
def world_url(request: pytest.FixtureRequest) -> URL:
    """The small world; the test runs once for each engine."""
    url: URL = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def engine(world_url: URL) -> Iterator[Engine]:
    """The small world, opened as the service opens it."""
    opened = open_database(world_url.render_as_string(hide_password=False))
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policy_on()


@pytest.mark.parametrize("name", QUERIES)
def test_with_the_policy_without_it_and_by_hand_the_answer_is_the_same(engine: Engine, name: str) -> None:
    answers = {variant: answer() for variant, answer in variants(engine, CALLER, name).items()}

    assert answers[ON].count(b'"customer_') == (100 if "page" in name else 20)
    assert answers[ON] == answers[OFF] == answers[LIMIT]


@pytest.mark.parametrize("name", QUERIES)
def test_each_list_and_each_count_is_one_statement(engine: Engine, policy: Policy, name: str) -> None:
    ask = answering(engine, policy, CALLER, QUERIES[name])

    with recorded(engine) as statements:
        ask()

    assert len(statements) == STATEMENTS[name]


def test_on_sqlite_an_index_finds_the_rows_of_every_list(small_sqlite: URL) -> None:
    engine = open_database(small_sqlite.render_as_string())
    found = whole_tables(engine, CALLER)
    engine.dispose()

    assert found == {name: [] for name in PLANNED}


def test_on_postgresql_an_index_can_find_the_rows_of_every_list(small_postgresql: URL) -> None:
    engine = open_database(small_postgresql.render_as_string(hide_password=False))

    @event.listens_for(engine, "connect")
    def forbid_scans(connection: DBAPIConnection, _record: object) -> None:
        """So small a table is best read whole, unless there is no way to do without."""
        connection.cursor().execute("SET enable_seqscan = off")
        connection.commit()

    found = whole_tables(engine, CALLER)
    engine.dispose()

    assert [line for lines in found.values() for line in lines if line.startswith("Seq Scan")] == []


@pytest.mark.parametrize(
    ("engine_name", "names"),
    [
        ("sqlite", [LIMIT]),
        pytest.param("sqlite", [ON, OFF, LIMIT], marks=pytest.mark.long),
        pytest.param("postgresql", [ON, OFF, LIMIT, MERCURIUS], marks=pytest.mark.long),
    ],
)
def test_over_http_the_servers_answer_alike_and_their_cpu_is_measured(
    request: pytest.FixtureRequest, engine_name: str, names: list[str]
) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("the CPU of another process is read from /proc, which this system has not")

    world_url: URL = request.getfixturevalue(f"small_{engine_name}")
    figures = over_http(SMALL, world_url, Effort(rounds=1, requests=10), names)

    assert set(figures) == set(OVER_HTTP)
    assert all(
        each[name]["per_second"] > 0 and each[name]["cpu"] >= 0 for each in figures.values() for name in names
    )


def test_variants_take_turns_and_every_round_counts() -> None:
    turns: list[str] = []
    slow = "x" * 200_000

    times = interleaved({"one": lambda: turns.append("one" + slow[:1]), "two": lambda: sorted(slow)}, 3)

    assert len(times["one"].cpu) == len(times["two"].wall) == 3
    assert times["two"].figures["cpu"] > times["one"].figures["cpu"]


def test_a_strangers_predicates_are_made_anew(policy: Policy) -> None:
    made = policy.translate.cache_info().misses

    found = cold_predicates(policy, 3)

    assert policy.translate.cache_info().misses == made + 3 * len(ASKED)
    assert all(took > 0 for took in found.values())


@pytest.mark.long
def test_mutations_are_done_by_both_executions_and_their_cpu_is_measured(world_url: URL) -> None:
    figures = mutations_over_http(SMALL, world_url, Effort(rounds=1, requests=3))

    assert {name: each.keys() for name, each in figures.items()} == {
        "updateCustomer": {ON, INTERPRETED},
        "updateSubscription": {ON, INTERPRETED},
    }
    assert all(cost > 0 for each in figures.values() for cost in each.values())
