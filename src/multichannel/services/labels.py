"""Labels that partners give records for their own use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.labels import CustomerLabel, SubscriptionLabel
from multichannel.domain.subscriptions import Subscription
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class LabelEdit:
    """What to set; None leaves it as it is, and an empty alias or list removes it."""

    alias: str | None = None
    tags: Sequence[str] | None = None


def label_customer(work: UnitOfWork, row_id: str, edit: LabelEdit) -> Customer:
    """Set the caller's own label of a customer."""
    customer = work.customers.get(row_id, to=Action.LABEL)
    _label(work, customer, CustomerLabel, {"customer_id": row_id}, edit)
    return customer


def label_subscription(work: UnitOfWork, row_id: str, edit: LabelEdit) -> Subscription:
    """Set the caller's own label of a subscription."""
    subscription = work.subscriptions.get(row_id, to=Action.LABEL)
    _label(work, subscription, SubscriptionLabel, {"subscription_id": row_id}, edit)
    return subscription


def _label(
    work: UnitOfWork, record: Base, model: type[Any], reference: dict[str, str], edit: LabelEdit
) -> None:
    own = {"tenant_id": work.principal.tenant_id, **reference}
    label = work.query_for(record).one(model, **own)  # the record is locked, and so is what belongs to it
    alias = label.alias if label and edit.alias is None else edit.alias or None
    tags = label.tags if label and edit.tags is None else list(edit.tags or ())
    if label and (label.alias, label.tags) == (alias, tags):
        return
    if label:
        work.remove_under(record, label)
    if alias or tags:
        work.add_under(record, model(**own, alias=alias, tags=tags))
