"""The context of an operation: the caller, a snapshot to read from, and a transaction per mutation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from graphql import GraphQLResolveInfo

from multichannel.errors import BadInput, Unauthenticated
from multichannel.graphql.framework.connections import MAX_PAGE_SIZE
from multichannel.services.sign_in import sign_in
from multichannel.store.store import NO_CODES
from multichannel.store.users import VerifiedToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.audit.mutation_context import MutationContext
    from multichannel.store.mutations import DryRun
    from multichannel.store.read.list_query import LoadedRecord, ReadableColumn
    from multichannel.store.read.reader import Reader
    from multichannel.store.store import Store
    from multichannel.store.unit_of_work import UnitOfWork
    from multichannel.store.users import Caller


class OperationContext:
    """The context of one GraphQL operation: used by one thread, closed after execution."""

    def __init__(self, store: Store, caller: Caller | VerifiedToken | None) -> None:
        """`caller` is None without a token, and the token alone if it is valid but names no user."""
        self._store = store
        self._newcomer = caller if isinstance(caller, VerifiedToken) else None
        self._caller = None if isinstance(caller, VerifiedToken) else caller
        self.max_page_size = MAX_PAGE_SIZE
        """The largest page of a root list; exports read larger ones than clients."""
        self.codes: Mapping[str, str] = NO_CODES
        """Those of invitations that the last mutation has made, by the id of what they are for."""
        self._reading: AbstractContextManager[UnitOfWork] | None = None
        self._work: UnitOfWork | None = None
        self._items = 0

    @property
    def caller(self) -> Caller:
        """The signed-in caller; raises Unauthenticated if there is none."""
        if self._caller is None:
            message = "Authentication required: send a bearer token in the Authorization header."
            raise Unauthenticated(message)
        return self._caller

    @property
    def principal(self) -> Principal:
        """The principal of the caller; raises Unauthenticated if there is none."""
        return self.caller.principal

    @property
    def work(self) -> UnitOfWork:
        """The snapshot that this operation reads, opened on first use."""
        if self._work is None:
            self._reading = self._store.reading(self.principal, user_id=self.caller.user_id, codes=self.codes)
            self._work = self._reading.__enter__()
        return self._work

    @property
    def reader(self) -> Reader:
        """The reader of the snapshot."""
        return self.work.reader

    def record(
        self, resource: Resource, row_id: str, columns: frozenset[ReadableColumn]
    ) -> LoadedRecord | None:
        """The record with these columns; None if the caller cannot see it."""
        return self.reader.records(resource, columns, "id", [row_id]).get(row_id)

    def act(self, act: MutationContext, use_case: Callable[[UnitOfWork], str]) -> str:
        """Run a mutation in its own transaction; later reads of this operation see its changes."""
        caller = self.caller
        self.close()
        self.codes = act.codes
        return self._store.act(caller.principal, replace(act, user_id=caller.user_id), use_case)

    def dry_run(self, act: MutationContext, use_case: Callable[[UnitOfWork], str]) -> DryRun:
        """What a mutation would do."""
        caller = self.caller
        self.close()
        return self._store.dry_run(caller.principal, replace(act, user_id=caller.user_id), use_case)

    @property
    def is_closing(self) -> bool:
        """Whether there is hardly any time left."""
        return self._store.is_closing

    def count_items(self, count: int, *, most: int) -> None:
        """Count the items of a bulk mutation; BadInput for none, or if the operation has too many in all."""
        self._items += count
        if not count or self._items > most:
            raise BadInput(f"The bulk mutations of an operation must have 1 to {most} items in all.")

    def redeem(self, redeem: Callable[[Store, VerifiedToken], str]) -> str:
        """Redeem an invitation with the caller's or newcomer's token, who is the caller from then on."""
        token = self._newcomer or self.caller.token
        if token is None:
            message = "Sign in with a token of the trusted issuer to redeem an invitation."
            raise Unauthenticated(message)
        self.close()
        row_id = redeem(self._store, token)
        self._caller = sign_in(self._store, token)
        return row_id

    def close(self) -> None:
        """Close the snapshot."""
        reading, self._reading, self._work = self._reading, None, None
        if reading is not None:
            reading.__exit__(None, None, None)


ResolveInfo = GraphQLResolveInfo[OperationContext]
"""What graphql-core passes to resolvers; `context` is the OperationContext."""
