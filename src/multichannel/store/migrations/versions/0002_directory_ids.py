"""Tenants have a directory id beside their own.

It is the tenant's id for partners and for customers that an import or an operator named. A customer that a
partner created here has a random id, which no directory has: it is linked later. Its relationship was
requested in the moment in which it was created.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CREATED_HERE = """
    SELECT customers.id FROM customers
    JOIN reseller_relationships ON reseller_relationships.customer_id = customers.id
    WHERE reseller_relationships.requested_at = customers.created_at
"""


def upgrade() -> None:
    """Add the column, and fill it for the tenants whose id is that of their directory."""
    op.add_column("tenants", sa.Column("directory_id", GUID, nullable=True))
    op.execute(f"UPDATE tenants SET directory_id = id WHERE id NOT IN ({CREATED_HERE})")  # noqa: S608  (constants)
    op.create_index("ix_tenants_directory_id", "tenants", ["directory_id"], unique=True)


def downgrade() -> None:
    """Drop the column; customers that were linked cannot sign in then."""
    op.drop_index("ix_tenants_directory_id", "tenants")
    op.drop_column("tenants", "directory_id")
