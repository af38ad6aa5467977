"""`Subscription.supportOptions`: the table of multichannel support for the caller's tenant."""

from __future__ import annotations

from multichannel.domain.support import SupportOptionKind
from multichannel.graphql.framework.fields import computed
from multichannel.graphql.framework.registry import named
from multichannel.graphql.framework.type_builder import made_type, plain_field
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.support import support_options

made_type(
    "SupportBlocker",
    "A reason why a way is closed.",
    {
        "code": plain_field("code", "str", "The reason, for programs."),
        "message": plain_field("message", "str", "The reason, for people."),
        "rule": plain_field("rule", "str | None", "The business rule behind it, such as R3."),
    },
)
made_type(
    "SupportOption",
    "A way in which your tenant may get to support a subscription.",
    {
        "kind": plain_field("kind", named(SupportOptionKind), "The way."),
        "available": plain_field("available", "bool", "Whether it is open now: nothing blocks it."),
        "available_from": plain_field(
            "available_from", "datetime | None", "The end of the term, where that opens it."
        ),
        "blocked_by": plain_field(
            "blocked_by", "list[SupportBlocker]", "All reasons against it, of policy and of state."
        ),
    },
)

SUPPORT_OPTIONS = computed(
    "Every way in which your tenant, a partner, may get to support it, with all that blocks each.",
    "list[SupportOption]",
    Action.READ,
    support_options,
    witness="commerce",
    absent=[],
)
"""Empty for customers, who support nobody."""
