"""The statements of plans under one policy, made once for all principals that may share them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any
from weakref import ref

from multichannel.graphql.compiled.callers import KnownCaller
from multichannel.graphql.compiled.plan import OperationShape, Selectable
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.sharing import may_share
from multichannel.store.compiled.statement import CompiledStatement, compile_statement
from multichannel.store.users import SIGNING_IN

MAX_STATEMENTS, MAX_STATEMENT_BYTES = 2_000, 60_000_000
MAX_VERDICTS = 20_000
SIZE_FACTOR, DENIAL_BYTES, STEP_BYTES = 2, 400, 10_000
"""A statement takes about twice the bytes of its SQL, and so much for each possible denial and step."""
KEY_BYTES, WEIGHT_BYTES = 1_000, 600
"""A key takes about so many bytes, and so many for each part of its shape (`OperationShape.weight`)."""
CompiledAnswer = CompiledStatement | str
"""A statement, or the reason why the interpreter has to answer."""
Key = tuple[ref[Selectable], OperationShape, Principal]
"""Plans are not kept for their statements: when a plan has gone, its statements go, too."""
RunInThread = Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]]


class Statements:
    """The statements under one policy. Used on the event loop; what takes time is run in threads."""

    def __init__(self, policy: Policy, database: str, run: RunInThread) -> None:
        self.policy = policy
        self._database, self._run = database, run
        self._kept: FrequentCache[CompiledAnswer] = FrequentCache(MAX_STATEMENTS, MAX_STATEMENT_BYTES)
        self._check: CompiledStatement | None = None
        self._making: dict[Key, asyncio.Task[CompiledAnswer]] = {}
        self._sharing: FrequentCache[bool] = FrequentCache(MAX_VERDICTS, MAX_VERDICTS)

    def kept(self, plan: Selectable, shape: OperationShape, caller: KnownCaller) -> CompiledStatement | None:
        """The shared statement, if it has been made, and is known to be right for the caller."""
        shared = self._kept.get((ref(plan), shape, caller.any_tenant))
        if isinstance(shared, CompiledStatement) and self._sharing.get((caller.principal, shared.decisions)):
            return shared
        return None

    async def of(self, plan: Selectable, shape: OperationShape, caller: KnownCaller) -> CompiledStatement:
        """The statement of a plan for a caller; raises NotCovered, and the policy's faults."""
        shared = await self._made(plan, shape, caller.any_tenant)
        if await self._may_share(caller.principal, shared):
            return shared
        return await self._made(plan, shape, caller.principal)

    async def caller_check(self) -> CompiledStatement:
        """The statement that reads nothing but who the caller is."""
        if self._check is None:
            self._check = await self._run(
                partial(compile_statement, self.policy, SIGNING_IN, self._database, ())
            )
        return self._check

    async def _made(self, plan: Selectable, shape: OperationShape, principal: Principal) -> CompiledStatement:
        key = (ref(plan), shape, principal)
        answer = self._kept.get(key)
        if answer is None:
            making = self._making.get(key)
            if making is None:
                making = self._making[key] = asyncio.create_task(self._keep(key, plan))
            answer = await asyncio.shield(making)  # others may wait for it, too
        if isinstance(answer, str):
            raise NotCovered(answer)
        return answer

    async def _keep(self, key: Key, plan: Selectable) -> CompiledAnswer:
        """Make the answer of a key once, however many requests wait for it."""
        _, shape, principal = key
        try:
            answer: CompiledAnswer = await self._run(partial(self._make, plan, shape, principal))
        finally:
            del self._making[key]
        self._put(key, answer)
        return answer

    def _put(self, key: Key, answer: CompiledAnswer) -> None:
        self._kept.drop_where(_is_gone)
        self._kept.put(key, answer, _size(key, answer))

    def give_up(self, plan: Selectable, shape: OperationShape, caller: KnownCaller) -> None:
        """Leave requests of this shape to the interpreter: the database refuses the statement."""
        for principal in (caller.any_tenant, caller.principal):
            self._put((ref(plan), shape, principal), "refused by the database")

    def _make(self, plan: Selectable, shape: OperationShape, principal: Principal) -> CompiledAnswer:
        try:
            return compile_statement(self.policy, principal, self._database, plan.select(shape))
        except NotCovered as reason:
            return str(reason)
        except RecursionError:
            return "nested too deeply"

    async def _may_share(self, principal: Principal, shared: CompiledStatement) -> bool:
        key = (principal, shared.decisions)
        verdict = self._sharing.get(key)
        if verdict is None:
            verdict = await self._run(partial(may_share, self.policy, principal, shared.decisions))
            self._sharing.put(key, verdict, 1)
        return verdict


def _is_gone(key: Key) -> bool:
    return key[0]() is None


def _size(key: Key, answer: CompiledAnswer) -> int:
    size = KEY_BYTES + WEIGHT_BYTES * key[1].weight
    if isinstance(answer, CompiledStatement):
        size += (
            len(answer.constant or b"") + DENIAL_BYTES * len(answer.denials) + STEP_BYTES * len(answer.steps)
        )
        return size + SIZE_FACTOR * len(answer.sql.text)
    return size + len(answer)
