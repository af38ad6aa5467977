"""The domains of customers in their ASCII form, each verified or not.

Those of customers that are linked to their directory came from the vendor and are verified; of several such
customers with one domain, the first has it. Those of customers that a partner created are unverified.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, Words
from multichannel.domain.domains import ascii_domain

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CUSTOMERS = """
    SELECT customers.id, customers.domain, customers.custom_domains, customers.cloud, tenants.directory_id
    FROM customers JOIN tenants ON tenants.id = customers.id
    ORDER BY customers.created_at, customers.id
"""


def upgrade() -> None:
    """Create the table, and fill it with the domains of the customers."""
    cloud = sa.Enum(
        "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
    )
    table = op.create_table(
        "customer_domains",
        sa.Column("customer_id", GUID, sa.ForeignKey("customers.id"), primary_key=True),
        sa.Column("ascii_domain", Words, primary_key=True),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("cloud", cloud, nullable=False),
    )
    op.create_index(
        "uq_customer_domains_verified",
        "customer_domains",
        ["ascii_domain", "cloud"],
        unique=True,
        sqlite_where=sa.text("is_verified"),
        postgresql_where=sa.text("is_verified"),
    )
    op.bulk_insert(table, _rows(op.get_bind().execute(sa.text(CUSTOMERS)).all()))


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("customer_domains")


def _rows(customers: Any) -> list[dict[str, Any]]:
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
