"""The guarded session: no statement without a decision, no write of a row that was not granted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, make_transient_to_detached

from multichannel.domain.audit import AuditChain, AuditRecord, Event, IdempotencyKey
from multichannel.errors import MultichannelError, TooComplex, Unavailable
from multichannel.store.change_tracker import ChangeTracker, RowChange
from multichannel.store.compiled.snapshot import run_in
from multichannel.store.deadlines import Deadline
from multichannel.store.direct_execution import run_prepared, write_prepared
from multichannel.store.engines import enlarge_cache
from multichannel.store.new_rows import insert_of
from multichannel.store.prepared import PreparedObjects, PreparedStatement

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, Executable, Result
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import ORMExecuteState
    from sqlalchemy.orm.unitofwork import UOWTransaction

    from multichannel.store.audit.bulk_audit import BulkAudit
    from multichannel.store.compiled.connection_pool import AnswerRow
    from multichannel.store.compiled.runners import Values
    from multichannel.store.compiled.statement import CompiledStatement
    from multichannel.store.decision_recorder import Recording

MARK = "decided"
AUDIT_TABLES = {model.__tablename__ for model in (AuditChain, AuditRecord, Event, IdempotencyKey)}
"""The tables of the audit log, the event outbox and idempotency keys, which no use case writes."""

FEW_ROWS = 20
"""More rows are written together, which takes fewer round trips than a prepared statement for each."""
T = TypeVar("T")


class PolicyBypass(Exception):
    """Code accessed data without a decision of the policy. A programming error, never a client's."""


class GuardedSession(Session):
    """A session for the repositories alone; any other use is refused."""

    def __init__(self, connection: Connection, deadline: Deadline | None = None) -> None:
        """Work on one connection, whose transaction the caller ends, until the deadline."""
        super().__init__(bind=connection, autoflush=False, expire_on_commit=False)
        self._granted: dict[int, object] = {}
        self._query_parents: dict[int, object] = {}
        self._deadline = deadline or Deadline()
        self._fault: MultichannelError | None = None
        self.is_committing = False
        """Whether COMMIT was sent, so that only its answer tells whether anything was written."""
        self.changes = ChangeTracker()
        self.delegated_by: str | None = None
        """The grant of delegated admin by which a row was fetched to be written (R60)."""
        self.before_writing: Callable[[list[RowChange]], None] = _ignore_changes
        """Receives what a flush is about to change, while the database still holds the old values."""
        self.bulk_audit: BulkAudit | None = None
        """Records bulk writes; None where there are none."""
        self.recording: Recording | None = None
        """Where decisions are recorded; None where the operation is not sampled."""

    def decided(self, statement: Executable, **parameters: Any) -> Result[Any]:
        """Run a statement whose WHERE holds the policy's predicate; its rows are values, not objects."""
        return self._run(lambda: self._bound.execute(statement, parameters))

    def decided_rows(self, statement: PreparedStatement, **parameters: Any) -> list[Any]:
        """The rows of such a statement that has been prepared."""
        if statement.suits(parameters):
            return self._run(lambda: run_prepared(self._bound, statement, parameters))
        return [*self.decided(statement.statement, **parameters)]

    def decided_objects(
        self, statement: Executable | PreparedObjects, **parameters: Any
    ) -> Sequence[Sequence[Any]]:
        """The rows of such a statement, each with a mapped object and perhaps further columns."""
        if isinstance(statement, PreparedObjects):
            rows, width = self.decided_rows(statement, **parameters), len(statement.attributes)
            return [(self._object(statement, row), *row[width:]) for row in rows]
        options = {MARK: True}
        return self._run(lambda: self.execute(statement, parameters, execution_options=options).all())

    def _object(self, statement: PreparedObjects, row: Sequence[Any]) -> object:
        """The object that a row describes: the one that the session has, or a new one."""
        known: object | None = self.identity_map.get(statement.identity(row))
        if known is not None:
            return known
        made: object = statement.mapper.class_manager.new_instance()
        vars(made).update(zip(statement.attributes, row, strict=False))
        make_transient_to_detached(made)
        self.add(made)
        return made

    def _run(self, execute: Callable[[], T]) -> T:
        """Execute a statement.

        After a fault underneath, the transaction is of no use: further statements meet the same fault.
        """
        if self._fault is not None:
            raise self._fault
        try:
            self._deadline.check()
            return execute()
        except (Unavailable, TooComplex) as fault:
            self._fault = self._deadline.explained(fault)
            raise self._fault from fault

    def run_compiled(self, statement: CompiledStatement, values: Values) -> AnswerRow:
        """The row of a compiled statement, which holds the policy's predicates, in this transaction."""
        try:
            self._deadline.check()
            return run_in(self._bound, statement, values)
        except Unavailable as fault:
            raise self._deadline.explained(fault) from fault

    def insert(self, rows: Sequence[Any]) -> None:
        """Store new rows that were granted, after earlier changes."""
        self.flush()
        if len(rows) > FEW_ROWS or not all(insert_of(row).suits(row) for row in rows):
            self.add_all(rows)
            self.flush()
            return
        self.check_writes(rows, (), ())
        for made, of_class in groupby(rows, insert_of):
            alike = [*of_class]
            parameters = [made.complete(row) for row in alike]
            self._run(partial(write_prepared, self._bound, made.statement, parameters))
            for row in alike:
                make_transient_to_detached(row)
            self.add_all(alike)

    def check_writes(self, new: Iterable[Any], deleted: Iterable[Any], changed: Iterable[Any]) -> None:
        """PolicyBypass unless all rows were granted; then the changes are recorded."""
        for row in (*new, *deleted, *changed):
            if type(row).__tablename__ in AUDIT_TABLES:
                raise PolicyBypass(
                    f"a use case wrote a {type(row).__name__}, which belongs to the audit tables"
                )
            if not self.is_granted(row):
                raise PolicyBypass(f"a write of a {type(row).__name__} that was not granted")
        for row in (*deleted, *changed):
            if type(row).append_only:
                raise PolicyBypass(
                    f"a change of a {type(row).__name__}, which is never changed once it is stored"
                )
        self.before_writing(self.changes.collect(new, changed))

    def write(self, statement: Any, rows: list[dict[str, Any]]) -> CursorResult[Any]:
        """Run a bulk write of rows whose owner was granted; never of the audit tables."""
        if statement.table.name in AUDIT_TABLES:
            raise PolicyBypass(f"a bulk write of the audit table {statement.table.name}")
        return self.granted_connection().execute(statement, rows)

    def begin_bulk(self, audit: BulkAudit) -> None:
        """Let bulk writes of records follow, which `audit` records."""
        self.bulk_audit = audit
        enlarge_cache(self._bound)

    @property
    def bulk_changes(self) -> BulkAudit:
        """Where bulk writes of records are recorded; refused where nobody would learn of them."""
        if self.bulk_audit is None:
            raise PolicyBypass("a bulk write of records in a transaction without an audit log for it")
        return self.bulk_audit

    def write_audit(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        """Insert audit records, events and idempotency keys, or move the end of a chain; nothing else."""
        written = statement.statement if isinstance(statement, PreparedStatement) else statement
        if written.table.name not in AUDIT_TABLES:
            raise PolicyBypass(f"{written.table.name} is not an audit table")
        if not (written.is_insert or written.table.name == AuditChain.__tablename__):
            raise PolicyBypass(f"a change of a row of {written.table.name}, whose rows never change")
        if written is statement or len(rows) > FEW_ROWS:
            self._bound.execute(written, rows)
        elif rows:
            write_prepared(self._bound, statement, rows)

    def prune(self, statement: Any) -> int:
        """Delete rows of the audit tables that are past their retention; returns how many."""
        if statement.table.name not in AUDIT_TABLES or not statement.is_delete:
            raise PolicyBypass("only rows of the audit tables are pruned")
        return self._bound.execute(statement).rowcount

    def grant(self, rows: Iterable[object]) -> None:
        """Let these rows be written."""
        self._granted.update((id(row), row) for row in rows)

    def is_granted(self, row: object) -> bool:
        """Whether the row may be written."""
        return id(row) in self._granted

    def allow_queries_for(self, rows: Iterable[object]) -> None:
        """Let guards query on behalf of these rows, on which an action is granted; no writes."""
        self._query_parents.update((id(row), row) for row in rows)

    def may_query_for(self, row: object) -> bool:
        """Whether guards may query on behalf of the row."""
        return self.is_granted(row) or id(row) in self._query_parents

    def granted_connection(self) -> Connection:
        """The connection, for bulk writes; refused until a row is granted."""
        if not self._granted:
            raise PolicyBypass("a bulk write without a granted owner")
        return self._bound

    def commit_connection(self) -> None:
        """Commit the connection's transaction, for which there is a little time also at the deadline."""
        self._deadline.allow_commit()
        self.is_committing = True
        self._bound.commit()

    def connection(self, *_arguments: Any, **_options: Any) -> Connection:
        """Refused: a statement on the bare connection carries no decision."""
        raise PolicyBypass("the bare connection was requested")

    def bulk_save_objects(self, *_arguments: Any, **_options: Any) -> None:
        """Refused: it would bypass the flush, which checks what was granted."""
        raise PolicyBypass("a bulk write that bypasses the flush")

    bulk_insert_mappings = bulk_save_objects
    bulk_update_mappings = bulk_save_objects

    @property
    def _bound(self) -> Connection:
        bind: Connection = self.get_bind()  # type: ignore[assignment]  # the constructor binds a connection
        return bind


@event.listens_for(GuardedSession, "do_orm_execute")
def _refuse_undecided(state: ORMExecuteState) -> None:
    if not state.execution_options.get(MARK):
        raise PolicyBypass(f"a statement without a decision: {state.statement.__visit_name__}")


@event.listens_for(GuardedSession, "before_flush")
def _refuse_ungranted(session: GuardedSession, _context: UOWTransaction, _instances: object) -> None:
    changed = sorted((row for row in session.dirty if session.is_modified(row)), key=_table_and_key)
    session.check_writes(session.new, session.deleted, changed)


def _table_and_key(row: Any) -> tuple[str, str]:
    """The order in which changes are recorded; the session knows none."""
    return type(row).__tablename__, str(inspect(row).identity)


def _ignore_changes(_changes: list[RowChange]) -> None:
    """Used by `Store.write`, whose use cases write no audit records."""
