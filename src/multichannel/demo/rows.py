"""The demo world as database rows, in insertion order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain

from multichannel.demo.cast import (
    ORGANISATIONS,
    PARTNERSHIPS,
    PERSONAS,
    PURCHASES,
    RELATIONSHIPS,
    DemoPartnership,
    Organisation,
    Persona,
    Purchase,
    Relationship,
    fixed_id,
)
from multichannel.domain.base import Base
from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    ContractType,
    RecordedBy,
)
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, Tenant, TenantKind
from multichannel.domain.users import RoleAssignment, User

MARKET = "US"
OPENED, BOUGHT, TERM = timedelta(days=400), timedelta(days=200), timedelta(days=365)
REQUEST_EXPIRY = timedelta(days=90)
CANCELLATION_WINDOW = timedelta(days=7)
BILLED_RELATIONSHIPS = {RelationshipStatus.ACTIVE}


def rows_of_world(now: datetime) -> Iterator[Base]:
    """All rows, with dates relative to `now`, so that a new world has open requests and running terms."""
    return chain(
        (_tenant(each, now) for each in ORGANISATIONS),
        (_organisation(each, now) for each in ORGANISATIONS),
        (_domain(each) for each in ORGANISATIONS if each.partner_type is None),
        chain.from_iterable(_user(each, now) for each in PERSONAS),
        (_partnership(each, now) for each in PARTNERSHIPS),
        (_relationship(each, now) for each in RELATIONSHIPS),
        (_billing_profile(each, now) for each in RELATIONSHIPS if each.status in BILLED_RELATIONSHIPS),
        (_subscription(each, now) for each in PURCHASES),
    )


def _tenant(organisation: Organisation, now: datetime) -> Tenant:
    kind = TenantKind.PARTNER if organisation.partner_type else TenantKind.CUSTOMER
    return Tenant(
        id=organisation.id,
        kind=kind,
        cloud=organisation.cloud,
        directory_id=organisation.id,
        created_at=now - OPENED,
    )


def _organisation(organisation: Organisation, now: datetime) -> Partner | Customer:
    if organisation.partner_type is None:
        return _customer(organisation, now)
    return Partner(
        id=organisation.id,
        name=organisation.name,
        type=organisation.partner_type,
        status=organisation.status,
        market=MARKET,
        cloud=organisation.cloud,
        partner_number=organisation.partner_number,
        created_at=now - OPENED,
    )


def _customer(organisation: Organisation, now: datetime) -> Customer:
    return Customer(
        id=organisation.id,
        company_name=organisation.name,
        domain=f"{organisation.key}.example",
        email=f"office@{organisation.key}.example",
        phone_number="+1 555 0100",
        address_line1="1 Main Street",
        city="Springfield",
        country=MARKET,
        market=MARKET,
        cloud=organisation.cloud,
        created_at=now - OPENED,
        updated_at=now - OPENED,
    )


def _domain(organisation: Organisation) -> CustomerDomain:
    return CustomerDomain(
        customer_id=organisation.id,
        ascii_domain=f"{organisation.key}.example",
        is_verified=True,
        cloud=organisation.cloud,
    )


def _user(persona: Persona, now: datetime) -> Iterator[User | RoleAssignment]:
    tenant = persona.organisation
    user_id = fixed_id(f"{persona.name}.user")
    yield User(
        id=user_id,
        tenant_id=tenant.id,
        object_id=persona.id,
        display_name=persona.title,
        cloud=tenant.cloud,
        created_at=now - OPENED,
        updated_at=now - OPENED,
    )
    for role in persona.roles:
        yield RoleAssignment(user_id=user_id, tenant_id=tenant.id, role=role)


def _partnership(link: DemoPartnership, now: datetime) -> Partnership:
    consented = link.status is not PartnershipStatus.INVITED
    return Partnership(
        id=link.id,
        provider_id=link.provider.id,
        reseller_id=link.reseller.id,
        status=link.status,
        market=MARKET,
        cloud=link.provider.cloud,
        invited_at=now - OPENED,
        accepted_at=now - OPENED if consented else None,
        removed_at=now if link.status is PartnershipStatus.REMOVED else None,
        created_at=now - OPENED,
        updated_at=now - OPENED,
    )


def _relationship(relationship: Relationship, now: datetime) -> ResellerRelationship:
    requested = now - timedelta(days=relationship.days_ago)
    accepted = relationship.status in {RelationshipStatus.ACTIVE, RelationshipStatus.REMOVED}
    return ResellerRelationship(
        id=relationship.id,
        partner_id=relationship.partner.id,
        customer_id=relationship.customer.id,
        associated_partner_id=relationship.attached.id if relationship.attached else None,
        addressed_to=relationship.customer.id,
        stored_status=relationship.status,
        delegated_admin_requested=relationship.delegated_admin,
        delegated_admin=relationship.delegated_admin and accepted,
        requested_at=requested,
        accepted_at=requested + timedelta(days=1) if accepted else None,
        expires_at=requested + REQUEST_EXPIRY,
        market=MARKET,
        cloud=relationship.partner.cloud,
        created_at=requested,
        updated_at=requested,
    )


def _billing_profile(relationship: Relationship, now: datetime) -> BillingProfile:
    customer, partner = relationship.customer, relationship.partner
    return BillingProfile(
        id=fixed_id(f"{partner.key}.{customer.key}.billing"),
        partner_id=partner.id,
        customer_id=customer.id,
        company_name=customer.name,
        email=f"bills-from-{partner.key}@{customer.key}.example",
        culture="en-US",
        language="en",
        country=MARKET,
        cloud=customer.cloud,
        created_at=now - OPENED,
        updated_at=now - OPENED,
    )


def _subscription(purchase: Purchase, now: datetime) -> Subscription:
    owner = purchase.partner or purchase.customer
    bought = now - BOUGHT
    usage = purchase.billing_type is BillingType.USAGE
    new_commerce = purchase.commerce is Commerce.NEW_COMMERCE
    return Subscription(
        id=purchase.id,
        owner_id=owner.id,
        vendor_id=purchase.vendor_id,
        customer_id=purchase.customer.id,
        recorded_by=RecordedBy.PARTNER if purchase.partner else RecordedBy.CUSTOMER,
        channel=purchase.channel,
        billing_partner_id=owner.id if purchase.channel is Channel.CSP else None,
        partner_of_record_id=_id_of(purchase.partner_of_record),
        partner_number=purchase.partner_of_record.partner_number if purchase.partner_of_record else None,
        support_contact_id=_id_of(purchase.support_contact),
        commerce=purchase.commerce,
        market=MARKET,
        cloud=purchase.customer.cloud,
        offer_name=purchase.offer,
        friendly_name=purchase.friendly_name,
        quantity=purchase.quantity,
        unit_type="Usage" if usage else "Licenses",
        parent_id=purchase.parent_id,
        entitlement_id=fixed_id(f"{purchase.known_as or purchase.key}.entitlement") if usage else None,
        creation_date=bought,
        effective_start_date=bought,
        commitment_end_date=None if usage else bought + TERM,
        cancellation_allowed_until_date=bought + CANCELLATION_WINDOW if new_commerce else None,
        stored_status=purchase.status,
        auto_renew_enabled=not usage,
        billing_type=purchase.billing_type,
        billing_cycle=BillingCycle.MONTHLY,
        is_trial=False,
        term_duration=None if usage else "P1Y",
        contract_type=ContractType.SUBSCRIPTION,
        order_id=fixed_id(f"{purchase.key}.order"),
        services=list(purchase.services),
        created_at=bought,
        updated_at=bought,
    )


def _id_of(organisation: Organisation | None) -> str | None:
    return organisation.id if organisation else None
