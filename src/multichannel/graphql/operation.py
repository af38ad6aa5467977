"""One operation: who asks, one snapshot to read from, and a transaction for each mutation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from graphql import GraphQLResolveInfo

from multichannel.errors import Unauthenticated

if TYPE_CHECKING:
    from multichannel.policy.vocabulary import Principal
    from multichannel.store.reading import Reader
    from multichannel.store.work import Store, Work

T = TypeVar("T")


class Operation:
    """The context of one GraphQL operation; used by one thread, closed by the view."""

    def __init__(self, store: Store, principal: Principal | None) -> None:
        """`principal` is None when nobody has signed in."""
        self._store = store
        self._principal = principal
        self._reading: AbstractContextManager[Work] | None = None
        self._work: Work | None = None

    @property
    def principal(self) -> Principal:
        """Who asks; Unauthenticated when nobody has signed in."""
        if self._principal is None:
            message = "Sign in first: send a bearer token in the Authorization header."
            raise Unauthenticated(message)
        return self._principal

    @property
    def work(self) -> Work:
        """The snapshot of this operation, opened by the first who reads."""
        if self._work is None:
            self._reading = self._store.reading(self.principal)
            self._work = self._reading.__enter__()
        return self._work

    @property
    def reader(self) -> Reader:
        """Lists and records to show."""
        return self.work.reader

    def write(self, use_case: Callable[[Work], T]) -> T:
        """Run a use case in a transaction of its own; what is read afterwards sees it."""
        principal = self.principal
        self.close()
        return self._store.write(principal, use_case)

    def close(self) -> None:
        """Let go of the snapshot."""
        reading, self._reading, self._work = self._reading, None, None
        if reading is not None:
            reading.__exit__(None, None, None)


ResolveInfo = GraphQLResolveInfo[Operation]
"""What resolvers are told: the field, the document, and the operation as `context`."""
