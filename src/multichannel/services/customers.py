"""Customers: created by partners, updated by whoever the policy permits; and their agreements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from multichannel.domain.agreements import CustomerAgreement, Signature, new_agreement
from multichannel.domain.base import new_id
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin_terms import EVERY_RIGHT, FULL_DURATION, DelegatedAdminTerms
from multichannel.domain.domains import CustomerDomain, shown_domain
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Partner, PartnerType, Tenant, TenantKind
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.delegated_admin import add_grant_with
from multichannel.services.invitations import ids_of_linked
from multichannel.services.partnerships import are_partners
from multichannel.services.users import NewUser, add_user_to_tenant
from multichannel.store.unit_of_work import UnitOfWork

Fields = Mapping[str, str | None]
"""Values by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A company for which a partner creates a tenant."""

    company_name: str
    ascii_domain: str
    profile: Fields
    billing: Fields
    market: str | None = None
    associated_partner_directory_id: str | None = None
    signature: Signature | None = None
    global_admin: NewUser | None = None


def create_customer(work: UnitOfWork, new: NewCustomer) -> Customer:
    """A new customer with its own tenant and an active relationship with the caller's partner (SM1).

    It has no directory id until it is linked (R54), and nobody has verified its domain (R58). DOMAIN_TAKEN by
    the customer that has it verified, OTHER_MARKET (R12) or
    ASSOCIATED_PARTNER_INVALID (R23).
    """
    partner = work.partners.get(work.principal.tenant_id, to=Action.CREATE_CUSTOMER)
    reseller_id = _attached_reseller_id(work, partner, new)
    _require_customer_possible(work, partner, new)
    customer = _customer(partner, new, work)
    work.add_under(
        partner, Tenant(id=customer.id, kind=TenantKind.CUSTOMER, cloud=customer.cloud, created_at=work.now)
    )
    work.add_under(partner, customer)
    work.add_under(partner, _unverified(customer, new.ascii_domain))
    relationship = _relationship(partner, customer, reseller_id, work)
    work.add_under(partner, relationship)
    # R13: the vendor gives the creator of a tenant every right, until the customer takes them away.
    terms = DelegatedAdminTerms(rights=EVERY_RIGHT, duration=FULL_DURATION)
    add_grant_with(work, partner, relationship, terms)
    work.add_under(partner, _billing_profile(partner, customer, new, work))
    if new.signature is not None:
        work.add_under(partner, new_agreement(customer, new.signature, attested_by=partner.id, at=work.now))
    if new.global_admin is not None:
        add_user_to_tenant(work, partner, new.global_admin, tenant=customer)
    return customer


def link_customer(
    work: UnitOfWork, customer_id: str, directory_id: str, *, expected_version: int
) -> Customer:
    """Name the directory of a customer that was created here (R54), and deliver requests that wait for it.

    STALE_VERSION, ALREADY_LINKED, or DIRECTORY_TAKEN, which reveals that the service knows the directory: it
    is that of a customer or, as R10 and R11 forbid, of a partner.
    """
    customer = work.customers.get(customer_id, to=Action.LINK)
    directory, queries = work.tenant_directory(customer), work.query_for(customer)
    customer.require_version(expected_version)
    if ids_of_linked(queries, [customer.id]):
        raise Refusal.ALREADY_LINKED.error()
    if queries.any(Tenant, directory_id=directory_id):
        raise Refusal.DIRECTORY_TAKEN.error()
    customer.touch(work.now)
    directory.link({directory_id: customer.id}, cloud=customer.cloud, now=work.now)
    work.record_change(customer, "directory_id", None, directory_id)
    return customer


def update_customer(
    work: UnitOfWork, customer_id: str, changes: Fields, *, expected_version: int
) -> Customer:
    """Edit the company profile. STALE_VERSION."""
    customer = work.customers.get(customer_id, to=Action.UPDATE)
    customer.change(dict(changes), expected_version=expected_version, at=work.now)
    return customer


def _require_customer_possible(work: UnitOfWork, partner: Partner, new: NewCustomer) -> None:
    if new.market not in {None, partner.market}:
        raise Refusal.OTHER_MARKET.error()
    if work.query_for(partner).any(
        CustomerDomain, ascii_domain=new.ascii_domain, cloud=partner.cloud, is_verified=True
    ):
        raise Refusal.DOMAIN_TAKEN.error()


def _attached_reseller_id(work: UnitOfWork, partner: Partner, new: NewCustomer) -> str | None:
    """The provider's reseller that the customer is created for, if any (R23)."""
    if new.associated_partner_directory_id is None:
        return None
    reseller_id = work.tenant_directory(partner).partner_id(new.associated_partner_directory_id)
    is_provider = partner.type is PartnerType.INDIRECT_PROVIDER
    if not is_provider or not are_partners(work.query_for(partner), partner.id, reseller_id):
        raise Refusal.ASSOCIATED_PARTNER_INVALID.error()
    return reseller_id


def _unverified(customer: Customer, ascii_domain: str) -> CustomerDomain:
    """A domain that a partner typed, which receives no requests (R58)."""
    return CustomerDomain(
        customer_id=customer.id, ascii_domain=ascii_domain, is_verified=False, cloud=customer.cloud
    )


def _customer(partner: Partner, new: NewCustomer, work: UnitOfWork) -> Customer:
    return Customer(
        id=new_id(),
        company_name=new.company_name,
        domain=shown_domain(new.ascii_domain),
        market=partner.market,
        cloud=partner.cloud,
        created_at=work.now,
        **new.profile,
    )


def _relationship(
    partner: Partner, customer: Customer, reseller_id: str | None, work: UnitOfWork
) -> ResellerRelationship:
    """Active at once (SM1)."""
    return ResellerRelationship(
        id=new_id(),
        partner_id=partner.id,
        customer_id=customer.id,
        addressed_to=customer.id,
        associated_partner_id=reseller_id,
        stored_status=RelationshipStatus.ACTIVE,
        delegated_admin_requested=True,
        requested_at=work.now,
        accepted_at=work.now,
        market=partner.market,
        cloud=partner.cloud,
        created_at=work.now,
    )


def _billing_profile(
    partner: Partner, customer: Customer, new: NewCustomer, work: UnitOfWork
) -> BillingProfile:
    """The partner's own, with the values of the company profile as defaults."""
    shared = {name: value for name, value in new.profile.items() if name in BillingProfile.__mapper__.columns}
    values = {"company_name": new.company_name, **shared, **new.billing}
    return BillingProfile(
        partner_id=partner.id, customer_id=customer.id, cloud=customer.cloud, created_at=work.now, **values
    )


def confirm_customer_agreement(work: UnitOfWork, customer_id: str, signature: Signature) -> CustomerAgreement:
    """A partner's attestation for itself, or the customer's own signature, valid with all partners (SM6).

    AGREEMENT_NOT_OFFERED (R52) or AGREED_IN_THE_FUTURE.
    """
    customer = work.customers.get(customer_id, to=Action.CONFIRM_AGREEMENT)
    principal = work.principal
    attested_by = principal.tenant_id if principal.kind is TenantKind.PARTNER else None
    agreement = new_agreement(customer, signature, attested_by=attested_by, at=work.now)
    work.add_under(customer, agreement)
    return agreement
