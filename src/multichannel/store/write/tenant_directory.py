"""Tenants that a partner names: created as stubs on first mention, and never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select, update

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.write.owner_bulk_writer import Row, update_rows


class TenantDirectory:
    """Looks up tenants other than the partner's own, and creates those it names."""

    def __init__(self, session: GuardedSession, sponsor: Partner) -> None:
        """`sponsor` was fetched for the action that these writes are part of."""
        if not session.is_granted(sponsor):
            raise PolicyBypass("tenants named by a partner that was not fetched for it")
        self._session = session
        self._sponsor_id = sponsor.id

    def known(self, ids: Iterable[str]) -> dict[str, tuple[TenantKind, Cloud]]:
        """Kind and cloud of the known tenants among these, by id."""
        statement = select(Tenant.id, Tenant.kind, Tenant.cloud).where(Tenant.id.in_(sorted(set(ids))))
        rows = self._session.decided(statement)
        return {row.id: (row.kind, row.cloud) for row in rows}

    def customers_at(self, address: str, cloud: Cloud) -> list[str]:
        """The ids of the customers of a cloud with this tenant id or domain."""
        key = Customer.domain if "." in address else Customer.id
        statement = select(Customer.id).where(key == address, Customer.cloud == cloud).order_by(Customer.id)
        return list(self._session.decided(statement).scalars())

    def partner_at(self, address: str, cloud: Cloud, market: str) -> str | None:
        """The partner with this tenant id, if it is in the cloud and the market."""
        statement = select(Partner.id).where(
            Partner.id == address, Partner.cloud == cloud, Partner.market == market
        )
        partner_id: str | None = self._session.decided(statement).scalar()
        return partner_id

    def stubs(self, ids: Iterable[str]) -> set[str]:
        """The stubs among these customers: those without a company name."""
        statement = select(Customer.id).where(
            Customer.id.in_(sorted(set(ids))), Customer.company_name.is_(None)
        )
        return set(self._session.decided(statement).scalars())

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
        is_stub, version = customers.c.company_name.is_(None), customers.c.version + 1
        update_rows(self._session, customers, rows, is_stub, version=version)

    def deliver_requests(self, customer: Customer, *, now: datetime) -> None:
        """Address the requests that wait for a customer of this domain and cloud to the customer.

        The partners that sent them must not notice, so their rows keep version and time. A request of the
        customer's own partner is left to expire: the relationship exists already.
        """
        requests = _table(ResellerRelationship)
        statement = (
            update(requests)
            .where(
                requests.c.addressed_to == customer.domain,
                requests.c.customer_id.is_(None),
                requests.c.cloud == customer.cloud,
                requests.c.partner_id != self._sponsor_id,
                requests.c.status == RelationshipStatus.REQUESTED,
                requests.c.expires_at > now,
            )
            .values(customer_id=customer.id)
        )
        self._session.write(statement, [{}])

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
