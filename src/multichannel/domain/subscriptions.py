"""Subscriptions (SM5), with the channel, generation, cloud and market that the vendor does not record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, id_column, partial_index
from multichannel.domain.commerce import (
    SUBSCRIPTION_TRANSITIONS,
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    Confirmation,
    ContractType,
    RecordedBy,
    Sharing,
    SubscriptionStatus,
)
from multichannel.domain.customers import Customer
from multichannel.domain.labels import SubscriptionLabel, own_label
from multichannel.domain.lifecycle import ENDED, LIVE, SubscriptionLifecycle
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Partner, Tenant
from multichannel.domain.terms import require_quantity
from multichannel.domain.vendor import VendorCounterpart
from multichannel.errors import Refused


class Subscription(SubscriptionLifecycle, Base):
    """A subscription of a customer, bought through any channel."""

    timed_transitions = SUBSCRIPTION_TRANSITIONS
    parties = ("owner_id", "customer_id", "billing_partner_id", "partner_of_record_id", "support_contact_id")
    unrecorded = VendorCounterpart.vendor_columns
    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("owner_id", "vendor_id"),
        Index(None, "billing_partner_id", "id"),
        Index(None, "partner_of_record_id", "id"),
        Index(None, "support_contact_id", "id"),
        Index(None, "owner_id", "id"),
        Index(None, "customer_id", "id"),
        Index(None, "parent_id"),
        Index(None, "continues_id"),
        Index(None, "status", "expires_at"),
        partial_index("ix_subscriptions_vendor_task", "owner_id", where="vendor_task IS NOT NULL"),
    )

    id: Mapped[str] = id_column()
    owner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    recorded_by: Mapped[RecordedBy]
    billing_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    partner_of_record_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    partner_number: Mapped[str | None]
    support_contact_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    market: Mapped[str | None]
    cloud: Mapped[Cloud]

    offer_id: Mapped[str | None]
    offer_name: Mapped[str | None]
    friendly_name: Mapped[str | None]
    product_type_id: Mapped[str | None]
    product_type_name: Mapped[str | None]
    quantity: Mapped[int]
    unit_type: Mapped[str | None]
    parent_id: Mapped[str | None] = mapped_column(GUID, ForeignKey("subscriptions.id"))
    parent_vendor_id: Mapped[str | None] = mapped_column(GUID)
    entitlement_id: Mapped[str | None] = mapped_column(GUID)
    consumption_type: Mapped[str | None]
    billing_cycle_end_date: Mapped[datetime | None]
    billing_cycle: Mapped[BillingCycle]
    has_purchasable_addons: Mapped[bool | None]
    is_trial: Mapped[bool | None]
    is_microsoft_product: Mapped[bool | None]
    publisher_name: Mapped[str | None]
    contract_type: Mapped[ContractType | None]
    order_id: Mapped[str | None]
    promotion_id: Mapped[str | None]
    migrated_from_subscription_id: Mapped[str | None] = mapped_column(GUID)
    # R5, R38: the subscription of another channel or partner that this one continues.
    continues_id: Mapped[str | None] = mapped_column(GUID, ForeignKey("subscriptions.id"))
    services: Mapped[list[str]] = mapped_column(JSON, default=list)
    canceled_services: Mapped[list[str]] = mapped_column(JSON, default=list)
    sharing: Mapped[Sharing] = mapped_column(default=Sharing.ALL_PARTNERS)
    # R67: of a partner's record of another channel; of others null.
    confirmation: Mapped[Confirmation | None]
    alias: Mapped[str | None] = own_label(SubscriptionLabel.alias, SubscriptionLabel.subscription_id, id)
    tags: Mapped[list[str] | None] = own_label(SubscriptionLabel.tags, SubscriptionLabel.subscription_id, id)

    def change(
        self,
        edits: Mapping[str, Any],
        *,
        at: datetime,
        parent: Subscription | None = None,
        add_ons: Iterable[Subscription] = (),
    ) -> None:
        """Apply edits of `friendly_name`, `quantity` and `auto_renew_enabled`; equal values change nothing.

        CSP subscriptions must be active (R44). Add-ons stop renewing with their base (R41).
        """
        raise_first(self.refusals_to_update(at))
        new = {name: value for name, value in edits.items() if getattr(self, name) != value}
        if "quantity" in new:
            self._require_quantity(new["quantity"], at)
        if new.get("auto_renew_enabled") and self.channel is Channel.CSP:
            self.require_renewable(parent)
        if not new:
            return
        with self.followed_at_vendor(at):
            for name, value in new.items():
                setattr(self, name, value)
        if "auto_renew_enabled" in new:
            self.schedule_transitions()
            for add_on in add_ons:
                add_on.stop_renewing_with(self, at=at)
        self.touch(at)

    def refusals_to_update(self, at: datetime) -> Iterator[Refused]:
        """Why it cannot be changed: in CSP unless it is active, elsewhere once it has ended."""
        return self.refusals_unless({SubscriptionStatus.ACTIVE} if self.channel is Channel.CSP else LIVE, at)

    def stop_renewing_with(self, base: Subscription, *, at: datetime) -> None:
        """Turn off automatic renewal if the base does not renew (R41)."""
        if self.auto_renew_enabled and not base.auto_renew_enabled and self.status_at(at) in LIVE:
            with self.followed_at_vendor(at):
                self.auto_renew_enabled = False
            self.schedule_transitions()
            self.touch(at)

    def require_renewable(self, parent: Subscription | None) -> None:
        """AUTO_RENEW_NOT_ALLOWED if usage-based, a trial, or an add-on of a base that does not renew."""
        base_renews = parent is None or bool(parent.auto_renew_enabled)
        if self.billing_type is BillingType.USAGE or self.is_trial or not base_renews:
            raise Refusal.AUTO_RENEW_NOT_ALLOWED.error()

    def refusals_to_recreate(
        self, *, is_bound: bool, is_moved: bool, is_contested: bool, at: datetime
    ) -> Iterator[Refused]:
        """Why a partner cannot recreate it in CSP (R5): without agreement, ended, or already recreated.

        Of another partner that sells it already, only that the customer has to confirm (R68).
        """
        if is_contested:
            yield Refusal.CONFIRMATION_REQUIRED.error()
        if not is_bound:
            yield Refusal.AGREEMENT_REQUIRED.error()
        yield from self.refusals_to_move_to_csp(at)
        if is_moved:
            yield Refusal.ALREADY_MOVED.error()

    def refusals_to_move_to_csp(self, at: datetime) -> Iterator[Refused]:
        """Why no partner can recreate it in CSP: it has ended."""
        return self.refusals_unless(LIVE, at)

    def refusals_to_assign_support_contact(self, at: datetime) -> Iterator[Refused]:
        """Why nobody is assigned to it, and the customer does not decide on it any more: it has ended."""
        return self.refusals_unless(set(SubscriptionStatus) - ENDED, at)

    refusals_to_assign_partner_of_record = refusals_to_assign_support_contact
    refusals_to_confirm = refusals_to_dispute = refusals_to_assign_support_contact

    def refusals_to_open_support_case(self, at: datetime) -> Iterator[Refused]:
        """Why no support case is opened: it is deleted, with its data."""
        return self.refusals_unless(set(SubscriptionStatus) - {SubscriptionStatus.DELETED}, at)

    def refusals_to_cancel_service(self, at: datetime, service: str | None = None) -> Iterator[Refused]:
        """Why a service cannot be canceled (R5); without one, why none can."""
        yield from self.refusals_unless(LIVE, at)
        services = set(self.services) if service is None else {service}
        if not services & set(self.services):
            yield Refusal.SERVICE_UNKNOWN.error()
        elif services <= set(self.canceled_services):
            yield Refusal.SERVICE_ALREADY_CANCELED.error()

    def assign_support_contact(self, partner_id: str | None, *, at: datetime) -> None:
        """Set or clear the partner that supports it (R26)."""
        raise_first(self.refusals_to_assign_support_contact(at))
        if self.support_contact_id != partner_id:
            self.support_contact_id = partner_id
            self.touch(at)

    def assign_partner_of_record(self, reseller_id: str | None, number: str | None, *, at: datetime) -> None:
        """Set or clear the reseller that is credited for it, with the number that is credited (R25).

        A reseller whose number is not known keeps the one that it has been credited with (R74).
        """
        raise_first(self.refusals_to_assign_partner_of_record(at))
        if number is None and reseller_id == self.partner_of_record_id:
            number = self.partner_number
        if (self.partner_of_record_id, self.partner_number) != (reseller_id, number):
            self.partner_of_record_id, self.partner_number = reseller_id, number
            self.touch(at)

    def cancel_service(self, service: str, *, at: datetime) -> None:
        """Cancel one service of a subscription that was recreated in CSP (R5)."""
        raise_first(self.refusals_to_cancel_service(at, service))
        self.canceled_services = [*self.canceled_services, service]
        self.touch(at)

    def share(self, sharing: Sharing, *, at: datetime) -> None:
        """Set which partners read this record of the customer (R63)."""
        self.sharing = sharing
        self.touch(at)

    def confirm(self, *, at: datetime) -> None:
        """Agree, as the customer, with what a partner recorded (R67). SUBSCRIPTION_ENDED."""
        self._decide(Confirmation.CONFIRMED, at)

    def dispute(self, *, at: datetime) -> None:
        """Disagree, as the customer, with what a partner recorded (R67). SUBSCRIPTION_ENDED."""
        self._decide(Confirmation.DISPUTED, at)

    def _decide(self, confirmation: Confirmation, at: datetime) -> None:
        raise_first(self.refusals_to_confirm(at))
        if self.confirmation is not confirmation:
            self.confirmation = confirmation
            self.touch(at)

    def _require_quantity(self, quantity: int, at: datetime) -> None:
        require_quantity(self.billing_type, quantity)
        is_bound = self.channel is Channel.CSP and self.commerce is Commerce.NEW_COMMERCE
        if is_bound and quantity < self.quantity and not self.is_in_cancellation_window(at):
            raise Refusal.QUANTITY_DECREASE_BARRED.error()


class SubscriptionShare(Base):
    """A partner that reads a record which its customer shares with selected partners (R63)."""

    __tablename__ = "subscription_shares"
    __table_args__ = (
        UniqueConstraint("subscription_id", "partner_id"),
        Index(None, "customer_id", "partner_id"),
        Index(None, "partner_id", "subscription_id"),
    )

    id: Mapped[str] = id_column()
    subscription_id: Mapped[str] = mapped_column(GUID, ForeignKey(Subscription.id))
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    partner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
