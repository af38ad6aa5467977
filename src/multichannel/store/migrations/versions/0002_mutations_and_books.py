"""Requests, transfers and agreements made here; the books: audit chains, events, idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CLOUD = sa.Enum("public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40)
SUPERFLUOUS = """DELETE FROM reseller_relationships WHERE customer_id IS NULL OR EXISTS (
    SELECT 1 FROM reseller_relationships AS other
    WHERE other.partner_id = reseller_relationships.partner_id
    AND other.customer_id = reseller_relationships.customer_id AND other.id > reseller_relationships.id)"""
SUPERFLUOUS_PARTNERSHIPS = """DELETE FROM partnerships WHERE reseller_id IS NULL OR EXISTS (
    SELECT 1 FROM partnerships AS other
    WHERE other.provider_id = partnerships.provider_id
    AND other.reseller_id = partnerships.reseller_id AND other.id > partnerships.id)"""
"""One row of two companies remains: the former schema knows no more."""


def upgrade() -> None:
    """Add what is new, and let what is there say what it was."""
    op.create_table(
        "events",
        sa.Column("id", GUID, nullable=False),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("operation", Words, nullable=False),
        sa.Column("resource_type", Words, nullable=False),
        sa.Column("resource_id", GUID, nullable=False),
        sa.Column("customer_id", GUID, nullable=True),
        sa.Column("transfer_id", GUID, nullable=True),
        sa.Column("correlation_id", GUID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events") as batch_op:
        batch_op.create_index(op.f("ix_events_occurred_at_id"), ["occurred_at", "id"], unique=False)

    op.create_table(
        "audit_chains",
        sa.Column("tenant_id", GUID, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("seal", Words, nullable=False),
        sa.Column("pruned", sa.Integer(), nullable=False),
        sa.Column("checkpoint", Words, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_chains_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_audit_chains")),
    )
    op.create_table(
        "audit_records",
        sa.Column("id", GUID, nullable=False),
        sa.Column("tenant_id", GUID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("operation_date", UtcTime(), nullable=False),
        sa.Column("operation", Words, nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "succeeded",
                "failed",
                "declined",
                name="auditstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_tenant_id", GUID, nullable=True),
        sa.Column("actor_user_id", GUID, nullable=True),
        sa.Column("resource_type", Words, nullable=False),
        sa.Column("resource_id", GUID, nullable=True),
        sa.Column("customer_id", GUID, nullable=True),
        sa.Column("old_value", sa.JSON(), nullable=False),
        sa.Column("new_value", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("event_id", GUID, nullable=True),
        sa.Column("correlation_id", GUID, nullable=False),
        sa.Column("cloud", CLOUD, nullable=False),
        sa.Column("seal", Words, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_records_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_records")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_audit_records_tenant_id_number")),
    )
    with op.batch_alter_table("audit_records") as batch_op:
        batch_op.create_index(
            op.f("ix_audit_records_tenant_id_operation_date_id"),
            ["tenant_id", "operation_date", "id"],
            unique=False,
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", GUID, nullable=False),
        sa.Column("user_id", GUID, nullable=False),
        sa.Column("operation", Words, nullable=False),
        sa.Column("key", Words, nullable=False),
        sa.Column("input_digest", Words, nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_keys_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", "operation", "key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys") as batch_op:
        batch_op.create_index(op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "customer_agreements",
        sa.Column("id", GUID, nullable=False),
        sa.Column("customer_id", GUID, nullable=False),
        sa.Column("partner_id", GUID, nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "attestation",
                "direct",
                name="agreementkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_name", Words, nullable=False),
        sa.Column("last_name", Words, nullable=False),
        sa.Column("email", Words, nullable=False),
        sa.Column("phone_number", Words, nullable=True),
        sa.Column("agreed_at", UtcTime(), nullable=False),
        sa.Column("cloud", CLOUD, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_agreements_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_customer_agreements_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_agreements")),
    )
    with op.batch_alter_table("customer_agreements") as batch_op:
        batch_op.create_index(
            op.f("ix_customer_agreements_customer_id_partner_id"), ["customer_id", "partner_id"], unique=False
        )
        batch_op.create_index(
            op.f("ix_customer_agreements_partner_id_id"), ["partner_id", "id"], unique=False
        )

    with op.batch_alter_table("partnerships") as batch_op:
        batch_op.add_column(sa.Column("addressed_to", Words, nullable=True))
        batch_op.add_column(sa.Column("invited_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("removed_at", UtcTime(), nullable=True))
        batch_op.alter_column("reseller_id", existing_type=GUID, nullable=True)
        batch_op.drop_constraint(op.f("uq_partnerships_provider_id_reseller_id"), type_="unique")
        batch_op.create_index(
            op.f("ix_partnerships_provider_id_addressed_to"), ["provider_id", "addressed_to"], unique=False
        )
        batch_op.create_index(
            "uq_partnerships_open",
            ["provider_id", "reseller_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('invited', 'active')"),
            postgresql_where=sa.text("status IN ('invited', 'active')"),
        )

    with op.batch_alter_table("reseller_relationships") as batch_op:
        batch_op.add_column(sa.Column("addressed_to", Words, nullable=True))
        batch_op.add_column(sa.Column("invited_with_id", GUID, nullable=True))
        batch_op.add_column(sa.Column("delegated_admin_requested", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", UtcTime(), nullable=True))
        batch_op.alter_column("customer_id", existing_type=GUID, nullable=True)
        batch_op.drop_constraint(op.f("uq_reseller_relationships_partner_id_customer_id"), type_="unique")
        batch_op.create_index(
            op.f("ix_reseller_relationships_invited_with_id"), ["invited_with_id"], unique=False
        )
        batch_op.create_index(
            op.f("ix_reseller_relationships_partner_id_addressed_to"),
            ["partner_id", "addressed_to"],
            unique=False,
        )
        batch_op.create_index(
            op.f("ix_reseller_relationships_status_expires_at"), ["status", "expires_at"], unique=False
        )
        batch_op.create_index(
            "ix_reseller_relationships_waiting",
            ["addressed_to"],
            unique=False,
            sqlite_where=sa.text("customer_id IS NULL"),
            postgresql_where=sa.text("customer_id IS NULL"),
        )
        batch_op.create_index(
            "uq_reseller_relationships_active",
            ["partner_id", "customer_id"],
            unique=True,
            sqlite_where=sa.text("status = 'active' AND associated_partner_id IS NULL"),
            postgresql_where=sa.text("status = 'active' AND associated_partner_id IS NULL"),
        )
        batch_op.create_index(
            "uq_reseller_relationships_active_through",
            ["partner_id", "customer_id", "associated_partner_id"],
            unique=True,
            sqlite_where=sa.text("status = 'active' AND associated_partner_id IS NOT NULL"),
            postgresql_where=sa.text("status = 'active' AND associated_partner_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            op.f("fk_reseller_relationships_invited_with_id"),
            "reseller_relationships",
            ["invited_with_id"],
            ["id"],
        )

    with op.batch_alter_table("subscriptions") as batch_op:
        batch_op.add_column(sa.Column("expires_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("disabled_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("deleted_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("continues_id", GUID, nullable=True))
        batch_op.add_column(sa.Column("services", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("canceled_services", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("cancellation_reason", Words, nullable=True))
        batch_op.create_index(op.f("ix_subscriptions_continues_id"), ["continues_id"], unique=False)
        batch_op.create_index(
            op.f("ix_subscriptions_status_expires_at"), ["status", "expires_at"], unique=False
        )
        batch_op.create_foreign_key(
            op.f("fk_subscriptions_continues_id"), "subscriptions", ["continues_id"], ["id"]
        )

    with op.batch_alter_table("transfer_lines") as batch_op:
        batch_op.add_column(sa.Column("subscription_id", GUID, nullable=True))
        batch_op.add_column(sa.Column("new_subscription_id", GUID, nullable=True))
        batch_op.create_index(op.f("ix_transfer_lines_subscription_id"), ["subscription_id"], unique=False)
        batch_op.create_foreign_key(
            op.f("fk_transfer_lines_new_subscription_id"), "subscriptions", ["new_subscription_id"], ["id"]
        )
        batch_op.create_foreign_key(
            op.f("fk_transfer_lines_subscription_id"), "subscriptions", ["subscription_id"], ["id"]
        )

    with op.batch_alter_table("transfers") as batch_op:
        batch_op.add_column(
            sa.Column(
                "initiated_by",
                sa.Enum(
                    "source", "target", name="initiator", native_enum=False, create_constraint=True, length=40
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("source_consented_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("customer_consented_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("target_consented_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("partner_of_record_id", GUID, nullable=True))
        batch_op.add_column(sa.Column("market", Words, nullable=True))
        batch_op.create_index(op.f("ix_transfers_status_expires_at"), ["status", "expires_at"], unique=False)
        batch_op.create_foreign_key(
            op.f("fk_transfers_partner_of_record_id"), "partners", ["partner_of_record_id"], ["id"]
        )

    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("updated_at", UtcTime(), nullable=True))
    op.execute("UPDATE partnerships SET addressed_to = CAST(reseller_id AS TEXT)")
    with op.batch_alter_table("partnerships") as batch_op:
        batch_op.alter_column("addressed_to", existing_type=Words, nullable=False)
    op.execute("UPDATE reseller_relationships SET addressed_to = CAST(customer_id AS TEXT)")
    op.execute("UPDATE reseller_relationships SET delegated_admin_requested = delegated_admin")
    with op.batch_alter_table("reseller_relationships") as batch_op:
        batch_op.alter_column("addressed_to", existing_type=Words, nullable=False)
        batch_op.alter_column("delegated_admin_requested", existing_type=sa.Boolean(), nullable=False)
    op.execute("UPDATE subscriptions SET services = '[]'")
    op.execute("UPDATE subscriptions SET canceled_services = '[]'")
    with op.batch_alter_table("subscriptions") as batch_op:
        batch_op.alter_column("services", existing_type=sa.JSON(), nullable=False)
        batch_op.alter_column("canceled_services", existing_type=sa.JSON(), nullable=False)
    op.execute("UPDATE users SET version = 1")
    op.execute("UPDATE users SET updated_at = created_at")
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("version", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("updated_at", existing_type=UtcTime(), nullable=False)


def downgrade() -> None:
    """Take it away again, with what the former schema cannot hold."""
    op.execute("DELETE FROM transfer_lines WHERE subscription_id IS NOT NULL")
    op.execute("DELETE FROM transfers WHERE initiated_by IS NOT NULL")
    op.execute("UPDATE reseller_relationships SET invited_with_id = NULL")
    op.execute(SUPERFLUOUS)
    op.execute(SUPERFLUOUS_PARTNERSHIPS)
    with op.batch_alter_table("transfers") as batch_op:
        batch_op.drop_constraint(op.f("ck_transfers_initiator"), type_="check")
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("updated_at")
        batch_op.drop_column("version")

    with op.batch_alter_table("transfers") as batch_op:
        batch_op.drop_constraint(op.f("fk_transfers_partner_of_record_id"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_transfers_status_expires_at"))
        batch_op.drop_column("market")
        batch_op.drop_column("partner_of_record_id")
        batch_op.drop_column("target_consented_at")
        batch_op.drop_column("customer_consented_at")
        batch_op.drop_column("source_consented_at")
        batch_op.drop_column("initiated_by")

    with op.batch_alter_table("transfer_lines") as batch_op:
        batch_op.drop_constraint(op.f("fk_transfer_lines_subscription_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_transfer_lines_new_subscription_id"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_transfer_lines_subscription_id"))
        batch_op.drop_column("new_subscription_id")
        batch_op.drop_column("subscription_id")

    with op.batch_alter_table("subscriptions") as batch_op:
        batch_op.drop_constraint(op.f("fk_subscriptions_continues_id"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_subscriptions_status_expires_at"))
        batch_op.drop_index(op.f("ix_subscriptions_continues_id"))
        batch_op.drop_column("cancellation_reason")
        batch_op.drop_column("canceled_services")
        batch_op.drop_column("services")
        batch_op.drop_column("continues_id")
        batch_op.drop_column("deleted_at")
        batch_op.drop_column("disabled_at")
        batch_op.drop_column("expires_at")

    with op.batch_alter_table("reseller_relationships") as batch_op:
        batch_op.drop_constraint(op.f("fk_reseller_relationships_invited_with_id"), type_="foreignkey")
        batch_op.drop_index(
            "uq_reseller_relationships_active_through",
            sqlite_where=sa.text("status = 'active' AND associated_partner_id IS NOT NULL"),
            postgresql_where=sa.text("status = 'active' AND associated_partner_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_reseller_relationships_active",
            sqlite_where=sa.text("status = 'active' AND associated_partner_id IS NULL"),
            postgresql_where=sa.text("status = 'active' AND associated_partner_id IS NULL"),
        )
        batch_op.drop_index(
            "ix_reseller_relationships_waiting",
            sqlite_where=sa.text("customer_id IS NULL"),
            postgresql_where=sa.text("customer_id IS NULL"),
        )
        batch_op.drop_index(op.f("ix_reseller_relationships_status_expires_at"))
        batch_op.drop_index(op.f("ix_reseller_relationships_partner_id_addressed_to"))
        batch_op.drop_index(op.f("ix_reseller_relationships_invited_with_id"))
        batch_op.create_unique_constraint(
            op.f("uq_reseller_relationships_partner_id_customer_id"), ["partner_id", "customer_id"]
        )
        batch_op.alter_column("customer_id", existing_type=GUID, nullable=False)
        batch_op.drop_column("closed_at")
        batch_op.drop_column("delegated_admin_requested")
        batch_op.drop_column("invited_with_id")
        batch_op.drop_column("addressed_to")

    with op.batch_alter_table("partnerships") as batch_op:
        batch_op.drop_index(
            "uq_partnerships_open",
            sqlite_where=sa.text("status IN ('invited', 'active')"),
            postgresql_where=sa.text("status IN ('invited', 'active')"),
        )
        batch_op.drop_index(op.f("ix_partnerships_provider_id_addressed_to"))
        batch_op.create_unique_constraint(
            op.f("uq_partnerships_provider_id_reseller_id"), ["provider_id", "reseller_id"]
        )
        batch_op.alter_column("reseller_id", existing_type=GUID, nullable=False)
        batch_op.drop_column("removed_at")
        batch_op.drop_column("invited_at")
        batch_op.drop_column("addressed_to")

    with op.batch_alter_table("customer_agreements") as batch_op:
        batch_op.drop_index(op.f("ix_customer_agreements_partner_id_id"))
        batch_op.drop_index(op.f("ix_customer_agreements_customer_id_partner_id"))

    op.drop_table("customer_agreements")
    with op.batch_alter_table("idempotency_keys") as batch_op:
        batch_op.drop_index(op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("audit_records") as batch_op:
        batch_op.drop_index(op.f("ix_audit_records_tenant_id_operation_date_id"))

    op.drop_table("audit_records")
    op.drop_table("audit_chains")
    with op.batch_alter_table("events") as batch_op:
        batch_op.drop_index(op.f("ix_events_occurred_at_id"))

    op.drop_table("events")
