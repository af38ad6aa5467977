"""A request that was accepted does not show when it would have expired."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Clear the time of requests that were accepted."""
    op.execute("UPDATE reseller_relationships SET expires_at = NULL WHERE accepted_at IS NOT NULL")


def downgrade() -> None:
    """Nothing reads the time of an accepted request."""
