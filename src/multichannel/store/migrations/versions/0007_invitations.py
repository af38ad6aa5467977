"""Invitations of customers and resellers: hashes of the codes in their links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime, Words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UNIQUE = ("code_hash", "partnership_id", "relationship_id")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "invitations",
        sa.Column("id", GUID, primary_key=True),
        sa.Column("code_hash", Words, nullable=False),
        sa.Column("relationship_id", GUID, sa.ForeignKey("reseller_relationships.id"), nullable=True),
        sa.Column("partnership_id", GUID, sa.ForeignKey("partnerships.id"), nullable=True),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
    )
    for column in UNIQUE:
        op.create_index(f"ix_invitations_{column}", "invitations", [column], unique=True)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("invitations")
