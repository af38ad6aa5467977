"""Some tenants of a database as principals: whom versions of a policy are compared for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner, Tenant, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.session import GuardedSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multichannel.store.store import Store

SCANNED = 10_000


def sample_tenants(
    store: Store, *, of_each: int, ids: Sequence[str] = ()
) -> tuple[tuple[str, Principal], ...]:
    """So many tenants of each kind and type, or those with these ids: names, and somebody with every role.

    It is for whoever operates the service, who may ask as anybody; what each of them sees is then decided.
    """
    statement = (
        select(
            Tenant.id,
            Tenant.kind,
            Tenant.cloud,
            Partner.name,
            Partner.type,
            Partner.status,
            Partner.market,
            Customer.company_name,
            Customer.market.label("customer_market"),
        )
        .outerjoin(Partner, Partner.id == Tenant.id)
        .outerjoin(Customer, Customer.id == Tenant.id)
        .where(Tenant.kind != TenantKind.SYSTEM, *([Tenant.id.in_(ids)] if ids else []))
        .order_by(Tenant.id)
        .limit(SCANNED)
    )
    seen: Counter[object] = Counter()
    found = []
    with store.engine.connect() as connection, GuardedSession(connection) as session:
        for row in session.decided(statement, {}):
            seen[row.kind, row.type] += 1
            if ids or seen[row.kind, row.type] <= of_each:
                found.append((row.name or row.company_name or row.id, _somebody(row)))
    return tuple(found)


def _somebody(row: Any) -> Principal:
    return Principal(
        tenant_id=row.id,
        kind=row.kind,
        roles=tuple(sorted(role.value for role in Role)),
        cloud=row.cloud,
        type=row.type,
        status=row.status,
        market=row.market or row.customer_market,
    )
