"""Mutations of relationships and partnerships take as many statements however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, BIRCH, CANYON, CEDAR, EMBER, HAZEL, MEADOW, QUARRY, fixed_id
from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Partner, PartnerType, Tenant, TenantKind
from multichannel.domain.users import Role
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import (
    SIGNER,
    add_rows,
    as_role,
    do,
    partnership_of,
    relationship_of,
    set_row,
)
from tests.graphql.stored_rows import stored
from tests.world import postgresql_later

pytestmark = postgresql_later

GA, AA = Role.GLOBAL_ADMIN, Role.ADMIN_AGENT
REQUEST, CANCEL = "requestResellerRelationship", "cancelResellerRelationshipRequest"
OPEN, HELD, LEFT = (
    relationship_of(ALDER, QUARRY),
    relationship_of(ALDER, MEADOW),
    relationship_of(BIRCH, CANYON),
)
TO_EMBER = {"customer": EMBER.id}
SUCCESSES: dict[str, tuple[str, str, dict[str, Any], Role]] = {
    "request relationship": ("alder-user", REQUEST, TO_EMBER, AA),
    "request delegated admin": (
        "alder-user",
        REQUEST,
        {**TO_EMBER, "includeDelegatedAdmin": True},
        AA,
    ),
    "request through provider": (
        "dogwood-sales-agent",
        REQUEST,
        {**TO_EMBER, "provider": CEDAR.id},
        AA,
    ),
    "cancel request": ("alder-user", CANCEL, {"id": OPEN}, AA),
    "accept relationship": (
        "quarry-global-admin",
        "acceptResellerRelationship",
        {"id": OPEN, "agreement": SIGNER},
        GA,
    ),
    "decline relationship": ("quarry-global-admin", "declineResellerRelationship", {"id": OPEN}, GA),
    "remove DAP": ("meadow-global-admin", "revokeDelegatedAdmin", {"id": HELD}, GA),
    "remove relationship": ("birch-sales-agent", "removeResellerRelationship", {"id": LEFT}, GA),
    "end relationship": (
        "meadow-global-admin",
        "endResellerRelationship",
        {"id": HELD, "reason": "Another supplier"},
        GA,
    ),
    "detach reseller": ("cedar-admin-agent", "detachReseller", {"id": relationship_of(CEDAR, MEADOW)}, AA),
    "extend relationship": (
        "birch-sales-agent",
        "extendRelationshipToProvider",
        {"id": LEFT, "provider": CEDAR.id},
        AA,
    ),
    "invite reseller": ("cedar-admin-agent", "inviteIndirectReseller", {"reseller": ALDER.id}, AA),
    "accept invitation": (
        "birch-sales-agent",
        "acceptPartnership",
        {"id": partnership_of(CEDAR, BIRCH)},
        GA,
    ),
    "remove partnership": (
        "cedar-admin-agent",
        "removePartnership",
        {"id": partnership_of(CEDAR, HAZEL)},
        AA,
    ),
}
STATEMENTS = {
    "request relationship": 15,
    "request delegated admin": 18,
    "request through provider": 19,
    "cancel request": 13,
    "accept relationship": 17,
    "decline relationship": 13,
    "remove DAP": 12,
    "remove relationship": 17,
    "end relationship": 19,
    "detach reseller": 16,
    "extend relationship": 16,
    "invite reseller": 14,
    "accept invitation": 11,
    "remove partnership": 11,
}
"""What a success costs beyond signing in, with its idempotency key, and the payload read anew."""


def prepare(api: Api, what: str) -> None:
    """Let the success be possible."""
    for each in stored(api, Subscription, billing_partner_id=BIRCH.id, customer_id=CANYON.id):
        set_row(api, Subscription, each.id, status="suspended")
    if what == "extend relationship":
        set_row(api, Partnership, fixed_id("cedar.birch.partnership"), status="active")


def crowd(api: Api) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """Many more companies: each asked by Alder and served by Birch and Cedar, invited by Cedar."""
    now, ids = api.world.clock.now, [fixed_id(f"crowd-{number}") for number in range(100)]
    place: dict[str, Any] = {"market": "US", "cloud": Cloud.PUBLIC}
    others = [fixed_id(f"reseller-{number}") for number in range(100)]
    kinds = ((ids, TenantKind.CUSTOMER), (others, TenantKind.PARTNER))
    for keys, kind in kinds:
        yield Tenant, [{"id": each, "kind": kind, "cloud": Cloud.PUBLIC} for each in keys]
    yield Customer, [{"id": each, "company_name": each, **place} for each in ids]
    yield (
        Partner,
        [{"id": each, "name": each, "type": PartnerType.INDIRECT_RESELLER, **place} for each in others],
    )
    yield (
        ResellerRelationship,
        [
            {"partner_id": partner.id, "customer_id": each, "stored_status": status, **place}
            for each in ids
            for partner, status in ((ALDER, "requested"), (BIRCH, "active"), (CEDAR, "active"))
        ],
    )
    yield (
        ResellerRelationship,
        [
            {
                "partner_id": each,
                "customer_id": customer.id,
                "stored_status": "requested",
                "expires_at": now + timedelta(days=1),
                **place,
            }
            for each in others
            for customer in (EMBER, QUARRY, CANYON, MEADOW)
        ],
    )
    yield (
        Partnership,
        [
            {"provider_id": CEDAR.id, "reseller_id": each, "status": status, **place}
            for each in others
            for status in ("removed", "active")
        ],
    )


@pytest.mark.parametrize("what", SUCCESSES)
def test_a_mutation_takes_as_many_statements_however_many_rows_there_are(api: Api, what: str) -> None:
    persona, mutation, input, role = SUCCESSES[what]
    prepare(api, what)
    for model, rows in crowd(api):
        add_rows(api, model, *rows)
    as_role(api, persona, role)
    answer = do(api, persona, mutation, **input)
    assert answer.data[mutation]["userErrors"] == []
    assert len(answer.statements) == STATEMENTS[what]
