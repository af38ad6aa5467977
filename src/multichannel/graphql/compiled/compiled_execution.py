"""Answers operations with compiled statements. Plans, statements and callers are kept between requests."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from graphql import OperationType
from sqlalchemy.exc import SQLAlchemyError

from multichannel.errors import BadInput, DatabaseUnavailable, MultichannelError
from multichannel.graphql.compiled.arguments import is_large
from multichannel.graphql.compiled.callers import HasVerified, KnownCaller, known_caller
from multichannel.graphql.compiled.compiled_mutations import CompiledMutations, PreparedMutations
from multichannel.graphql.compiled.denials import with_denials
from multichannel.graphql.compiled.plan import Plan, Question, Selectable
from multichannel.graphql.compiled.statements import Statements
from multichannel.graphql.compiled.steps import Surroundings, answer_with_steps
from multichannel.graphql.execution.budget import Admission
from multichannel.graphql.execution.documents import (
    MAX_CACHED_LENGTH,
    InvalidDocument,
    read_document,
)
from multichannel.graphql.execution.faults import Faults
from multichannel.graphql.execution.interpreter import AnyResponse
from multichannel.graphql.execution.requests import GraphQLRequest, InvalidRequest
from multichannel.services.sign_in import UnknownUser
from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.postgresql import StatementFailed
from multichannel.store.compiled.runners import open_runner
from multichannel.store.compiled.statement import CompiledStatement
from multichannel.store.deadlines import Deadline
from multichannel.store.store import Store
from multichannel.store.users import Caller

log = logging.getLogger(__name__)
T = TypeVar("T")
MAX_PLANS, MAX_PLAN_BYTES = 400, 100_000_000
PLAN_FACTOR = 200
"""A plan with its document takes about so many times the bytes of the text."""
LARGE_ANSWER = 50_000
"""Denials are written into larger answers, in bytes, by a worker thread."""
MAX_CALLERS, MAX_CALLER_BYTES = 10_000, 30_000_000
"""Of callers, which are kept by their tokens."""
CALLER_BYTES = 1_000
ATTEMPTS = 3
"""A caller that changes with every attempt is left to the interpreter."""
TRUSTED_SECONDS = 1.0
"""An operation that reads nothing relies on a check of the caller that is not older."""


class ExecutionPath(StrEnum):
    """How an operation was executed, for metrics."""

    COMPILED = "compiled"
    NOT_COVERED = "not_covered"
    OBSERVED = "observed"
    FAILED = "failed"


class CompiledExecution:
    """Answers the operations that plans cover."""

    def __init__(  # noqa: PLR0913  (what the execution of requests wires together)
        self,
        store: Store,
        sign_in: Callable[[str], Caller],
        has_verified: HasVerified,
        threads: ThreadPoolExecutor,
        *,
        connections: int,
        faults: Faults,
    ) -> None:
        """`connections` bounds how many statements run at once."""
        self._store, self._sign_in, self._threads = store, sign_in, threads
        self._has_verified = has_verified
        self._runner = open_runner(store.engine, threads, connections)
        self._callers: FrequentCache[KnownCaller] = FrequentCache(MAX_CALLERS, MAX_CALLER_BYTES)
        self._plans: FrequentCache[Plan | str] = FrequentCache(MAX_PLANS, MAX_PLAN_BYTES)
        self._statements = self._statements_under_current_policy()
        self._mutations = CompiledMutations(store, self._ask, self._run, faults)

    def close(self) -> None:
        """Close the connections."""
        self._runner.close()

    async def answer(
        self, request: GraphQLRequest, token: str, admission: Admission, deadline: Deadline
    ) -> tuple[ExecutionPath, AnyResponse | None]:
        """The answer, or None if the interpreter has to find it; then nothing has been done.

        Raises Unauthenticated, InvalidDocument and Unavailable, as the interpreter would, and what
        `admission` does.
        """
        try:
            answer = await self._answer(request, token, admission, deadline)
        except (NotCovered, BadInput, UnknownUser, RecursionError):  # the last from deep variables
            return ExecutionPath.NOT_COVERED, None
        except StatementFailed as cause:
            log.warning("a compiled operation failed and is interpreted: %s", cause)
        except DatabaseUnavailable as fault:
            if not fault.is_lost:
                raise
            log.info("a compiled operation has lost its connection and is interpreted: %s", fault)
        except (MultichannelError, InvalidDocument, InvalidRequest):
            raise
        except SQLAlchemyError:  # from signing in
            raise
        except Exception:
            log.exception("a compiled operation failed and is interpreted")
        else:
            if isinstance(answer, PreparedMutations):
                return ExecutionPath.COMPILED, await self._mutations.run(answer)
            return ExecutionPath.COMPILED, answer
        return ExecutionPath.FAILED, None

    async def _answer(
        self, request: GraphQLRequest, token: str, admission: Admission, deadline: Deadline
    ) -> bytes | PreparedMutations:
        if len(request.query) > MAX_CACHED_LENGTH:
            raise NotCovered("a document whose plan would not be kept")
        plan = self._plans.get((request.query, request.operation_name))
        if isinstance(plan, str):
            raise NotCovered(plan)
        known = self._known(token)
        caller = known or await self._signed_in(token)
        plan = plan or await self._planned(request)
        admission.check_kind(plan.kind)
        if is_large(request.variables):
            question = await self._run(partial(plan.question, request.variables))
        else:
            question = plan.question(request.variables)
        admission.charge(caller.caller, question.cost)
        if plan.kind is OperationType.MUTATION:
            if known is not None and not await self._is_current(known, deadline):
                caller = await self._signed_in(token)
            return await self._prepared(PreparedMutations(request, question, caller, deadline))
        for _ in range(ATTEMPTS):
            answer = await self._ask(question.plan, question, caller, deadline)
            if answer is not None:
                return answer
            caller = await self._signed_in(token)
        raise NotCovered("the caller changes")

    async def _is_current(self, caller: KnownCaller, deadline: Deadline) -> bool:
        """Whether a caller would sign in as the same."""
        check = await self._current_statements().caller_check()
        _, text = await self._runner.run(check, lambda: [caller.context(self._store.clock())], deadline)
        return text == caller.text

    async def _prepared(self, mutations: PreparedMutations) -> PreparedMutations:
        """Mutations all of which are covered, which is known before anything is done."""
        for each in mutations.planned:
            await self._current_statements().of(each, mutations.question.shape, mutations.caller)
        return mutations

    async def _ask(
        self, plan: Selectable, question: Question, caller: KnownCaller, deadline: Deadline
    ) -> bytes | None:
        """The answer to a caller; None if it has to sign in again."""
        statements = self._current_statements()
        statement = statements.kept(plan, question.shape, caller)
        if statement is None:
            statement = await statements.of(plan, question.shape, caller)
        if statement.constant is not None and time.monotonic() - caller.checked < TRUSTED_SECONDS:
            return statement.constant
        began = time.monotonic()

        def values() -> list[tuple[Any, ...]]:
            return [caller.context(self._store.clock()), *question.values]

        try:
            if statement.steps or statement.reads_all:
                within = Surroundings(self._store, statements.policy, deadline, question.codes)
                return await self._computed(statement, question, caller, within)
            answer, text = await self._runner.run(statement, values, deadline)
        except StatementFailed as failure:
            if failure.is_permanent:
                statements.give_up(plan, question.shape, caller)
            raise
        if answer is None or text != caller.text:
            return None
        caller.checked = began  # its snapshot is no younger
        if statement.constant is not None:
            return statement.constant
        if statement.denials and statement.denied in answer:
            finish = partial(with_denials, answer, statement.denied, statement.denials)
            return await self._run(finish) if len(answer) > LARGE_ANSWER else finish()
        return answer

    async def _computed(
        self, statement: CompiledStatement, question: Question, caller: KnownCaller, within: Surroundings
    ) -> bytes | None:
        """The answer of a statement with steps; None as above."""
        try:
            return await self._run(partial(answer_with_steps, within, caller, statement, question.values))
        except asyncio.CancelledError:
            within.deadline.abandon()
            raise

    def _known(self, token: str) -> KnownCaller | None:
        return self._callers.get(token) if self._has_verified(token) else None

    async def _signed_in(self, token: str) -> KnownCaller:
        caller = known_caller(await self._run(partial(self._signed_in_unrecorded, token)))
        self._callers.put(token, caller, CALLER_BYTES + len(token))
        return caller

    def _signed_in_unrecorded(self, token: str) -> Caller:
        """In a worker thread. What is compiled was not sampled, so no part of it is recorded."""
        with self._store.operation(()):
            return self._sign_in(token)

    async def _planned(self, request: GraphQLRequest) -> Plan:
        """The plan of a signed-in caller's document. That there is none is kept, too."""
        plan: Plan | str = await self._run(partial(_plan, request))
        size = PLAN_FACTOR * len(request.query) + len(request.operation_name or "")
        self._plans.put((request.query, request.operation_name), plan, size)
        if isinstance(plan, str):
            raise NotCovered(plan)
        return plan

    def _current_statements(self) -> Statements:
        if self._statements.policy is not self._store.policy:
            self._statements = self._statements_under_current_policy()
        return self._statements

    def _statements_under_current_policy(self) -> Statements:
        return Statements(self._store.policy, self._store.engine.dialect.name, self._run)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _plan(request: GraphQLRequest) -> Plan | str:
    """The plan of a document, or the reason why there is none."""
    document = read_document(request.query, cache=True)
    try:
        return Plan(document.ast, request.operation_name)
    except NotCovered as reason:
        return str(reason)
    except RecursionError:
        return "nested too deeply"
