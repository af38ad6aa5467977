"""Principals made from database rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, func, select

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner, Tenant
from multichannel.domain.users import Role
from multichannel.policy.schema.vocabulary import AuthMode, Principal

EVERY_ROLE = tuple(sorted(role.value for role in Role))


def select_tenants(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Tenants with the facts a principal is made of, and further columns."""
    statement: Select[*tuple[Any, ...]] = select(
        Tenant.id.label("tenant_id"),
        Tenant.kind,
        Tenant.cloud,
        Partner.type,
        Partner.status,
        func.coalesce(Partner.market, Customer.market).label("market"),
        *columns,
    )
    return (
        statement.select_from(Tenant)
        .outerjoin(Partner, Partner.id == Tenant.id)
        .outerjoin(Customer, Customer.id == Tenant.id)
    )


def principal_of(
    row: Any, roles: Iterable[str] = EVERY_ROLE, auth_mode: AuthMode = AuthMode.APP_USER
) -> Principal:
    """The principal of a row of `select_tenants`."""
    return Principal(
        tenant_id=row.tenant_id,
        kind=row.kind,
        roles=tuple(sorted(roles)),
        cloud=row.cloud,
        type=row.type,
        status=row.status,
        market=row.market,
        auth_mode=auth_mode,
    )
