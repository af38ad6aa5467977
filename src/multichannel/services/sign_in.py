"""Sign-in: the caller that a verified token names, and what the token shows about the caller's tenant."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from multichannel.domain.domains import ascii_domain
from multichannel.errors import Denied, Unauthenticated
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action
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
    """The caller, or UnknownUser. A domain that no customer has verified becomes the caller's (R58)."""
    with store.reading(SIGNING_IN) as work:
        caller = work.sign_in.caller(
            directory_id=token.directory_id,
            object_id=token.object_id,
            auth_mode=token.auth_mode,
            domain=None if token.domain is None else ascii_domain(token.domain),
        )
    if caller is None:
        raise UnknownUser(token)
    if caller.new_domain is not None:
        with suppress(Denied):  # under a policy that lets nobody verify domains, people sign in all the same
            _verify_domain(store, caller.principal.tenant_id, caller.new_domain)
    return replace(caller, token=token)


def _verify_domain(store: Store, customer_id: str, domain: str) -> None:
    act = MutationContext("verify_domain", CUSTOMER.name, customer_id)
    store.act(SIGNING_IN, act, lambda work: verify_domain(work, customer_id, domain))


def verify_domain(work: UnitOfWork, customer_id: str, domain: str) -> str:
    """Store a domain as verified, unless another customer has it, and deliver requests that wait for it."""
    customer = work.customers.get(customer_id, to=Action.VERIFY_DOMAIN)
    directory = work.tenant_directory(customer)
    if directory.verify_domains({domain: customer.id}, cloud=customer.cloud, now=work.now):
        work.record_change(customer, "verified_domain", None, domain)
        customer.touch(work.now)
    return customer.id
