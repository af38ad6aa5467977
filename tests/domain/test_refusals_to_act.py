"""R75: a row names the same refusals as the methods that change it, in any state and at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.base import Base
from multichannel.domain.bulk_operations import BulkOperation, BulkOperationStatus
from multichannel.domain.commerce import BillingType, Channel, Commerce, StopReason, SubscriptionStatus
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminApproval, DelegatedAdminStatus
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.relationship_requests import provider_extension
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.tenants import Cloud, TenantKind
from multichannel.domain.transfers import TransferStatus
from multichannel.domain.users import User, UserState
from multichannel.errors import Refused
from tests.domain.builders import DAY, NOW, PARTNER, relationship, subscription, transfer

TIMES = st.sampled_from([None, NOW - DAY, NOW, NOW + DAY])
SERVICES = st.lists(st.sampled_from(["storage", "sql-database"]), unique=True)
STOP = StopReason.CUSTOMER_REQUEST


@st.composite
def subscriptions(draw: st.DrawFn) -> Any:
    """Of any channel and generation, in any state, before or after its dates."""
    return subscription(
        draw(st.sampled_from(Commerce)),
        channel=draw(st.sampled_from(Channel)),
        billing_type=draw(st.sampled_from(BillingType)),
        stored_status=draw(st.sampled_from(SubscriptionStatus)),
        auto_renew_enabled=draw(st.sampled_from([None, False, True])),
        commitment_end_date=draw(TIMES),
        cancellation_allowed_until_date=draw(TIMES),
        expires_at=draw(TIMES),
        disabled_at=draw(TIMES),
        deleted_at=draw(TIMES),
        services=draw(SERVICES),
        canceled_services=draw(SERVICES),
        term_duration=draw(st.sampled_from([None, "P1M", "P1Y"])),
    )


@st.composite
def relationships(draw: st.DrawFn) -> Any:
    """Requested, answered or ended, direct or through a provider."""
    return relationship(
        draw(st.sampled_from(RelationshipStatus)),
        expires_at=draw(TIMES),
        associated_partner_id=draw(st.sampled_from([None, "reseller"])),
    )


@st.composite
def grants(draw: st.DrawFn) -> Any:
    """With one right, in any state."""
    return DelegatedAdminGrant(
        stored_status=draw(st.sampled_from(DelegatedAdminStatus)),
        expires_at=draw(TIMES),
        ends_at=NOW + DAY,
        auto_extend=False,
        support=True,
        manage_subscriptions=False,
        manage_users=False,
        read_directory=False,
        duration_days=30,
        version=1,
    )


@st.composite
def transfers(draw: st.DrawFn) -> Any:
    """In any state."""
    return transfer(stored_status=draw(st.sampled_from(TransferStatus)), expires_at=draw(TIMES))


@st.composite
def partnerships(draw: st.DrawFn) -> Any:
    """In any state."""
    return Partnership(status=draw(st.sampled_from(PartnershipStatus)), version=1)


@st.composite
def users(draw: st.DrawFn) -> Any:
    """With or without access."""
    return User(state=draw(st.sampled_from(UserState)), version=1)


@st.composite
def bulk_operations(draw: st.DrawFn) -> Any:
    """In any state."""
    return BulkOperation(status=draw(st.sampled_from(BulkOperationStatus)), version=1)


def _cancel_one_service(row: Any) -> None:
    left = [name for name in row.services if name not in row.canceled_services]
    row.cancel_service(next(iter([*left, *row.services, "none"])), at=NOW)


Change = Callable[[Any], object]
CHANGES: dict[str, tuple[st.SearchStrategy[Base], dict[str, Change]]] = {
    "subscription": (
        subscriptions(),
        {
            "update": lambda row: row.change({"friendly_name": "Renamed"}, at=NOW),
            "suspend": lambda row: row.suspend(STOP, at=NOW),
            "reactivate": lambda row: row.reactivate(at=NOW),
            "cancel": lambda row: row.cancel(STOP, at=NOW),
            "cancel_service": _cancel_one_service,
            "assign_support_contact": lambda row: row.assign_support_contact(PARTNER, at=NOW),
            "assign_partner_of_record": lambda row: row.assign_partner_of_record(PARTNER, None, at=NOW),
        },
    ),
    "relationship": (
        relationships(),
        {
            "accept": lambda row: row.accept(Customer(market="US", cloud=Cloud.PUBLIC), at=NOW),
            "decline": lambda row: row.decline(at=NOW),
            "cancel": lambda row: row.cancel(at=NOW),
            "remove": lambda row: row.remove(at=NOW),
            "end": lambda row: row.end("Another supplier", at=NOW),
            "extend": lambda row: provider_extension(row, "provider", at=NOW),
        },
    ),
    "grant": (
        grants(),
        {
            "approve": lambda row: row.approve(DelegatedAdminApproval(), at=NOW),
            "decline": lambda row: row.decline(at=NOW),
            "reduce": lambda row: row.reduce(row.rights, at=NOW),
            "terminate": lambda row: row.terminate(TenantKind.CUSTOMER, at=NOW),
            "set_auto_extend": lambda row: row.set_auto_extend(auto_extend=True, at=NOW),
        },
    ),
    "transfer": (
        transfers(),
        {"decline": lambda row: row.decline(NOW), "cancel": lambda row: row.cancel(NOW)},
    ),
    "partnership": (
        partnerships(),
        {"accept": lambda row: row.accept(at=NOW), "remove": lambda row: row.remove(at=NOW)},
    ),
    "bulk operation": (bulk_operations(), {"cancel": lambda row: row.cancel(NOW)}),
    "user": (
        users(),
        {
            "disable": lambda row: row.disable(expected_version=None, at=NOW),
            "enable": lambda row: row.enable(expected_version=None, at=NOW),
        },
    ),
}


def raised(change: Change, row: Any) -> list[str]:
    """The code that a change is refused with, if it is."""
    try:
        change(row)
    except Refused as refused:
        return [refused.code]
    return []


@pytest.mark.rule("R75")
@pytest.mark.parametrize(
    ("noun", "action"), [(noun, action) for noun, (_, changes) in CHANGES.items() for action in changes]
)
def test_a_row_names_the_refusal_that_its_change_raises(noun: str, action: str) -> None:
    rows, changes = CHANGES[noun]

    @given(rows)
    def agree(row: Any) -> None:
        foretold = [each.code for each in row.refusals_to(action, NOW)][:1]
        assert raised(changes[action], row) == foretold

    agree()
