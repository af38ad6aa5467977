"""Organisations, one row for each tenant whoever names it first: made as stubs, never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.write.owner_bulk_writer import Row


@dataclass(frozen=True, slots=True)
class KnownTenant:
    """What is known of a tenant id: enough to tell whether it can be what somebody says it is."""

    kind: TenantKind
    cloud: Cloud


class TenantDirectory:
    """What a partner may do to organisations that are not its own: name them."""

    def __init__(self, session: GuardedSession, sponsor: Partner) -> None:
        """`sponsor` is the row that was fetched for the action these writes are part of."""
        if not session.is_granted(sponsor):
            message = "companies named by a partner that was not fetched for it"
            raise PolicyBypass(message)
        self._session = session
        self._sponsor_id = sponsor.id

    def known(self, ids: Iterable[str]) -> dict[str, KnownTenant]:
        """Those of the tenants that are known, by id."""
        statement = select(Tenant.id, Tenant.kind, Tenant.cloud).where(Tenant.id.in_(sorted(set(ids))))
        rows = self._session.decided(statement, {})
        return {row.id: KnownTenant(row.kind, row.cloud) for row in rows}

    def customers_at(self, address: str, cloud: Cloud) -> list[str]:
        """The ids of the customers of a cloud that have this tenant id, or this domain."""
        key = Customer.domain if "." in address else Customer.id
        statement = select(Customer.id).where(key == address, Customer.cloud == cloud).order_by(Customer.id)
        return list(self._session.decided(statement, {}).scalars())

    def partner_at(self, address: str, cloud: Cloud, market: str) -> str | None:
        """The partner with this tenant id, if it works in the cloud and the market."""
        statement = select(Partner.id).where(
            Partner.id == address, Partner.cloud == cloud, Partner.market == market
        )
        found: str | None = self._session.decided(statement, {}).scalar()
        return found

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

    def deliver_requests(self, customer: Customer, *, now: datetime) -> None:
        """Let the requests that wait for a customer of this domain, in its cloud, reach it.

        Those who asked learn nothing of it, so neither version nor time of their rows changes. A request of
        the customer's own partner is left to expire: what it asked for is there.
        """
        requests = _table(ResellerRelationship)
        statement = (
            update(requests)
            .where(
                requests.c.addressed_to == bindparam("domain"),
                requests.c.customer_id.is_(None),
                requests.c.cloud == bindparam("in_cloud"),
                requests.c.partner_id != bindparam("creator"),
                requests.c.status == RelationshipStatus.REQUESTED,
                requests.c.expires_at > bindparam("at"),
            )
            .values(customer_id=bindparam("new_customer"))
        )
        told = {
            "domain": customer.domain,
            "in_cloud": customer.cloud,
            "creator": self._sponsor_id,
            "at": now,
            "new_customer": customer.id,
        }
        self._session.write(statement, [told])

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
