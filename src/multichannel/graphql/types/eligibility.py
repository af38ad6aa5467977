"""Whether a subscription can be transferred, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import strawberry

from multichannel.domain.eligibility import FailedRule, TransferObstacle
from multichannel.domain.transfers import TransferKind
from multichannel.graphql.framework.fields import Computed, computed
from multichannel.graphql.framework.registry import NAMESPACE, named
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import eligibility
from multichannel.store.unit_of_work import Work

named(TransferObstacle)


@strawberry.type(name="TransferReason", description="A rule that stands against a transfer.")
class Reason:
    """One failed rule."""

    code: TransferObstacle = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")
    rule: str = strawberry.field(description="The business rule behind it, such as R36.")


@strawberry.type(
    name="TransferEligibility", description="Whether a subscription could go along in a transfer now."
)
class Eligibility:
    """All that stands against it."""

    eligible: bool = strawberry.field(description="Whether nothing stands against it.")
    reasons: list[Reason] = strawberry.field(description="Every rule it fails, never the first alone.")


NAMESPACE["TransferReason"], NAMESPACE["TransferEligibility"] = Reason, Eligibility


def _eligibility(work: Work, ids: Sequence[str], kind: TransferKind) -> Mapping[str, Eligibility]:
    found = eligibility.transfer_eligibility(work, ids, kind)
    return {key: Eligibility(eligible=not rules, reasons=_reasons(rules)) for key, rules in found.items()}


def _reasons(rules: Sequence[FailedRule]) -> list[Reason]:
    return [Reason(code=rule.code, message=rule.message, rule=rule.rule) for rule in rules]


def transfer_eligibility() -> Computed:
    """The field of a subscription, for whoever may give it away; null for everybody else."""
    return computed(
        "Whether it could go in a transfer now, and every rule against it; null if you may not RELEASE it.",
        "TransferEligibility",
        Action.READ_SUMMARY,
        _eligibility,
        arguments={"kind": (named(TransferKind), "The kind of transfer to ask about.")},
    )
