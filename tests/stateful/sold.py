"""What is sold in the small world, and what of it is about to move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from multichannel.demo.cast import fixed_id
from tests.policy.oracle import Row
from tests.stateful.organisations import (
    ALDER,
    BEGIN,
    BIRCH,
    CANYON,
    CEDAR,
    CUSTOMERS,
    DATED,
    DAY,
    DOGWOOD,
    FJORD,
    IN_CLOUD,
    MEADOW,
)

MARKETS = {fixed_id(name): market for name, market in CUSTOMERS.items()}


def subscriptions() -> Iterator[Row]:
    """Of both generations of commerce, licences and Azure, sold here and elsewhere."""
    new: dict[str, Any] = {"commerce": "new_commerce"}
    usage: dict[str, Any] = {"billing_type": "usage"}
    elsewhere: dict[str, Any] = {"recorded_by": "customer", "partner": None}
    services: dict[str, Any] = {"services": ["storage", "compute"]}
    yield _sold("mail", MEADOW, ALDER, quantity=30, days=200, **new)
    yield _sold("archive", MEADOW, ALDER, quantity=30, days=200, parent="mail", **new)
    yield _sold("plan", MEADOW, ALDER, **new, **usage)
    yield _sold(
        "chat", MEADOW, CEDAR, quantity=12, days=3, term_duration="P1M", partner_of_record_id=DOGWOOD, **new
    )
    yield _sold("phone", CANYON, CEDAR, quantity=10)
    yield _sold("office", CANYON, BIRCH, quantity=15)
    yield _sold("backup", CANYON, BIRCH, quantity=5, parent="office")
    yield _sold("metered", CANYON, BIRCH, **usage)
    yield _sold("pay-as-you-go", CANYON, ALDER, **usage)
    yield _sold("agreement", MEADOW, MEADOW, channel="ea", **usage, **services, **elsewhere)
    yield _sold("licences", CANYON, CANYON, channel="direct", quantity=8, **elsewhere)
    yield _sold("cloud", FJORD, FJORD, channel="ea", **usage, **elsewhere)
    yield _sold("noted", MEADOW, ALDER, channel="open", quantity=4, partner=None)


def _sold(
    key: str,
    customer: str,
    owner: str,
    *,
    days: int = 100,
    parent: str | None = None,
    **told: Any,
) -> Row:
    term = told.get("term_duration", "P1Y")
    csp = told.get("channel", "csp") == "csp"
    usage = told.get("billing_type") == "usage"
    bought = BEGIN - days * DAY
    end = None if usage or not csp else bought + (365 if term == "P1Y" else 31) * DAY
    window = csp and not usage and "commerce" in told
    seller = told.pop("partner", owner)
    plain = {
        "id": fixed_id(f"{key}.sold"),
        "owner_id": owner,
        "customer_id": customer,
        "recorded_by": "partner",
        "channel": "csp",
        "billing_partner_id": seller,
        "partner_of_record_id": None,
        "support_contact_id": seller,
        "commerce": "legacy",
        "market": MARKETS[customer],
        "offer_name": key,
        "friendly_name": key,
        "quantity": 1,
        "parent_id": fixed_id(f"{parent}.sold") if parent else None,
        "continues_id": None,
        "entitlement_id": fixed_id(f"{key}.entitlement") if usage else None,
        "creation_date": bought,
        "effective_start_date": bought,
        "commitment_end_date": end,
        "cancellation_allowed_until_date": bought + 7 * DAY if window else None,
        "status": "active",
        "auto_renew_enabled": None if not csp else not usage,
        "billing_type": "license",
        "billing_cycle": "monthly",
        "is_trial": False,
        "term_duration": None if usage or not csp else term,
        "services": [],
        "canceled_services": [],
        **IN_CLOUD,
        **DATED,
    }
    return plain | told


def transfers() -> Iterator[Row]:
    """What Cedar has asked Alder for, what Birch has offered to Cedar, and a switch that Alder has signed."""
    signed = {"source_consented_at": None, "customer_consented_at": None, "target_consented_at": None}
    for key, kind, by, customer, source in (
        ("asked", "new_commerce", "target", MEADOW, ALDER),
        ("offered", "legacy", "source", CANYON, BIRCH),
        ("switch", "manual_switch", "source", CANYON, ALDER),
    ):
        yield {
            "id": fixed_id(key),
            "owner_id": CEDAR if by == "target" else source,
            "kind": kind,
            "initiated_by": by,
            "status": "pending",
            "customer_id": customer,
            "source_partner_id": source,
            "target_partner_id": CEDAR,
            "partner_of_record_id": None,
            "target_product_types": [],
            "expires_at": BEGIN + 20 * DAY,
            "market": "US",
            **(signed | ({"source_consented_at": BEGIN} if key == "switch" else {})),
            **IN_CLOUD,
            **DATED,
        }


def lines() -> Iterator[Row]:
    """What is offered, an add-on with its base, and what is to be switched."""
    for transfer, number, base, key, source, quantity in (
        ("offered", 0, None, "office", BIRCH, 15),
        ("offered", 1, 0, "backup", BIRCH, 5),
        ("switch", 0, None, "pay-as-you-go", ALDER, 1),
    ):
        yield {
            "id": fixed_id(f"{transfer}.{number}"),
            "tenant_id": source,
            "transfer_id": fixed_id(transfer),
            "number": number,
            "base_number": base,
            "subscription_id": fixed_id(f"{key}.sold"),
            "new_subscription_id": None,
            "quantity": quantity,
        }
