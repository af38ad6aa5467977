"""The customers of a partner are found in the order of their ids, whatever the status of the relationship."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

TABLE = "reseller_relationships"
OF_PARTNER, IN_ORDER = (
    (f"ix_{TABLE}_partner_id_status_customer_id", ["partner_id", "status", "customer_id"]),
    (f"ix_{TABLE}_partner_id_customer_id_status", ["partner_id", "customer_id", "status"]),
)
THROUGH_RESELLER = f"ix_{TABLE}_associated_partner_id_customer_id"
REFERENCES = ["associated_partner_id", "customer_id"]


def upgrade() -> None:
    """Replace the indexes."""
    op.drop_index(OF_PARTNER[0], TABLE)
    op.create_index(IN_ORDER[0], TABLE, IN_ORDER[1])
    op.drop_index(THROUGH_RESELLER, TABLE)
    op.create_index(THROUGH_RESELLER, TABLE, [*REFERENCES, "status"])


def downgrade() -> None:
    """Restore them."""
    op.drop_index(THROUGH_RESELLER, TABLE)
    op.create_index(THROUGH_RESELLER, TABLE, REFERENCES)
    op.drop_index(IN_ORDER[0], TABLE)
    op.create_index(OF_PARTNER[0], TABLE, OF_PARTNER[1])
