"""One operation: who asks, one snapshot to read from, and a transaction for each mutation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from graphql import GraphQLResolveInfo

from multichannel.errors import Unauthenticated

if TYPE_CHECKING:
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.audit.mutation_context import MutationContext
    from multichannel.store.read.reader import Reader
    from multichannel.store.store import Store
    from multichannel.store.unit_of_work import UnitOfWork
    from multichannel.store.users import Caller


class Operation:
    """The context of one GraphQL operation; used by one thread, closed by the view."""

    def __init__(self, store: Store, caller: Caller | None) -> None:
        """`caller` is None when nobody has signed in."""
        self._store = store
        self._caller = caller
        self._reading: AbstractContextManager[UnitOfWork] | None = None
        self._work: UnitOfWork | None = None

    @property
    def caller(self) -> Caller:
        """Who asks; Unauthenticated when nobody has signed in."""
        if self._caller is None:
            message = "Sign in first: send a bearer token in the Authorization header."
            raise Unauthenticated(message)
        return self._caller

    @property
    def principal(self) -> Principal:
        """The facts of who asks; Unauthenticated when nobody has signed in."""
        return self.caller.principal

    @property
    def work(self) -> UnitOfWork:
        """The snapshot of this operation, opened by the first who reads."""
        if self._work is None:
            self._reading = self._store.reading(self.principal)
            self._work = self._reading.__enter__()
        return self._work

    @property
    def reader(self) -> Reader:
        """Lists and records to show."""
        return self.work.reader

    def act(self, act: MutationContext, use_case: Callable[[UnitOfWork], str]) -> str:
        """Run a mutation in a transaction of its own; what is read afterwards sees it."""
        caller = self.caller
        self.close()
        return self._store.act(caller.principal, replace(act, user_id=caller.user_id), use_case)

    def close(self) -> None:
        """Let go of the snapshot."""
        reading, self._reading, self._work = self._reading, None, None
        if reading is not None:
            reading.__exit__(None, None, None)


ResolveInfo = GraphQLResolveInfo[Operation]
"""What resolvers are told: the field, the document, and the operation as `context`."""
