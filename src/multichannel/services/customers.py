"""What is done with customers."""

from __future__ import annotations

from collections.abc import Mapping

from multichannel.domain.customers import Customer
from multichannel.policy.vocabulary import Action
from multichannel.store.work import Work


def update_customer(
    work: Work, customer_id: str, changes: Mapping[str, str | None], *, expected_version: int
) -> Customer:
    """Edit the company profile. StaleVersion if it has changed since the caller read it."""
    customer = work.customers.get(customer_id, to=Action.UPDATE)
    customer.change(dict(changes), expected_version=expected_version, at=work.now)
    return customer
