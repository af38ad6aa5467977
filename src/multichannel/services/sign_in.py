"""Sign-in: the caller that a verified token names, and what the token shows about the caller's tenant."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from multichannel.domain.domains import ascii_domain
from multichannel.domain.tenants import TenantKind
from multichannel.errors import DatabaseUnavailable, Denied, Unauthenticated
from multichannel.policy.schema.resources import CUSTOMER, PARTNER
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import SIGNING_IN, Caller, VerifiedToken


class UnknownUser(Unauthenticated):
    """The token is valid, but its user is unknown or inactive."""

    def __init__(self, token: VerifiedToken) -> None:
        super().__init__("The token is valid, but its user is unknown or inactive.")
        self.token = token


def sign_in(store: Store, token: VerifiedToken) -> Caller:
    """The caller, or UnknownUser. A domain that nobody has verified becomes the tenant's (R58)."""
    try:
        caller = _caller(store, token)
    except DatabaseUnavailable as fault:
        if not fault.is_lost:
            raise
        caller = _caller(store, token)  # by another connection
    if caller is None:
        raise UnknownUser(token)
    if caller.new_domain is not None:
        with suppress(Denied):  # under a policy that lets nobody verify domains, people sign in all the same
            _verify_domain(store, caller.principal, caller.new_domain)
    return replace(caller, token=token)


def _caller(store: Store, token: VerifiedToken) -> Caller | None:
    with store.reading(SIGNING_IN) as work:
        return work.sign_in.caller(
            directory_id=token.directory_id,
            object_id=token.object_id,
            auth_mode=token.auth_mode,
            domain=None if token.domain is None else ascii_domain(token.domain),
        )


def _verify_domain(store: Store, principal: Principal, domain: str) -> None:
    is_partner = principal.kind is TenantKind.PARTNER
    resource, verify = (PARTNER, verify_domain_of_partner) if is_partner else (CUSTOMER, verify_domain)
    act = MutationContext("verify_domain", resource.name, principal.tenant_id)
    store.act(SIGNING_IN, act, lambda work: verify(work, principal.tenant_id, domain))


def verify_domain_of_partner(work: UnitOfWork, partner_id: str, domain: str) -> str:
    """Show a partner's domain as verified; one that has none gets it."""
    partner = work.partners.get(partner_id, to=Action.VERIFY_DOMAIN)
    partner.verify_domain(domain)
    return partner.id


def verify_domain(work: UnitOfWork, customer_id: str, domain: str) -> str:
    """Store a domain as verified, unless another customer has it, and deliver requests that wait for it."""
    customer = work.customers.get(customer_id, to=Action.VERIFY_DOMAIN)
    directory = work.tenant_directory(customer)
    if directory.verify_domains({domain: customer.id}, cloud=customer.cloud, now=work.now):
        work.record_change(customer, "verified_domain", None, domain)
        customer.touch(work.now)
    return customer.id
