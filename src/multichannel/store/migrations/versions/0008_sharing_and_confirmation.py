"""Customers choose who reads what they recorded, and confirm what partners recorded.

What partners recorded before is unconfirmed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, NAMING

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORD = sa.String(40)
SHARING = "IN ('all_partners', 'selected', 'none')"
CONFIRMATION = "IN ('unconfirmed', 'confirmed', 'disputed')"


def upgrade() -> None:
    """Add the columns and the table."""
    with op.batch_alter_table("customers", naming_convention=NAMING) as batch:
        batch.add_column(_shared("default_sharing"))
        batch.create_check_constraint(op.f("ck_customers_sharing"), f"default_sharing {SHARING}")
    with op.batch_alter_table("subscriptions", naming_convention=NAMING) as batch:
        batch.add_column(_shared("sharing"))
        batch.add_column(sa.Column("confirmation", WORD, nullable=True))
        batch.create_check_constraint(op.f("ck_subscriptions_sharing"), f"sharing {SHARING}")
        batch.create_check_constraint(op.f("ck_subscriptions_confirmation"), f"confirmation {CONFIRMATION}")
    op.execute(
        "UPDATE subscriptions SET confirmation = 'unconfirmed' "
        "WHERE channel <> 'csp' AND recorded_by = 'partner'"
    )
    op.create_table(
        "subscription_shares",
        sa.Column("id", GUID, nullable=False),
        *(sa.Column(f"{name}_id", GUID, nullable=False) for name in ("subscription", "customer", "partner")),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_shares"),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}s.id"], name=f"fk_subscription_shares_{name}_id")
            for name in ("subscription", "customer", "partner")
        ),
        sa.UniqueConstraint(
            "subscription_id", "partner_id", name="uq_subscription_shares_subscription_id_partner_id"
        ),
    )
    op.create_index(
        "ix_subscription_shares_customer_id_partner_id", "subscription_shares", ["customer_id", "partner_id"]
    )


def downgrade() -> None:
    """Everything is shared with every related partner again."""
    op.drop_table("subscription_shares")
    with op.batch_alter_table("subscriptions", naming_convention=NAMING) as batch:
        batch.drop_constraint(op.f("ck_subscriptions_sharing"), type_="check")
        batch.drop_constraint(op.f("ck_subscriptions_confirmation"), type_="check")
        batch.drop_column("sharing")
        batch.drop_column("confirmation")
    with op.batch_alter_table("customers", naming_convention=NAMING) as batch:
        batch.drop_constraint(op.f("ck_customers_sharing"), type_="check")
        batch.drop_column("default_sharing")


def _shared(name: str) -> sa.Column[str]:
    """A column that shares with all partners what is there already."""
    return sa.Column(name, WORD, nullable=False, server_default="all_partners")
