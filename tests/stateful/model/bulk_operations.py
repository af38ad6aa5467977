"""Bulk operations (SM9), which nobody runs here."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.state import Input, State, refuse_if

OPERATION = "BulkOperation"
WAITING = {"queued", "running"}


def start(state: State, who: Principal, told: Input) -> Row:
    """In the name of one's own company, of which 20 wait at most."""
    tenant = state.get(
        who, Action.START_BULK, "Partner" if who.kind == "partner" else "Customer", who.tenant_id
    )
    waiting = [each for each in state.rows(OPERATION, tenant_id=tenant["id"]) if each["status"] in WAITING]
    refuse_if(len(waiting) >= 20)
    return state.add(
        OPERATION,
        tenant_id=tenant["id"],
        user_id=told["as"],
        mutation=told["mutation"],
        status="queued",
        item_count=len(told["items"].splitlines()),
        ended_at=None,
    )


def cancel(state: State, who: Principal, told: Input) -> Row:
    """Once."""
    row = state.get(who, Action.CANCEL, OPERATION, told["id"])
    refuse_if(row["status"] not in WAITING)
    row.update(status="canceled", ended_at=state.now)
    return row
