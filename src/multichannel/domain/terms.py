"""Terms, windows of time and quantities that are on offer."""

from __future__ import annotations

import calendar
import re
from datetime import MAXYEAR, MINYEAR, datetime, timedelta

from multichannel.domain.commerce import BillingType
from multichannel.domain.refusals import Refusal

CANCELLATION_WINDOW = timedelta(days=7)
"""R48: how long after purchase or renewal new commerce can be canceled."""
EXPIRED_FOR = timedelta(days=30)
"""SM5: how long users of new commerce can work after a term that was not renewed."""
DISABLED_FOR = timedelta(days=90)
"""SM5: how long data is kept for admins only."""
SUSPENDED_FOR = timedelta(days=90)
"""SM5: how long the data of suspended legacy subscriptions is kept."""
TRIAL_FOR = timedelta(days=30)
"""SM5: how long a trial runs."""
MAX_LICENSES = 10_000
"""R44: the largest quantity of one subscription."""

DURATION = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,3})M)?")


def require_quantity(billing_type: BillingType, quantity: int) -> None:
    """QUANTITY_OUT_OF_RANGE unless there can be as many (R44)."""
    largest = 1 if billing_type is BillingType.USAGE else MAX_LICENSES
    if not 1 <= quantity <= largest:
        raise Refusal.QUANTITY_OUT_OF_RANGE.error()


def months_of(duration: str | None) -> int | None:
    """The months of an ISO 8601 duration of whole years or months; None for any other."""
    match = DURATION.fullmatch(duration or "")
    return 12 * int(match[1] or 0) + int(match[2] or 0) or None if match else None


def add_months(start: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def known_date(date: datetime | None) -> datetime | None:
    """A known date; the vendor writes the first and the last year for an unknown one."""
    return date if date is not None and MINYEAR < date.year < MAXYEAR else None


def renewed_term(end: datetime, months: int, now: datetime) -> tuple[datetime, datetime]:
    """Start and end of the term at `now`, after renewals of `months` each since one that ended at `end`.

    Each renewal is counted from the first end, so that terms which end on the 31st return to it.
    """
    times = 1
    while add_months(end, months * times) <= now:
        times += 1
    return add_months(end, months * (times - 1)), add_months(end, months * times)
