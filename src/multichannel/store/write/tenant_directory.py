"""Tenants that a partner names: created as stubs on first mention, and never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, insert, or_, select, update

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.write.owner_bulk_writer import Row


@dataclass(frozen=True, slots=True)
class KnownTenant:
    """The kind and cloud of a known tenant."""

    kind: TenantKind
    cloud: Cloud


class TenantDirectory:
    """Looks up tenants other than the partner's own, and creates those it names."""

    def __init__(self, session: GuardedSession, sponsor: object) -> None:
        """`sponsor` was fetched for the action that these reads and writes are part of."""
        if not session.is_granted(sponsor):
            raise PolicyBypass("tenants named by a record that was not fetched for it")
        self._session = session

    def known(self, ids: Iterable[str]) -> dict[str, KnownTenant]:
        """The known tenants among these ids or directory ids."""
        wanted = set(ids)
        statement = select(Tenant.id, Tenant.directory_id, Tenant.kind, Tenant.cloud).where(
            or_(Tenant.id.in_(sorted(wanted)), Tenant.directory_id.in_(sorted(wanted)))
        )
        return {
            key: KnownTenant(row.kind, row.cloud)
            for row in self._session.decided(statement, {})
            for key in wanted & {row.id, row.directory_id}
        }

    def linked_customers(self, directory_ids: Iterable[str], cloud: Cloud) -> dict[str, str]:
        """The ids of customers of a cloud by directory id, for those whose two ids differ."""
        statement = select(Tenant.directory_id, Tenant.id).where(
            Tenant.directory_id.in_(sorted(set(directory_ids))),
            Tenant.id != Tenant.directory_id,
            Tenant.kind == TenantKind.CUSTOMER,
            Tenant.cloud == cloud,
        )
        return {row.directory_id: row.id for row in self._session.decided(statement, {})}

    def link(self, customer: Customer, directory_id: str) -> None:
        """Give a customer that has none its directory id; `customer` is the row that was fetched for it."""
        tenants = _table(Tenant)
        statement = (
            update(tenants)
            .where(tenants.c.id == bindparam("customer"), tenants.c.directory_id.is_(None))
            .values(directory_id=bindparam("linked_to"))
        )
        self._session.write(statement, [{"customer": customer.id, "linked_to": directory_id}])

    def customers_at(self, address: str, cloud: Cloud) -> list[str]:
        """The ids of the customers of a cloud with this directory id or domain."""
        key = Customer.domain if "." in address else Tenant.directory_id
        statement = select(Customer.id).join(Tenant, Tenant.id == Customer.id)
        found = statement.where(key == address, Customer.cloud == cloud).order_by(Customer.id)
        return list(self._session.decided(found, {}).scalars())

    def partner_at(self, address: str, cloud: Cloud, market: str) -> str | None:
        """The partner with this directory id, if it is in the cloud and the market."""
        statement = (
            select(Partner.id)
            .join(Tenant, Tenant.id == Partner.id)
            .where(Tenant.directory_id == address, Partner.cloud == cloud, Partner.market == market)
        )
        partner_id: str | None = self._session.decided(statement, {}).scalar()
        return partner_id

    def stubs(self, ids: Iterable[str]) -> set[str]:
        """The stubs among these customers: those without a company name."""
        statement = select(Customer.id).where(
            Customer.id.in_(sorted(set(ids))), Customer.company_name.is_(None)
        )
        return set(self._session.decided(statement, {}).scalars())

    def add_partners(self, rows: Sequence[Row]) -> None:
        """Insert partners with their tenants."""
        self._add(TenantKind.PARTNER, Partner, rows)

    def add_customers(self, rows: Sequence[Row]) -> None:
        """Insert customers with their tenants; without a company name they are stubs."""
        self._add(TenantKind.CUSTOMER, Customer, rows)

    def fill_customers(self, rows: Sequence[Row]) -> None:
        """Give stubs a company profile, all with the same columns; an existing profile stays."""
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

    def deliver_requests(self, addresses: Mapping[str, str], *, cloud: Cloud, now: datetime) -> None:
        """Give the requests that wait for these addresses to the customers that have them, by address.

        The partners that sent them must not notice, so their rows keep version and time. A request of a
        partner that the customer has a relationship with already is left to expire.
        """
        waiting = self._waiting(addresses, cloud, now)
        if not waiting:
            return
        requests, others = _table(ResellerRelationship), _table(ResellerRelationship).alias()
        is_related = exists().where(
            others.c.partner_id == requests.c.partner_id,
            others.c.customer_id == bindparam("owner"),
            others.c.status == RelationshipStatus.ACTIVE,
        )
        statement = (
            update(requests)
            .where(requests.c.id == bindparam("request"), ~is_related)
            .values(customer_id=bindparam("new_customer"))
        )
        parameters = [
            {"request": row.id, "owner": owner, "new_customer": owner}
            for row in waiting
            for owner in [addresses[row.addressed_to]]
        ]
        self._session.write(statement, parameters)

    def _waiting(self, addresses: Iterable[str], cloud: Cloud, now: datetime) -> Sequence[Any]:
        """The open requests to these addresses that no customer has received."""
        request = _table(ResellerRelationship).c
        statement = select(request.id, request.addressed_to).where(
            request.addressed_to.in_(sorted(addresses)),
            request.customer_id.is_(None),
            request.cloud == cloud,
            request.status == RelationshipStatus.REQUESTED,
            request.expires_at > now,
        )
        return self._session.decided(statement, {}).all()

    def _add(self, kind: TenantKind, model: type[Base], rows: Sequence[Row]) -> None:
        if not rows:
            return
        tenants: list[dict[str, Any]] = [
            {
                "id": row["id"],
                "kind": kind,
                "cloud": row["cloud"],
                "directory_id": row["id"],
                "created_at": row["created_at"],
            }
            for row in rows
        ]
        self._session.write(insert(_table(Tenant)), tenants)
        self._session.write(insert(_table(model)), [dict(row) for row in rows])


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)
