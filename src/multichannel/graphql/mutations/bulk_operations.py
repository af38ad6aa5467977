"""Mutations of bulk operations: starting and canceling them."""

from __future__ import annotations

import json
from typing import Any

import strawberry

from multichannel.domain.bulk_operations import BulkOperation
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, input_type
from multichannel.graphql.framework.mutation import MUTATIONS, mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import BULK_OPERATION, CUSTOMER, PARTNER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import bulk_operations
from multichannel.store.unit_of_work import UnitOfWork

MOST_ITEMS = 50_000


@input_type
class StartBulkOperationInput(MutationInput):
    """The mutation and its items."""

    mutation: str = described("A mutation that has one in bulk, such as `moveSubscriptionToCsp`.")
    items: str = described(
        f"The inputs, 1 to {MOST_ITEMS:,}: a JSON object per line. Items that are not valid inputs of the "
        "mutation end as INVALID."
    )


@mutation(Action.START_BULK, on=PARTNER, on_for_customers=CUSTOMER, returns=BULK_OPERATION)
def start_bulk_operation(work: UnitOfWork, input: StartBulkOperationInput) -> BulkOperation:
    """Have the service run a mutation for many items on your behalf, each in its own transaction.

    What you lose the right to in the meantime is denied. The service goes on after a restart, and does
    nothing twice.
    """
    declared = MUTATIONS.get(input.mutation)
    if declared is None or not declared.in_bulk:
        names = ", ".join(name for name, each in MUTATIONS.items() if each.in_bulk)
        raise BadInput(f"input.mutation is not a mutation for many items. One of: {names}.")
    return bulk_operations.start_bulk_operation(work, input.mutation, _items(input.items))


@input_type
class CancelBulkOperationInput(MutationInput):
    """The bulk operation to cancel."""

    id: strawberry.ID = described("The bulk operation.")


@mutation(Action.CANCEL, on=BULK_OPERATION)
def cancel_bulk_operation(work: UnitOfWork, input: CancelBulkOperationInput) -> BulkOperation:
    """Cancel a bulk operation. What was done stays done; items that have been begun are done to their end."""
    return bulk_operations.cancel_bulk_operation(work, read_id_of(BULK_OPERATION, input.id))


def _items(text: str) -> list[Any]:
    """The items of JSON lines; BadInput for a line that is not JSON."""
    items = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                items.append(json.loads(line))
            except ValueError as error:
                raise BadInput(f"Line {number} of input.items is not valid JSON: {error}.") from None
    if not 1 <= len(items) <= MOST_ITEMS:
        raise BadInput(f"input.items must have 1 to {MOST_ITEMS:,} lines.")
    return items
