"""`Subscription.supportOptions`: the support options of the caller's tenant."""

from __future__ import annotations

from multichannel.graphql.framework.fields import computed
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.support import support_options

object_type(
    "SupportBlocker",
    "A reason why a support option is not available.",
    {
        "code": Field("str", "The reason as a code."),
        "message": Field("str", "The reason as a sentence for people."),
        "rule": Field("str | None", "The business rule behind it, such as `R3`; null if none."),
    },
)
object_type(
    "SupportOption",
    "A way in which your partner could support a subscription.",
    {
        "kind": Field("SupportOptionKind", "The kind of option."),
        "available": Field("bool", "Whether it is available now; then `blockedBy` is empty."),
        "available_from": Field(
            "datetime | None",
            "When it becomes available; null unless the end of the term opens it.",
        ),
        "blocked_by": Field(
            "list[SupportBlocker]",
            "Every reason why it is not available: restrictions of the policy and refusals.",
        ),
    },
)

SUPPORT_OPTIONS = computed(
    "How your partner could support the subscription, each with every blocking reason. Empty for customers.",
    "list[SupportOption]",
    Action.READ,
    support_options,
    witness="commerce",
    absent=[],
)
"""Empty for customers, who do not support subscriptions."""
