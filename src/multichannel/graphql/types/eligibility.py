"""Whether a subscription can be transferred, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multichannel.domain.refusals import TRANSFER_REASONS
from multichannel.domain.transfers import TransferKind
from multichannel.graphql.framework.fields import Computed, computed
from multichannel.graphql.framework.refusal_codes import refusal_codes
from multichannel.graphql.framework.registry import named
from multichannel.graphql.framework.type_builder import made_type, plain_field
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import eligibility
from multichannel.store.unit_of_work import UnitOfWork

refusal_codes("TransferObstacle", "Why a subscription cannot be transferred.", TRANSFER_REASONS)
made_type(
    "TransferReason",
    "A reason why a subscription cannot be transferred.",
    {
        "code": plain_field("code", "TransferObstacle", "The reason as a code."),
        "message": plain_field("message", "str", "The reason as a sentence for people."),
        "rule": plain_field("rule", "str", "The business rule behind it, such as `R36`."),
    },
)
made_type(
    "TransferEligibility",
    "Whether a subscription can be transferred now.",
    {
        "eligible": plain_field(
            "eligible", "bool", "Whether it can be transferred; then `reasons` is empty."
        ),
        "reasons": plain_field(
            "reasons", "list[TransferReason]", "Every reason why it cannot be transferred."
        ),
    },
)


def _eligibility(work: UnitOfWork, ids: Sequence[str], kind: TransferKind) -> Mapping[str, dict[str, object]]:
    reasons = eligibility.transfer_eligibility(work, ids, kind)
    return {key: {"eligible": not each, "reasons": each} for key, each in reasons.items()}


def transfer_eligibility() -> Computed:
    """The field of a subscription, for whoever may give it away; null for everybody else."""
    return computed(
        "Whether it can be transferred now, and every reason why not. Null unless you may RELEASE it.",
        "TransferEligibility",
        Action.READ_SUMMARY,
        _eligibility,
        arguments={"kind": (named(TransferKind), "The kind of transfer to check.")},
    )
