"""Customers by the ids and domains that people and exports name, and the requests that wait for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, and_, bindparam, exists, insert, or_, select, update

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.relationships import ASK_AGAIN_AFTER, RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.write.owner_bulk_writer import Row, update_rows


class CustomerDirectory:
    """Looks up customers other than the caller's own, and creates and changes those it names."""

    def __init__(self, session: GuardedSession, sponsor: object) -> None:
        """`sponsor` was fetched for the action that these reads and writes are part of."""
        if not session.is_granted(sponsor):
            raise PolicyBypass("tenants named by a record that was not fetched for it")
        self._session = session

    def linked_customers(
        self, directory_ids: Iterable[str], cloud: Cloud, *, of: Partner | None = None
    ) -> dict[str, str]:
        """The ids of customers of a cloud by directory id, for those whose two ids differ.

        With `of`, only those that the partner has a relationship with: to others the ids reveal the customer.
        """
        statement = select(Tenant.directory_id, Tenant.id).where(
            Tenant.directory_id.in_(sorted(set(directory_ids))),
            Tenant.id != Tenant.directory_id,
            Tenant.kind == TenantKind.CUSTOMER,
            Tenant.cloud == cloud,
        )
        if of is not None:
            related = select(ResellerRelationship.customer_id).where(
                ResellerRelationship.partner_id == of.id,
                ResellerRelationship.stored_status == RelationshipStatus.ACTIVE,
            )
            statement = statement.where(Tenant.id.in_(related))
        return {row.directory_id: row.id for row in self._session.decided(statement)}

    def link(self, links: Mapping[str, str], *, cloud: Cloud, now: datetime) -> None:
        """Give customers that have none their directory ids, by directory id, and the requests to these."""
        tenants = _table(Tenant)
        statement = (
            update(tenants)
            .where(tenants.c.id == bindparam("customer"), tenants.c.directory_id.is_(None))
            .values(directory_id=bindparam("linked_to"))
        )
        self._session.write(
            statement, [{"customer": row_id, "linked_to": directory} for directory, row_id in links.items()]
        )
        self.deliver_requests(links, cloud=cloud, now=now)

    def link_in_bulk(self, links: Mapping[str, str], *, cloud: Cloud, now: datetime) -> None:
        """The same for an import, with a new version of each customer and its audit record."""
        self.link(links, cloud=cloud, now=now)
        customers = _table(Customer)
        statement = (
            update(customers)
            .where(customers.c.id == bindparam("customer"))
            .values(version=customers.c.version + 1, updated_at=now)
        )
        self._session.write(statement, [{"customer": row_id} for row_id in links.values()])
        linked = [{"id": row_id, "directory_id": directory} for directory, row_id in links.items()]
        stored = {row["id"]: {"id": row["id"], "directory_id": None} for row in linked}
        self._session.bulk_changes.changing(Customer, linked, stored)

    def unlinked_customers(self, partner: Partner, domains: Iterable[str]) -> dict[str, str]:
        """The customers without a directory that have a relationship with a partner, by ASCII domain.

        A domain of several such customers is left out.
        """
        statement = (
            select(CustomerDomain.ascii_domain, CustomerDomain.customer_id)
            .join(Tenant, Tenant.id == CustomerDomain.customer_id)
            .join(ResellerRelationship, ResellerRelationship.customer_id == CustomerDomain.customer_id)
            .where(
                CustomerDomain.ascii_domain.in_(sorted(set(domains))),
                Tenant.directory_id.is_(None),
                ResellerRelationship.partner_id == partner.id,
                ResellerRelationship.stored_status == RelationshipStatus.ACTIVE,
            )
        )
        owners: defaultdict[str, set[str]] = defaultdict(set)
        for row in self._session.decided(statement):
            owners[row.ascii_domain].add(row.customer_id)
        return {domain: next(iter(ids)) for domain, ids in owners.items() if len(ids) == 1}

    def verify_domains(self, domains: Mapping[str, str], *, cloud: Cloud, now: datetime) -> set[str]:
        """Store ASCII domains as verified for the customers that have them (R58); gives those that are new.

        Requests that wait for these are delivered. A domain that another customer has verified stays that
        customer's.
        """
        known = select(
            CustomerDomain.ascii_domain, CustomerDomain.customer_id, CustomerDomain.is_verified
        ).where(CustomerDomain.ascii_domain.in_(sorted(domains)), CustomerDomain.cloud == cloud)
        rows = self._session.decided(known).all()
        taken = {row.ascii_domain for row in rows if row.is_verified}
        typed = {row.ascii_domain for row in rows if row.customer_id == domains[row.ascii_domain]} - taken
        table = _table(CustomerDomain)
        fresh = sorted(domains.keys() - taken - typed)
        if typed:
            statement = (
                update(table)
                .where(table.c.customer_id == bindparam("owner"), table.c.ascii_domain == bindparam("domain"))
                .values(is_verified=True)
            )
            self._session.write(
                statement, [{"owner": domains[each], "domain": each} for each in sorted(typed)]
            )
        if fresh:
            owned = {"is_verified": True, "cloud": cloud}
            self._session.write(
                insert(table),
                [{**owned, "customer_id": domains[each], "ascii_domain": each} for each in fresh],
            )
        verified = {*typed, *fresh}
        self.deliver_requests({each: domains[each] for each in verified}, cloud=cloud, now=now)
        return verified

    def customers_at(self, address: str, cloud: Cloud) -> list[str]:
        """The ids of the customers of a cloud with this directory id or verified ASCII domain (R58)."""
        statement = select(Customer.id).join(Tenant, Tenant.id == Customer.id)
        statement = statement.where(Tenant.directory_id == address, Customer.cloud == cloud)
        if "." in address:
            statement = select(CustomerDomain.customer_id).where(
                CustomerDomain.ascii_domain == address,
                CustomerDomain.cloud == cloud,
                CustomerDomain.is_verified,
            )
        return list(self._session.decided(statement).scalars())

    def profiles(self, ids: Iterable[str]) -> dict[str, Row]:
        """The stored company profiles of customers, by id; one without a company name is a stub."""
        customers = _table(Customer)
        statement = select(customers).where(customers.c.id.in_(sorted(set(ids))))
        return {row["id"]: dict(row) for row in self._session.decided(statement).mappings()}

    def add_customers(self, rows: Sequence[Row]) -> None:
        """Insert customers with their tenants; without a company name they are stubs.

        Requests that wait for their directories are delivered.
        """
        self._add(TenantKind.CUSTOMER, Customer, rows)
        for row in rows[:1]:
            addresses = {each["id"]: each["id"] for each in rows}
            self.deliver_requests(addresses, cloud=row["cloud"], now=row["created_at"])

    def update_profiles(self, rows: Sequence[Row], stored: Mapping[str, Row], *, now: datetime) -> None:
        """Change company profiles, all in the same columns, if they are what `stored` has of them."""
        if not rows:
            return
        customers = _table(Customer)
        self._session.bulk_changes.changing(Customer, rows, stored)
        versioned = [{**row, "version": stored[row["id"]]["version"] + 1, "updated_at": now} for row in rows]
        is_unchanged = customers.c.version == bindparam("new_version") - 1
        update_rows(self._session, customers, versioned, is_unchanged)

    def deliver_requests(self, addresses: Mapping[str, str], *, cloud: Cloud, now: datetime) -> None:
        """Give the requests that wait for these addresses to the customers that have them, by address.

        The partners that sent them must not notice, so their rows keep version and time. A request of a
        partner that the customer has a relationship with already is left to expire; one of a partner that it
        has declined recently waits (R64).
        """
        waiting = self._waiting(addresses, cloud, now)
        if not waiting:
            return
        requests, others = _table(ResellerRelationship), _table(ResellerRelationship).alias()
        is_answered = exists().where(
            others.c.partner_id == requests.c.partner_id,
            others.c.customer_id == bindparam("owner"),
            or_(
                others.c.status == RelationshipStatus.ACTIVE,
                and_(
                    others.c.status == RelationshipStatus.DECLINED,
                    others.c.closed_at > bindparam("not_before"),
                ),
            ),
        )
        statement = (
            update(requests)
            .where(requests.c.id == bindparam("request"), ~is_answered)
            .values(customer_id=bindparam("new_customer"))
        )
        parameters = [
            {
                "request": row.id,
                "owner": owner,
                "new_customer": owner,
                "not_before": now - ASK_AGAIN_AFTER,
            }
            for row in waiting
            for owner in [addresses[row.addressed_to]]
        ]
        self._session.write(statement, parameters)
        self._deliver_grants([row.id for row in waiting])

    def _deliver_grants(self, relationship_ids: Sequence[str]) -> None:
        """Give what was requested along with relationships to the customers that have received them."""
        grants, requests = _table(DelegatedAdminGrant), _table(ResellerRelationship)
        receiver = select(requests.c.customer_id).where(requests.c.id == grants.c.relationship_id)
        statement = (
            update(grants)
            .where(grants.c.relationship_id == bindparam("request"))
            .values(customer_id=receiver.scalar_subquery())
        )
        self._session.write(statement, [{"request": row_id} for row_id in relationship_ids])

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
        return self._session.decided(statement).all()

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
        inserted = [dict(row) for row in rows]
        self._session.write(insert(_table(model)), inserted)
        self._session.bulk_changes.created(model, inserted)


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)
