"""`userErrors` of payloads: refusals of the domain as clients see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from multichannel.domain.eligibility import IneligibleLine, LinesNotEligible
from multichannel.domain.refusals import MUTATION_REFUSALS
from multichannel.errors import Refused
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.strawberry_types import Field, object_type, register_refusal_codes
from multichannel.policy.schema.resources import SUBSCRIPTION


def user_error_types() -> None:
    """Make `UserError`, the enum of its codes, and the lines of LINES_NOT_ELIGIBLE."""
    object_type(
        "IneligibleLine",
        "A chosen subscription that cannot be transferred.",
        {
            "subscription": Field("ID", "The id of the subscription."),
            "reasons": Field("list[TransferReason]", "Every reason why it cannot be transferred."),
        },
    )
    by_code = sorted(MUTATION_REFUSALS, key=lambda refusal: refusal.code)
    register_refusal_codes("UserErrorCode", "Why a mutation was refused.", by_code)
    object_type(
        "UserError",
        "Why a mutation is not possible in the current state. Nothing was changed.",
        {
            "code": Field("UserErrorCode", "The reason as a code."),
            "message": Field("str", "The reason as a sentence for people."),
            "path": Field(
                "list[str]",
                "The path of the input field that caused the refusal; empty if none did.",
            ),
            "rule": Field("str | None", "The business rule behind it, such as `R17`; null if none."),
            "current_version": Field(
                "int | None",
                "With STALE_VERSION: the current version of the record; null if you cannot read it.",
            ),
            "lines": Field(
                "list[IneligibleLine]",
                "With LINES_NOT_ELIGIBLE: every subscription that cannot be transferred; else empty.",
            ),
        },
    )


def user_error(refusal: Refused, current_version: int | None) -> dict[str, Any]:
    """A refusal as the fields of `UserError`."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "path": list(refusal.path),
        "rule": refusal.rule,
        "current_version": current_version,
        "lines": _ineligible_lines(refusal.lines if isinstance(refusal, LinesNotEligible) else ()),
    }


def _ineligible_lines(lines: Iterable[IneligibleLine]) -> list[dict[str, Any]]:
    head = prefix(SUBSCRIPTION)
    return [{"subscription": head + line.subscription_id, "reasons": line.reasons} for line in lines]
