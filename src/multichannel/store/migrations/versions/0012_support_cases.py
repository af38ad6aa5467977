"""Support cases and the comments on them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime, Words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIME = UtcTime()


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "support_cases",
        sa.Column("id", GUID, primary_key=True),
        _reference("customer_id", "customers"),
        _reference("subscription_id", "subscriptions"),
        _reference("billing_partner_id", "partners", nullable=True),
        _reference("assigned_partner_id", "partners", nullable=True),
        sa.Column("subject", Words, nullable=False),
        sa.Column("severity", _enum("supportcaseseverity", "a", "b", "c"), nullable=False),
        sa.Column(
            "status",
            _enum("supportcasestatus", "open", "in_progress", "waiting_for_customer", "resolved", "closed"),
            nullable=False,
        ),
        sa.Column("opened_by", _party(), nullable=False),
        sa.Column("opened_by_name", Words, nullable=False),
        _reference("opening_partner_id", "partners", nullable=True),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("cloud", _enum("cloud", "public", "us_government"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    for column in ("customer_id", "subscription_id", "assigned_partner_id"):
        op.create_index(f"ix_support_cases_{column}_id", "support_cases", [column, "id"])
    op.create_table(
        "support_case_comments",
        sa.Column("id", GUID, primary_key=True),
        _reference("support_case_id", "support_cases"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("party", _party(), nullable=False),
        _reference("tenant_id", "tenants"),
        sa.Column("user_id", GUID, nullable=False),
        sa.Column("author_name", Words, nullable=False),
        sa.Column("text", Words, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint(
            "support_case_id", "number", name="uq_support_case_comments_support_case_id_number"
        ),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("support_case_comments")
    op.drop_table("support_cases")


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _party() -> sa.Enum:
    return _enum("supportcaseparty", "customer", "partner")


def _reference(name: str, table: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, GUID, sa.ForeignKey(f"{table}.id"), nullable=nullable)
