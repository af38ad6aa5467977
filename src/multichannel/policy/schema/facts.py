"""What policies may know of a resource: frozen records, and nothing worth reaching behind them.

A policy file sees these classes under their names without `Facts`. A scalar is the mapped attribute of
the same name; a relation is either one record or a list of records joined by the column that `Many` names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Many:
    """A relation to many: `column` of the other side points here, to the value of `local`.

    `between` marks a relation too long to hand over whole: only the rows whose `between` column is the
    principal's own tenant are facts, and a rule that reads others is refused when the policy is loaded.
    """

    column: str
    between: str | None = None
    local: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """The service as a whole, for what has no other parent."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellerRelationshipFacts:
    """A partner's link with a customer."""

    id: str
    partner_id: str
    customer_id: str | None
    associated_partner_id: str | None
    is_extension: bool
    status: str
    market: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegatedAdminGrantFacts:
    """Rights that a customer gives a partner."""

    id: str
    partner_id: str
    customer_id: str | None
    support: bool
    manage_subscriptions: bool
    manage_users: bool
    read_directory: bool
    status: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnershipFacts:
    """A provider's link with a reseller."""

    id: str
    provider_id: str
    reseller_id: str | None
    status: str
    market: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFacts:
    """A partner, as other tenants may know it."""

    id: str
    type: str
    status: str
    market: str
    cloud: str
    relationships: Annotated[list[ResellerRelationshipFacts], Many("partner_id", between="customer_id")]
    attachments: Annotated[
        list[ResellerRelationshipFacts], Many("associated_partner_id", between="customer_id")
    ]
    provider_attachments: Annotated[
        list[ResellerRelationshipFacts], Many("associated_partner_id", between="partner_id")
    ]
    credited_subscriptions: Annotated[
        list[SubscriptionFacts], Many("partner_of_record_id", between="customer_id")
    ]
    supported_subscriptions: Annotated[
        list[SubscriptionFacts], Many("support_contact_id", between="customer_id")
    ]
    resellers: Annotated[list[PartnershipFacts], Many("provider_id", between="reseller_id")]
    providers: Annotated[list[PartnershipFacts], Many("reseller_id", between="provider_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """A customer with the relationships partners have with it, and the rights it gave them."""

    id: str
    market: str | None
    cloud: str
    relationships: Annotated[list[ResellerRelationshipFacts], Many("customer_id")]
    delegated_admin_grants: Annotated[list[DelegatedAdminGrantFacts], Many("customer_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingProfileFacts:
    """One partner's billing profile of one customer."""

    id: str
    partner_id: str
    customer_id: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionShareFacts:
    """A partner that a customer shares a subscription with."""

    id: str
    partner_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts:
    """A subscription with its customer."""

    id: str
    owner_id: str
    recorded_by: str
    channel: str
    billing_partner_id: str | None
    partner_of_record_id: str | None
    support_contact_id: str | None
    customer_id: str
    customer: CustomerFacts
    sharing: str
    shares: Annotated[list[SubscriptionShareFacts], Many("subscription_id", between="partner_id")]
    confirmation: str | None
    commerce: str
    billing_type: str
    is_trial: bool | None
    status: str
    market: str | None
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportCaseFacts:
    """A support case with its customer and the subscription that it is about."""

    id: str
    assigned_partner_id: str | None
    opened_by: str
    status: str
    customer_id: str
    customer: CustomerFacts
    subscription: SubscriptionFacts
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTaskFacts:
    """Something to do in the vendor's portal."""

    id: str
    partner_id: str
    customer_id: str
    kind: str
    state: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFacts:
    """A user, as others of the tenant may know it, with the rights that its tenant gave partners."""

    id: str
    tenant_id: str
    is_global_admin: bool
    state: str
    cloud: str
    delegated_admin_grants: Annotated[list[DelegatedAdminGrantFacts], Many("customer_id", local="tenant_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAgreementFacts:
    """A customer's agreement, signed by itself or attested by a partner."""

    id: str
    partner_id: str | None
    customer_id: str
    customer: CustomerFacts
    kind: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFacts:
    """A transfer; `initiated_by` is nil for history that was imported, which is its owner's alone."""

    id: str
    owner_id: str
    kind: str
    initiated_by: str | None
    source_partner_id: str
    target_partner_id: str
    customer_id: str
    partner_of_record_id: str | None
    status: str
    market: str | None
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOperationFacts:
    """A mutation for many items, on behalf of a user of a tenant."""

    id: str
    tenant_id: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecordFacts:
    """A record of a tenant's audit chain."""

    id: str
    tenant_id: str
    resource_type: str
    cloud: str
