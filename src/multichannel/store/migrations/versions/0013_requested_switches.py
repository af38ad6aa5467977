"""Customers request switches in writing, and partners decline transfers with a reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import Words
from multichannel.store.migrations.words import replace_words

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BEFORE = ("source", "target")


def upgrade() -> None:
    """Add the initiator and the texts."""
    op.add_column("transfers", sa.Column("notice", Words, nullable=True))
    op.add_column("transfers", sa.Column("decline_reason", Words, nullable=True))
    replace_words("transfers", "initiated_by", "initiator", (*BEFORE, "customer"))


def downgrade() -> None:
    """Switches that customers requested become history that only the customer reads."""
    op.execute("UPDATE transfers SET initiated_by = NULL WHERE initiated_by = 'customer'")
    replace_words("transfers", "initiated_by", "initiator", BEFORE)
    op.drop_column("transfers", "decline_reason")
    op.drop_column("transfers", "notice")
