"""`Subscription.supportOptions`: the ways of multichannel support for the caller's tenant."""

from __future__ import annotations

from multichannel.domain.support import SupportOptionKind
from multichannel.graphql.framework.fields import computed
from multichannel.graphql.framework.registry import named
from multichannel.graphql.framework.type_builder import made_type, plain_field
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.support import support_options

made_type(
    "SupportBlocker",
    "A reason why a support option is not available.",
    {
        "code": plain_field("code", "str", "The reason as a code."),
        "message": plain_field("message", "str", "The reason as a sentence for people."),
        "rule": plain_field("rule", "str | None", "The business rule behind it, such as `R3`; null if none."),
    },
)
made_type(
    "SupportOption",
    "A way in which your partner could support a subscription.",
    {
        "kind": plain_field("kind", named(SupportOptionKind), "The kind of option."),
        "available": plain_field(
            "available", "bool", "Whether it is available now; then `blockedBy` is empty."
        ),
        "available_from": plain_field(
            "available_from",
            "datetime | None",
            "When it becomes available; null unless the end of the term opens it.",
        ),
        "blocked_by": plain_field(
            "blocked_by",
            "list[SupportBlocker]",
            "Every reason why it is not available: restrictions of the policy and refusals.",
        ),
    },
)

SUPPORT_OPTIONS = computed(
    "The ways in which your partner could support the subscription, each with every blocking "
    "reason. Empty for customers.",
    "list[SupportOption]",
    Action.READ,
    support_options,
    witness="commerce",
    absent=[],
)
"""Empty for customers, who do not support subscriptions."""
