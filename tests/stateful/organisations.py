"""The companies of the small world, and when it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from multichannel.demo.cast import fixed_id

BEGIN = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PARTNERS = {
    "alder": ("direct_bill", "active"),
    "birch": ("direct_bill", "restricted"),
    "cedar": ("indirect_provider", "active"),
    "dogwood": ("indirect_reseller", "active"),
}
CUSTOMERS = {"meadow": "US", "canyon": "US", "fjord": "NO"}
ALDER, BIRCH, CEDAR, DOGWOOD = map(fixed_id, PARTNERS)
MEADOW, CANYON, FJORD = map(fixed_id, CUSTOMERS)
DATED = {"created_at": BEGIN - 300 * DAY, "updated_at": BEGIN - 300 * DAY, "version": 1}
IN_CLOUD = {"cloud": "public"}
