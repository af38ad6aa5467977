"""A sign-in of a partner verifies its domain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing has verified the domains that operators have typed."""
    op.add_column(
        "partners", sa.Column("is_domain_verified", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("partners", "is_domain_verified")
