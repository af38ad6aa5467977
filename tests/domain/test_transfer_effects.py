"""What a transfer does to a subscription (R31 to R38)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import inspect

from multichannel.domain.base import new_id
from multichannel.domain.commerce import BillingType, Commerce, SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfer_effects import (
    NOT_TRANSFERRED,
    TransferSubject,
    close_at_source,
    stays_behind,
    transfer_line,
    transferred_copy,
)
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine
from tests.domain.builders import DAY, NOW, PARTNER, SELLER, subscription, transfer

OWN_COLUMNS = {
    "id",
    "owner_id",
    "billing_partner_id",
    "support_contact_id",
    "partner_of_record_id",
    "parent_id",
    "quantity",
    "continues_id",
    "migrated_from_subscription_id",
    "vendor_state",
    "vendor_task",
    "vendor_task_since",
    "vendor_changes",
    "created_at",
    "updated_at",
}


def transferred(row: Subscription, base: Subscription | None = None, **differing: Any) -> Subscription:
    line = TransferLine(number=0, quantity=7)
    return transferred_copy(row, transfer(**differing), line, base, NOW)


@pytest.mark.rule("R31", "R38")
def test_a_copy_keeps_all_but_what_belongs_to_the_target() -> None:
    row = subscription(vendor_id=new_id(), entitlement_id=new_id(), term_duration="P3Y", created_at=NOW - DAY)
    copy = transferred(row)
    kept = {column.key for column in inspect(Subscription).column_attrs} - OWN_COLUMNS - NOT_TRANSFERRED

    assert {name: getattr(copy, name) for name in kept} == {name: getattr(row, name) for name in kept}
    assert {copy.owner_id, copy.billing_partner_id, copy.support_contact_id} == {PARTNER}
    assert (copy.continues_id, copy.migrated_from_subscription_id) == (row.id, row.vendor_id)
    assert (copy.created_at, copy.updated_at) == (NOW, NOW)
    assert copy.id != row.id
    assert (copy.vendor_state, copy.vendor_task, copy.vendor_task_since) == ("to_do", "transfer", NOW)


def test_a_copy_has_no_ids_of_the_vendor_and_no_agreements_with_the_source() -> None:
    row = subscription(
        vendor_id=new_id(), order_id="order", promotion_id="promotion", partner_number="1", version=9
    )
    copy = transferred(row)

    assert {name: getattr(copy, name) for name in NOT_TRANSFERRED} == dict.fromkeys(NOT_TRANSFERRED)


@pytest.mark.rule("R36")
def test_a_copy_has_the_quantity_of_its_line_and_the_new_base() -> None:
    base = subscription()
    copy = transferred(subscription(quantity=10, parent_id="old base"), base)

    assert (copy.quantity, copy.parent_id) == (7, base.id)


@pytest.mark.rule("R25")
def test_a_copy_credits_the_partner_of_record_of_the_transfer() -> None:
    row = subscription(partner_of_record_id="old reseller")

    assert transferred(row).partner_of_record_id is None
    assert transferred(row, partner_of_record_id="reseller").partner_of_record_id == "reseller"


@pytest.mark.rule("R38")
@pytest.mark.parametrize("commerce", Commerce)
@pytest.mark.parametrize("billing_type", BillingType)
def test_at_the_source_all_is_deleted_but_legacy_licenses(
    commerce: Commerce, billing_type: BillingType
) -> None:
    row = subscription(commerce, billing_type=billing_type)
    close_at_source(row, NOW)

    is_legacy_license = commerce is Commerce.LEGACY and billing_type is BillingType.LICENSE
    expected = SubscriptionStatus.SUSPENDED if is_legacy_license else SubscriptionStatus.DELETED
    assert row.status_at(NOW) is expected
    assert (row.version, row.updated_at) == (2, NOW)
    assert row.status_at(NOW + 90 * DAY) is SubscriptionStatus.DELETED
    assert not row.can_be_reactivated(NOW)


@pytest.mark.rule("R34")
@pytest.mark.parametrize("kind", TransferKind)
def test_reservations_move_in_new_commerce_only(kind: TransferKind) -> None:
    subjects = {effect.subject for effect in stays_behind(kind)}

    assert (TransferSubject.RESERVATIONS in subjects) is (kind is not TransferKind.NEW_COMMERCE)
    assert all(effect.sentence.endswith(".") and effect.rule for effect in stays_behind(kind))


@pytest.mark.rule("R36")
def test_a_line_has_the_present_state_of_its_subscription() -> None:
    row = subscription(vendor_id=new_id(), friendly_name="Mail")
    owner: Transfer = transfer(owner_id=SELLER)
    line = transfer_line(row, owner, 3, 1)
    row.quantity = 99

    assert (line.transfer_id, line.tenant_id, line.number, line.base_number) == (owner.id, SELLER, 3, 1)
    assert (line.subscription_id, line.subscription_vendor_id) == (row.id, row.vendor_id)
    assert (line.friendly_name, line.quantity, line.billing_cycle) == ("Mail", 10, "monthly")
