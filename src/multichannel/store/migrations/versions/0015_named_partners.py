"""Transfers keep the directory ids under which their partners were named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = ("source_directory_id", "target_directory_id")


def upgrade() -> None:
    """Add the columns; the partners of stored transfers have their directory ids as ids."""
    for name in COLUMNS:
        op.add_column("transfers", sa.Column(name, GUID, nullable=True))


def downgrade() -> None:
    """Remove them."""
    for name in reversed(COLUMNS):
        op.drop_column("transfers", name)
