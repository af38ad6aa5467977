"""The guarded session: no statement without a decision, no write of a row that was not granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, Executable, Result
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import ORMExecuteState
    from sqlalchemy.orm.unitofwork import UOWTransaction

MARK = "decided"


class Undecided(Exception):
    """Somebody tried to reach data around the policy. A programming fault, never a client's."""


class GuardedSession(Session):
    """A session for the repositories alone; whatever else uses it is refused."""

    def __init__(self, connection: Connection) -> None:
        """Work on one connection, whose transaction the caller ends."""
        super().__init__(bind=connection, autoflush=False, expire_on_commit=False)
        self._granted: dict[int, object] = {}

    def decided(self, statement: Executable, parameters: Mapping[str, Any]) -> Result[Any]:
        """Run a statement whose WHERE holds the policy's predicate."""
        return self.execute(statement, dict(parameters), execution_options={MARK: True})

    def write(self, statement: Executable, rows: list[dict[str, Any]]) -> CursorResult[Any]:
        """Run a bulk write of rows whose owner was granted."""
        return self.connection_of_grant().execute(statement, rows)

    def grant(self, rows: Iterable[object]) -> None:
        """Let these rows be written."""
        self._granted.update((id(row), row) for row in rows)

    def is_granted(self, row: object) -> bool:
        """Whether the row may be written."""
        return id(row) in self._granted

    def connection(self, *_arguments: Any, **_options: Any) -> Connection:
        """Refused: a statement on the bare connection carries no decision."""
        raise Undecided("the connection itself was asked for")

    def bulk_save_objects(self, *_arguments: Any, **_options: Any) -> None:
        """Refused: it would pass by the flush that checks what was granted."""
        raise Undecided("a bulk write that passes by the flush")

    bulk_insert_mappings = bulk_save_objects
    bulk_update_mappings = bulk_save_objects

    def connection_of_grant(self) -> Connection:
        """The connection, for bulk writes; refused while nothing has been granted."""
        if not self._granted:
            message = "a bulk write without a granted owner"
            raise Undecided(message)
        bind: Connection = self.get_bind()  # type: ignore[assignment]  # bound to a connection at birth
        return bind


@event.listens_for(GuardedSession, "do_orm_execute")
def _refuse_undecided(state: ORMExecuteState) -> None:
    if not state.execution_options.get(MARK):
        message = f"a statement without a decision: {state.statement.__visit_name__}"
        raise Undecided(message)


@event.listens_for(GuardedSession, "before_flush")
def _refuse_ungranted(session: GuardedSession, _context: UOWTransaction, _instances: object) -> None:
    for row in (*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))):
        if not session.is_granted(row):
            message = f"a write of a {type(row).__name__} that was not granted"
            raise Undecided(message)
