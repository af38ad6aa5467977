"""Partners have a domain, which whoever is asked by them can read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import Words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("partners", sa.Column("domain", Words, nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("partners", "domain")
