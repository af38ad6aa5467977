"""Delegated admin as an export states it: `allowDelegatedAccess` of a customer, which is all or nothing.

An export names neither rights nor an end. A customer that allows access has an active grant of every right
for a year, which further imports do not prolong; one that does not has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import inspect

from multichannel.domain.delegated_admin import DelegatedAdminGrant, new_delegated_admin_grant
from multichannel.domain.delegated_admin_terms import (
    ACTIVE,
    EVERY_RIGHT,
    OPEN,
    DelegatedAdminStatus,
    DelegatedAdminTerms,
)
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

_OVER: Final = (RelationshipStatus.REMOVED, RelationshipStatus.ENDED_BY_CUSTOMER)
_TERMS: Final = DelegatedAdminTerms(rights=EVERY_RIGHT)


def store_delegated_admin(
    unit: ImportUnit, related: Mapping[str, Row], allowed: Mapping[str, bool | None]
) -> set[str]:
    """Store grants as exported; gives the customers for which something changed.

    `related` has the importer's relationship with each customer, `allowed` what the export says; None, or no
    entry, changes nothing unless the relationship has ended.
    """
    over = {key for key, row in related.items() if row["status"] in _OVER}
    stated = {key for key in related if allowed.get(key) is not None}
    if not over | stated:
        return set()
    rows = unit.rows(DelegatedAdminGrant)
    stored = rows.grouped("customer_id", over | stated)
    ended: list[Row] = []
    added: list[Row] = []
    for customer_id in sorted(over | stated):
        relationship = related[customer_id]
        grants = stored.get(customer_id, [])
        if customer_id in over:
            own = [grant for grant in grants if grant["relationship_id"] == relationship["id"]]
            ended += [grant for grant in own if _status(grant, unit.now) in OPEN]
        elif not allowed[customer_id]:
            ended += [grant for grant in grants if _status(grant, unit.now) is ACTIVE]
        elif relationship["status"] is RelationshipStatus.ACTIVE and not any(
            _status(grant, unit.now) is ACTIVE for grant in grants
        ):
            added.append(_grant(relationship, unit.now))
    rows.insert(added)
    rows.update([_ended(grant, unit.now) for grant in ended], ended)
    for grant in added:
        unit.bulk_changes.note(grant["id"], "rights", None, sorted(EVERY_RIGHT))
        unit.bulk_changes.note(grant["id"], "duration", None, f"P{grant['duration_days']}D")
    return {row["customer_id"] for row in (*added, *ended)}


def _status(grant: Row, now: datetime) -> DelegatedAdminStatus:
    """The status in force."""
    row = DelegatedAdminGrant(stored_status=grant["status"], expires_at=grant["expires_at"])
    return row.status_at(now)


def _grant(relationship: Row, now: datetime) -> Row:
    names = ("id", "partner_id", "customer_id", "cloud")
    made = new_delegated_admin_grant(
        ResellerRelationship(**{name: relationship[name] for name in names}), _TERMS, at=now
    )
    columns = inspect(DelegatedAdminGrant).column_attrs
    return {attribute.columns[0].name: getattr(made, attribute.key) for attribute in columns}


def _ended(grant: Row, now: datetime) -> dict[str, Any]:
    return {
        "id": grant["id"],
        "status": DelegatedAdminStatus.TERMINATED,
        "closed_at": now,
        "notice_at": None,
        "version": grant["version"] + 1,
        "updated_at": now,
    }
