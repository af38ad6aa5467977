"""The parts of compiled execution: who may make statements, who shares them, and what is kept."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import pytest

import multichannel
from multichannel.decision_log.decisions import Decision
from multichannel.graphql.compiled.compiled_execution import ExecutionPath
from multichannel.policy.decide.conditions import Comparison, Conditions, Predicate
from multichannel.policy.decide.conditions import Path as FactPath
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.compiled.sharing import any_tenant, may_share
from multichannel.store.compiled.sql_text import ANY_TENANT, SqlText
from multichannel.store.compiled.statement import CompiledStatement
from multichannel.store.decision_recorder import DecisionRecorder
from tests.graphql.both_executions import both_of
from tests.world import World, one_engine

PACKAGE = Path(multichannel.__file__).parent
ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
OUTSIDE_THE_SESSION = {"raw_connection", "driver_connection", "pgconn", "exec_driver_sql"}
"""The ways to a driver, past the session that refuses undecided statements."""


def test_a_statement_that_the_compiler_did_not_make_is_refused() -> None:
    with pytest.raises(TypeError, match="compile_statement"):
        CompiledStatement(
            SqlText("SELECT 1", ()),
            {},
            b"",
            frozenset(),
            steps=(),
            name=b"",
            constant=None,
            reads_all=False,
            seal=object(),
        )


def test_only_the_compiler_makes_statements_and_only_their_runners_reach_a_driver() -> None:
    makers, drivers = set(), set()
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "CompiledStatement":
                makers.add(place)
            if isinstance(node, ast.Attribute) and node.attr in OUTSIDE_THE_SESSION:
                drivers.add(place)

    assert makers == {"store/compiled/statement.py"}
    assert {place for place in drivers if not place.startswith("store/migrations/")} == {
        "store/compiled/connection_pool.py",
        "store/compiled/postgresql.py",
        "store/compiled/runners.py",
        "store/compiled/snapshot.py",  # the same statements, in the transaction of their steps
        "store/deadlines.py",  # to stop what runs there
        "store/direct_execution.py",  # what the session has decided, prepared once
        "store/engines.py",  # BEGIN, when a transaction starts
        "store/connections.py",  # whether they work, and whether the database is ready
    }


class Fixed:
    """A policy that grants everybody the customers that one comparison selects."""

    def __init__(self, right: Any) -> None:
        """`right` is what the market is compared with: a value, or "own" for the principal's tenant."""
        self._right = right

    def predicate(self, principal: Principal, _action: Action, _resource: Any) -> Predicate:
        right = principal.tenant_id if self._right == "own" else self._right
        comparison = Comparison(FactPath("this", ("market",)), "in", ("none", right))
        return Predicate(frozenset({Conditions((), (comparison,))}), frozenset())


@pytest.mark.parametrize(
    ("compared", "sharers"),
    [
        ("own", [True, True]),
        ("US", [True, True]),
        (ONE, [False, True]),  # a policy that names a tenant: its principals have statements of their own
    ],
)
def test_statements_are_shared_by_principals_whose_predicates_differ_in_the_tenant_alone(
    compared: str, sharers: list[bool]
) -> None:
    policy = cast("Policy", Fixed(compared))
    principals = [Principal(tenant_id=each, kind=cast("Any", "partner"), roles=()) for each in (ONE, OTHER)]

    assert [may_share(policy, each, [(Action.READ, CUSTOMER)]) for each in principals] == sharers


def test_all_tenants_of_a_kind_share_the_predicates_of_the_shipped_policy(shipped_policy: Policy) -> None:
    for kind, role in (("partner", "sales_agent"), ("partner", "global_admin"), ("customer", "global_admin")):
        principal = Principal(
            tenant_id=ONE,
            kind=cast("Any", kind),
            roles=(role,),
            cloud=cast("Any", "public"),
            type=cast("Any", "direct_bill" if kind == "partner" else None),
            status=cast("Any", "active" if kind == "partner" else None),
            market="US",
        )
        assert any_tenant(principal).tenant_id == ANY_TENANT
        assert may_share(shipped_policy, principal, [(action, CUSTOMER) for action in CUSTOMER.actions])


def test_what_is_used_often_stays_however_much_passes_through() -> None:
    cache: FrequentCache[str] = FrequentCache(100, 10_000)
    for name in "abcde":
        cache.put(name, name, 10)
    for number in range(5_000):
        cache.put(f"new-{number}", "new", 50)
        assert [cache.get(name) for name in "abcde"] == list("abcde")

    assert len(cache) <= 100
    assert cache.size <= 10_000


def test_what_was_used_often_once_goes_in_the_end() -> None:
    cache: FrequentCache[int] = FrequentCache(10, 1_000)
    cache.put("former", 1, 1)
    for _ in range(1_000):
        cache.get("former")
    for number in range(500):
        cache.put(number, number, 1)

    assert cache.get("former") is None


def test_one_large_value_does_not_evict_all_others() -> None:
    cache: FrequentCache[int] = FrequentCache(10, 1_000)
    cache.put("small", 1, 10)
    cache.put("large", 2, 900)

    assert (cache.get("small"), cache.get("large"), cache.size) == (1, None, 10)


class Half:
    """A sink of decisions that is drawn for every second operation."""

    sample = 0.5

    def __init__(self) -> None:
        self.operations: list[list[str]] = []

    def submit(self, decisions: Sequence[Decision]) -> None:
        """Keep what the operation decided."""
        self.operations.append([each.operation for each in decisions])


@one_engine
def test_operations_are_recorded_whole_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = cycle([0.1, 0.9])
    monkeypatch.setattr("multichannel.store.decision_recorder.random.random", lambda: next(draws))
    sink = Half()
    world.store.recorder = DecisionRecorder(world.clock, [sink])
    query = "{ customers { nodes { id } } }"

    with both_of(world) as both:
        for _ in range(3):
            both.answers("alder-sales-agent", query)

    assert both.paths == {ExecutionPath.OBSERVED: 3}
    assert sink.operations == [["sign_in", "page"]] * 3

    sink.operations.clear()
    draws = cycle([0.9, 0.1])  # the second for the interpreter: signing in is part of what is compiled
    with both_of(world) as both:
        both.answers("alder-sales-agent", query)
    assert both.paths == {ExecutionPath.COMPILED: 1}
    assert sink.operations == [["sign_in", "page"]]
