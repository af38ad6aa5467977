"""The world that is measured: partners, their customers and subscriptions, the same on every database.

Every partner holds the same share of the customers through active relationships. One customer in twenty is
served by two partners and one by none any more; requests, removed relationships, partners of record, support
contacts and purchases of other channels are there as well.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import URL, Table

from multichannel.domain.base import Base, utc_text
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner, Tenant
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.migrations import upgrade
from tests.postgres import conninfo

Row = dict[str, Any]

BORN = utc_text(datetime(2025, 1, 1, tzinfo=UTC))
LAPSED = utc_text(datetime(2025, 4, 1, tzinfo=UTC))
NEVER = utc_text(datetime(2199, 1, 1, tzinfo=UTC))
"""No request expires: the expiry job of a measured server finds nothing to do."""
DATED = {"created_at": BORN, "updated_at": BORN, "version": 1}
CLOUD = {"cloud": "public"}
PLACE = {"market": "US", **CLOUD}
PROVIDERS, RESELLERS = range(40, 45), range(45, 50)
"""Which of fifty partners are indirect; with fewer partners all are direct."""

PER_CUSTOMER = 5
BATCH = 20_000
OFFERS = ("Alder Mail", "Birch Office", "Cedar Cloud", "Dogwood Security", "Elm Storage")
OTHER_CHANNELS = ("direct", "ea", "open")


@dataclass(frozen=True, slots=True)
class Scale:
    """How many there are of what; a customer has five subscriptions."""

    name: str
    partners: int
    customers: int

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are."""
        return self.customers * PER_CUSTOMER


FULL = Scale("full", partners=50, customers=100_000)
SMALL = Scale("small", partners=5, customers=1_000)
MILLION = Scale("million", partners=500, customers=1_000_000)
GROWTH = (SMALL, FULL, MILLION)
"""From a thousand customers to a million; partners have a few hundred, then 2,000 each."""
SCALES = {scale.name: scale for scale in GROWTH}


class World:
    """The rows of a scale, table by table, in an order in which they can be stored."""

    def __init__(self, scale: Scale) -> None:
        """Name everybody; equal scales make equal worlds."""
        self.scale = scale
        self._random = random.Random(20_250_101)  # noqa: S311  (rows, not secrets)
        self.partners = [self._id() for _ in range(scale.partners)]
        self.customers = [self._id() for _ in range(scale.customers)]
        self.agent = self._id()
        self._agents_user = self._id()

    @property
    def caller(self) -> Principal:
        """The sales agent of the first partner, which bills its customers itself."""
        return principal(self.partners[0], "sales_agent")

    def tables(self) -> Iterator[tuple[Table, Iterable[Row]]]:
        """Every table that has rows, with them."""
        tables = Base.metadata.tables
        yield tables[Tenant.__tablename__], self._tenants()
        yield tables[Partner.__tablename__], map(self._partner, range(self.scale.partners))
        yield tables[Customer.__tablename__], map(self._customer, range(self.scale.customers))
        yield tables["users"], [self._user()]
        yield (
            tables["role_assignments"],
            [{"user_id": self._agents_user, "role": "sales_agent", "tenant_id": self.partners[0]}],
        )
        yield tables["reseller_relationships"], self._relationships()
        yield tables["subscriptions"], self._subscriptions()

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _tenants(self) -> Iterator[Row]:
        kinds = (("partner", self.partners), ("customer", self.customers))
        for kind, ids in kinds:
            yield from (
                {"id": each, "directory_id": each, "kind": kind, "created_at": BORN, **CLOUD} for each in ids
            )

    def _partner(self, number: int) -> Row:
        kind = {True: "indirect_provider", False: "direct_bill"}[number in PROVIDERS]
        return {
            "id": self.partners[number],
            "name": f"Partner {number}",
            "type": "indirect_reseller" if number in RESELLERS else kind,
            "status": "active",
            "partner_number": str(4_000_000 + number),
            "is_domain_verified": 0,
            "created_at": BORN,
            **PLACE,
        }

    def _customer(self, number: int) -> Row:
        name = f"company-{self.customers[number][:8]}"
        return {
            "id": self.customers[number],
            "company_name": name,
            "domain": f"{name}.example",
            "custom_domains": "[]",
            "email": f"office@{name}.example",
            "phone_number": "+1 555 0100",
            "address_line1": f"{number} Main Street",
            "city": "Springfield",
            "postal_code": "12345",
            "country": "US",
            "qualification": "education" if number % 7 == 0 else "none",
            "default_sharing": "all_partners",
            **PLACE,
            **DATED,
        }

    def _user(self) -> Row:
        return {
            "id": self._agents_user,
            "tenant_id": self.partners[0],
            "object_id": self.agent,
            "display_name": "sales agent",
            "state": "active",
            **CLOUD,
            **DATED,
        }

    def _serving(self, number: int) -> tuple[int, int | None]:
        """The first partner of a customer, and the second if there is one."""
        first, place = number % self.scale.partners, number // self.scale.partners % 20
        return first, (first + 7) % self.scale.partners if place == 0 else None

    def _relationships(self) -> Iterator[Row]:
        partners = self.scale.partners
        for number in range(self.scale.customers):
            first, second = self._serving(number)
            place = number // partners % 20
            yield self._relationship(number, first, "removed" if place == 10 else "active")
            if second is not None:
                yield self._relationship(number, second, "active")
            if place in {5, 6}:
                yield self._relationship(number, (first + 1) % partners, "requested")
            if place == 7:
                yield self._relationship(number, (first + 2) % partners, "removed")

    def _relationship(self, customer: int, partner: int, status: str) -> Row:
        return {
            "id": self._id(),
            "partner_id": self.partners[partner],
            "customer_id": self.customers[customer],
            "addressed_to": self.customers[customer],
            "delegated_admin_requested": 1,
            "is_extension": 0,
            "associated_partner_id": self.partners[partner + 5] if partner in PROVIDERS else None,
            "detached_reseller_ids": "[]",
            "status": status,
            "requested_at": BORN,
            "accepted_at": None if status == "requested" else BORN,
            "expires_at": NEVER if status == "requested" else None,
            **PLACE,
            **DATED,
        }

    def _subscriptions(self) -> Iterator[Row]:
        for number in range(self.scale.customers):
            for place in range(PER_CUSTOMER):
                yield self._subscription(number, place)

    def _subscription(self, customer: int, place: int) -> Row:
        """Three are sold by the first partner; one the customer wrote down, and one a partner."""
        first, second = self._serving(customer)
        row = {
            "id": self._id(),
            "vendor_id": self._id(),
            "customer_id": self.customers[customer],
            "commerce": "new_commerce",
            "offer_id": f"CFQ7TTC0{place:04}",
            "offer_name": OFFERS[place],
            "friendly_name": f"{OFFERS[place]} {customer % 977}",
            "quantity": 1 + (customer + place) % 250,
            "unit_type": "Licenses",
            "creation_date": BORN,
            "effective_start_date": BORN,
            "commitment_end_date": LAPSED,
            "status": "active" if customer % 9 else "suspended",
            "auto_renew_enabled": 1,
            "billing_type": "license",
            "billing_cycle": "monthly",
            "is_trial": 0,
            "term_duration": "P1Y",
            "suspension_reasons": "[]",
            "services": "[]",
            "canceled_services": "[]",
            "vendor_changes": "{}",
            "sharing": "all_partners",
            "vendor_state": "not_at_vendor",
            **PLACE,
            **DATED,
        }
        if place < 3:
            return row | self._sold_by(first, customer)
        if place == 3:
            return row | self._recorded(self.customers[customer], "customer", customer)
        if second is not None:
            return row | self._sold_by(second, customer)
        return row | self._recorded(self.partners[first], "partner", customer)

    def _sold_by(self, partner: int, customer: int) -> Row:
        """An indirect reseller sells what its provider bills."""
        billing = self.partners[partner - 5 if partner in RESELLERS else partner]
        credited = self.partners[partner] if partner in RESELLERS else None
        helping = self.partners[(partner + 3) % self.scale.partners] if customer % 50 == 1 else None
        return {
            "owner_id": billing,
            "recorded_by": "partner",
            "vendor_state": "confirmed",
            "channel": "csp",
            "billing_partner_id": billing,
            "partner_of_record_id": credited,
            "support_contact_id": helping,
        }

    def _recorded(self, owner: str, by: str, customer: int) -> Row:
        return {
            "owner_id": owner,
            "recorded_by": by,
            "vendor_state": "not_at_vendor",
            "channel": OTHER_CHANNELS[customer % 3],
            "confirmation": "unconfirmed" if by == "partner" else None,
        }


def principal(tenant_id: str, *roles: str, kind: str = "partner", type: str = "direct_bill") -> Principal:
    """A user of a partner of a type, or of a customer."""
    is_partner = kind == "partner"
    facts: dict[str, Any] = {"kind": kind, "type": type, "status": "active"} if is_partner else {"kind": kind}
    return Principal(tenant_id=tenant_id, roles=tuple(sorted(roles)), cloud="public", market="US", **facts)  # type: ignore[arg-type]


def fill_sqlite(url: URL, scale: Scale) -> None:
    """Make the schema and store the world, past the service: this is no way to write for anybody else."""
    upgrade(url.render_as_string())
    connection = sqlite3.connect(str(url.database), isolation_level=None)
    connection.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-500000; BEGIN")
    for table, rows in World(scale).tables():
        columns = list(table.columns.keys())
        marks = ", ".join("?" * len(columns))
        names = ", ".join(column.name for column in table.columns)
        insert = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608  (names of our own tables)
        connection.executemany(insert, (tuple(map(row.get, columns)) for row in rows))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def copy_to_postgresql(source: URL, target: URL) -> None:
    """Make the schema on PostgreSQL and copy everything there is on SQLite."""
    upgrade(target.render_as_string(hide_password=False))
    reading = sqlite3.connect(str(source.database))
    with psycopg.connect(conninfo(target), autocommit=True) as writing:
        writing.execute("SET session_replication_role = replica")  # the rows are right: check no foreign key
        for table in Base.metadata.sorted_tables:
            _copy(reading, writing, table)
        writing.execute("VACUUM ANALYZE")
    reading.close()


def _copy(reading: sqlite3.Connection, writing: psycopg.Connection, table: Table) -> None:
    names = [column.name for column in table.columns]
    rows = reading.execute(f"SELECT {', '.join(names)} FROM {table.name}")  # noqa: S608  (names of our own tables)
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    with writing.cursor() as cursor, cursor.copy(into) as copy:
        while batch := list(islice(rows, BATCH)):
            for row in batch:
                copy.write_row(row)
