"""The first schema.

It replaces two revisions from before the first release, and has the id of the second: the schema is the same,
so a database that they made is up to date.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, NAMING, UtcTime, Words
from multichannel.store.migrations.columns import (
    enum,
    indexes,
    key,
    optional,
    partial_index,
    reference,
    required,
)

revision = "0002"
down_revision = None


def _table(name: str, *items: Any) -> None:
    sa.Table(name, METADATA, *items)


METADATA = sa.MetaData(naming_convention=NAMING)
INTEGER, BOOLEAN, JSON, TIME = sa.Integer(), sa.Boolean(), sa.JSON(), UtcTime()
ADDRESS = "address_line1", "address_line2", "city", "state", "region", "postal_code", "country"
TENANT_KIND = enum("tenantkind", "partner customer system")
CLOUD = enum("cloud", "public us_government")
AUDIT_STATUS = enum("auditstatus", "succeeded failed declined")
QUALIFICATION = enum(
    "customerqualification", "none education nonprofit government_community_cloud state_owned_entity"
)
PARTNER_TYPE = enum("partnertype", "direct_bill indirect_provider indirect_reseller advisor")
PARTNER_STATUS = enum("partnerstatus", "active restricted inactive")
USER_STATE = enum("userstate", "active inactive")
AGREEMENT_KIND = enum("agreementkind", "attestation direct")
PARTNERSHIP_STATUS = enum("partnershipstatus", "invited active removed")
RELATIONSHIP_STATUS = enum("relationshipstatus", "requested active declined canceled expired removed")
ROLE = enum(
    "role",
    "global_admin user_management_admin billing_admin admin_agent sales_agent helpdesk_agent account_admin",
)
RECORDED_BY = enum("recordedby", "customer partner")
CHANNEL = enum("channel", "csp direct advisor open ea syndication")
COMMERCE = enum("commerce", "legacy new_commerce")
SUBSCRIPTION_STATUS = enum("subscriptionstatus", "none active suspended deleted expired pending disabled")
BILLING_TYPE = enum("billingtype", "none usage license")
BILLING_CYCLE = enum("billingcycle", "unknown monthly annual none one_time triennial biennial")
CONTRACT_TYPE = enum("contracttype", "subscription product_key redemption_code")
TRANSFER_KIND = enum("transferkind", "legacy azure_plan new_commerce manual_switch")
TRANSFER_STATUS = enum(
    "transferstatus", "pending in_progress completed completed_with_errors failed canceled declined expired"
)
INITIATOR = enum("initiator", "source target")

_table("tenants", key("id"), *required(kind=TENANT_KIND, cloud=CLOUD, created_at=TIME))
_table(
    "partners",
    key("id", to="tenants"),
    *required(name=Words, type=PARTNER_TYPE, status=PARTNER_STATUS, market=Words, cloud=CLOUD),
    *optional(partner_number=Words),
    *required(created_at=TIME),
    *indexes("partner_number"),
)
_table(
    "customers",
    key("id", to="tenants"),
    *optional(company_name=Words, domain=Words),
    *required(custom_domains=JSON),
    *optional(organization_registration_number=Words, email=Words, phone_number=Words),
    *optional(**dict.fromkeys(ADDRESS, Words)),
    *required(qualification=QUALIFICATION, market=Words, cloud=CLOUD, version=INTEGER, updated_at=TIME),
    *required(created_at=TIME),
    *indexes("company_name id", "created_at id", "domain", "id cloud"),
)
_table(
    "users",
    key("id"),
    reference("tenant_id", to="tenants"),
    *required(object_id=GUID, display_name=Words, state=USER_STATE, cloud=CLOUD, created_at=TIME),
    *required(version=INTEGER, updated_at=TIME),
    sa.UniqueConstraint("tenant_id", "object_id"),
)
_table(
    "role_assignments",
    key("user_id", to="users"),
    key("role", ROLE),
    reference("tenant_id", to="tenants"),
    *indexes("tenant_id"),
)
_table(
    "partnerships",
    key("id"),
    reference("provider_id", to="partners"),
    reference("reseller_id", to="partners", optional=True),
    *optional(reseller_number=Words),
    *required(status=PARTNERSHIP_STATUS, market=Words, cloud=CLOUD),
    *optional(accepted_at=TIME),
    *required(version=INTEGER, updated_at=TIME, created_at=TIME, addressed_to=Words),
    *optional(invited_at=TIME, removed_at=TIME),
    *indexes("provider_id addressed_to", "reseller_id provider_id"),
    partial_index(
        "uq_partnerships_open",
        "provider_id reseller_id",
        where="status IN ('invited', 'active')",
        unique=True,
    ),
)
_table(
    "reseller_relationships",
    key("id"),
    reference("partner_id", to="partners"),
    reference("customer_id", to="customers", optional=True),
    reference("associated_partner_id", to="partners", optional=True),
    *required(status=RELATIONSHIP_STATUS, delegated_admin=BOOLEAN),
    *optional(commerce_id=GUID, requested_at=TIME, accepted_at=TIME, expires_at=TIME),
    *required(market=Words, cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    *required(addressed_to=Words),
    reference("invited_with_id", to="reseller_relationships", optional=True),
    *required(delegated_admin_requested=BOOLEAN),
    *optional(closed_at=TIME),
    *indexes("associated_partner_id customer_id", "customer_id partner_id", "invited_with_id"),
    *indexes("partner_id addressed_to", "partner_id status customer_id", "status expires_at"),
    partial_index("ix_reseller_relationships_waiting", "addressed_to", where="customer_id IS NULL"),
    partial_index(
        "uq_reseller_relationships_active",
        "partner_id customer_id",
        where="status = 'active' AND associated_partner_id IS NULL",
        unique=True,
    ),
    partial_index(
        "uq_reseller_relationships_active_through",
        "partner_id customer_id associated_partner_id",
        where="status = 'active' AND associated_partner_id IS NOT NULL",
        unique=True,
    ),
)
_table(
    "customer_agreements",
    key("id"),
    reference("customer_id", to="customers"),
    reference("partner_id", to="partners", optional=True),
    *required(kind=AGREEMENT_KIND, first_name=Words, last_name=Words, email=Words),
    *optional(phone_number=Words),
    *required(agreed_at=TIME, cloud=CLOUD, created_at=TIME),
    *indexes("customer_id partner_id", "partner_id id"),
)
_table(
    "billing_profiles",
    key("id"),
    reference("partner_id", to="partners"),
    reference("customer_id", to="customers"),
    *optional(vendor_id=GUID, first_name=Words, last_name=Words, email=Words, culture=Words, language=Words),
    *optional(company_name=Words, **dict.fromkeys(ADDRESS, Words), phone_number=Words),
    *required(cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    sa.UniqueConstraint("partner_id", "customer_id"),
    *indexes("customer_id partner_id"),
)
_table(
    "subscriptions",
    key("id"),
    reference("owner_id", to="tenants"),
    *optional(vendor_id=GUID),
    reference("customer_id", to="customers"),
    *required(recorded_by=RECORDED_BY, channel=CHANNEL),
    reference("billing_partner_id", to="partners", optional=True),
    reference("partner_of_record_id", to="partners", optional=True),
    *optional(partner_number=Words),
    reference("support_contact_id", to="partners", optional=True),
    *required(commerce=COMMERCE, market=Words, cloud=CLOUD),
    *optional(offer_id=Words, offer_name=Words, friendly_name=Words, product_type_id=Words),
    *optional(product_type_name=Words),
    *required(quantity=INTEGER),
    *optional(unit_type=Words),
    reference("parent_id", to="subscriptions", optional=True),
    *optional(parent_vendor_id=GUID, entitlement_id=GUID, consumption_type=Words, creation_date=TIME),
    *optional(effective_start_date=TIME, commitment_end_date=TIME, cancellation_allowed_until_date=TIME),
    *optional(billing_cycle_end_date=TIME),
    *required(status=SUBSCRIPTION_STATUS),
    *optional(auto_renew_enabled=BOOLEAN),
    *required(billing_type=BILLING_TYPE, billing_cycle=BILLING_CYCLE),
    *optional(has_purchasable_addons=BOOLEAN, is_trial=BOOLEAN, term_duration=Words),
    *optional(renewal_term_duration=Words, is_microsoft_product=BOOLEAN, publisher_name=Words),
    *required(suspension_reasons=JSON),
    *optional(contract_type=CONTRACT_TYPE, order_id=Words, promotion_id=Words),
    *optional(migrated_from_subscription_id=GUID),
    *required(version=INTEGER, updated_at=TIME, created_at=TIME),
    *optional(expires_at=TIME, disabled_at=TIME, deleted_at=TIME),
    reference("continues_id", to="subscriptions", optional=True),
    *required(services=JSON, canceled_services=JSON),
    *optional(cancellation_reason=Words),
    sa.UniqueConstraint("owner_id", "vendor_id"),
    *indexes("billing_partner_id id", "continues_id", "customer_id id", "owner_id id", "parent_id"),
    *indexes("partner_of_record_id id", "status expires_at", "support_contact_id id"),
)
_table(
    "transfers",
    key("id"),
    reference("owner_id", to="tenants"),
    *optional(vendor_id=GUID),
    *required(kind=TRANSFER_KIND, status=TRANSFER_STATUS, customer_id=GUID),
    *optional(customer_name=Words),
    *required(source_partner_id=GUID),
    *optional(source_partner_name=Words),
    *required(target_partner_id=GUID),
    *optional(target_partner_name=Words),
    *required(target_product_types=JSON),
    *optional(requested_at=TIME, modified_at=TIME, completed_at=TIME, expires_at=TIME),
    *required(cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    *optional(initiated_by=INITIATOR, source_consented_at=TIME, customer_consented_at=TIME),
    *optional(target_consented_at=TIME),
    reference("partner_of_record_id", to="partners", optional=True),
    *optional(market=Words),
    sa.UniqueConstraint("owner_id", "vendor_id"),
    *indexes("customer_id id", "source_partner_id id", "status expires_at", "target_partner_id id"),
)
_table(
    "transfer_lines",
    key("id"),
    reference("tenant_id", to="tenants"),
    reference("transfer_id", to="transfers"),
    *required(number=INTEGER),
    *optional(base_number=INTEGER, subscription_vendor_id=GUID, offer_id=Words, friendly_name=Words),
    *optional(quantity=INTEGER, billing_cycle=Words, partner_number=Words, status=Words, error=Words),
    reference("subscription_id", to="subscriptions", optional=True),
    reference("new_subscription_id", to="subscriptions", optional=True),
    sa.UniqueConstraint("transfer_id", "number"),
    *indexes("subscription_id", "transfer_id"),
)
_table(
    "audit_chains",
    key("tenant_id", to="tenants"),
    *required(length=INTEGER, seal=Words, pruned=INTEGER, checkpoint=Words),
)
_table(
    "audit_records",
    key("id"),
    reference("tenant_id", to="tenants"),
    *required(number=INTEGER, operation_date=TIME, operation=Words, status=AUDIT_STATUS),
    *optional(actor_tenant_id=GUID, actor_user_id=GUID),
    *required(resource_type=Words),
    *optional(resource_id=GUID, customer_id=GUID),
    *required(old_value=JSON, new_value=JSON, reasons=JSON),
    *optional(event_id=GUID),
    *required(correlation_id=GUID, cloud=CLOUD, seal=Words),
    sa.UniqueConstraint("tenant_id", "number"),
    *indexes("tenant_id operation_date id"),
)
_table(
    "events",
    key("id"),
    *required(occurred_at=TIME, operation=Words, resource_type=Words, resource_id=GUID),
    *optional(customer_id=GUID, transfer_id=GUID),
    *required(correlation_id=GUID),
    *indexes("occurred_at id"),
)
_table(
    "idempotency_keys",
    key("tenant_id", to="tenants"),
    key("user_id"),
    key("operation", Words),
    key("key", Words),
    *required(input_digest=Words, outcome=JSON, created_at=TIME),
    *indexes("created_at"),
)


def upgrade() -> None:
    """Create every table."""
    METADATA.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop every table."""
    METADATA.drop_all(op.get_bind(), checkfirst=False)
