"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, UtcTime, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "tenants",
        sa.Column("id", GUID, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "partner",
                "customer",
                "system",
                name="tenantkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "customers",
        sa.Column("id", GUID, nullable=False),
        sa.Column("company_name", Words, nullable=True),
        sa.Column("domain", Words, nullable=True),
        sa.Column("custom_domains", sa.JSON(), nullable=False),
        sa.Column("organization_registration_number", Words, nullable=True),
        sa.Column("email", Words, nullable=True),
        sa.Column("phone_number", Words, nullable=True),
        sa.Column("address_line1", Words, nullable=True),
        sa.Column("address_line2", Words, nullable=True),
        sa.Column("city", Words, nullable=True),
        sa.Column("state", Words, nullable=True),
        sa.Column("region", Words, nullable=True),
        sa.Column("postal_code", Words, nullable=True),
        sa.Column("country", Words, nullable=True),
        sa.Column(
            "qualification",
            sa.Enum(
                "none",
                "education",
                "nonprofit",
                "government_community_cloud",
                "state_owned_entity",
                name="customerqualification",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("market", Words, nullable=False),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["tenants.id"], name=op.f("fk_customers_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_customers_company_name_id"), ["company_name", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_customers_created_at_id"), ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_domain"), ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_id_cloud"), ["id", "cloud"], unique=False)

    op.create_table(
        "partners",
        sa.Column("id", GUID, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "direct_bill",
                "indirect_provider",
                "indirect_reseller",
                "advisor",
                name="partnertype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "restricted",
                "inactive",
                name="partnerstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("market", Words, nullable=False),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("partner_number", Words, nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["tenants.id"], name=op.f("fk_partners_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
    )
    with op.batch_alter_table("partners", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_partners_partner_number"), ["partner_number"], unique=False)

    op.create_table(
        "transfers",
        sa.Column("id", GUID, nullable=False),
        sa.Column("owner_id", GUID, nullable=False),
        sa.Column("vendor_id", GUID, nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "legacy",
                "azure_plan",
                "new_commerce",
                "manual_switch",
                name="transferkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "in_progress",
                "completed",
                "completed_with_errors",
                "failed",
                "canceled",
                "declined",
                "expired",
                name="transferstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("customer_id", GUID, nullable=False),
        sa.Column("customer_name", Words, nullable=True),
        sa.Column("source_partner_id", GUID, nullable=False),
        sa.Column("source_partner_name", Words, nullable=True),
        sa.Column("target_partner_id", GUID, nullable=False),
        sa.Column("target_partner_name", Words, nullable=True),
        sa.Column("target_product_types", sa.JSON(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=True),
        sa.Column("modified_at", UtcTime(), nullable=True),
        sa.Column("completed_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["tenants.id"], name=op.f("fk_transfers_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("owner_id", "vendor_id", name=op.f("uq_transfers_owner_id_vendor_id")),
    )
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfers_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_transfers_source_partner_id_id"), ["source_partner_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_transfers_target_partner_id_id"), ["target_partner_id", "id"], unique=False
        )

    op.create_table(
        "users",
        sa.Column("id", GUID, nullable=False),
        sa.Column("tenant_id", GUID, nullable=False),
        sa.Column("object_id", GUID, nullable=False),
        sa.Column("display_name", Words, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active", "inactive", name="userstate", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_users_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "object_id", name=op.f("uq_users_tenant_id_object_id")),
    )
    op.create_table(
        "billing_profiles",
        sa.Column("id", GUID, nullable=False),
        sa.Column("partner_id", GUID, nullable=False),
        sa.Column("customer_id", GUID, nullable=False),
        sa.Column("vendor_id", GUID, nullable=True),
        sa.Column("first_name", Words, nullable=True),
        sa.Column("last_name", Words, nullable=True),
        sa.Column("email", Words, nullable=True),
        sa.Column("culture", Words, nullable=True),
        sa.Column("language", Words, nullable=True),
        sa.Column("company_name", Words, nullable=True),
        sa.Column("address_line1", Words, nullable=True),
        sa.Column("address_line2", Words, nullable=True),
        sa.Column("city", Words, nullable=True),
        sa.Column("state", Words, nullable=True),
        sa.Column("region", Words, nullable=True),
        sa.Column("postal_code", Words, nullable=True),
        sa.Column("country", Words, nullable=True),
        sa.Column("phone_number", Words, nullable=True),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_billing_profiles_customer_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_billing_profiles_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_profiles")),
        sa.UniqueConstraint(
            "partner_id", "customer_id", name=op.f("uq_billing_profiles_partner_id_customer_id")
        ),
    )
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_billing_profiles_customer_id_partner_id"),
            ["customer_id", "partner_id"],
            unique=False,
        )

    op.create_table(
        "partnerships",
        sa.Column("id", GUID, nullable=False),
        sa.Column("provider_id", GUID, nullable=False),
        sa.Column("reseller_id", GUID, nullable=False),
        sa.Column("reseller_number", Words, nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "invited",
                "active",
                "removed",
                name="partnershipstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("market", Words, nullable=False),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["provider_id"], ["partners.id"], name=op.f("fk_partnerships_provider_id")),
        sa.ForeignKeyConstraint(["reseller_id"], ["partners.id"], name=op.f("fk_partnerships_reseller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partnerships")),
        sa.UniqueConstraint(
            "provider_id", "reseller_id", name=op.f("uq_partnerships_provider_id_reseller_id")
        ),
    )
    with op.batch_alter_table("partnerships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_partnerships_reseller_id_provider_id"),
            ["reseller_id", "provider_id"],
            unique=False,
        )

    op.create_table(
        "reseller_relationships",
        sa.Column("id", GUID, nullable=False),
        sa.Column("partner_id", GUID, nullable=False),
        sa.Column("customer_id", GUID, nullable=False),
        sa.Column("associated_partner_id", GUID, nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "active",
                "declined",
                "canceled",
                "expired",
                "removed",
                name="relationshipstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("delegated_admin", sa.Boolean(), nullable=False),
        sa.Column("commerce_id", GUID, nullable=True),
        sa.Column("requested_at", UtcTime(), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("market", Words, nullable=False),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["associated_partner_id"],
            ["partners.id"],
            name=op.f("fk_reseller_relationships_associated_partner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_reseller_relationships_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.id"], name=op.f("fk_reseller_relationships_partner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reseller_relationships")),
        sa.UniqueConstraint(
            "partner_id", "customer_id", name=op.f("uq_reseller_relationships_partner_id_customer_id")
        ),
    )
    with op.batch_alter_table("reseller_relationships", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reseller_relationships_associated_partner_id_customer_id"),
            ["associated_partner_id", "customer_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_reseller_relationships_customer_id_partner_id"),
            ["customer_id", "partner_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_reseller_relationships_partner_id_status_customer_id"),
            ["partner_id", "status", "customer_id"],
            unique=False,
        )

    op.create_table(
        "role_assignments",
        sa.Column("user_id", GUID, nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "global_admin",
                "user_management_admin",
                "billing_admin",
                "admin_agent",
                "sales_agent",
                "helpdesk_agent",
                "account_admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("tenant_id", GUID, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_role_assignments_tenant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_role_assignments_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_role_assignments")),
    )
    with op.batch_alter_table("role_assignments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_assignments_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("id", GUID, nullable=False),
        sa.Column("owner_id", GUID, nullable=False),
        sa.Column("vendor_id", GUID, nullable=True),
        sa.Column("customer_id", GUID, nullable=False),
        sa.Column(
            "recorded_by",
            sa.Enum(
                "customer", "partner", name="recordedby", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "csp",
                "direct",
                "advisor",
                "open",
                "ea",
                "syndication",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("billing_partner_id", GUID, nullable=True),
        sa.Column("partner_of_record_id", GUID, nullable=True),
        sa.Column("partner_number", Words, nullable=True),
        sa.Column("support_contact_id", GUID, nullable=True),
        sa.Column(
            "commerce",
            sa.Enum(
                "legacy",
                "new_commerce",
                name="commerce",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("market", Words, nullable=False),
        sa.Column(
            "cloud",
            sa.Enum(
                "public", "us_government", name="cloud", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("offer_id", Words, nullable=True),
        sa.Column("offer_name", Words, nullable=True),
        sa.Column("friendly_name", Words, nullable=True),
        sa.Column("product_type_id", Words, nullable=True),
        sa.Column("product_type_name", Words, nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_type", Words, nullable=True),
        sa.Column("parent_id", GUID, nullable=True),
        sa.Column("parent_vendor_id", GUID, nullable=True),
        sa.Column("entitlement_id", GUID, nullable=True),
        sa.Column("consumption_type", Words, nullable=True),
        sa.Column("creation_date", UtcTime(), nullable=True),
        sa.Column("effective_start_date", UtcTime(), nullable=True),
        sa.Column("commitment_end_date", UtcTime(), nullable=True),
        sa.Column("cancellation_allowed_until_date", UtcTime(), nullable=True),
        sa.Column("billing_cycle_end_date", UtcTime(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "none",
                "active",
                "suspended",
                "deleted",
                "expired",
                "pending",
                "disabled",
                name="subscriptionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("auto_renew_enabled", sa.Boolean(), nullable=True),
        sa.Column(
            "billing_type",
            sa.Enum(
                "none",
                "usage",
                "license",
                name="billingtype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "billing_cycle",
            sa.Enum(
                "unknown",
                "monthly",
                "annual",
                "none",
                "one_time",
                "triennial",
                "biennial",
                name="billingcycle",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("has_purchasable_addons", sa.Boolean(), nullable=True),
        sa.Column("is_trial", sa.Boolean(), nullable=True),
        sa.Column("term_duration", Words, nullable=True),
        sa.Column("renewal_term_duration", Words, nullable=True),
        sa.Column("is_microsoft_product", sa.Boolean(), nullable=True),
        sa.Column("publisher_name", Words, nullable=True),
        sa.Column("suspension_reasons", sa.JSON(), nullable=False),
        sa.Column(
            "contract_type",
            sa.Enum(
                "subscription",
                "product_key",
                "redemption_code",
                name="contracttype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("order_id", Words, nullable=True),
        sa.Column("promotion_id", Words, nullable=True),
        sa.Column("migrated_from_subscription_id", GUID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["billing_partner_id"], ["partners.id"], name=op.f("fk_subscriptions_billing_partner_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_subscriptions_customer_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["tenants.id"], name=op.f("fk_subscriptions_owner_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["subscriptions.id"], name=op.f("fk_subscriptions_parent_id")),
        sa.ForeignKeyConstraint(
            ["partner_of_record_id"], ["partners.id"], name=op.f("fk_subscriptions_partner_of_record_id")
        ),
        sa.ForeignKeyConstraint(
            ["support_contact_id"], ["partners.id"], name=op.f("fk_subscriptions_support_contact_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("owner_id", "vendor_id", name=op.f("uq_subscriptions_owner_id_vendor_id")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_subscriptions_billing_partner_id_id"), ["billing_partner_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_subscriptions_customer_id_id"), ["customer_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_subscriptions_owner_id_id"), ["owner_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriptions_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_subscriptions_partner_of_record_id_id"),
            ["partner_of_record_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_subscriptions_support_contact_id_id"), ["support_contact_id", "id"], unique=False
        )

    op.create_table(
        "transfer_lines",
        sa.Column("id", GUID, nullable=False),
        sa.Column("tenant_id", GUID, nullable=False),
        sa.Column("transfer_id", GUID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("base_number", sa.Integer(), nullable=True),
        sa.Column("subscription_vendor_id", GUID, nullable=True),
        sa.Column("offer_id", Words, nullable=True),
        sa.Column("friendly_name", Words, nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("billing_cycle", Words, nullable=True),
        sa.Column("partner_number", Words, nullable=True),
        sa.Column("status", Words, nullable=True),
        sa.Column("error", Words, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_transfer_lines_tenant_id")),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_transfer_lines_transfer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_lines")),
        sa.UniqueConstraint("transfer_id", "number", name=op.f("uq_transfer_lines_transfer_id_number")),
    )
    with op.batch_alter_table("transfer_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_lines_transfer_id"), ["transfer_id"], unique=False)


def downgrade() -> None:
    """Drop every table."""
    with op.batch_alter_table("transfer_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfer_lines_transfer_id"))

    op.drop_table("transfer_lines")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscriptions_support_contact_id_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_partner_of_record_id_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_parent_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_owner_id_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_customer_id_id"))
        batch_op.drop_index(batch_op.f("ix_subscriptions_billing_partner_id_id"))

    op.drop_table("subscriptions")
    with op.batch_alter_table("role_assignments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_assignments_tenant_id"))

    op.drop_table("role_assignments")
    with op.batch_alter_table("reseller_relationships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reseller_relationships_partner_id_status_customer_id"))
        batch_op.drop_index(batch_op.f("ix_reseller_relationships_customer_id_partner_id"))
        batch_op.drop_index(batch_op.f("ix_reseller_relationships_associated_partner_id_customer_id"))

    op.drop_table("reseller_relationships")
    with op.batch_alter_table("partnerships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partnerships_reseller_id_provider_id"))

    op.drop_table("partnerships")
    with op.batch_alter_table("billing_profiles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_billing_profiles_customer_id_partner_id"))

    op.drop_table("billing_profiles")
    op.drop_table("users")
    with op.batch_alter_table("transfers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfers_target_partner_id_id"))
        batch_op.drop_index(batch_op.f("ix_transfers_source_partner_id_id"))
        batch_op.drop_index(batch_op.f("ix_transfers_customer_id_id"))

    op.drop_table("transfers")
    with op.batch_alter_table("partners", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partners_partner_number"))

    op.drop_table("partners")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_id_cloud"))
        batch_op.drop_index(batch_op.f("ix_customers_domain"))
        batch_op.drop_index(batch_op.f("ix_customers_created_at_id"))
        batch_op.drop_index(batch_op.f("ix_customers_company_name_id"))

    op.drop_table("customers")
    op.drop_table("tenants")
