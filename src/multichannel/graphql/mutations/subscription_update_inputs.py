"""Inputs of changes to one subscription."""

from __future__ import annotations

from typing import Any

import strawberry

from multichannel.domain.subscriptions import StopReason
from multichannel.errors import BadInput
from multichannel.graphql.framework.inputs import MutationInput, given, text_of
from multichannel.graphql.framework.registry import named

named(StopReason)  # inputs name it before anything else might


@strawberry.input(description="A subscription in the version you saw.")
class SubscriptionInput(MutationInput):
    """What every change of a subscription takes."""

    id: strawberry.ID = strawberry.field(description="The subscription.")
    expected_version: int = strawberry.field(
        description="The `version` you saw; another one refuses the change (R46)."
    )


@strawberry.input(description="Edits of a subscription. What is left out stays as it is.")
class UpdateSubscriptionInput(SubscriptionInput):
    """Edits of a subscription."""

    quantity: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many licences, 1 to 10,000 (R44)."
    )
    auto_renew_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it renews at the end of its term."
    )
    friendly_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name to call it by; null clears it."
    )


@strawberry.input(description="What to suspend, and why.")
class SuspendSubscriptionInput(SubscriptionInput):
    """A suspension."""

    reason: StopReason = strawberry.field(description="Why (R42).")


@strawberry.input(description="What to reactivate.")
class ReactivateSubscriptionInput(SubscriptionInput):
    """A reactivation."""


@strawberry.input(description="What to cancel, and why.")
class CancelSubscriptionInput(SubscriptionInput):
    """A cancellation."""

    reason: StopReason = strawberry.field(description="Why (R42).")


@strawberry.input(description="Which service to cancel.")
class CancelServiceInput(SubscriptionInput):
    """A cancellation of one service."""

    service: str = strawberry.field(description="The service, by its name among `services`.")


@strawberry.input(description="What to recreate in CSP.")
class MoveSubscriptionToCspInput(MutationInput):
    """A move to CSP. It leaves the old subscription as it is, so it takes no version of it."""

    id: strawberry.ID = strawberry.field(description="The subscription of the other channel.")
    offer_name: str | None = strawberry.field(
        default=None, description="The offer to recreate it as; `Azure plan` when left out."
    )
    friendly_name: str | None = strawberry.field(
        default=None, description="The name of the new one; the old one's when left out."
    )


@strawberry.input(description="Who shall support it.")
class AssignSupportContactInput(SubscriptionInput):
    """A designation of a support contact."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET, description="The partner's tenant GUID; null for nobody."
    )


@strawberry.input(description="Who shall be credited for it.")
class AssignPartnerOfRecordInput(SubscriptionInput):
    """A credit."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET, description="The reseller's tenant GUID; null for nobody."
    )


def edits_of(input: UpdateSubscriptionInput) -> dict[str, Any]:
    """What was given, by attribute; BadInput says what cannot be."""
    values = {name: getattr(input, name) for name in ("quantity", "auto_renew_enabled", "friendly_name")}
    edits = {name: value for name, value in values.items() if given(value)}
    if edits.get("quantity", 1) is None:
        raise BadInput("input.quantity is null; leave it out to keep it.")
    if edits.get("auto_renew_enabled", False) is None:
        raise BadInput("input.autoRenewEnabled is null; leave it out to keep it.")
    if edits.get("friendly_name") is not None:
        edits["friendly_name"] = text_of("friendly_name", edits["friendly_name"])
    return edits
