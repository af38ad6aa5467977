"""Delegated admin becomes grants with rights and an end.

What was a flag of a relationship meant every right, without an end. Each active relationship with the flag
gets an active grant of every right that ends a year after this migration, so that customers and partners have
time to replace it with what they need. Each open request gets a request of every right for a year.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RIGHTS = ("support", "manage_subscriptions", "manage_users", "read_directory")
STATUS = ("pending", "active", "declined", "expired", "terminated")
DURATION = timedelta(days=365)


def upgrade() -> None:
    """Make the table, fill it from the flags, and drop them."""
    _create_table()
    _carry_over()
    with op.batch_alter_table("reseller_relationships") as table:
        table.drop_column("delegated_admin")


def downgrade() -> None:
    """Bring the flag back, set where any right is active."""
    with op.batch_alter_table("reseller_relationships") as table:
        table.add_column(
            sa.Column("delegated_admin", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    relationships, grants = _relationships(), _grants()
    active = sa.select(grants.c.relationship_id).where(
        grants.c.status == "active",
        sa.or_(grants.c.expires_at.is_(None), grants.c.expires_at > datetime.now(UTC)),
    )
    op.execute(
        sa.update(relationships).where(relationships.c.id.in_(active)).values(delegated_admin=sa.true())
    )
    with op.batch_alter_table("reseller_relationships") as table:
        table.alter_column("delegated_admin", server_default=None)
    op.drop_table("delegated_admin_grants")


def _create_table() -> None:
    op.create_table(
        "delegated_admin_grants",
        sa.Column("id", GUID, nullable=False),
        sa.Column("relationship_id", GUID, nullable=False),
        sa.Column("partner_id", GUID, nullable=False),
        sa.Column("customer_id", GUID),
        sa.Column("requested_with_relationship", sa.Boolean(), nullable=False),
        *(sa.Column(right, sa.Boolean(), nullable=False) for right in RIGHTS),
        sa.Column("duration_days", sa.Integer(), nullable=False),
        sa.Column("auto_extend", sa.Boolean(), nullable=False),
        sa.Column("status", _words("delegatedadminstatus", *STATUS), nullable=False),
        *(
            sa.Column(name, UtcTime())
            for name in ("requested_at", "starts_at", "ends_at", "expires_at", "notice_at", "closed_at")
        ),
        sa.Column("ended_by", _words("tenantkind", "partner", "customer", "system")),
        sa.Column("cloud", _words("cloud", "public", "us_government"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delegated_admin_grants"),
        sa.ForeignKeyConstraint(
            ["relationship_id"],
            ["reseller_relationships.id"],
            name="fk_delegated_admin_grants_relationship_id",
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name="fk_delegated_admin_grants_partner_id"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_delegated_admin_grants_customer_id"
        ),
    )
    for columns in (
        ("customer_id", "partner_id", "status"),
        ("partner_id", "id"),
        ("relationship_id",),
        ("status", "expires_at"),
        ("notice_at",),
    ):
        op.create_index(
            f"ix_delegated_admin_grants_{'_'.join(columns)}", "delegated_admin_grants", list(columns)
        )


def _carry_over() -> None:
    relationships, now = _relationships(), datetime.now(UTC)
    active = sa.and_(relationships.c.status == "active", relationships.c.delegated_admin)
    requested = sa.and_(
        relationships.c.status == "requested",
        relationships.c.delegated_admin_requested,
        sa.or_(relationships.c.expires_at.is_(None), relationships.c.expires_at > now),
    )
    rows = op.get_bind().execute(sa.select(relationships).where(sa.or_(active, requested))).mappings()
    grants = [_active(row, now) if row["status"] == "active" else _pending(row) for row in rows]
    if grants:
        op.bulk_insert(_grants(), grants)


def _active(row: sa.RowMapping, now: datetime) -> dict[str, object]:
    return {
        **_common(row),
        "requested_with_relationship": False,
        "status": "active",
        "starts_at": row["accepted_at"] or row["created_at"],
        "ends_at": now + DURATION,
        "expires_at": now + DURATION,
        "notice_at": now + DURATION - timedelta(days=30),
    }


def _pending(row: sa.RowMapping) -> dict[str, object]:
    return {
        **_common(row),
        "requested_with_relationship": True,
        "status": "pending",
        "starts_at": None,
        "ends_at": None,
        "expires_at": row["expires_at"],
        "notice_at": None,
    }


def _common(row: sa.RowMapping) -> dict[str, object]:
    return {
        "id": str(uuid4()),
        "relationship_id": row["id"],
        **{name: row[name] for name in ("partner_id", "customer_id", "requested_at", "cloud")},
        **dict.fromkeys(RIGHTS, True),
        "duration_days": DURATION.days,
        "auto_extend": False,
        "closed_at": None,
        "ended_by": None,
        "version": 1,
        **{name: row[name] for name in ("created_at", "updated_at")},
    }


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _relationships() -> sa.TableClause:
    """The columns that are read here."""
    ids = ("id", "partner_id", "customer_id")
    times = ("requested_at", "accepted_at", "expires_at", "created_at", "updated_at")
    return sa.table(
        "reseller_relationships",
        *(sa.column(name, GUID) for name in ids),
        *(sa.column(name, UtcTime()) for name in times),
        *(sa.column(name, sa.Text()) for name in ("status", "cloud")),
        *(sa.column(name, sa.Boolean()) for name in ("delegated_admin", "delegated_admin_requested")),
    )


def _grants() -> sa.TableClause:
    ids = ("id", "relationship_id", "partner_id", "customer_id")
    times = ("requested_at", "starts_at", "ends_at", "expires_at", "notice_at", "closed_at")
    flags = (*RIGHTS, "requested_with_relationship", "auto_extend")
    return sa.table(
        "delegated_admin_grants",
        *(sa.column(name, GUID) for name in ids),
        *(sa.column(name, UtcTime()) for name in (*times, "created_at", "updated_at")),
        *(sa.column(name, sa.Boolean()) for name in flags),
        *(sa.column(name, sa.Integer()) for name in ("duration_days", "version")),
        *(sa.column(name, sa.Text()) for name in ("status", "ended_by", "cloud")),
    )
