"""How many units a subscription may have (R44)."""

from __future__ import annotations

from multichannel.domain.commerce import BillingType
from multichannel.domain.refusals import Refusal

LARGEST = {BillingType.USAGE: 1}
"""What is metered is one; of licences a subscription holds up to 10,000, more take a second one."""
LARGEST_OF_LICENCES = 10_000


def require_quantity(billing_type: BillingType, quantity: int) -> None:
    """QUANTITY_OUT_OF_RANGE if there cannot be so many."""
    largest = LARGEST.get(billing_type, LARGEST_OF_LICENCES)
    if not 1 <= quantity <= largest:
        raise Refusal.QUANTITY_OUT_OF_RANGE.error()
