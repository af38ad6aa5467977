"""Subscriptions know their counterparts at the vendor, and what is to do there.

What has an id of the vendor was in an export. Of what a partner has sold here without one, the purchase is to
do there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import NAMING, UtcTime

revision = "0023"
down_revision = "0022"

WORD = sa.String(40)
STATES = "('not_at_vendor', 'to_do', 'confirmed', 'differs')"
KINDS = (
    "('add_customer', 'purchase', 'transfer', 'release', 'cancel', 'suspend', 'reactivate', "
    "'change_quantity', 'change_auto_renew')"
)
COLUMNS = ("vendor_state", "vendor_task", "vendor_task_since", "vendor_changes")


def upgrade() -> None:
    """Add the columns, as if each change until now were known to the vendor."""
    with op.batch_alter_table("subscriptions", naming_convention=NAMING) as batch:
        batch.add_column(sa.Column("vendor_state", WORD, nullable=False, server_default="not_at_vendor"))
        batch.add_column(sa.Column("vendor_task", WORD, nullable=True))
        batch.add_column(sa.Column("vendor_task_since", UtcTime(), nullable=True))
        batch.add_column(sa.Column("vendor_changes", sa.JSON(), nullable=False, server_default="{}"))
        batch.create_check_constraint(op.f("ck_subscriptions_vendorstate"), f"vendor_state IN {STATES}")
        batch.create_check_constraint(op.f("ck_subscriptions_vendortaskkind"), f"vendor_task IN {KINDS}")
    op.execute(
        "UPDATE subscriptions SET vendor_state = 'confirmed' "
        "WHERE vendor_id IS NOT NULL AND recorded_by = 'partner' AND channel IN ('csp', 'advisor')"
    )
    op.execute(
        "UPDATE subscriptions "
        "SET vendor_state = 'to_do', vendor_task = 'purchase', vendor_task_since = created_at "
        "WHERE channel = 'csp' AND billing_partner_id IS NOT NULL AND vendor_id IS NULL "
        "AND status IN ('none', 'active', 'pending', 'suspended')"
    )
    op.create_index(
        "ix_subscriptions_vendor_task",
        "subscriptions",
        ["owner_id"],
        sqlite_where=sa.text("vendor_task IS NOT NULL"),
        postgresql_where=sa.text("vendor_task IS NOT NULL"),
    )


def downgrade() -> None:
    """Forget what is known of the vendor."""
    op.drop_index("ix_subscriptions_vendor_task", "subscriptions")
    with op.batch_alter_table("subscriptions", naming_convention=NAMING) as batch:
        batch.drop_constraint(op.f("ck_subscriptions_vendorstate"), type_="check")
        batch.drop_constraint(op.f("ck_subscriptions_vendortaskkind"), type_="check")
        for name in reversed(COLUMNS):
            batch.drop_column(name)
