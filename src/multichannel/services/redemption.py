"""Redemption of invitations by whoever holds the code and a token of a trusted issuer (R56, R57).

It is decided for the system role `invitee`: the code stands for the permission. It may give the person who
redeems it access; everything after that is decided for that person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from multichannel.domain.base import plain_name
from multichannel.domain.customers import Customer
from multichannel.domain.domains import ascii_domain, shown_domain
from multichannel.domain.invitations import hash_of
from multichannel.domain.partnerships import OPEN, Partnership, PartnershipStatus
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, PartnerType, Tenant, TenantKind, tenant_of_directory
from multichannel.domain.users import Role, RoleAssignment, User, UserState
from multichannel.policy.schema.resources import PARTNERSHIP, RELATIONSHIP, Resource
from multichannel.policy.schema.vocabulary import Action, AuthMode, SystemRole, system_principal
from multichannel.services.invitations import ids_awaiting_first_sign_in
from multichannel.services.users import NewUser, add_user_to_tenant
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import VerifiedToken

RESELLERS = frozenset({PartnerType.INDIRECT_RESELLER, PartnerType.DIRECT_BILL})
"""The types of partner that may become a provider's reseller (SPR, R19)."""
UNNAMED = "Global admin"
"""The display name of a person whose token has no name."""

Target = ResellerRelationship | Partnership
Tenanted = TypeVar("Tenanted", Partner, Customer)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A code, the token of whoever holds it, and the name of a company that may be new here."""

    code: str
    token: VerifiedToken
    company_name: str | None = None


def redeem_customer_invitation(store: Store, redemption: Redemption) -> str:
    """Give a request to the customer of a token, and its first global admin access; the request's id.

    INVITATION_INVALID, INVITATION_OF_ANOTHER, NOT_A_GLOBAL_ADMIN, HAS_GLOBAL_ADMIN or ALREADY_RELATED.
    """
    return _redeem(store, RELATIONSHIP, redemption, redeem_relationship)


def redeem_reseller_invitation(store: Store, redemption: Redemption) -> str:
    """Give an invitation to the partner of a token, and its first global admin access; the partnership's id.

    INVITATION_INVALID, INVITATION_OF_ANOTHER, NOT_A_GLOBAL_ADMIN, HAS_GLOBAL_ADMIN, COMPANY_NAME_REQUIRED,
    MARKET_MISMATCH (R12) or INVITATION_PENDING.
    """
    return _redeem(store, PARTNERSHIP, redemption, redeem_partnership)


def _redeem(
    store: Store,
    resource: Resource,
    redemption: Redemption,
    use_case: Callable[..., str],
) -> str:
    """Redeem a code in the national cloud in which it was made (R52)."""
    code_hash = hash_of(redemption.code)
    for cloud in Cloud:
        invitee = system_principal(SystemRole.INVITEE, cloud=cloud)
        with store.reading(invitee) as work:
            target_id = work.invitations.target(resource, code_hash)
        if target_id is not None:
            act = MutationContext("redeem_invitation", resource.name, target_id)
            return store.act(invitee, act, partial(use_case, target_id=target_id, redemption=redemption))
    raise Refusal.INVITATION_INVALID.error()


def redeem_relationship(work: UnitOfWork, target_id: str, redemption: Redemption) -> str:
    """Redeem the invitation to a request, or the first one of a customer that its partner created (R54)."""
    relationship = work.relationships.get(target_id, to=Action.REDEEM)
    tenant = _tenant_of(work, relationship, redemption.token, TenantKind.CUSTOMER)
    if ids_awaiting_first_sign_in(work, [relationship]):
        _link(work, relationship, tenant, redemption.token)
        return relationship.id
    if relationship.status_at(work.now) is not RelationshipStatus.REQUESTED:
        raise Refusal.INVITATION_INVALID.error()
    _require_addressee(relationship.customer_id, relationship.addressed_to, tenant, redemption.token)
    if tenant is None:
        _require_global_admin(redemption.token)
        customer = _new_customer(work, relationship, redemption)
    else:
        customer = _the(Customer, work, relationship, tenant.id)
    _admit(work, relationship, customer, redemption.token)
    _deliver(work, relationship, customer, redemption.token)
    return relationship.id


def redeem_partnership(work: UnitOfWork, target_id: str, redemption: Redemption) -> str:
    """Redeem the invitation of a reseller, which accepts it afterwards."""
    partnership = work.partnerships.get(target_id, to=Action.REDEEM)
    tenant = _tenant_of(work, partnership, redemption.token, TenantKind.PARTNER)
    if partnership.status is not PartnershipStatus.INVITED:
        raise Refusal.INVITATION_INVALID.error()
    _require_addressee(partnership.reseller_id, partnership.addressed_to, tenant, redemption.token)
    if tenant is None:
        _require_global_admin(redemption.token)
        reseller = _new_reseller(work, partnership, redemption)
    else:
        reseller = _the(Partner, work, partnership, tenant.id)
        _require_reseller(reseller, partnership)
    _admit(work, partnership, reseller, redemption.token)
    if partnership.reseller_id is None:
        pair = {"provider_id": partnership.provider_id, "reseller_id": reseller.id}
        if work.query_for(partnership).any(Partnership, status=OPEN, **pair):
            raise Refusal.INVITATION_PENDING.error(path="code")
        partnership.reseller_id = reseller.id
    return partnership.id


def _tenant_of(work: UnitOfWork, target: Target, token: VerifiedToken, kind: TenantKind) -> Tenant | None:
    """The tenant of the token, if it is known; INVITATION_OF_ANOTHER if it is of another kind or cloud."""
    tenant = work.query_for(target).one(Tenant, directory_id=token.directory_id)
    if tenant is not None and (tenant.kind is not kind or tenant.cloud is not target.cloud):
        raise Refusal.INVITATION_OF_ANOTHER.error()
    return tenant


def _require_addressee(
    receiver_id: str | None, address: str, tenant: Tenant | None, token: VerifiedToken
) -> None:
    """INVITATION_OF_ANOTHER unless the token is of the tenant or, as its issuer says, of the domain (R58)."""
    if receiver_id is not None:
        is_addressee = tenant is not None and tenant.id == receiver_id
    elif "." in address:
        is_addressee = token.domain is not None and ascii_domain(token.domain) == address
    else:
        is_addressee = token.directory_id == address
    if not is_addressee:
        raise Refusal.INVITATION_OF_ANOTHER.error()


def _require_global_admin(token: VerifiedToken) -> None:
    if token.auth_mode is AuthMode.APP or not token.is_global_admin:
        raise Refusal.NOT_A_GLOBAL_ADMIN.error()


def _require_reseller(partner: Partner, partnership: Partnership) -> None:
    if partner.type not in RESELLERS:
        raise Refusal.INVITATION_OF_ANOTHER.error()
    if partner.market != partnership.market:
        raise Refusal.MARKET_MISMATCH.error(path="code")


def _link(
    work: UnitOfWork, relationship: ResellerRelationship, tenant: Tenant | None, token: VerifiedToken
) -> None:
    """Name the directory of a customer that its partner created; its users can sign in from now on."""
    if tenant is not None:
        raise Refusal.INVITATION_OF_ANOTHER.error()
    _require_global_admin(token)
    customer = _the(Customer, work, relationship, relationship.customer_id)
    directory = work.tenant_directory(relationship)
    directory.link({token.directory_id: customer.id}, cloud=customer.cloud, now=work.now)
    _admit(work, relationship, customer, token, is_new=True)
    _verify_domain(work, relationship, customer, token)


def _new_customer(work: UnitOfWork, relationship: ResellerRelationship, redemption: Redemption) -> Customer:
    """A customer that the service has never heard of, in the market of the partner that invites it."""
    domain = redemption.token.domain and ascii_domain(redemption.token.domain)
    customer = Customer(
        id=redemption.token.directory_id,
        company_name=redemption.company_name,
        domain=domain and shown_domain(domain),
        market=relationship.market,
        cloud=relationship.cloud,
        created_at=work.now,
    )
    tenant = tenant_of_directory(customer.id, TenantKind.CUSTOMER, customer.cloud, work.now)
    work.add_under(relationship, tenant)
    work.add_under(relationship, customer)
    return customer


def _new_reseller(work: UnitOfWork, partnership: Partnership, redemption: Redemption) -> Partner:
    if redemption.company_name is None:
        raise Refusal.COMPANY_NAME_REQUIRED.error()
    reseller = Partner(
        id=redemption.token.directory_id,
        name=redemption.company_name,
        type=PartnerType.INDIRECT_RESELLER,
        market=partnership.market,
        cloud=partnership.cloud,
        created_at=work.now,
    )
    domain = redemption.token.domain and ascii_domain(redemption.token.domain)
    if domain:
        reseller.verify_domain(domain)
    tenant = tenant_of_directory(reseller.id, TenantKind.PARTNER, reseller.cloud, work.now)
    work.add_under(partnership, tenant)
    work.add_under(partnership, reseller)
    return reseller


def _admit(
    work: UnitOfWork,
    target: Target,
    tenant: Partner | Customer,
    token: VerifiedToken,
    *,
    is_new: bool = False,
) -> None:
    """Make the person the first global admin, unless it is a user already.

    NOT_A_GLOBAL_ADMIN unless the token says so. HAS_GLOBAL_ADMIN if the tenant has one, or the person has
    been disabled. In a tenant that has just been linked (`is_new`), nobody could sign in so far.
    """
    queries = work.query_for(target)
    user = queries.one(User, tenant_id=tenant.id, object_id=token.object_id)
    if user is not None and user.state is UserState.ACTIVE:
        return
    _require_global_admin(token)
    admins = queries.all(RoleAssignment, tenant_id=tenant.id, role=Role.GLOBAL_ADMIN)
    ids = [each.user_id for each in admins]
    is_active = not is_new and queries.any(User, id=ids, tenant_id=tenant.id, state=UserState.ACTIVE)
    if user is not None or is_active:
        raise Refusal.HAS_GLOBAL_ADMIN.error()
    new = NewUser(token.object_id, plain_name(token.name or "") or UNNAMED, (Role.GLOBAL_ADMIN,))
    add_user_to_tenant(work, target, new, tenant=tenant)


def _deliver(
    work: UnitOfWork, relationship: ResellerRelationship, customer: Customer, token: VerifiedToken
) -> None:
    """Give the customer the requests to its directory and to the domain that the token shows to be its own.

    ALREADY_RELATED if the request is not among them, because its partner has a relationship already.
    """
    directory = work.tenant_directory(relationship)
    directory.deliver_requests({token.directory_id: customer.id}, cloud=customer.cloud, now=work.now)
    _verify_domain(work, relationship, customer, token)
    if not work.query_for(relationship).any(
        ResellerRelationship, id=relationship.id, customer_id=customer.id
    ):
        raise Refusal.ALREADY_RELATED.error(path="code")


def _verify_domain(
    work: UnitOfWork, relationship: ResellerRelationship, customer: Customer, token: VerifiedToken
) -> None:
    domain = token.domain and ascii_domain(token.domain)
    if domain:
        directory = work.tenant_directory(relationship)
        directory.verify_domains({domain: customer.id}, cloud=customer.cloud, now=work.now)


def _the(model: type[Tenanted], work: UnitOfWork, target: Target, row_id: str | None) -> Tenanted:
    """The partner or customer with the id of a tenant that exists."""
    (row,) = work.query_for(target).all(model, id=row_id)
    return row
