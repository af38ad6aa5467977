"""The market of a customer or a subscription may be unknown; who described a customer is remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, NAMING, Words

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """What earlier imports guessed stays: it cannot be told from what somebody said."""
    with op.batch_alter_table("customers", naming_convention=NAMING) as customers:
        customers.alter_column("market", existing_type=Words, nullable=True)
        customers.add_column(sa.Column("described_by_id", GUID, nullable=True))
        customers.create_foreign_key(
            op.f("fk_customers_described_by_id"), "partners", ["described_by_id"], ["id"]
        )
    with op.batch_alter_table("subscriptions", naming_convention=NAMING) as subscriptions:
        subscriptions.alter_column("market", existing_type=Words, nullable=True)


def downgrade() -> None:
    """An unknown market becomes ZZ, which is no country and in which nobody sells."""
    op.execute("UPDATE subscriptions SET market = 'ZZ' WHERE market IS NULL")
    op.execute("UPDATE customers SET market = 'ZZ' WHERE market IS NULL")
    with op.batch_alter_table("subscriptions", naming_convention=NAMING) as subscriptions:
        subscriptions.alter_column("market", existing_type=Words, nullable=False)
    with op.batch_alter_table("customers", naming_convention=NAMING) as customers:
        customers.drop_constraint(op.f("fk_customers_described_by_id"), type_="foreignkey")
        customers.drop_column("described_by_id")
        customers.alter_column("market", existing_type=Words, nullable=False)
