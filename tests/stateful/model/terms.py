"""What time makes of a subscription (SM5).

A row has `state`, which somebody gave it, and dates; the status is worked out of both when it is asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.policy.oracle import Row

DAY = timedelta(days=1)


def status(row: Row, now: datetime) -> str:
    """The state in force: terms that do not renew run out, and legacy deletes what is suspended 90 days."""
    kept, end = row["kept_until"], row["commitment_end_date"]
    if row["state"] == "deleted" or (kept is not None and kept <= now):
        return "deleted"
    runs_out = row["auto_renew_enabled"] is False and end is not None and not row["left"]
    if row["state"] in {"active", "suspended"} and runs_out and now >= end:
        late = (now - end) / DAY - (30 if row["commerce"] == "new_commerce" else 0)
        return "expired" if late < 0 else "disabled" if late < 90 else "deleted"
    return str(row["state"])
