"""Inputs of changes to one subscription."""

from __future__ import annotations

from typing import Any

import strawberry

from multichannel.domain.commerce import StopReason
from multichannel.errors import BadInput
from multichannel.graphql.framework.inputs import (
    EXPECTED_VERSION,
    MutationInput,
    input_type,
    is_set,
    parse_text,
)


@input_type
class SubscriptionInput(MutationInput):
    """The subscription to change, in the version that the caller has seen (R46)."""

    id: strawberry.ID = strawberry.field(description="The subscription.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)


@input_type
class UpdateSubscriptionInput(SubscriptionInput):
    """The changes to a subscription. A field left out keeps its value."""

    quantity: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The number of licenses, 1 to 10,000; must not be null.",
    )
    auto_renew_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether it renews at the end of its term; must not be null.",
    )
    friendly_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The display name; null clears it."
    )


@input_type
class SuspendSubscriptionInput(SubscriptionInput):
    """The subscription to suspend, and the reason."""

    reason: StopReason = strawberry.field(description="Why it is suspended.")


@input_type
class ReactivateSubscriptionInput(SubscriptionInput):
    """The subscription to reactivate."""


@input_type
class CancelSubscriptionInput(SubscriptionInput):
    """The subscription to cancel, and the reason."""

    reason: StopReason = strawberry.field(description="Why it is canceled.")


@input_type
class CancelServiceInput(SubscriptionInput):
    """The subscription and the service to cancel."""

    service: str = strawberry.field(description="The name of the service, as listed in `services`.")


@input_type
class MoveSubscriptionToCspInput(MutationInput):
    """The subscription to recreate in CSP."""

    id: strawberry.ID = strawberry.field(description="The usage-based subscription of the other channel.")
    offer_name: str | None = strawberry.field(
        default=None, description="The name of the offer to recreate it as. Default: `Azure plan`."
    )
    friendly_name: str | None = strawberry.field(
        default=None, description="The display name of the new subscription. Default: that of the old one."
    )


@input_type
class AssignSupportContactInput(SubscriptionInput):
    """The subscription and its new support contact."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The partner's tenant GUID; null removes the support contact. Required.",
    )


@input_type
class AssignPartnerOfRecordInput(SubscriptionInput):
    """The subscription and its new partner of record."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The reseller's tenant GUID; null removes the partner of record. Required.",
    )


def edits_of(input: UpdateSubscriptionInput) -> dict[str, Any]:
    """The changes by attribute; BadInput if a value is invalid."""
    values = {name: getattr(input, name) for name in ("quantity", "auto_renew_enabled", "friendly_name")}
    edits = {name: value for name, value in values.items() if is_set(value)}
    if edits.get("quantity", 1) is None:
        raise BadInput("input.quantity must not be null. Omit it to keep the quantity.")
    if edits.get("auto_renew_enabled", False) is None:
        raise BadInput("input.autoRenewEnabled must not be null. Omit it to keep the setting.")
    if edits.get("friendly_name") is not None:
        edits["friendly_name"] = parse_text("friendly_name", edits["friendly_name"])
    return edits
