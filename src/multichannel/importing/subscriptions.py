"""A subscription as the vendor's REST API returns it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Commerce,
    ContractType,
    SubscriptionStatus,
)
from multichannel.importing.field_mapping import incomparable, list_of, optional, payload, required
from multichannel.importing.problems import abbreviate, invalid
from multichannel.importing.value_readers import (
    count,
    customer_of,
    duration,
    flag,
    guid,
    identifier,
    instant,
    offer_country,
    one_of,
    subscription_of,
    text,
)

_CATALOGUE_ITEM: Final = re.compile(r"[0-9A-Za-z]{12}:[0-9A-Za-z]{4}(?::[0-9A-Za-z]{12})?")
_NAMES_NO_CUSTOMER: Final = "The subscription names no customer. Name it with --customer."


@payload
class ImportedSubscription:
    """What a customer bought through the exporting partner."""

    vendor_id: str = required("id", guid)
    customer_id: str = required("links.self.uri", customer_of, _NAMES_NO_CUSTOMER)
    linked_id: str | None = optional("links.self.uri", subscription_of)
    country: str | None = optional("links.offer.uri", offer_country)
    entitlement_id: str | None = optional("entitlementId", guid)
    offer_id: str = required("offerId", identifier)
    offer_name: str | None = optional("offerName", text)
    friendly_name: str | None = optional("friendlyName", text)
    product_type_id: str | None = optional("productType.id", text)
    product_type_name: str | None = optional("productType.displayName", text)
    quantity: int = required("quantity", count)
    unit_type: str | None = optional("unitType", text)
    parent_vendor_id: str | None = optional("parentSubscriptionId", guid)
    consumption_type: str | None = optional("consumptionType", text)
    creation_date: datetime | None = optional("creationDate", instant)
    effective_start_date: datetime | None = optional("effectiveStartDate", instant)
    commitment_end_date: datetime | None = optional("commitmentEndDate", instant)
    cancellation_allowed_until_date: datetime | None = optional("cancellationAllowedUntilDate", instant)
    billing_cycle_end_date: datetime | None = optional("billingCycleEndDate", instant)
    status: SubscriptionStatus = required("status", one_of(SubscriptionStatus))
    auto_renew_enabled: bool | None = optional("autoRenewEnabled", flag)
    billing_type: BillingType = required("billingType", one_of(BillingType))
    billing_cycle: BillingCycle = optional("billingCycle", one_of(BillingCycle), BillingCycle.UNKNOWN)
    has_purchasable_addons: bool | None = optional("hasPurchasableAddons", flag)
    is_trial: bool | None = optional("isTrial", flag)
    term_duration: str | None = optional("termDuration", duration)
    renewal_term_duration: str | None = optional("renewalTermDuration", duration)
    is_microsoft_product: bool | None = optional("isMicrosoftProduct", flag)
    publisher_name: str | None = optional("publisherName", text)
    partner_number: str | None = optional("partnerId", identifier)
    suspension_reasons: tuple[str, ...] = optional("suspensionReasons", list_of(text), ())
    contract_type: ContractType | None = optional("contractType", one_of(ContractType))
    order_id: str | None = optional("orderId", identifier)
    promotion_id: str | None = optional("promotionId", identifier)
    migrated_from_subscription_id: str | None = optional("migratedFromSubscriptionId", guid)
    etag: str | None = incomparable("attributes.etag", text)

    def __post_init__(self) -> None:
        """Reject a subscription whose self link names another one, or that is its own add-on."""
        if self.linked_id not in (None, self.vendor_id):
            sentence = f"The link names {abbreviate(self.linked_id)}, the id is {abbreviate(self.vendor_id)}."
            raise invalid("CONTRADICTION", sentence, "links.self.uri")
        if self.parent_vendor_id == self.vendor_id:
            sentence = "A subscription cannot be an add-on of itself."
            raise invalid("CONTRADICTION", sentence, "parentSubscriptionId")

    @property
    def commerce(self) -> Commerce:
        """The commerce generation, which the vendor does not state.

        New commerce if it is an item of the new catalogue (its offer is a product:sku[:availability],
        or its product type is OnlineServicesNCE), has a term, or was migrated; legacy otherwise,
        which permits less (R3).
        """
        is_new = (
            self.term_duration is not None
            or self.migrated_from_subscription_id is not None
            or (self.product_type_id or "").upper().endswith("NCE")
            or _CATALOGUE_ITEM.fullmatch(self.offer_id) is not None
        )
        return Commerce.NEW_COMMERCE if is_new else Commerce.LEGACY
