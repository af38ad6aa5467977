"""Terms and windows of time: when a term ends, until when it can be canceled, how long data is kept."""

from __future__ import annotations

import calendar
import re
from datetime import MAXYEAR, MINYEAR, datetime, timedelta

CANCELLATION_WINDOW = timedelta(days=7)
"""R48: how long after purchase or renewal a term of new commerce can be canceled."""
EXPIRED_FOR = timedelta(days=30)
"""SM5: how long users of new commerce go on working after a term that was not renewed."""
DISABLED_FOR = timedelta(days=90)
"""SM5: how long data is kept for admins alone."""
SUSPENDED_FOR = timedelta(days=90)
"""SM5: how long legacy keeps the data of what is suspended."""
TRIAL_FOR = timedelta(days=30)
"""SM5: how long a trial runs."""

MONTHS = {"Y": 12, "M": 1}
FORM = re.compile(r"P(\d{1,3})([YM])")


def months_of(duration: str | None) -> int | None:
    """The months of an ISO 8601 duration of whole years or months; None if it is none, or unknown."""
    match = FORM.fullmatch(duration or "")
    return int(match[1]) * MONTHS[match[2]] or None if match else None


def after(start: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def reckoned(date: datetime | None) -> datetime | None:
    """A date that can be counted from: the vendor writes the first and the last year for no date at all."""
    return date if date is not None and MINYEAR < date.year < MAXYEAR else None


def renewed(end: datetime, months: int, now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the term that runs at `now`, if one that ended at `end` renews for `months` at a time.

    Each renewal is counted from the first end, so that terms which end on the 31st come back to it.
    """
    times = 1
    while after(end, months * times) <= now:
        times += 1
    return after(end, months * (times - 1)), after(end, months * times)
