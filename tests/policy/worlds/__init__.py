"""Generated worlds: a few tenants, every kind of link between them, nulls wherever a column has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from sqlalchemy import insert

from multichannel.domain.base import Base
from multichannel.domain.tenants import PartnerType
from multichannel.policy.schema.resources import RESOURCES
from tests.policy.oracle.world import Row, Tables, World
from tests.policy.worlds import (
    agreements,
    audit,
    billing_profiles,
    bulk_operations,
    customers,
    delegated_admin,
    partners,
    partnerships,
    relationships,
    subscription_shares,
    subscriptions,
    support_cases,
    tenants,
    transfers,
    users,
    vendor_tasks,
)
from tests.policy.worlds.people import principals
from tests.policy.worlds.plain import make_plain
from tests.policy.worlds.values import NOW

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["TABLES", "principals", "store", "worlds"]

DRAWN: dict[str, Callable[[st.DrawFn, Tables], list[Row]]] = {
    "Partner": partners.rows,
    "Customer": customers.rows,
    "ResellerRelationship": relationships.rows,
    "DelegatedAdminGrant": delegated_admin.rows,
    "Partnership": partnerships.rows,
    "BillingProfile": billing_profiles.rows,
    "Subscription": subscriptions.rows,
    "SubscriptionShare": subscription_shares.rows,
    "VendorTask": vendor_tasks.rows,
    "SupportCase": support_cases.rows,
    "User": users.rows,
    "BulkOperation": bulk_operations.rows,
    "CustomerAgreement": agreements.rows,
    "AuditRecord": audit.rows,
    "Transfer": transfers.rows,
}
"""What draws the rows of each table, given the tables before it."""
NO_RESOURCES = {
    "Tenant": Base.metadata.tables["tenants"],
    "RoleAssignment": Base.metadata.tables["role_assignments"],
}
DERIVED = {"VendorTask"}
"""What follows from the rows before it, and has no table."""
TABLES = ("Tenant", *(name for name in DRAWN if name not in DERIVED), "RoleAssignment")
"""In the order in which rows are stored: none refers to a table after its own."""


@st.composite
def worlds(draw: st.DrawFn, plain: PartnerType | None = None) -> World:
    """Two to four partners of any kind, one to three customers, and what links them.

    With `plain`, the first partner is of that type, and little stands in its way.
    """
    tables: Tables = {}
    for name, rows in DRAWN.items():
        tables[name] = rows(draw, tables)
        if plain is not None:
            make_plain(name, tables[name], tables, plain)
    assigned = users.global_admins(draw, tables)
    return World(NOW, {"Tenant": tenants.rows(tables), **tables, "RoleAssignment": assigned})


def store(connection: Connection, world: World) -> None:
    """Insert a world as plain rows, past every guard: it is what the guards are tried on."""
    for name in TABLES:
        resource = RESOURCES.get(name)
        table = NO_RESOURCES[name] if resource is None else resource.mapped.__table__
        if world.tables[name]:
            connection.execute(insert(table), world.tables[name])
