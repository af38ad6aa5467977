"""Extensions to a provider are requests that the customer answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark of a request for an extension; extensions of before have no open request."""
    op.add_column(
        "reseller_relationships",
        sa.Column("is_extension", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    """Open requests for extensions stay requests."""
    with op.batch_alter_table("reseller_relationships") as batch:
        batch.drop_column("is_extension")
