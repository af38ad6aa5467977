"""Stores the demo world in an empty database; an existing one is kept, other data is never touched.

A function that makes the row of an entry in `world.yaml` has the fields of the entry as its parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from multichannel.demo.cast import (
    ALDER,
    BY_KEY,
    INVITED,
    ORGANISATIONS,
    PERSONAS,
    WORLD,
    Organisation,
    Persona,
    fixed_id,
)
from multichannel.domain.base import Base
from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    Confirmation,
    ContractType,
    RecordedBy,
    SubscriptionStatus,
)
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant, new_delegated_admin_request
from multichannel.domain.delegated_admin_terms import (
    FULL_DURATION,
    DelegatedAdminApproval,
    DelegatedAdminTerms,
    DelegatedRight,
)
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import (
    Cloud,
    Partner,
    PartnerStatus,
    PartnerType,
    Tenant,
    TenantKind,
    tenant_of_directory,
)
from multichannel.domain.users import Role, RoleAssignment, User
from multichannel.domain.vendor import VendorState
from multichannel.errors import Refused
from multichannel.policy.schema.resources import PARTNER
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

SEEDER = system_principal(SystemRole.SEEDER)
MARKET = "US"
OPENED, BOUGHT, TERM = timedelta(days=400), timedelta(days=200), timedelta(days=365)
REQUEST_EXPIRY = timedelta(days=90)
ACCEPTED = frozenset(
    {RelationshipStatus.ACTIVE, RelationshipStatus.REMOVED, RelationshipStatus.ENDED_BY_CUSTOMER}
)
CLOSED = frozenset(RelationshipStatus) - {RelationshipStatus.REQUESTED, RelationshipStatus.ACTIVE}
CLOSED_AFTER = timedelta(days=60)
_RIGHTS = "delegated_rights"
CANCELLATION_WINDOW = timedelta(days=7)


def seed(store: Store) -> bool:
    """Create the world in an empty database; False if it exists. Refused if there is other data."""
    return store.write(SEEDER, _seed)


def require_no_other_data(store: Store) -> None:
    """Raise Refused unless the database is empty or holds the demo world, and so may be deleted."""
    with store.reading(SEEDER) as work:
        _exists(work)


def _seed(work: UnitOfWork) -> bool:
    if _exists(work):
        return False
    service = work.service(to=Action.SEED)
    for rows in rows_of_world(work.now):
        work.add_under(service, *rows)
    return True


def _exists(work: UnitOfWork) -> bool:
    """Whether the world exists: its first partner has an id that no real tenant has."""
    if work.reader.records(PARTNER, (), "id", [ALDER.id]):
        return True
    if work.reader.count(PARTNER):
        raise Refused(
            "The database holds other data than the demo world, which was not changed. "
            "Use a separate database for the demo: multichannel demo --database-url URL"
        )
    return False


def rows_of_world(now: datetime) -> Iterator[Sequence[Base]]:
    """All rows, kind by kind in insertion order.

    Dates are relative to `now`, so that a new world has open requests and running terms.
    """
    opened = now - OPENED
    yield [_tenant(each, opened) for each in ORGANISATIONS]
    yield [_organisation(each, opened) for each in ORGANISATIONS]
    yield [_domain(each) for each in ORGANISATIONS if each.partner_type is None]
    yield [_user(each, opened) for each in PERSONAS]
    yield [_role(each, role) for each in PERSONAS for role in each.roles]
    yield [_partnership(now, **each) for each in WORLD["partnerships"]]
    yield [_relationship(now, **each) for each in WORLD["relationships"]]
    yield [_delegated_admin_grant(now, **each) for each in WORLD["relationships"] if _RIGHTS in each]
    yield [
        _billing_profile(BY_KEY[each["partner"]], BY_KEY[each["customer"]], opened)
        for each in WORLD["relationships"]
        if each.get("status", "active") == "active"
    ]
    yield [_subscription(now, **each) for each in WORLD["purchases"]]


def _tenant(organisation: Organisation, opened: datetime) -> Tenant:
    kind = TenantKind.PARTNER if organisation.partner_type else TenantKind.CUSTOMER
    return tenant_of_directory(organisation.id, kind, Cloud(organisation.cloud), opened)


def _organisation(organisation: Organisation, opened: datetime) -> Partner | Customer:
    if organisation.partner_type is None:
        return _customer(organisation, opened)
    return Partner(
        id=organisation.id,
        name=organisation.name,
        type=PartnerType(organisation.partner_type),
        status=PartnerStatus(organisation.status),
        market=MARKET,
        cloud=Cloud(organisation.cloud),
        partner_number=organisation.partner_number,
        domain=f"{organisation.key}.example",
        is_domain_verified=True,
        created_at=opened,
    )


def _customer(organisation: Organisation, opened: datetime) -> Customer:
    return Customer(
        id=organisation.id,
        company_name=organisation.name,
        domain=organisation.domain,
        email=f"office@{organisation.key}.example",
        phone_number="+1 555 0100",
        address_line1="1 Main Street",
        city="Springfield",
        country=MARKET,
        market=MARKET,
        cloud=Cloud(organisation.cloud),
        created_at=opened,
    )


def _domain(organisation: Organisation) -> CustomerDomain:
    return CustomerDomain(
        customer_id=organisation.id,
        ascii_domain=organisation.domain,
        is_verified=True,
        cloud=Cloud(organisation.cloud),
    )


def _user(persona: Persona, opened: datetime) -> User:
    return User(
        id=_user_id(persona),
        tenant_id=persona.organisation.id,
        object_id=persona.id,
        display_name=persona.title,
        cloud=Cloud(persona.organisation.cloud),
        created_at=opened,
    )


def _role(persona: Persona, role: str) -> RoleAssignment:
    return RoleAssignment(user_id=_user_id(persona), tenant_id=persona.organisation.id, role=Role(role))


def _user_id(persona: Persona) -> str:
    return fixed_id(f"{persona.name}.user")


def _partnership(now: datetime, *, provider: str, reseller: str, status: str) -> Partnership:
    invited, (reseller_id, address) = now - OPENED, _addressee(reseller)
    return Partnership(
        id=fixed_id(f"{provider}.{reseller}.partnership"),
        provider_id=fixed_id(provider),
        reseller_id=reseller_id,
        addressed_to=address,
        status=PartnershipStatus(status),
        market=MARKET,
        cloud=Cloud(BY_KEY[provider].cloud),
        invited_at=invited,
        accepted_at=None if status == PartnershipStatus.INVITED else invited,
        removed_at=now if status == PartnershipStatus.REMOVED else None,
        created_at=invited,
    )


def _addressee(key: str) -> tuple[str | None, str]:
    """The tenant id and the address of an organisation; without the id if the service does not know it."""
    newcomer = next((each for each in INVITED if each.key == key), None)
    return (None, newcomer.domain) if newcomer else (fixed_id(key), fixed_id(key))


def _relationship(  # noqa: PLR0913  (the fields of an entry)
    now: datetime,
    *,
    partner: str,
    customer: str,
    status: str = RelationshipStatus.ACTIVE,
    days_ago: int = 300,
    attached: str | None = None,
    delegated_rights: Iterable[str] = (),
    end_reason: str | None = None,
) -> ResellerRelationship:
    """A relationship that was requested `days_ago`, with `attached` as its indirect reseller."""
    requested, (customer_id, address) = now - timedelta(days=days_ago), _addressee(customer)
    return ResellerRelationship(
        id=fixed_id(f"{partner}.{customer}.relationship"),
        partner_id=fixed_id(partner),
        customer_id=customer_id,
        associated_partner_id=_id(attached),
        addressed_to=address,
        stored_status=RelationshipStatus(status),
        delegated_admin_requested=bool(delegated_rights),
        requested_at=requested,
        accepted_at=requested + timedelta(days=1) if status in ACCEPTED else None,
        closed_at=requested + CLOSED_AFTER if status in CLOSED else None,
        end_reason=end_reason,
        expires_at=None if status in ACCEPTED else requested + REQUEST_EXPIRY,
        market=MARKET,
        cloud=Cloud(BY_KEY[partner].cloud),
        created_at=requested,
    )


def _delegated_admin_grant(
    now: datetime, *, delegated_rights: Iterable[str], **fields: Any
) -> DelegatedAdminGrant:
    """What the partner requested along with a relationship; the customer approved it the next day."""
    relationship = _relationship(now, **fields)
    requested = relationship.created_at
    rights = frozenset(map(DelegatedRight, delegated_rights))
    terms = DelegatedAdminTerms(rights=rights, duration=FULL_DURATION)
    grant = new_delegated_admin_request(relationship, terms, at=requested, with_relationship=True)
    grant.id = fixed_id(f"{fields['partner']}.{fields['customer']}.delegated-admin")
    if relationship.stored_status is RelationshipStatus.ACTIVE:
        grant.approve(DelegatedAdminApproval(), at=requested + timedelta(days=1))
        grant.version = 1
    return grant


def _billing_profile(partner: Organisation, customer: Organisation, opened: datetime) -> BillingProfile:
    return BillingProfile(
        id=fixed_id(f"{partner.key}.{customer.key}.billing"),
        partner_id=partner.id,
        customer_id=customer.id,
        company_name=customer.name,
        email=f"bills-from-{partner.key}@{customer.key}.example",
        culture="en-US",
        language="en",
        country=MARKET,
        cloud=Cloud(customer.cloud),
        created_at=opened,
    )


def _subscription(  # noqa: PLR0913  (the fields of an entry)
    now: datetime,
    *,
    key: str,
    customer: str,
    offer: str,
    billing_type: str = BillingType.LICENSE,
    channel: str = Channel.CSP,
    partner: str | None = None,
    commerce: str = Commerce.LEGACY,
    quantity: int = 1,
    partner_of_record: str | None = None,
    support_contact: str | None = None,
    parent: str | None = None,
    status: str = SubscriptionStatus.ACTIVE,
    known_as: str | None = None,
    services: Iterable[str] = (),
) -> Subscription:
    """A purchase. `partner` bills it in CSP, or recorded it if it was bought in another channel.

    Two records of one subscription share the vendor's ids, which come from `known_as`.
    """
    owner_id = fixed_id(partner or customer)
    bought = now - BOUGHT
    usage = billing_type == BillingType.USAGE
    return Subscription(
        id=fixed_id(f"{key}.subscription"),
        owner_id=owner_id,
        vendor_id=fixed_id(f"{known_as or key}.vendor"),
        vendor_state=VendorState.CONFIRMED if channel == Channel.CSP else VendorState.NOT_AT_VENDOR,
        customer_id=fixed_id(customer),
        recorded_by=RecordedBy.PARTNER if partner else RecordedBy.CUSTOMER,
        channel=Channel(channel),
        billing_partner_id=owner_id if channel == Channel.CSP else None,
        partner_of_record_id=_id(partner_of_record),
        partner_number=BY_KEY[partner_of_record].partner_number if partner_of_record else None,
        support_contact_id=_id(support_contact),
        commerce=Commerce(commerce),
        market=MARKET,
        cloud=Cloud(BY_KEY[customer].cloud),
        offer_name=offer,
        friendly_name=key.replace("-", " ").capitalize(),
        quantity=quantity,
        unit_type="Usage" if usage else "Licenses",
        parent_id=fixed_id(f"{parent}.subscription") if parent else None,
        entitlement_id=fixed_id(f"{known_as or key}.entitlement") if usage else None,
        creation_date=bought,
        effective_start_date=bought,
        commitment_end_date=None if usage else bought + TERM,
        cancellation_allowed_until_date=(
            bought + CANCELLATION_WINDOW if commerce == Commerce.NEW_COMMERCE else None
        ),
        stored_status=SubscriptionStatus(status),
        auto_renew_enabled=not usage,
        billing_type=BillingType(billing_type),
        billing_cycle=BillingCycle.MONTHLY,
        is_trial=False,
        term_duration=None if usage else "P1Y",
        contract_type=ContractType.SUBSCRIPTION,
        order_id=fixed_id(f"{key}.order"),
        services=list(services),
        confirmation=Confirmation.UNCONFIRMED if partner and channel != Channel.CSP else None,
        created_at=bought,
    )


def _id(key: str | None) -> str | None:
    return fixed_id(key) if key else None
