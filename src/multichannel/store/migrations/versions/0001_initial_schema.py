"""The first schema.

It replaces two revisions from before the first release, and has the id of the second: the schema is the same,
so a database that they made is up to date.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, NAMING, UtcTime, Words

revision = "0002"
down_revision = None
branch_labels = None
depends_on = None


def _enum(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _key(name: str, type_: Any = GUID, *, to: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, type_, *([sa.ForeignKey(f"{to}.id")] if to else []), primary_key=True)


def _reference(name: str, *, to: str, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, GUID, sa.ForeignKey(f"{to}.id"), nullable=optional)


def _required(type_: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=False) for name in names]


def _optional(type_: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=True) for name in names]


def _partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


METADATA = sa.MetaData(naming_convention=NAMING)
INTEGER, BOOLEAN, JSON, TIME = sa.Integer(), sa.Boolean(), sa.JSON(), UtcTime()
TENANT_KIND = _enum("tenantkind", "partner", "customer", "system")
CLOUD = _enum("cloud", "public", "us_government")
AUDIT_STATUS = _enum("auditstatus", "succeeded", "failed", "declined")
QUALIFICATION = _enum(
    "customerqualification",
    "none",
    "education",
    "nonprofit",
    "government_community_cloud",
    "state_owned_entity",
)
PARTNER_TYPE = _enum("partnertype", "direct_bill", "indirect_provider", "indirect_reseller", "advisor")
PARTNER_STATUS = _enum("partnerstatus", "active", "restricted", "inactive")
USER_STATE = _enum("userstate", "active", "inactive")
AGREEMENT_KIND = _enum("agreementkind", "attestation", "direct")
PARTNERSHIP_STATUS = _enum("partnershipstatus", "invited", "active", "removed")
RELATIONSHIP_STATUS = _enum(
    "relationshipstatus", "requested", "active", "declined", "canceled", "expired", "removed"
)
ROLE = _enum(
    "role",
    "global_admin",
    "user_management_admin",
    "billing_admin",
    "admin_agent",
    "sales_agent",
    "helpdesk_agent",
    "account_admin",
)
RECORDED_BY = _enum("recordedby", "customer", "partner")
CHANNEL = _enum("channel", "csp", "direct", "advisor", "open", "ea", "syndication")
COMMERCE = _enum("commerce", "legacy", "new_commerce")
SUBSCRIPTION_STATUS = _enum(
    "subscriptionstatus", "none", "active", "suspended", "deleted", "expired", "pending", "disabled"
)
BILLING_TYPE = _enum("billingtype", "none", "usage", "license")
BILLING_CYCLE = _enum(
    "billingcycle", "unknown", "monthly", "annual", "none", "one_time", "triennial", "biennial"
)
CONTRACT_TYPE = _enum("contracttype", "subscription", "product_key", "redemption_code")
TRANSFER_KIND = _enum("transferkind", "legacy", "azure_plan", "new_commerce", "manual_switch")
TRANSFER_STATUS = _enum(
    "transferstatus",
    "pending",
    "in_progress",
    "completed",
    "completed_with_errors",
    "failed",
    "canceled",
    "declined",
    "expired",
)
INITIATOR = _enum("initiator", "source", "target")

sa.Table(
    "tenants",
    METADATA,
    _key("id"),
    *_required(TENANT_KIND, "kind"),
    *_required(CLOUD, "cloud"),
    *_required(TIME, "created_at"),
)
sa.Table(
    "partners",
    METADATA,
    _key("id", to="tenants"),
    *_required(Words, "name"),
    *_required(PARTNER_TYPE, "type"),
    *_required(PARTNER_STATUS, "status"),
    *_required(Words, "market"),
    *_required(CLOUD, "cloud"),
    *_optional(Words, "partner_number"),
    *_required(TIME, "created_at"),
    sa.Index(None, "partner_number"),
)
sa.Table(
    "customers",
    METADATA,
    _key("id", to="tenants"),
    *_optional(Words, "company_name", "domain"),
    *_required(JSON, "custom_domains"),
    *_optional(
        Words,
        "organization_registration_number",
        "email",
        "phone_number",
        "address_line1",
        "address_line2",
        "city",
        "state",
        "region",
        "postal_code",
        "country",
    ),
    *_required(QUALIFICATION, "qualification"),
    *_required(Words, "market"),
    *_required(CLOUD, "cloud"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at", "created_at"),
    sa.Index(None, "company_name", "id"),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "domain"),
    sa.Index(None, "id", "cloud"),
)
sa.Table(
    "users",
    METADATA,
    _key("id"),
    _reference("tenant_id", to="tenants"),
    *_required(GUID, "object_id"),
    *_required(Words, "display_name"),
    *_required(USER_STATE, "state"),
    *_required(CLOUD, "cloud"),
    *_required(TIME, "created_at"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at"),
    sa.UniqueConstraint("tenant_id", "object_id"),
)
sa.Table(
    "role_assignments",
    METADATA,
    _key("user_id", to="users"),
    _key("role", ROLE),
    _reference("tenant_id", to="tenants"),
    sa.Index(None, "tenant_id"),
)
sa.Table(
    "partnerships",
    METADATA,
    _key("id"),
    _reference("provider_id", to="partners"),
    _reference("reseller_id", to="partners", optional=True),
    *_optional(Words, "reseller_number"),
    *_required(PARTNERSHIP_STATUS, "status"),
    *_required(Words, "market"),
    *_required(CLOUD, "cloud"),
    *_optional(TIME, "accepted_at"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at", "created_at"),
    *_required(Words, "addressed_to"),
    *_optional(TIME, "invited_at", "removed_at"),
    sa.Index(None, "provider_id", "addressed_to"),
    sa.Index(None, "reseller_id", "provider_id"),
    _partial_index(
        "uq_partnerships_open",
        "provider_id",
        "reseller_id",
        where="status IN ('invited', 'active')",
        unique=True,
    ),
)
sa.Table(
    "reseller_relationships",
    METADATA,
    _key("id"),
    _reference("partner_id", to="partners"),
    _reference("customer_id", to="customers", optional=True),
    _reference("associated_partner_id", to="partners", optional=True),
    *_required(RELATIONSHIP_STATUS, "status"),
    *_required(BOOLEAN, "delegated_admin"),
    *_optional(GUID, "commerce_id"),
    *_optional(TIME, "requested_at", "accepted_at", "expires_at"),
    *_required(Words, "market"),
    *_required(CLOUD, "cloud"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at", "created_at"),
    *_required(Words, "addressed_to"),
    _reference("invited_with_id", to="reseller_relationships", optional=True),
    *_required(BOOLEAN, "delegated_admin_requested"),
    *_optional(TIME, "closed_at"),
    sa.Index(None, "associated_partner_id", "customer_id"),
    sa.Index(None, "customer_id", "partner_id"),
    sa.Index(None, "invited_with_id"),
    sa.Index(None, "partner_id", "addressed_to"),
    sa.Index(None, "partner_id", "status", "customer_id"),
    sa.Index(None, "status", "expires_at"),
    _partial_index("ix_reseller_relationships_waiting", "addressed_to", where="customer_id IS NULL"),
    _partial_index(
        "uq_reseller_relationships_active",
        "partner_id",
        "customer_id",
        where="status = 'active' AND associated_partner_id IS NULL",
        unique=True,
    ),
    _partial_index(
        "uq_reseller_relationships_active_through",
        "partner_id",
        "customer_id",
        "associated_partner_id",
        where="status = 'active' AND associated_partner_id IS NOT NULL",
        unique=True,
    ),
)
sa.Table(
    "customer_agreements",
    METADATA,
    _key("id"),
    _reference("customer_id", to="customers"),
    _reference("partner_id", to="partners", optional=True),
    *_required(AGREEMENT_KIND, "kind"),
    *_required(Words, "first_name", "last_name", "email"),
    *_optional(Words, "phone_number"),
    *_required(TIME, "agreed_at"),
    *_required(CLOUD, "cloud"),
    *_required(TIME, "created_at"),
    sa.Index(None, "customer_id", "partner_id"),
    sa.Index(None, "partner_id", "id"),
)
sa.Table(
    "billing_profiles",
    METADATA,
    _key("id"),
    _reference("partner_id", to="partners"),
    _reference("customer_id", to="customers"),
    *_optional(GUID, "vendor_id"),
    *_optional(
        Words,
        "first_name",
        "last_name",
        "email",
        "culture",
        "language",
        "company_name",
        "address_line1",
        "address_line2",
        "city",
        "state",
        "region",
        "postal_code",
        "country",
        "phone_number",
    ),
    *_required(CLOUD, "cloud"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at", "created_at"),
    sa.UniqueConstraint("partner_id", "customer_id"),
    sa.Index(None, "customer_id", "partner_id"),
)
sa.Table(
    "subscriptions",
    METADATA,
    _key("id"),
    _reference("owner_id", to="tenants"),
    *_optional(GUID, "vendor_id"),
    _reference("customer_id", to="customers"),
    *_required(RECORDED_BY, "recorded_by"),
    *_required(CHANNEL, "channel"),
    _reference("billing_partner_id", to="partners", optional=True),
    _reference("partner_of_record_id", to="partners", optional=True),
    *_optional(Words, "partner_number"),
    _reference("support_contact_id", to="partners", optional=True),
    *_required(COMMERCE, "commerce"),
    *_required(Words, "market"),
    *_required(CLOUD, "cloud"),
    *_optional(Words, "offer_id", "offer_name", "friendly_name", "product_type_id", "product_type_name"),
    *_required(INTEGER, "quantity"),
    *_optional(Words, "unit_type"),
    _reference("parent_id", to="subscriptions", optional=True),
    *_optional(GUID, "parent_vendor_id", "entitlement_id"),
    *_optional(Words, "consumption_type"),
    *_optional(
        TIME,
        "creation_date",
        "effective_start_date",
        "commitment_end_date",
        "cancellation_allowed_until_date",
        "billing_cycle_end_date",
    ),
    *_required(SUBSCRIPTION_STATUS, "status"),
    *_optional(BOOLEAN, "auto_renew_enabled"),
    *_required(BILLING_TYPE, "billing_type"),
    *_required(BILLING_CYCLE, "billing_cycle"),
    *_optional(BOOLEAN, "has_purchasable_addons", "is_trial"),
    *_optional(Words, "term_duration", "renewal_term_duration"),
    *_optional(BOOLEAN, "is_microsoft_product"),
    *_optional(Words, "publisher_name"),
    *_required(JSON, "suspension_reasons"),
    *_optional(CONTRACT_TYPE, "contract_type"),
    *_optional(Words, "order_id", "promotion_id"),
    *_optional(GUID, "migrated_from_subscription_id"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at", "created_at"),
    *_optional(TIME, "expires_at", "disabled_at", "deleted_at"),
    _reference("continues_id", to="subscriptions", optional=True),
    *_required(JSON, "services", "canceled_services"),
    *_optional(Words, "cancellation_reason"),
    sa.UniqueConstraint("owner_id", "vendor_id"),
    sa.Index(None, "billing_partner_id", "id"),
    sa.Index(None, "continues_id"),
    sa.Index(None, "customer_id", "id"),
    sa.Index(None, "owner_id", "id"),
    sa.Index(None, "parent_id"),
    sa.Index(None, "partner_of_record_id", "id"),
    sa.Index(None, "status", "expires_at"),
    sa.Index(None, "support_contact_id", "id"),
)
sa.Table(
    "transfers",
    METADATA,
    _key("id"),
    _reference("owner_id", to="tenants"),
    *_optional(GUID, "vendor_id"),
    *_required(TRANSFER_KIND, "kind"),
    *_required(TRANSFER_STATUS, "status"),
    *_required(GUID, "customer_id"),
    *_optional(Words, "customer_name"),
    *_required(GUID, "source_partner_id"),
    *_optional(Words, "source_partner_name"),
    *_required(GUID, "target_partner_id"),
    *_optional(Words, "target_partner_name"),
    *_required(JSON, "target_product_types"),
    *_optional(TIME, "requested_at", "modified_at", "completed_at", "expires_at"),
    *_required(CLOUD, "cloud"),
    *_required(INTEGER, "version"),
    *_required(TIME, "updated_at", "created_at"),
    *_optional(INITIATOR, "initiated_by"),
    *_optional(TIME, "source_consented_at", "customer_consented_at", "target_consented_at"),
    _reference("partner_of_record_id", to="partners", optional=True),
    *_optional(Words, "market"),
    sa.UniqueConstraint("owner_id", "vendor_id"),
    sa.Index(None, "customer_id", "id"),
    sa.Index(None, "source_partner_id", "id"),
    sa.Index(None, "status", "expires_at"),
    sa.Index(None, "target_partner_id", "id"),
)
sa.Table(
    "transfer_lines",
    METADATA,
    _key("id"),
    _reference("tenant_id", to="tenants"),
    _reference("transfer_id", to="transfers"),
    *_required(INTEGER, "number"),
    *_optional(INTEGER, "base_number"),
    *_optional(GUID, "subscription_vendor_id"),
    *_optional(Words, "offer_id", "friendly_name"),
    *_optional(INTEGER, "quantity"),
    *_optional(Words, "billing_cycle", "partner_number", "status", "error"),
    _reference("subscription_id", to="subscriptions", optional=True),
    _reference("new_subscription_id", to="subscriptions", optional=True),
    sa.UniqueConstraint("transfer_id", "number"),
    sa.Index(None, "subscription_id"),
    sa.Index(None, "transfer_id"),
)
sa.Table(
    "audit_chains",
    METADATA,
    _key("tenant_id", to="tenants"),
    *_required(INTEGER, "length"),
    *_required(Words, "seal"),
    *_required(INTEGER, "pruned"),
    *_required(Words, "checkpoint"),
)
sa.Table(
    "audit_records",
    METADATA,
    _key("id"),
    _reference("tenant_id", to="tenants"),
    *_required(INTEGER, "number"),
    *_required(TIME, "operation_date"),
    *_required(Words, "operation"),
    *_required(AUDIT_STATUS, "status"),
    *_optional(GUID, "actor_tenant_id", "actor_user_id"),
    *_required(Words, "resource_type"),
    *_optional(GUID, "resource_id", "customer_id"),
    *_required(JSON, "old_value", "new_value", "reasons"),
    *_optional(GUID, "event_id"),
    *_required(GUID, "correlation_id"),
    *_required(CLOUD, "cloud"),
    *_required(Words, "seal"),
    sa.UniqueConstraint("tenant_id", "number"),
    sa.Index(None, "tenant_id", "operation_date", "id"),
)
sa.Table(
    "events",
    METADATA,
    _key("id"),
    *_required(TIME, "occurred_at"),
    *_required(Words, "operation", "resource_type"),
    *_required(GUID, "resource_id"),
    *_optional(GUID, "customer_id", "transfer_id"),
    *_required(GUID, "correlation_id"),
    sa.Index(None, "occurred_at", "id"),
)
sa.Table(
    "idempotency_keys",
    METADATA,
    _key("tenant_id", to="tenants"),
    _key("user_id"),
    _key("operation", Words),
    _key("key", Words),
    *_required(Words, "input_digest"),
    *_required(JSON, "outcome"),
    *_required(TIME, "created_at"),
    sa.Index(None, "created_at"),
)


def upgrade() -> None:
    """Create every table."""
    METADATA.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop every table."""
    METADATA.drop_all(op.get_bind(), checkfirst=False)
