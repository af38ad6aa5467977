"""Mutations of the labels that partners give records for their own use."""

from __future__ import annotations

import strawberry

from multichannel.domain.customers import Customer
from multichannel.domain.subscriptions import Subscription
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, input_type, parse_text
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import labels
from multichannel.store.unit_of_work import UnitOfWork

LONGEST_TAG, MOST_TAGS = 64, 20
ALIAS = "Your own name for it, at most 512 characters. Empty removes it; null leaves it as it is."
TAGS = f"Your own tags, at most {MOST_TAGS}. They replace those before; null leaves them as they are."


@input_type
class LabelCustomerInput(MutationInput):
    """A customer, and how your company calls it."""

    id: strawberry.ID = described("The customer.")
    alias: str | None = described(ALIAS, None)
    tags: list[str] | None = described(TAGS, None)


@mutation(Action.LABEL, on=CUSTOMER, in_bulk=True)
def label_customer(work: UnitOfWork, input: LabelCustomerInput) -> Customer:
    """Set your company's own name and tags of a customer. Nobody else sees them."""
    return labels.label_customer(work, read_id_of(CUSTOMER, input.id), _edit(input.alias, input.tags))


@input_type
class LabelSubscriptionInput(MutationInput):
    """A subscription, and how your company calls it."""

    id: strawberry.ID = described("The subscription.")
    alias: str | None = described(ALIAS, None)
    tags: list[str] | None = described(TAGS, None)


@mutation(Action.LABEL, on=SUBSCRIPTION, in_bulk=True)
def label_subscription(work: UnitOfWork, input: LabelSubscriptionInput) -> Subscription:
    """Set your company's own name and tags of a subscription. Nobody else sees them."""
    return labels.label_subscription(work, read_id_of(SUBSCRIPTION, input.id), _edit(input.alias, input.tags))


def _edit(alias: str | None, tags: list[str] | None) -> labels.LabelEdit:
    """The edit; BadInput for what is no name or tag, or for too many tags. A repeated tag counts once."""
    parsed = None if tags is None else [parse_text("tags", each, longest=LONGEST_TAG) for each in tags]
    if parsed is not None and len(parsed) > MOST_TAGS:
        raise BadInput(f"input.tags must have at most {MOST_TAGS} items.")
    name = alias if not alias else parse_text("alias", alias)
    return labels.LabelEdit(name, None if parsed is None else [*dict.fromkeys(parsed)])
