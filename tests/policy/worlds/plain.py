"""A world in which the first partner may do most things: chance makes one seldom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multichannel.domain.tenants import PartnerType
from tests.policy.oracle.world import Row, Tables

PLACE: dict[str, Any] = {"market": "US", "cloud": "public"}
KINDS = (None, PartnerType.DIRECT_BILL, PartnerType.INDIRECT_PROVIDER, PartnerType.INDIRECT_RESELLER)
"""What the first partner is; None leaves it, and all else, to chance."""


def make_plain(name: str, rows: list[Row], tables: Tables, kind: PartnerType) -> None:
    """Let the first rows of a table be of one place, active, and about the first partner and customer."""
    if rows and name in PLAIN:
        rows[0] |= {key: value for key, value in PLACE.items() if key in rows[0]} | PLAIN[name](tables, kind)
    if name == "Subscription":
        rows[1] |= PLACE | _sold(tables)


def _partner(_tables: Tables, kind: PartnerType) -> Row:
    return {"type": kind, "status": "active"}


def _customer(_tables: Tables, _kind: PartnerType) -> Row:
    return {}


def _relationship(tables: Tables, _kind: PartnerType) -> Row:
    pair = {"partner_id": tables["Partner"][0]["id"], "customer_id": tables["Customer"][0]["id"]}
    return {**pair, "addressed_to": pair["customer_id"], "associated_partner_id": None, "status": "active"}


def _delegated(tables: Tables, _kind: PartnerType) -> Row:
    pair = {"partner_id": tables["Partner"][0]["id"], "customer_id": tables["Customer"][0]["id"]}
    return {**pair, "status": "active", "expires_at": None}


def _recorded(tables: Tables, _kind: PartnerType) -> Row:
    """Azure of an enterprise agreement, as its customer recorded it."""
    customer_id = tables["Customer"][0]["id"]
    return {
        "owner_id": customer_id,
        "customer_id": customer_id,
        "recorded_by": "customer",
        "channel": "ea",
        "billing_type": "usage",
        "sharing": "all_partners",
    }


def _sold(tables: Tables) -> Row:
    return {
        "customer_id": tables["Customer"][0]["id"],
        "recorded_by": "partner",
        "channel": "csp",
        "billing_partner_id": tables["Partner"][0]["id"],
    }


PLAIN: dict[str, Callable[[Tables, PartnerType], Row]] = {
    "Partner": _partner,
    "Customer": _customer,
    "ResellerRelationship": _relationship,
    "Subscription": _recorded,
    "DelegatedAdminGrant": _delegated,
}
