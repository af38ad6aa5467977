"""What compiled execution leaves to the interpreter because of its cost, and what it keeps of that."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.graphql.compiled import compiled_execution, statements
from multichannel.graphql.compiled.arguments import LARGE_VARIABLES, is_large
from multichannel.graphql.compiled.callers import KnownCaller
from multichannel.graphql.compiled.compiled_execution import CompiledExecution
from multichannel.graphql.compiled.denials import with_denials
from multichannel.graphql.compiled.plan import Plan
from multichannel.graphql.compiled.statements import Statements
from multichannel.graphql.execution.budget import NO_BUDGET, Admission
from multichannel.graphql.execution.cost import MAX_TEXT
from multichannel.graphql.execution.documents import MAX_CACHED_LENGTH, read_document
from multichannel.graphql.execution.executor import allow_any
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.compiled import statement
from multichannel.store.compiled.caller_check import select_caller_text
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.records import Compilation
from multichannel.store.compiled.sharing import any_tenant, may_share
from multichannel.store.compiled.statement import WRITERS
from multichannel.store.deadlines import Deadline
from multichannel.store.users import Caller
from tests.graphql.both_executions import both_of
from tests.world import World, one_engine

FILTERED = "query ($filter: CustomerFilter) { customers(filter: $filter) { nodes { id } } }"
PLAIN = "{ customers { nodes { id } } }"
DENIED = "{ customers { nodes { id email city } } }"
PERSONA = "alder-sales-agent"
PRINCIPAL = Principal(tenant_id="11111111-1111-4111-8111-111111111111", kind=cast("Any", "partner"), roles=())
CALLER = KnownCaller(Caller(PRINCIPAL, ""), any_tenant(PRINCIPAL), b"", cast("Any", None), None)


class Variables(dict[str, Any]):
    """Variables that can be referred to weakly."""


def plan_of(query: str, operation: str | None = None) -> Plan:
    return Plan(read_document(query, cache=False).ast, operation)


def comparisons(count: int) -> dict[str, Any]:
    """A filter of so many comparisons."""
    return {"and": [{"or": [{"companyName": {"contains": "a"}}] * 20}] * (count // 20)}


def wide(count: int) -> str:
    """A query for many lists, each with `viewerCan`."""
    lists = (f"a{each}: subscriptions(first: 1) {{ nodes {{ viewerCan }} }}" for each in range(count))
    return f"{{ customers(first: 1) {{ nodes {{ {' '.join(lists)} }} }} }}"


class Threads:
    """Runs work at once, and counts it."""

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, work: Callable[[], Any]) -> Any:
        """The result of the work, a little later."""
        self.runs += 1
        await asyncio.sleep(0)
        return work()


@pytest.fixture
def threads() -> Threads:
    return Threads()


@pytest.fixture
def kept(shipped_policy: Policy, threads: Threads) -> Statements:
    return Statements(shipped_policy, "sqlite", threads.run)


async def refusal(kept: Statements, plan: Plan) -> NotCovered:
    """Why a plan has no statement."""
    shape, _ = plan.read({})
    with pytest.raises(NotCovered) as raised:
        await kept.of(plan, shape, CALLER)
    return raised.value


@one_engine
@pytest.mark.parametrize("query", ["subscription { transferChanged { operation } }", wide(20)])
def test_a_remembered_refusal_keeps_nothing_of_the_requests_that_met_it(world: World, query: str) -> None:
    async def ask(execution: CompiledExecution) -> weakref.ref[Variables]:
        variables = Variables()
        await execution.answer(
            GraphQLRequest(query, variables, None), PERSONA, Admission(allow_any, NO_BUDGET), Deadline()
        )
        return weakref.ref(variables)

    with both_of(world) as both:
        execution = both.compiled
        gone = [both.runner.run(ask(execution)) for _ in range(3)]

    assert [each() for each in gone] == [None, None, None]


def test_a_remembered_refusal_is_raised_anew(kept: Statements, threads: Threads) -> None:
    plan = plan_of(wide(20))

    async def twice() -> list[NotCovered]:
        return [await refusal(kept, plan), await refusal(kept, plan)]

    one, other = asyncio.run(twice())

    assert threads.runs == 1
    assert one is not other
    assert str(one) == str(other) == "too much for one statement"


def test_statements_go_with_their_plan(kept: Statements) -> None:
    async def ask(plan: Plan) -> None:
        await kept.of(plan, plan.read({})[0], CALLER)

    plan = plan_of(PLAIN)
    asyncio.run(ask(plan))
    gone, before = weakref.ref(plan), len(kept._kept)
    del plan
    assert gone() is None

    asyncio.run(ask(plan_of(PLAIN)))
    assert len(kept._kept) == before


def test_the_size_of_a_statement_counts_its_shape(kept: Statements) -> None:
    plan = plan_of(FILTERED)
    shape, _ = plan.read({"filter": comparisons(180)})

    kept.give_up(plan, shape, CALLER)

    assert kept._kept.size > 2 * 180 * 500


@pytest.mark.parametrize("count", [220, 2_000])
def test_a_large_filter_is_refused_before_anything_is_kept(count: int) -> None:
    plan = plan_of(FILTERED)
    plan.read({"filter": comparisons(100)})

    with pytest.raises(NotCovered, match="too large"):
        plan.read({"filter": comparisons(count)})


def test_the_filters_of_an_operation_count_together() -> None:
    plan = plan_of(
        "query ($filter: CustomerFilter) { a: customers(filter: $filter) { totalCount } "
        "b: customers(filter: $filter) { totalCount } }"
    )
    with pytest.raises(NotCovered, match="too large"):
        plan.read({"filter": comparisons(120)})


@one_engine
def test_documents_that_are_too_long_to_keep_are_interpreted(world: World) -> None:
    with both_of(world) as both:
        both.same(PERSONA, PLAIN)
        kept = both.compiled._statements._kept
        before = len(kept)
        compiled, interpreted = both.answers(PERSONA, PLAIN + " " * MAX_CACHED_LENGTH)

    assert compiled == interpreted
    assert len(kept) == before


def test_only_queries_have_a_plan() -> None:
    with pytest.raises(NotCovered, match="not a plain query"):
        plan_of("subscription { transferChanged { operation } }")


def test_a_flag_of_another_operation_is_not_covered() -> None:
    plan = plan_of(
        "query One($x: [String!]) { customers(filter: {companyName: {in: $x}}) { totalCount } } "
        "query Other($x: Boolean!) { customers { ...Page } } "
        "fragment Page on CustomerConnection { totalCount @include(if: $x) }",
        "One",
    )
    with pytest.raises(NotCovered, match="flag"):
        plan.read({"x": ["a"]})


def test_a_statement_of_many_lists_is_refused_at_once(
    kept: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "compile_statement", None)  # is not even begun

    counts = " ".join(f"a{each}: totalCount" for each in range(50))
    for query in (wide(20), f"{{ customers {{ {counts} }} }}"):
        assert str(asyncio.run(refusal(kept, plan_of(query)))) == "too much for one statement"


def test_sql_that_is_too_long_is_refused(kept: Statements, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "MAX_SQL", 100)

    assert "too long" in str(asyncio.run(refusal(kept, plan_of(PLAIN))))


def test_what_is_nested_too_deeply_is_remembered(
    kept: Statements, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deep(*_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(statements, "compile_statement", deep)
    plan = plan_of(PLAIN)

    assert [str(asyncio.run(refusal(kept, plan))) for _ in range(3)] == ["nested too deeply"] * 3
    assert threads.runs == 1


def test_requests_wait_for_the_statement_that_is_being_made(kept: Statements, threads: Threads) -> None:
    plan = plan_of(PLAIN)
    shape, _ = plan.read({})

    async def together() -> list[Any]:
        return await asyncio.gather(*(kept._made(plan, shape, PRINCIPAL) for _ in range(5)))

    assert len(set(asyncio.run(together()))) == 1
    assert threads.runs == 1


def test_variables_are_large_by_their_texts_and_by_their_number() -> None:
    assert not is_large(None)
    assert not is_large({"filter": comparisons(100)["and"][0], "first": 5})
    assert is_large({"text": "a" * LARGE_VARIABLES + "a"})
    assert is_large({"filter": comparisons(1_000)})


@one_engine
def test_long_work_leaves_the_event_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "query ($filter: CustomerFilter) { customers(filter: $filter) { nodes { id email } } }"
    with both_of(world) as both:
        both.same(PERSONA, query, {"filter": {}})
        ran: list[Any] = []
        run = both.compiled._run

        async def heard(work: Any) -> Any:
            ran.append(work.func)
            return await run(work)

        monkeypatch.setattr(both.compiled, "_run", heard)
        both.same(PERSONA, query, {"filter": {}})
        assert ran == []
        large = ["a" * MAX_TEXT] * (LARGE_VARIABLES // MAX_TEXT + 1)
        both.same(PERSONA, query, {"filter": {"companyName": {"in": large}}})

    assert Plan.question in [getattr(each, "__func__", each) for each in ran]


@one_engine
def test_denials_are_written_into_large_answers_by_a_thread(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote: list[bool] = []

    def heard(*arguments: Any) -> bytes:
        wrote.append(threading.current_thread() is threading.main_thread())
        return with_denials(*arguments)

    monkeypatch.setattr(compiled_execution, "with_denials", heard)
    with both_of(world) as both:
        for bound in (1_000_000, 10):
            monkeypatch.setattr(compiled_execution, "LARGE_ANSWER", bound)
            assert b"FORBIDDEN" in both.same("birch-global-admin", DENIED)

    assert wrote == [True, False]


class Refusing:
    """A policy with a condition that no list can be filtered by."""

    def translate(self, *_: Any) -> Any:
        """Refuse, in the words of the policy."""
        raise PolicyInvalid("secret.polar:1")

    def predicate(self, *_: Any) -> Any:
        """What the policy says to the store."""
        raise PolicyFault("secret.polar:1")


def test_a_policy_that_cannot_be_translated_is_a_fault_without_its_text() -> None:
    policy, json = cast("Policy", Refusing()), WRITERS["sqlite"]
    asked: list[Callable[[], Any]] = [
        lambda: may_share(policy, PRINCIPAL, [(Action.READ, CUSTOMER)]),
        lambda: select_caller_text(policy, json, database="sqlite"),
        lambda: Compilation(policy, PRINCIPAL, "sqlite", json).granted(Action.READ, CUSTOMER, None),
    ]
    for ask in asked:
        with pytest.raises(PolicyFault) as raised:
            ask()
        assert "secret" not in raised.value.message
