"""Customers end relationships, with a reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import Words
from multichannel.store.migrations.words import replace_words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = ("requested", "active", "declined", "canceled", "expired", "removed")


def upgrade() -> None:
    """Add the status and the reason."""
    op.add_column("reseller_relationships", sa.Column("end_reason", Words, nullable=True))
    replace_words("reseller_relationships", "status", "relationshipstatus", (*BEFORE, "ended_by_customer"))


def downgrade() -> None:
    """Relationships that customers have ended become removed ones."""
    op.execute("UPDATE reseller_relationships SET status = 'removed' WHERE status = 'ended_by_customer'")
    replace_words("reseller_relationships", "status", "relationshipstatus", BEFORE)
    op.drop_column("reseller_relationships", "end_reason")
