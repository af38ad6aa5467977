"""Organisations, one row for each tenant whoever names it first: made as stubs, never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.store.owned import Row
from multichannel.store.session import GuardedSession, Undecided


@dataclass(frozen=True, slots=True)
class Company:
    """What is known of a tenant id: enough to tell whether it can be what somebody says it is."""

    kind: TenantKind
    cloud: Cloud


class Companies:
    """What a partner may do to organisations that are not its own: name them."""

    def __init__(self, session: GuardedSession, sponsor: Partner) -> None:
        """`sponsor` is the row that was fetched for the action these writes are part of."""
        if not session.is_granted(sponsor):
            message = "companies named by a partner that was not fetched for it"
            raise Undecided(message)
        self._session = session

    def known(self, ids: Iterable[str]) -> dict[str, Company]:
        """Those of the tenants that are known, by id."""
        statement = select(Tenant.id, Tenant.kind, Tenant.cloud).where(Tenant.id.in_(sorted(set(ids))))
        rows = self._session.decided(statement, {})
        return {row.id: Company(row.kind, row.cloud) for row in rows}

    def stubs(self, ids: Iterable[str]) -> set[str]:
        """Those of the customers that nobody has told the name of."""
        statement = select(Customer.id).where(
            Customer.id.in_(sorted(set(ids))), Customer.company_name.is_(None)
        )
        return set(self._session.decided(statement, {}).scalars())

    def add_partners(self, rows: Sequence[Row]) -> None:
        """Store new partners with their tenants."""
        self._add(TenantKind.PARTNER, Partner, rows)

    def add_customers(self, rows: Sequence[Row]) -> None:
        """Store new customers with their tenants; without a company name they are stubs."""
        self._add(TenantKind.CUSTOMER, Customer, rows)

    def fill_customers(self, rows: Sequence[Row]) -> None:
        """Give stubs a company profile; every row has the same columns, and a profile that is there stays."""
        if not rows:
            return
        customers = _table(Customer)
        names = [name for name in rows[0] if name != "id"]
        statement = (
            update(customers)
            .where(customers.c.id == bindparam("row_id"), customers.c.company_name.is_(None))
            .values({name: bindparam(f"new_{name}") for name in names} | {"version": customers.c.version + 1})
        )
        self._session.write(
            statement, [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
        )

    def _add(self, kind: TenantKind, model: type[Base], rows: Sequence[Row]) -> None:
        if not rows:
            return
        tenants: list[dict[str, Any]] = [
            {"id": row["id"], "kind": kind, "cloud": row["cloud"], "created_at": row["created_at"]}
            for row in rows
        ]
        self._session.write(insert(_table(Tenant)), tenants)
        self._session.write(insert(_table(model)), [dict(row) for row in rows])


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)
