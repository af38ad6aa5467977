"""How rows of before consent are carried over to its schema, and back.

- A tenant's directory id is its id, but for customers that a partner created here: they have a random id,
  which no directory has, and are linked later. Their relationship was requested when they were created.
- The domains of customers that are linked to their directory came from the vendor and are verified; of
  several such customers with one domain, the first has it. Those of customers made here are not verified.
- Delegated admin was a flag of a relationship, and meant every right without an end. Each active relationship
  with the flag gets an active grant of every right that ends a year after the migration, so that there is
  time to replace it with what is needed. Each open request gets a request of every right.
- What partners recorded outside of CSP is unconfirmed.
- A relationship that was accepted, or that an import has activated, does not expire.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime
from multichannel.domain.domains import ascii_domain

RIGHTS = ("support", "manage_subscriptions", "manage_users", "read_directory")
DURATION = timedelta(days=365)
FORWARD = (
    """
    UPDATE tenants SET directory_id = id WHERE id NOT IN (
        SELECT customers.id FROM customers
        JOIN reseller_relationships ON reseller_relationships.customer_id = customers.id
        WHERE reseller_relationships.requested_at = customers.created_at
    )
    """,
    """
    UPDATE subscriptions SET confirmation = 'unconfirmed'
    WHERE channel <> 'csp' AND recorded_by = 'partner'
    """,
    "UPDATE reseller_relationships SET expires_at = NULL WHERE accepted_at IS NOT NULL OR status = 'active'",
)
BACK = (
    "UPDATE reseller_relationships SET status = 'removed' WHERE status = 'ended_by_customer'",
    # A switch that its customer requested becomes history that only the customer reads.
    "UPDATE transfers SET initiated_by = NULL WHERE initiated_by = 'customer'",
)
CUSTOMERS = """
    SELECT customers.id, customers.domain, customers.custom_domains, customers.cloud, tenants.directory_id
    FROM customers JOIN tenants ON tenants.id = customers.id
    ORDER BY customers.created_at, customers.id
"""
RELATIONSHIPS = sa.table(
    "reseller_relationships",
    *(sa.column(name, GUID) for name in ("id", "partner_id", "customer_id")),
    *(
        sa.column(name, UtcTime())
        for name in ("requested_at", "accepted_at", "expires_at", "created_at", "updated_at")
    ),
    *(sa.column(name, sa.Text()) for name in ("status", "cloud")),
    *(sa.column(name, sa.Boolean()) for name in ("delegated_admin", "delegated_admin_requested")),
)


def carry_over(domains: sa.Table, grants: sa.Table) -> None:
    """Fill the new columns and tables."""
    for statement in FORWARD:
        op.execute(statement)
    op.bulk_insert(domains, _domains(op.get_bind().execute(sa.text(CUSTOMERS)).all()))
    op.bulk_insert(grants, _grants())


def carry_back(grants: sa.Table) -> None:
    """Replace the words that the first schema does not know, and set the flag where any right is active."""
    for statement in BACK:
        op.execute(statement)
    active = sa.select(grants.c.relationship_id).where(
        grants.c.status == "active",
        sa.or_(grants.c.expires_at.is_(None), grants.c.expires_at > datetime.now(UTC)),
    )
    op.execute(
        sa.update(RELATIONSHIPS).where(RELATIONSHIPS.c.id.in_(active)).values(delegated_admin=sa.true())
    )


def _domains(customers: Any) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    taken: set[tuple[str, str]] = set()
    for customer in customers:
        others = customer.custom_domains
        names = [customer.domain, *(json.loads(others) if isinstance(others, str) else others)]
        for name in names:
            domain = None if name is None else ascii_domain(name)
            if domain is None or (str(customer.id), domain) in rows:
                continue
            verified = customer.directory_id is not None and (domain, customer.cloud) not in taken
            if verified:
                taken.add((domain, customer.cloud))
            rows[str(customer.id), domain] = {
                "customer_id": str(customer.id),
                "ascii_domain": domain,
                "is_verified": verified,
                "cloud": customer.cloud,
            }
    return list(rows.values())


def _grants() -> list[dict[str, Any]]:
    columns, now = RELATIONSHIPS.c, datetime.now(UTC)
    active = sa.and_(columns.status == "active", columns.delegated_admin)
    requested = sa.and_(
        columns.status == "requested",
        columns.delegated_admin_requested,
        sa.or_(columns.expires_at.is_(None), columns.expires_at > now),
    )
    rows = op.get_bind().execute(sa.select(RELATIONSHIPS).where(sa.or_(active, requested))).mappings()
    return [_grant(row, now) for row in rows]


def _grant(row: sa.RowMapping, now: datetime) -> dict[str, Any]:
    is_active = row["status"] == "active"
    end = now + DURATION if is_active else None
    return {
        **{name: row[name] for name in ("partner_id", "customer_id", "requested_at", "cloud")},
        **{name: row[name] for name in ("created_at", "updated_at")},
        **dict.fromkeys(RIGHTS, True),
        "id": str(uuid4()),
        "relationship_id": row["id"],
        "requested_with_relationship": not is_active,
        "status": "active" if is_active else "pending",
        "starts_at": (row["accepted_at"] or row["created_at"]) if is_active else None,
        "ends_at": end,
        "expires_at": end or row["expires_at"],
        "notice_at": end and end - timedelta(days=30),
        "duration_days": DURATION.days,
        "auto_extend": False,
        "version": 1,
    }
