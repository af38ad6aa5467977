"""Generated worlds: a few tenants, every kind of link between them, nulls wherever a column has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy import insert

from multichannel.domain.base import Base
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.subscriptions import BillingType, Channel, Commerce, RecordedBy, SubscriptionStatus
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role, UserState
from multichannel.policy.resources import RESOURCES
from multichannel.policy.vocabulary import AuthMode, Principal, SystemRole, system_principal
from tests.policy.oracle import Row, World

if TYPE_CHECKING:
    from sqlalchemy import Connection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARKETS = ("US", "GB", "CA")
MOSTLY_PUBLIC = st.sampled_from((*[Cloud.PUBLIC] * 5, Cloud.US_GOVERNMENT))
MOSTLY_ACTIVE = st.sampled_from((*[RelationshipStatus.ACTIVE] * 4, *RelationshipStatus))
AROUND_NOW = st.sampled_from((None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)))
TABLES = (
    "Tenant",
    "Partner",
    "Customer",
    "ResellerRelationship",
    "Partnership",
    "BillingProfile",
    "Subscription",
    "User",
)
TIMES = {"created_at": NOW, "updated_at": NOW}
VERSIONED = {**TIMES, "version": 1}


def guid(kind: int, number: int) -> str:
    """A GUID that says what it names; small numbers make failures readable."""
    return str(UUID(int=(kind << 64) + number + 1))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two to four partners of any kind, one to three customers, and what links them."""
    partners = [_partner(draw, number) for number in range(draw(st.integers(2, 4)))]
    customers = [_customer(draw, number) for number in range(draw(st.integers(1, 3)))]
    pairs = [(partner["id"], customer["id"]) for partner in partners for customer in customers]
    partner_ids = [row["id"] for row in partners]
    tenants = [_tenant(row, TenantKind.PARTNER) for row in partners]
    tenants += [_tenant(row, TenantKind.CUSTOMER) for row in customers]
    between = [(one, other) for one in partner_ids for other in partner_ids if one != other]
    tables = {
        "Tenant": tenants,
        "Partner": partners,
        "Customer": customers,
        "ResellerRelationship": [
            _relationship(draw, *item, partner_ids) for item in enumerate(_some(draw, pairs, 7))
        ],
        "Partnership": [_partnership(draw, *item) for item in enumerate(_some(draw, between, 4))],
        "BillingProfile": [_billing_profile(draw, *item) for item in enumerate(_some(draw, pairs, 3))],
        "Subscription": [
            _subscription(draw, number, tenants, customers, partner_ids)
            for number in range(draw(st.integers(2, 7)))
        ],
        "User": [_user(draw, number, tenants) for number in range(draw(st.integers(0, 3)))],
    }
    return World(NOW, tables)


@st.composite
def principals(draw: st.DrawFn, world: World) -> list[Principal]:
    """Somebody of every tenant, twice for partners, and the service in each of its roles."""
    people = [
        _person(draw, row, kind)
        for kind, resource, times in (("partner", "Partner", 2), ("customer", "Customer", 1))
        for row in world.rows(resource)
        for _ in range(times)
    ]
    return [*people, *(system_principal(role) for role in SystemRole)]


def store(connection: Connection, world: World) -> None:
    """Insert a world as plain rows, past every guard: it is what the guards are tried on."""
    for name in TABLES:
        table = Base.metadata.tables["tenants"]
        if name != "Tenant":
            table = RESOURCES[name].model.__table__  # type: ignore[union-attr,assignment]
        if world.tables[name]:
            connection.execute(insert(table), world.tables[name])


def _some(draw: st.DrawFn, items: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """About two of three, so that links are neither all there nor hardly any."""
    chosen = [item for item in items if draw(st.integers(0, 2))]
    return chosen[:most]


def _person(draw: st.DrawFn, row: Row, kind: str) -> Principal:
    roles = st.sampled_from(list(Role))
    some_roles = draw(st.one_of(st.sets(roles, min_size=1, max_size=1), st.sets(roles, max_size=3)))
    if kind == "customer":
        some_roles = draw(st.sampled_from(({Role.GLOBAL_ADMIN}, {Role.GLOBAL_ADMIN}, some_roles)))
    return Principal(
        tenant_id=row["id"],
        kind=TenantKind(kind),
        roles=tuple(sorted(some_roles)),
        cloud=row["cloud"],
        type=row.get("type"),
        status=row.get("status"),
        market=row["market"],
        auth_mode=draw(st.sampled_from(AuthMode)),
    )


def _tenant(row: Row, kind: TenantKind) -> Row:
    return {"id": row["id"], "kind": kind, "cloud": row["cloud"], "created_at": NOW}


def _partner(draw: st.DrawFn, number: int) -> Row:
    return {
        "id": guid(0xA, number),
        "name": f"Partner {number}",
        "type": draw(st.sampled_from(PartnerType)),
        "status": draw(st.sampled_from(PartnerStatus)),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
        "partner_number": None,
        "created_at": NOW,
    }


def _customer(draw: st.DrawFn, number: int) -> Row:
    names = (None, "Elm", "elm", "Éclair", "")
    return {
        **VERSIONED,
        "id": guid(0xC, number),
        "company_name": draw(st.sampled_from(names)),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
    }


def _relationship(draw: st.DrawFn, number: int, pair: tuple[str, str], partner_ids: list[str]) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xE, number),
        "partner_id": pair[0],
        "customer_id": pair[1],
        "associated_partner_id": draw(st.sampled_from((None, *partner_ids))),
        "status": draw(MOSTLY_ACTIVE),
        "expires_at": draw(AROUND_NOW),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
    }


def _partnership(draw: st.DrawFn, number: int, pair: tuple[str, str]) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xF, number),
        "provider_id": pair[0],
        "reseller_id": pair[1],
        "status": draw(st.sampled_from(PartnershipStatus)),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
    }


def _billing_profile(draw: st.DrawFn, number: int, pair: tuple[str, str]) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xB, number),
        "partner_id": pair[0],
        "customer_id": pair[1],
        "cloud": draw(MOSTLY_PUBLIC),
    }


def _subscription(
    draw: st.DrawFn, number: int, tenants: list[Row], customers: list[Row], partner_ids: list[str]
) -> Row:
    somebody = st.sampled_from((None, *partner_ids))
    return {
        **VERSIONED,
        "id": guid(0xD, number),
        "owner_id": draw(st.sampled_from([row["id"] for row in tenants])),
        "customer_id": draw(st.sampled_from([row["id"] for row in customers])),
        "recorded_by": draw(st.sampled_from(RecordedBy)),
        "channel": draw(st.sampled_from((*[Channel.CSP] * 4, *Channel))),
        "billing_partner_id": draw(somebody),
        "partner_of_record_id": draw(somebody),
        "support_contact_id": draw(somebody),
        "commerce": draw(st.sampled_from(Commerce)),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
        "friendly_name": draw(st.sampled_from((None, "Seats", "seats"))),
        "quantity": draw(st.integers(0, 3)),
        "status": draw(st.sampled_from(SubscriptionStatus)),
        "billing_type": draw(st.sampled_from(BillingType)),
        "billing_cycle": "monthly",
    }


def _user(draw: st.DrawFn, number: int, tenants: list[Row]) -> dict[str, Any]:
    return {
        "id": guid(0x9, number),
        "tenant_id": draw(st.sampled_from([row["id"] for row in tenants])),
        "object_id": guid(0x8, number),
        "display_name": f"User {number}",
        "state": draw(st.sampled_from(UserState)),
        "cloud": draw(MOSTLY_PUBLIC),
        "created_at": NOW,
    }
