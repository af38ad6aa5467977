"""Pages of relationships are found in the order of their ids by each partner that takes part."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

TABLE = "reseller_relationships"
REFERENCES = ("partner_id", "associated_partner_id")


def upgrade() -> None:
    """Add an index for each reference."""
    for reference in REFERENCES:
        op.create_index(f"ix_{TABLE}_{reference}_id", TABLE, [reference, "id"])


def downgrade() -> None:
    """Remove the indexes."""
    for reference in REFERENCES:
        op.drop_index(f"ix_{TABLE}_{reference}_id", TABLE)
