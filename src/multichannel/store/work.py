"""Units of work: reading in one snapshot, writing in one transaction that is run whole or not at all."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner
from multichannel.errors import Busy, NotPermitted
from multichannel.policy.facts import ServiceFacts
from multichannel.policy.resources import CUSTOMER, PARTNER, Resource
from multichannel.policy.vocabulary import NO_TENANT, Action
from multichannel.store.companies import Companies
from multichannel.store.engines import READING, WRITING, execution_options
from multichannel.store.owned import OwnedRows
from multichannel.store.reading import Reader
from multichannel.store.repository import Repository
from multichannel.store.session import GuardedSession, Undecided
from multichannel.store.users import Users

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multichannel.domain.base import Base
    from multichannel.policy.policy import Policy
    from multichannel.policy.vocabulary import Principal

T = TypeVar("T")
ATTEMPTS = 5
SERIALIZATION, DEADLOCK, LOCK_NOT_AVAILABLE = "40001", "40P01", "55P03"
BUSY = "Somebody else is changing this at the moment, and nothing was written. Try again."
LONGEST_PAUSE = 0.05


class TheService:
    """The parent of what has no other parent."""


@dataclass(frozen=True)
class Work:
    """What a use case works with: who asks, at what time, and the rows it may have."""

    _session: GuardedSession
    policy: Policy
    principal: Principal
    now: datetime

    @property
    def reader(self) -> Reader:
        """Lists and records to show."""
        return Reader(self._session, self.policy, self.principal, self.now)

    @property
    def customers(self) -> Repository[Customer]:
        """Customers to act on."""
        return self.repository(CUSTOMER)

    @property
    def partners(self) -> Repository[Partner]:
        """Partners to act on."""
        return self.repository(PARTNER)

    def service(self, *, to: Action) -> TheService:
        """The service itself, as the parent of what has no other; NotPermitted if denied."""
        allowed = self.policy.check(self.principal, to, ServiceFacts(id=NO_TENANT)).allowed
        if not allowed:
            raise NotPermitted(f"{to.name} of the service is not granted to you.")
        service = TheService()
        self._session.grant([service])
        return service

    def add_under(self, parent: object, row: Base) -> None:
        """Store a new row by virtue of its parent, which was fetched for the action of creating it.

        At once, so that rows can follow that refer to it.
        """
        if not self._session.is_granted(parent):
            raise Undecided(f"a new {type(row).__name__} under a parent that was not fetched for it")
        self._session.grant([row])
        self._session.add(row)
        self._session.flush()

    @property
    def users(self) -> Users:
        """Users, for signing in."""
        return Users(self._session, self.policy)

    def owned(self, owner: Partner, model: type[Base], column: str = "owner_id") -> OwnedRows:
        """Rows of a partner that was fetched for the action they are written by."""
        return OwnedRows(self._session, model, column, owner)

    def companies(self, sponsor: Partner) -> Companies:
        """The organisations that a partner, fetched for the action this is part of, may name."""
        return Companies(self._session, sponsor)

    def repository(self, resource: Resource) -> Repository[Any]:
        """The rows of any kind of resource."""
        return Repository(self._session, self.policy, self.principal, self.now, resource)


class Store:
    """A database under a policy, with a clock."""

    def __init__(self, engine: Engine, policy: Callable[[], Policy], clock: Callable[[], datetime]) -> None:
        """`policy` gives the one in force."""
        self.engine = engine
        self._policy = policy
        self.clock = clock

    @contextmanager
    def reading(self, principal: Principal) -> Iterator[Work]:
        """One snapshot to read from."""
        with self._connected(READING) as session:
            yield Work(session, self._policy(), principal, self.clock())

    def answers(self) -> bool:
        """Whether the database does."""
        try:
            with self.engine.connect() as connection:
                return connection.exec_driver_sql("SELECT 1").scalar() == 1
        except SQLAlchemyError:
            return False

    def write(self, principal: Principal, use_case: Callable[[Work], T]) -> T:
        """Run a use case in one transaction, again from its start when the database asks for that.

        Busy when others stay in the way; nothing has been written then.
        """
        attempt = 1
        while True:
            try:
                return self._write_once(principal, use_case)
            except DBAPIError as error:
                if not _is_conflict(error):
                    raise
                if attempt == ATTEMPTS:
                    raise Busy(BUSY) from error
            time.sleep(random.uniform(0, LONGEST_PAUSE * attempt))  # noqa: S311  (it spreads rivals, it hides nothing)
            attempt += 1

    def _write_once(self, principal: Principal, use_case: Callable[[Work], T]) -> T:
        with self._connected(WRITING) as session:
            outcome = use_case(Work(session, self._policy(), principal, self.clock()))
            session.flush()
            session.get_bind().commit()  # type: ignore[union-attr]  # bound to a connection at birth
            return outcome

    @contextmanager
    def _connected(self, mode: str) -> Iterator[GuardedSession]:
        try:
            with self.engine.connect() as connection:
                connection.execution_options(**execution_options(self.engine, mode))
                with GuardedSession(connection) as session:
                    yield session
        except PoolTimeout as error:
            raise Busy(BUSY) from error
        except DBAPIError as error:
            if _is_locked(error):
                raise Busy(BUSY) from error
            raise


def _is_conflict(error: DBAPIError) -> bool:
    """Another transaction was in the way and nothing was written; a lost COMMIT is not among these."""
    return getattr(error.orig, "sqlstate", None) in {SERIALIZATION, DEADLOCK}


def _is_locked(error: DBAPIError) -> bool:
    """The database has waited for another's lock for as long as it waits."""
    locked_out = getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
    return locked_out or getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
