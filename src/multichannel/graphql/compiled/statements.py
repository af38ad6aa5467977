"""The statements of plans under one policy, made once for all principals that may share them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from multichannel.graphql.compiled.callers import KnownCaller
from multichannel.graphql.compiled.plan import OperationShape, Plan, constant_answer
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.sharing import may_share
from multichannel.store.compiled.statement import CompiledStatement, compile_statement

MAX_STATEMENTS, MAX_STATEMENT_BYTES = 2_000, 60_000_000
MAX_VERDICTS = 20_000
SIZE_FACTOR, DENIAL_BYTES = 2, 400
"""A statement takes about twice the bytes of its SQL, and so much for each possible denial."""
CompiledAnswer = CompiledStatement | bytes | NotCovered
"""A statement, an answer that needs none, or why the interpreter has to answer."""
RunInThread = Callable[[Callable[[], Any]], Awaitable[Any]]


class Statements:
    """The statements under one policy. Used on the event loop; what takes time is run in threads."""

    def __init__(self, policy: Policy, database: str, run: RunInThread) -> None:
        self.policy = policy
        self._database, self._run = database, run
        self._kept: FrequentCache[CompiledAnswer] = FrequentCache(MAX_STATEMENTS, MAX_STATEMENT_BYTES)
        self._sharing: FrequentCache[bool] = FrequentCache(MAX_VERDICTS, MAX_VERDICTS)

    async def of(self, plan: Plan, shape: OperationShape, caller: KnownCaller) -> CompiledStatement | bytes:
        """The statement of a plan for a caller, or its answer; raises NotCovered, and the policy's faults."""
        shared = await self._made(plan, shape, caller.any_tenant)
        if isinstance(shared, bytes) or await self._may_share(caller.principal, shared):
            return shared
        return await self._made(plan, shape, caller.principal)

    async def _made(
        self, plan: Plan, shape: OperationShape, principal: Principal
    ) -> CompiledStatement | bytes:
        key = (plan, shape, principal)
        answer = self._kept.get(key)
        if answer is None:
            answer = await self._run(partial(self._make, plan, shape, principal))
            self._kept.put(key, answer, _size(answer))
        if isinstance(answer, NotCovered):
            raise answer
        return answer

    def give_up(self, plan: Plan, shape: OperationShape, caller: KnownCaller) -> None:
        """Leave requests of this shape to the interpreter: the database refuses the statement."""
        for principal in (caller.any_tenant, caller.principal):
            self._kept.put((plan, shape, principal), NotCovered("refused by the database"), DENIAL_BYTES)

    def _make(self, plan: Plan, shape: OperationShape, principal: Principal) -> CompiledAnswer:
        try:
            selected = plan.select(shape)
            return constant_answer(selected) or compile_statement(
                self.policy, principal, self._database, selected
            )
        except NotCovered as reason:
            return reason.with_traceback(None)

    async def _may_share(self, principal: Principal, shared: CompiledStatement) -> bool:
        key = (principal, shared.decisions)
        verdict = self._sharing.get(key)
        if verdict is None:
            verdict = await self._run(partial(may_share, self.policy, principal, shared.decisions))
            self._sharing.put(key, verdict, 1)
        return verdict


def _size(answer: CompiledAnswer) -> int:
    if isinstance(answer, CompiledStatement):
        return SIZE_FACTOR * len(answer.sql.text) + DENIAL_BYTES * len(answer.denials)
    return len(answer) if isinstance(answer, bytes) else DENIAL_BYTES
