"""A relationship remembers the resellers that its customer has detached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No customer has detached a reseller yet. A request that an import has activated does not expire."""
    column = sa.Column("detached_reseller_ids", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("reseller_relationships", column)
    op.execute("UPDATE reseller_relationships SET expires_at = NULL WHERE status = 'active'")


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("reseller_relationships", "detached_reseller_ids")
