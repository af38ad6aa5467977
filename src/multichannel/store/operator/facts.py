"""What an operator finds who holds the database: facts, whoever may see them. No request comes here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from multichannel.policy.schema.resources import Resource
from multichannel.store.engines import READING, execution_options
from multichannel.store.facts import facts_of
from multichannel.store.session import GuardedSession

if TYPE_CHECKING:
    from sqlalchemy import Engine


def load_facts(
    engine: Engine, resource: Resource, row_id: str, *, tenant_id: str, now: datetime
) -> Any | None:
    """The facts of one row as a principal of this tenant is decided by, seen by it or not; None if absent."""
    with engine.connect() as connection:
        connection.execution_options(**execution_options(engine, READING))
        with GuardedSession(connection) as session:
            return facts_of(
                lambda statement: session.decided(statement, {"now": now}).all(),
                resource,
                row_id,
                tenant_id=tenant_id,
            )
