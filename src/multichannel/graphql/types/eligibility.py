"""Whether a subscription can be transferred, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multichannel.domain.refusals import TRANSFER_REASONS
from multichannel.domain.transfers import TransferKind
from multichannel.graphql.framework.fields import Computed, computed
from multichannel.graphql.framework.refusal_codes import refusal_codes
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import transfer_lines
from multichannel.store.unit_of_work import UnitOfWork

refusal_codes("TransferObstacle", "Why a subscription cannot be transferred.", TRANSFER_REASONS)
object_type(
    "TransferReason",
    "A reason why a subscription cannot be transferred.",
    {
        "code": Field("TransferObstacle", "The reason as a code."),
        "message": Field("str", "The reason as a sentence for people."),
        "rule": Field("str", "The business rule behind it, such as `R36`."),
    },
)
object_type(
    "TransferEligibility",
    "Whether a subscription can be transferred now.",
    {
        "eligible": Field("bool", "Whether it can be transferred; then `reasons` is empty."),
        "reasons": Field("list[TransferReason]", "Every reason why it cannot be transferred."),
    },
)


def _eligibility(work: UnitOfWork, ids: Sequence[str], kind: TransferKind) -> Mapping[str, dict[str, object]]:
    reasons = transfer_lines.transfer_eligibility(work, ids, kind)
    return {key: {"eligible": not each, "reasons": each} for key, each in reasons.items()}


def transfer_eligibility() -> Computed:
    """The field of a subscription, for callers who may release it; null for others."""
    return computed(
        "Whether it can be transferred now, and every reason why not. Null unless you may RELEASE it.",
        "TransferEligibility",
        Action.READ_SUMMARY,
        _eligibility,
        arguments={"kind": ("TransferKind", "The kind of transfer to check.")},
    )
