"""Runs the mutations of a plan, one after the other, and answers each with the statement of its payload.

What a mutation returns without having succeeded (a refusal, a denial, an error) the interpreter tells. It
also reads the payload if the statement cannot. A mutation is never run twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import orjson

from multichannel.errors import MultichannelError
from multichannel.graphql.compiled.callers import KnownCaller
from multichannel.graphql.compiled.plan import PlannedMutation, Question, Selectable
from multichannel.graphql.execution.documents import ParsedDocument
from multichannel.graphql.execution.faults import Faults, without_empty_data
from multichannel.graphql.execution.interpreter import AnyResponse, ResponseBody, execute_document
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.framework.mutation_run import MutationOutcome, run_mutation
from multichannel.store.compiled.postgresql import StatementFailed
from multichannel.store.deadlines import Deadline
from multichannel.store.store import Store

log = logging.getLogger(__name__)
Ask = Callable[[Selectable, Question, KnownCaller, Deadline], Awaitable[bytes | None]]
"""The answer to a caller; None if it is not what it was."""
RunInThread = Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class PreparedMutations:
    """The mutations of a request, of which nothing has been done yet. Raises NotCovered."""

    request: GraphQLRequest
    question: Question
    caller: KnownCaller
    deadline: Deadline
    planned: tuple[PlannedMutation, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "planned", self.question.plan.mutations(self.question.shape))


class CompiledMutations:
    """Runs mutations in worker threads."""

    def __init__(self, store: Store, ask: Ask, run: RunInThread, faults: Faults) -> None:
        self._store, self._ask, self._run, self._faults = store, ask, run, faults

    async def run(self, mutations: PreparedMutations) -> AnyResponse:
        """The answer to all of them. They are all run, also if nobody waits for the answer any more."""
        try:
            return await asyncio.shield(asyncio.ensure_future(self._answer(mutations)))
        except asyncio.CancelledError:
            mutations.deadline.abandon()
            raise

    async def _answer(self, mutations: PreparedMutations) -> AnyResponse:
        answers = [await self._answer_one(mutations, each) for each in mutations.planned]
        return answers[0] if len(answers) == 1 else _joined(mutations.planned, answers)

    async def _answer_one(self, mutations: PreparedMutations, planned: PlannedMutation) -> AnyResponse:
        outcome = await self._run(partial(self._run_mutation, mutations, planned))
        if isinstance(outcome.value, str):
            answer = await self._payload(mutations, planned, outcome.value, outcome.codes)
            if answer is not None:
                return answer
        finished: ResponseBody = await self._run(partial(self._interpreted, mutations, planned, outcome))
        return finished

    async def _payload(
        self, mutations: PreparedMutations, planned: PlannedMutation, row_id: str, codes: Mapping[str, str]
    ) -> bytes | None:
        """The answer of a mutation that succeeded; None if the interpreter has to read it."""
        values = [*mutations.question.values]
        values[planned.place] = (row_id,)
        question = replace(mutations.question, values=values, codes=codes)
        try:
            return await self._ask(planned, question, mutations.caller, mutations.deadline)
        except (MultichannelError, StatementFailed) as cause:
            log.warning("the payload of a mutation is interpreted: %s", cause)
        except Exception:
            log.exception("the payload of a mutation is interpreted")
        return None

    def _run_mutation(self, mutations: PreparedMutations, planned: PlannedMutation) -> MutationOutcome:
        """In a worker thread; raises DeadlineExceeded if nothing has been done and it is too late."""
        deadline = mutations.deadline
        if not deadline.is_writing:
            deadline.check()
        (input,) = mutations.question.values[planned.place]
        context = OperationContext(self._store, mutations.caller.caller)
        with self._store.operation((), deadline), closing(context):
            return MutationOutcome(run_mutation(planned.declared, context, input), context.codes)

    def _interpreted(
        self, mutations: PreparedMutations, planned: PlannedMutation, outcome: MutationOutcome
    ) -> ResponseBody:
        """In a worker thread: what the interpreter says of a mutation that has been run."""
        caller, document = mutations.caller.caller, ParsedDocument(planned.part)
        with self._store.operation((), mutations.deadline):
            return execute_document(
                self._store, caller, document, mutations.request, outcome, faults=self._faults
            )


def _joined(planned: Sequence[PlannedMutation], answers: Sequence[AnyResponse]) -> ResponseBody:
    """The answers of several mutations in one."""
    bodies = [orjson.loads(each) if isinstance(each, bytes) else each for each in answers]
    data: dict[str, Any] = {}
    for each, body in zip(planned, bodies, strict=True):
        data |= body.get("data", {each.key: None})
    errors = [error for body in bodies for error in body.get("errors", ())]
    return without_empty_data({"data": data, "errors": errors}) if errors else {"data": data}
