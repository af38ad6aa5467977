"""Executes requests: one response for a query or mutation, a sequence of responses for a subscription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import orjson
from graphql import OperationType

from multichannel.errors import MultichannelError, Unauthenticated
from multichannel.graphql.compiled.callers import HasVerified
from multichannel.graphql.compiled.compiled_execution import CompiledExecution, ExecutionPath
from multichannel.graphql.execution.budget import NO_BUDGET, Admission, Charge, CheckKind, CostBudget
from multichannel.graphql.execution.documents import InvalidDocument, ParsedDocument, read_document
from multichannel.graphql.execution.errors import BAD_INPUT, domain_error, internal_error
from multichannel.graphql.execution.faults import Faults
from multichannel.graphql.execution.interpreter import AnyResponse, ResponseBody, execute_document
from multichannel.graphql.execution.requests import GraphQLRequest, InvalidRequest
from multichannel.services.sign_in import UnknownUser
from multichannel.store.deadlines import Deadline
from multichannel.store.decision_recorder import Sample
from multichannel.store.store import Store
from multichannel.store.users import Caller

Responses = AsyncGenerator[AnyResponse, None]

REDEMPTIONS = (["redeemInvitation"], ["redeemResellerInvitation"])
"""The root fields of the operations that are open to a token whose user is unknown."""

SignIn = Callable[[str], Caller]
"""The caller a token identifies; raises Unauthenticated for an invalid token."""


class SubscriptionSource(Protocol):
    """Produces the responses of subscriptions."""

    def open(self, token: str, document: ParsedDocument, request: GraphQLRequest) -> Responses:
        """One response per event from now on, for the caller that the token identifies.

        An invalid operation yields a single response without `data`. Unauthenticated may be raised at any
        time: the token is no longer valid. The generator is closed when the client disconnects. The next
        response is requested only after the previous one was handed to the transport, which limits what a
        slow client leaves unread.
        """


@dataclass(slots=True)
class OperationResult:
    """The only response to a query or mutation, or the responses of a subscription.

    `kind` is None if `operationName` does not select an operation.
    """

    kind: OperationType | None
    outcome: AnyResponse | Responses
    charge: Charge | None = None
    """What it cost a signed-in caller."""

    @property
    def responses(self) -> Responses:
        """The responses, whatever was executed."""
        return self.outcome if isinstance(self.outcome, AsyncGenerator) else iter_of(self.outcome)


def allow_any(_kind: OperationType | None) -> None:
    """Accept every type of operation."""


def _ignore(_path: ExecutionPath) -> None:
    """Count nothing."""


class Execution:
    """Executes requests, whichever transport received them."""

    def __init__(  # noqa: PLR0913  (what the application wires together)
        self,
        store: Store,
        sign_in: SignIn,
        subscriptions: SubscriptionSource,
        *,
        threads: int,
        has_verified: HasVerified | None = None,
        count: Callable[[ExecutionPath], None] = _ignore,
        faults: Faults | None = None,
        budget: CostBudget = NO_BUDGET,
    ) -> None:
        """`threads` bounds how many operations run at once; a subscription needs one only to start.

        Without `has_verified`, nothing is compiled. `count` receives how each operation of a caller is
        executed, `faults` what fails underneath.
        `budget` limits what callers may have executed.
        """
        self._budget = budget
        self._faults = faults or Faults()
        self._count = count
        self._store = store
        self._sign_in = sign_in
        self._subscriptions = subscriptions
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="operation")
        self._compiled = has_verified and CompiledExecution(
            store, sign_in, has_verified, self._threads, connections=threads, faults=self._faults
        )

    def close(self) -> None:
        """Wait for running operations and stop the threads."""
        if self._compiled is not None:
            self._compiled.close()
        self._threads.shutdown()

    async def check_token(self, token: str) -> None:
        """Raise Unauthenticated unless the token identifies a user."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._sign_in, token)
        except Exception as cause:
            self._faults.report([cause])
            raise

    async def execute(
        self,
        request: GraphQLRequest,
        token: str | None,
        check_kind: CheckKind = allow_any,
    ) -> OperationResult:
        """Execute a request. A query or mutation has been executed when this returns.

        `check_kind` raises to reject a type of operation before anything is executed. Also raises
        Unauthenticated and InvalidDocument. An error during a subscription is its last response, except
        Unauthenticated, which is raised.
        """
        admission = Admission(check_kind, self._budget)
        sample, deadline = self._store.sample(), self._store.deadline()
        try:
            if token is not None:
                path, answer = ExecutionPath.OBSERVED, None  # decisions are recorded by the interpreter
                if self._compiled is None:
                    path = ExecutionPath.NOT_COVERED
                elif not sample:
                    path, answer = await self._compiled.answer(request, token, admission, deadline)
                self._count(path)
                if answer is not None:
                    return _executed(OperationType.QUERY, answer, request, admission.charged)
            return await self._interpreted(request, token, admission, sample, deadline)
        except Exception as cause:
            self._faults.report([cause])
            raise

    async def _interpreted(
        self,
        request: GraphQLRequest,
        token: str | None,
        admission: Admission,
        sample: Sample,
        deadline: Deadline,
    ) -> OperationResult:
        """Execute a request with the interpreter, or begin a subscription."""
        start = partial(self._start, request, token, admission, sample, deadline)
        try:
            kind, outcome = await asyncio.get_running_loop().run_in_executor(self._threads, start)
        except asyncio.CancelledError:
            deadline.abandon()
            raise
        if not isinstance(outcome, ParsedDocument):
            return _executed(kind, outcome, request, admission.charged)
        if token is None:
            raise Unauthenticated("Authentication required: a subscription needs a bearer token.")
        return OperationResult(
            kind, self._ending_with_error(self._subscriptions.open(token, outcome, request))
        )

    def _start(
        self,
        request: GraphQLRequest,
        token: str | None,
        admission: Admission,
        sample: Sample,
        deadline: Deadline,
    ) -> tuple[OperationType | None, ResponseBody | ParsedDocument]:
        """In a worker thread: execute the operation, unless it is a subscription."""
        deadline.check()
        with self._store.operation(sample, deadline):
            try:
                caller = None if token is None else self._sign_in(token)
            except UnknownUser as unknown:
                return self._start_for_newcomer(request, unknown, admission)
            document = read_document(request.query, cache=caller is not None)
            kind = document.operation_type(request.operation_name)
            admission.check_kind(kind)
            cost = document.cost(request.operation_name, request.variables)
            if caller is not None:
                admission.charge(caller, cost)
            if kind is OperationType.SUBSCRIPTION:
                return kind, document
            return kind, execute_document(self._store, caller, document, request, faults=self._faults)

    def _start_for_newcomer(
        self,
        request: GraphQLRequest,
        unknown: UnknownUser,
        admission: Admission,
    ) -> tuple[OperationType | None, ResponseBody]:
        """Execute an operation that does nothing but redeem an invitation; raises `unknown` for any other."""
        try:
            document = read_document(request.query, cache=False)
        except InvalidDocument:
            raise unknown from None
        if document.root_fields(request.operation_name) not in REDEMPTIONS:
            raise unknown
        kind = document.operation_type(request.operation_name)
        admission.check_kind(kind)
        return kind, execute_document(self._store, unknown.token, document, request, faults=self._faults)

    async def _ending_with_error(self, opened: Responses) -> Responses:
        """The responses of a subscription; an error is the last of them."""
        async with aclosing(opened) as responses:
            try:
                async for response in responses:
                    yield response
            except Unauthenticated:
                raise
            except Exception as cause:  # noqa: BLE001  (every fault must reach the client as a GraphQL error)
                self._faults.report([cause])
                yield error_response(cause)


def error_response(cause: Exception) -> ResponseBody:
    """The response for a request that failed before execution, or a subscription that failed later."""
    if isinstance(cause, InvalidDocument):
        return {"errors": cause.errors}
    if isinstance(cause, InvalidRequest):
        return {"errors": [{"message": cause.message, "extensions": {"code": BAD_INPUT}}]}
    if isinstance(cause, MultichannelError):
        return {"errors": [domain_error(cause)]}
    return {"errors": [internal_error(cause)]}


def json_of(response: AnyResponse) -> bytes:
    """The JSON text of a response."""
    return response if isinstance(response, bytes) else orjson.dumps(response)


async def iter_of(*responses: AnyResponse) -> Responses:
    """Responses that are available already."""
    for response in responses:
        yield response


def _executed(
    kind: OperationType | None, outcome: AnyResponse, request: GraphQLRequest, charge: Charge | None
) -> OperationResult:
    """A result with its charge, which stands in the response, too, if the request asks for it."""
    if request.wants_cost and charge is not None:
        extensions = charge.extensions()
        if isinstance(outcome, bytes):
            outcome = b'%s,"extensions":%s}' % (outcome[:-1], orjson.dumps(extensions))
        else:
            outcome = {**outcome, "extensions": extensions}
    return OperationResult(kind, outcome, charge)
