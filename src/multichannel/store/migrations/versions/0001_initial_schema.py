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


def _enum(name: str, words: str) -> sa.Enum:
    return sa.Enum(*words.split(), name=name, native_enum=False, create_constraint=True, length=40)


def _key(name: str, type_: Any = GUID, *, to: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, type_, *([sa.ForeignKey(f"{to}.id")] if to else []), primary_key=True)


def _reference(name: str, *, to: str, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, GUID, sa.ForeignKey(f"{to}.id"), nullable=optional)


def _required(**columns: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=False) for name, type_ in columns.items()]


def _optional(**columns: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=True) for name, type_ in columns.items()]


def _table(name: str, *items: Any) -> None:
    sa.Table(name, METADATA, *items)


def _indexes(*columns: str) -> list[sa.Index]:
    return [sa.Index(None, *names.split()) for names in columns]


def _partial_index(name: str, columns: str, *, where: str, unique: bool = False) -> sa.Index:
    condition = sa.text(where)
    return sa.Index(name, *columns.split(), unique=unique, sqlite_where=condition, postgresql_where=condition)


METADATA = sa.MetaData(naming_convention=NAMING)
INTEGER, BOOLEAN, JSON, TIME = sa.Integer(), sa.Boolean(), sa.JSON(), UtcTime()
ADDRESS = "address_line1", "address_line2", "city", "state", "region", "postal_code", "country"
TENANT_KIND = _enum("tenantkind", "partner customer system")
CLOUD = _enum("cloud", "public us_government")
AUDIT_STATUS = _enum("auditstatus", "succeeded failed declined")
QUALIFICATION = _enum(
    "customerqualification", "none education nonprofit government_community_cloud state_owned_entity"
)
PARTNER_TYPE = _enum("partnertype", "direct_bill indirect_provider indirect_reseller advisor")
PARTNER_STATUS = _enum("partnerstatus", "active restricted inactive")
USER_STATE = _enum("userstate", "active inactive")
AGREEMENT_KIND = _enum("agreementkind", "attestation direct")
PARTNERSHIP_STATUS = _enum("partnershipstatus", "invited active removed")
RELATIONSHIP_STATUS = _enum("relationshipstatus", "requested active declined canceled expired removed")
ROLE = _enum(
    "role",
    "global_admin user_management_admin billing_admin admin_agent sales_agent helpdesk_agent account_admin",
)
RECORDED_BY = _enum("recordedby", "customer partner")
CHANNEL = _enum("channel", "csp direct advisor open ea syndication")
COMMERCE = _enum("commerce", "legacy new_commerce")
SUBSCRIPTION_STATUS = _enum("subscriptionstatus", "none active suspended deleted expired pending disabled")
BILLING_TYPE = _enum("billingtype", "none usage license")
BILLING_CYCLE = _enum("billingcycle", "unknown monthly annual none one_time triennial biennial")
CONTRACT_TYPE = _enum("contracttype", "subscription product_key redemption_code")
TRANSFER_KIND = _enum("transferkind", "legacy azure_plan new_commerce manual_switch")
TRANSFER_STATUS = _enum(
    "transferstatus", "pending in_progress completed completed_with_errors failed canceled declined expired"
)
INITIATOR = _enum("initiator", "source target")

_table("tenants", _key("id"), *_required(kind=TENANT_KIND, cloud=CLOUD, created_at=TIME))
_table(
    "partners",
    _key("id", to="tenants"),
    *_required(name=Words, type=PARTNER_TYPE, status=PARTNER_STATUS, market=Words, cloud=CLOUD),
    *_optional(partner_number=Words),
    *_required(created_at=TIME),
    *_indexes("partner_number"),
)
_table(
    "customers",
    _key("id", to="tenants"),
    *_optional(company_name=Words, domain=Words),
    *_required(custom_domains=JSON),
    *_optional(organization_registration_number=Words, email=Words, phone_number=Words),
    *_optional(**dict.fromkeys(ADDRESS, Words)),
    *_required(qualification=QUALIFICATION, market=Words, cloud=CLOUD, version=INTEGER, updated_at=TIME),
    *_required(created_at=TIME),
    *_indexes("company_name id", "created_at id", "domain", "id cloud"),
)
_table(
    "users",
    _key("id"),
    _reference("tenant_id", to="tenants"),
    *_required(object_id=GUID, display_name=Words, state=USER_STATE, cloud=CLOUD, created_at=TIME),
    *_required(version=INTEGER, updated_at=TIME),
    sa.UniqueConstraint("tenant_id", "object_id"),
)
_table(
    "role_assignments",
    _key("user_id", to="users"),
    _key("role", ROLE),
    _reference("tenant_id", to="tenants"),
    *_indexes("tenant_id"),
)
_table(
    "partnerships",
    _key("id"),
    _reference("provider_id", to="partners"),
    _reference("reseller_id", to="partners", optional=True),
    *_optional(reseller_number=Words),
    *_required(status=PARTNERSHIP_STATUS, market=Words, cloud=CLOUD),
    *_optional(accepted_at=TIME),
    *_required(version=INTEGER, updated_at=TIME, created_at=TIME, addressed_to=Words),
    *_optional(invited_at=TIME, removed_at=TIME),
    *_indexes("provider_id addressed_to", "reseller_id provider_id"),
    _partial_index(
        "uq_partnerships_open",
        "provider_id reseller_id",
        where="status IN ('invited', 'active')",
        unique=True,
    ),
)
_table(
    "reseller_relationships",
    _key("id"),
    _reference("partner_id", to="partners"),
    _reference("customer_id", to="customers", optional=True),
    _reference("associated_partner_id", to="partners", optional=True),
    *_required(status=RELATIONSHIP_STATUS, delegated_admin=BOOLEAN),
    *_optional(commerce_id=GUID, requested_at=TIME, accepted_at=TIME, expires_at=TIME),
    *_required(market=Words, cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    *_required(addressed_to=Words),
    _reference("invited_with_id", to="reseller_relationships", optional=True),
    *_required(delegated_admin_requested=BOOLEAN),
    *_optional(closed_at=TIME),
    *_indexes("associated_partner_id customer_id", "customer_id partner_id", "invited_with_id"),
    *_indexes("partner_id addressed_to", "partner_id status customer_id", "status expires_at"),
    _partial_index("ix_reseller_relationships_waiting", "addressed_to", where="customer_id IS NULL"),
    _partial_index(
        "uq_reseller_relationships_active",
        "partner_id customer_id",
        where="status = 'active' AND associated_partner_id IS NULL",
        unique=True,
    ),
    _partial_index(
        "uq_reseller_relationships_active_through",
        "partner_id customer_id associated_partner_id",
        where="status = 'active' AND associated_partner_id IS NOT NULL",
        unique=True,
    ),
)
_table(
    "customer_agreements",
    _key("id"),
    _reference("customer_id", to="customers"),
    _reference("partner_id", to="partners", optional=True),
    *_required(kind=AGREEMENT_KIND, first_name=Words, last_name=Words, email=Words),
    *_optional(phone_number=Words),
    *_required(agreed_at=TIME, cloud=CLOUD, created_at=TIME),
    *_indexes("customer_id partner_id", "partner_id id"),
)
_table(
    "billing_profiles",
    _key("id"),
    _reference("partner_id", to="partners"),
    _reference("customer_id", to="customers"),
    *_optional(vendor_id=GUID, first_name=Words, last_name=Words, email=Words, culture=Words, language=Words),
    *_optional(company_name=Words, **dict.fromkeys(ADDRESS, Words), phone_number=Words),
    *_required(cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    sa.UniqueConstraint("partner_id", "customer_id"),
    *_indexes("customer_id partner_id"),
)
_table(
    "subscriptions",
    _key("id"),
    _reference("owner_id", to="tenants"),
    *_optional(vendor_id=GUID),
    _reference("customer_id", to="customers"),
    *_required(recorded_by=RECORDED_BY, channel=CHANNEL),
    _reference("billing_partner_id", to="partners", optional=True),
    _reference("partner_of_record_id", to="partners", optional=True),
    *_optional(partner_number=Words),
    _reference("support_contact_id", to="partners", optional=True),
    *_required(commerce=COMMERCE, market=Words, cloud=CLOUD),
    *_optional(offer_id=Words, offer_name=Words, friendly_name=Words, product_type_id=Words),
    *_optional(product_type_name=Words),
    *_required(quantity=INTEGER),
    *_optional(unit_type=Words),
    _reference("parent_id", to="subscriptions", optional=True),
    *_optional(parent_vendor_id=GUID, entitlement_id=GUID, consumption_type=Words, creation_date=TIME),
    *_optional(effective_start_date=TIME, commitment_end_date=TIME, cancellation_allowed_until_date=TIME),
    *_optional(billing_cycle_end_date=TIME),
    *_required(status=SUBSCRIPTION_STATUS),
    *_optional(auto_renew_enabled=BOOLEAN),
    *_required(billing_type=BILLING_TYPE, billing_cycle=BILLING_CYCLE),
    *_optional(has_purchasable_addons=BOOLEAN, is_trial=BOOLEAN, term_duration=Words),
    *_optional(renewal_term_duration=Words, is_microsoft_product=BOOLEAN, publisher_name=Words),
    *_required(suspension_reasons=JSON),
    *_optional(contract_type=CONTRACT_TYPE, order_id=Words, promotion_id=Words),
    *_optional(migrated_from_subscription_id=GUID),
    *_required(version=INTEGER, updated_at=TIME, created_at=TIME),
    *_optional(expires_at=TIME, disabled_at=TIME, deleted_at=TIME),
    _reference("continues_id", to="subscriptions", optional=True),
    *_required(services=JSON, canceled_services=JSON),
    *_optional(cancellation_reason=Words),
    sa.UniqueConstraint("owner_id", "vendor_id"),
    *_indexes("billing_partner_id id", "continues_id", "customer_id id", "owner_id id", "parent_id"),
    *_indexes("partner_of_record_id id", "status expires_at", "support_contact_id id"),
)
_table(
    "transfers",
    _key("id"),
    _reference("owner_id", to="tenants"),
    *_optional(vendor_id=GUID),
    *_required(kind=TRANSFER_KIND, status=TRANSFER_STATUS, customer_id=GUID),
    *_optional(customer_name=Words),
    *_required(source_partner_id=GUID),
    *_optional(source_partner_name=Words),
    *_required(target_partner_id=GUID),
    *_optional(target_partner_name=Words),
    *_required(target_product_types=JSON),
    *_optional(requested_at=TIME, modified_at=TIME, completed_at=TIME, expires_at=TIME),
    *_required(cloud=CLOUD, version=INTEGER, updated_at=TIME, created_at=TIME),
    *_optional(initiated_by=INITIATOR, source_consented_at=TIME, customer_consented_at=TIME),
    *_optional(target_consented_at=TIME),
    _reference("partner_of_record_id", to="partners", optional=True),
    *_optional(market=Words),
    sa.UniqueConstraint("owner_id", "vendor_id"),
    *_indexes("customer_id id", "source_partner_id id", "status expires_at", "target_partner_id id"),
)
_table(
    "transfer_lines",
    _key("id"),
    _reference("tenant_id", to="tenants"),
    _reference("transfer_id", to="transfers"),
    *_required(number=INTEGER),
    *_optional(base_number=INTEGER, subscription_vendor_id=GUID, offer_id=Words, friendly_name=Words),
    *_optional(quantity=INTEGER, billing_cycle=Words, partner_number=Words, status=Words, error=Words),
    _reference("subscription_id", to="subscriptions", optional=True),
    _reference("new_subscription_id", to="subscriptions", optional=True),
    sa.UniqueConstraint("transfer_id", "number"),
    *_indexes("subscription_id", "transfer_id"),
)
_table(
    "audit_chains",
    _key("tenant_id", to="tenants"),
    *_required(length=INTEGER, seal=Words, pruned=INTEGER, checkpoint=Words),
)
_table(
    "audit_records",
    _key("id"),
    _reference("tenant_id", to="tenants"),
    *_required(number=INTEGER, operation_date=TIME, operation=Words, status=AUDIT_STATUS),
    *_optional(actor_tenant_id=GUID, actor_user_id=GUID),
    *_required(resource_type=Words),
    *_optional(resource_id=GUID, customer_id=GUID),
    *_required(old_value=JSON, new_value=JSON, reasons=JSON),
    *_optional(event_id=GUID),
    *_required(correlation_id=GUID, cloud=CLOUD, seal=Words),
    sa.UniqueConstraint("tenant_id", "number"),
    *_indexes("tenant_id operation_date id"),
)
_table(
    "events",
    _key("id"),
    *_required(occurred_at=TIME, operation=Words, resource_type=Words, resource_id=GUID),
    *_optional(customer_id=GUID, transfer_id=GUID),
    *_required(correlation_id=GUID),
    *_indexes("occurred_at id"),
)
_table(
    "idempotency_keys",
    _key("tenant_id", to="tenants"),
    _key("user_id"),
    _key("operation", Words),
    _key("key", Words),
    *_required(input_digest=Words, outcome=JSON, created_at=TIME),
    *_indexes("created_at"),
)


def upgrade() -> None:
    """Create every table."""
    METADATA.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop every table."""
    METADATA.drop_all(op.get_bind(), checkfirst=False)
