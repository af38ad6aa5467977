"""Tenants: one for each partner and customer, so that nothing is left to draw."""

from __future__ import annotations

from multichannel.domain.tenants import TenantKind
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import NOW


def rows(tables: Tables) -> list[Row]:
    """The tenants of all partners, then of all customers."""
    kinds = (("Partner", TenantKind.PARTNER), ("Customer", TenantKind.CUSTOMER))
    return [_tenant(row, kind) for resource, kind in kinds for row in tables[resource]]


def _tenant(row: Row, kind: TenantKind) -> Row:
    return {
        "id": row["id"],
        "directory_id": row["id"],
        "kind": kind,
        "cloud": row["cloud"],
        "created_at": NOW,
    }
