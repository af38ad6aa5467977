"""Audit records name the grant by which a partner acted, and who did it.

Records of before have neither, and keep their seals, which leave out what a record does not have.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, Words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("audit_records", sa.Column("delegated_admin_grant_id", GUID))
    op.add_column("audit_records", sa.Column("actor_name", Words))


def downgrade() -> None:
    """Drop them; records of delegated operations can no longer be verified."""
    with op.batch_alter_table("audit_records") as table:
        table.drop_column("actor_name")
        table.drop_column("delegated_admin_grant_id")
