"""Direct reads for an operator, who holds the database and may see everything. No request comes here."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner, Tenant, TenantKind
from multichannel.policy.decide.to_sql import where
from multichannel.store.engines import READING, execution_options
from multichannel.store.facts import facts_of
from multichannel.store.session import GuardedSession
from multichannel.store.users import principal_of, select_tenants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from multichannel.policy.decide.conditions import Predicate
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Principal

SCANNED = 10_000


def load_facts(
    engine: Engine, resource: Resource, row_id: str, *, tenant_id: str | None, now: datetime
) -> Any | None:
    """The facts of one row that decide for principals of a tenant, visible to them or not; None if absent.

    With None for the tenant, those that decide for principals of any tenant.
    """
    with _reading(engine) as session:
        return facts_of(
            lambda statement: session.decided(statement, now=now).all(), resource, row_id, tenant_id=tenant_id
        )


def sample_tenants(
    engine: Engine, *, of_each: int = 0, ids: Sequence[str] = ()
) -> tuple[tuple[str, Principal], ...]:
    """Up to `of_each` tenants of each kind and type, or those with these ids: name and principal.

    The principals have every role.
    """
    statement = (
        select_tenants(Partner.name, Customer.company_name)
        .where(Tenant.kind != TenantKind.SYSTEM, *([Tenant.id.in_(ids)] if ids else []))
        .order_by(Tenant.id)
        .limit(SCANNED)
    )
    seen: Counter[object] = Counter()
    tenants = []
    with _reading(engine) as session:
        for row in session.decided(statement):
            seen[row.kind, row.type] += 1
            if ids or seen[row.kind, row.type] <= of_each:
                tenants.append((row.name or row.company_name or row.tenant_id, principal_of(row)))
    return tuple(tenants)


def permitted_ids(
    engine: Engine, predicate: Predicate, resource: Resource, *, most: int, now: datetime
) -> tuple[int, list[str]]:
    """How many rows a predicate allows, and the ids of the first of them in order, at most so many."""
    model: Any = resource.model
    allowed = where(predicate, resource, model)
    with _reading(engine) as session:
        count = session.decided(select(func.count()).select_from(model).where(allowed), now=now).scalar_one()
        ids = session.decided(select(model.id).where(allowed).order_by(model.id).limit(most), now=now)
        return count, [*ids.scalars()]


@contextmanager
def _reading(engine: Engine) -> Iterator[GuardedSession]:
    with engine.connect() as connection:
        connection.execution_options(**execution_options(engine, READING))
        with GuardedSession(connection) as session:
            yield session
