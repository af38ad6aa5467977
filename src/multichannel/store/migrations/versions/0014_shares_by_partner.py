"""The records shared with a partner are found by the partner."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INDEX = "ix_subscription_shares_partner_id_subscription_id"


def upgrade() -> None:
    """Add the index that lists of a partner's subscriptions use."""
    op.create_index(INDEX, "subscription_shares", ["partner_id", "subscription_id"])


def downgrade() -> None:
    """Lists read all shares again."""
    op.drop_index(INDEX, table_name="subscription_shares")
