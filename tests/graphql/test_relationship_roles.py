"""Role matrix: who does what to relationships and partnerships, each role alone, and what it costs."""

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
from tests.graphql.books import stored
from tests.graphql.conftest import Api
from tests.graphql.relations import (
    SIGNER,
    add_rows,
    as_role,
    do,
    partnership_of,
    relationship_of,
    set_row,
)
from tests.world import postgresql_later

pytestmark = postgresql_later

GA, UM, BA, AA, SA, HA, AC = Role
ASKERS = {GA, UM, AA, SA}
REQUEST, CANCEL = "requestResellerRelationship", "cancelResellerRelationshipRequest"
OPEN, HELD, LEFT = (
    relationship_of(ALDER, QUARRY),
    relationship_of(ALDER, MEADOW),
    relationship_of(BIRCH, CANYON),
)
TO_EMBER = {"customer": EMBER.id}
MATRIX: dict[str, tuple[str, str, dict[str, Any], set[Role]]] = {
    "request relationship": ("alder-user", REQUEST, TO_EMBER, ASKERS),
    "request delegated admin": (
        "alder-user",
        REQUEST,
        {**TO_EMBER, "includeDelegatedAdmin": True},
        {GA, AA},
    ),
    "request through provider": (
        "dogwood-sales-agent",
        REQUEST,
        {**TO_EMBER, "provider": CEDAR.id},
        ASKERS,
    ),
    "cancel request": ("alder-user", CANCEL, {"id": OPEN}, ASKERS),
    "accept relationship": (
        "quarry-global-admin",
        "acceptResellerRelationship",
        {"id": OPEN, "agreement": SIGNER},
        {GA},
    ),
    "decline relationship": ("quarry-global-admin", "declineResellerRelationship", {"id": OPEN}, {GA}),
    "remove DAP": ("meadow-global-admin", "revokeDelegatedAdmin", {"id": HELD}, {GA}),
    "remove relationship": ("birch-sales-agent", "removeResellerRelationship", {"id": LEFT}, {GA}),
    "extend relationship": (
        "birch-sales-agent",
        "extendRelationshipToProvider",
        {"id": LEFT, "provider": CEDAR.id},
        {AA},
    ),
    "invite reseller": ("cedar-admin-agent", "inviteIndirectReseller", {"reseller": ALDER.id}, ASKERS),
    "accept invitation": (
        "birch-sales-agent",
        "acceptPartnership",
        {"id": partnership_of(CEDAR, BIRCH)},
        {GA},
    ),
    "remove partnership": (
        "cedar-admin-agent",
        "removePartnership",
        {"id": partnership_of(CEDAR, HAZEL)},
        ASKERS,
    ),
}
STATEMENTS = {
    "request relationship": 13,
    "request delegated admin": 14,
    "request through provider": 16,
    "cancel request": 11,
    "accept relationship": 16,
    "decline relationship": 12,
    "remove DAP": 11,
    "remove relationship": 14,
    "extend relationship": 20,
    "invite reseller": 14,
    "accept invitation": 12,
    "remove partnership": 12,
}
"""What a success costs beyond signing in, with the payload read anew."""


def prepare(api: Api, what: str) -> None:
    """Let the success be possible."""
    for each in stored(api, Subscription, billing_partner_id=BIRCH.id, customer_id=CANYON.id):
        set_row(api, Subscription, each.id, status="suspended")
    if what == "extend relationship":
        set_row(api, Partnership, fixed_id("cedar.birch.partnership"), status="active")


@pytest.mark.parametrize("what", MATRIX)
def test_c2_each_role_may_do_what_the_matrix_says_and_no_more(api: Api, what: str) -> None:
    persona, mutation, told, allowed = MATRIX[what]
    prepare(api, what)
    codes: dict[Role, list[str]] = {}
    for role in sorted(Role, key=lambda role: role in allowed):
        codes[role] = do(api, as_role(api, persona, role), mutation, **told).codes
    assert {role for role, found in codes.items() if found == []} == allowed
    denied = {code for found in codes.values() for code in found}
    assert denied <= {"FORBIDDEN", "NOT_FOUND"}
    assert do(api, as_role(api, persona), mutation, **told).codes in (["FORBIDDEN"], ["NOT_FOUND"])


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


@pytest.mark.parametrize("what", MATRIX)
def test_a_mutation_takes_as_many_statements_however_many_rows_there_are(api: Api, what: str) -> None:
    persona, mutation, told, allowed = MATRIX[what]
    prepare(api, what)
    for model, rows in crowd(api):
        add_rows(api, model, *rows)
    as_role(api, persona, min(allowed))
    answer = do(api, persona, mutation, **told)
    assert answer.data[mutation]["userErrors"] == []
    assert len(answer.statements) == STATEMENTS[what]


@pytest.mark.parametrize("what", MATRIX)
def test_a_mutation_takes_these_statements(api: Api, what: str) -> None:
    persona, mutation, told, allowed = MATRIX[what]
    prepare(api, what)
    as_role(api, persona, min(allowed))
    answer = do(api, persona, mutation, **told)
    assert answer.data[mutation]["userErrors"] == []
    assert len(answer.statements) == STATEMENTS[what]
