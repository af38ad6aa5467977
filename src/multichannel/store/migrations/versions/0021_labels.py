"""Partners give customers and subscriptions names and tags of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, Words

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Nobody has labelled anything yet."""
    for record in ("customer", "subscription"):
        table, reference = f"{record}_labels", f"{record}_id"
        op.create_table(
            table,
            sa.Column("id", GUID, nullable=False),
            sa.Column("tenant_id", GUID, nullable=False),
            sa.Column(reference, GUID, nullable=False),
            sa.Column("alias", Words, nullable=True),
            sa.Column("tags", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
            sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
            sa.ForeignKeyConstraint([reference], [f"{record}s.id"], name=op.f(f"fk_{table}_{reference}")),
            sa.UniqueConstraint(reference, "tenant_id", name=op.f(f"uq_{table}_{reference}_tenant_id")),
        )


def downgrade() -> None:
    """Remove the labels."""
    op.drop_table("subscription_labels")
    op.drop_table("customer_labels")
