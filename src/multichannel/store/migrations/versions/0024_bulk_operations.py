"""Bulk operations, with their items and results in pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime, Words

revision = "0024"
down_revision = "0023"

COUNTS = ("pages_done", "succeeded_count", "refused_count", "denied_count", "invalid_count", "failed_count")


def upgrade() -> None:
    """Nobody has started any yet."""
    op.create_table(
        "bulk_operations",
        sa.Column("id", GUID, nullable=False),
        sa.Column("tenant_id", GUID, nullable=False),
        sa.Column("user_id", GUID, nullable=False),
        sa.Column("auth_mode", Words, nullable=False),
        sa.Column("mutation", Words, nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "completed",
                "canceled",
                name="bulkoperationstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("item_count", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("lease", GUID, nullable=True),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column(
            "cloud",
            sa.Enum(
                "public",
                "us_government",
                name="cloud",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_operations")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_bulk_operations_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bulk_operations_user_id")),
    )
    op.create_index("ix_bulk_operations_tenant_id_id", "bulk_operations", ["tenant_id", "id"])
    waiting = sa.text("status in ('queued', 'running')")
    op.create_index(
        "ix_bulk_operations_waiting",
        "bulk_operations",
        ["id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "bulk_pages",
        sa.Column("id", GUID, nullable=False),
        sa.Column("bulk_operation_id", GUID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_pages")),
        sa.ForeignKeyConstraint(
            ["bulk_operation_id"], ["bulk_operations.id"], name=op.f("fk_bulk_pages_bulk_operation_id")
        ),
        sa.UniqueConstraint(
            "bulk_operation_id", "number", name=op.f("uq_bulk_pages_bulk_operation_id_number")
        ),
    )


def downgrade() -> None:
    """Remove the operations."""
    op.drop_table("bulk_pages")
    op.drop_table("bulk_operations")
