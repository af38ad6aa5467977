"""Partnerships of providers and resellers (SM3)."""

from __future__ import annotations

from multichannel.domain.partnerships import OPEN, Partnership, PartnershipStatus
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Partner
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.invitations import issue
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


def are_partners(queries: GuardQueries, provider_id: str, reseller_id: str) -> bool:
    """Whether a provider and a reseller have an active partnership."""
    return active_partnership(queries, provider_id, reseller_id) is not None


def active_partnership(queries: GuardQueries, provider_id: str, reseller_id: str) -> Partnership | None:
    """The active partnership of a provider and a reseller."""
    return queries.one(
        Partnership, provider_id=provider_id, reseller_id=reseller_id, status=PartnershipStatus.ACTIVE
    )


def credited_number(partnership: Partnership | None, reseller: Partner | None) -> str | None:
    """The number under which a provider credits its reseller, or else the reseller's own (R25, R74)."""
    location = partnership.reseller_number if partnership else None
    return location or (reseller.partner_number if reseller else None)


def invite_indirect_reseller(work: UnitOfWork, address: str, number: str | None) -> Partnership:
    """A provider's invitation to a tenant id; the result does not reveal whether a partner has this id.

    Only a partner in the provider's cloud and market receives it (R12, R52). SELF_INVITED or
    INVITATION_PENDING.
    """
    provider = work.partners.get(work.principal.tenant_id, to=Action.INVITE_RESELLER)
    reseller_id = work.tenant_directory(provider).partner_at(address, provider.cloud, provider.market)
    invitation = Partnership.invitation(
        provider, address=address, reseller_id=reseller_id, number=number, at=work.now
    )
    if work.query_for(provider).any(Partnership, provider_id=provider.id, addressed_to=address, status=OPEN):
        raise Refusal.INVITATION_PENDING.error()
    work.add_under(provider, invitation)
    # Whether the address exists must not be visible before it answers.
    work.redact(invitation, "reseller_id")
    issue(work, invitation)
    return invitation


def accept_partnership(work: UnitOfWork, partnership_id: str) -> Partnership:
    """Accept an invitation as the reseller (R27). INVITATION_CLOSED or MARKET_MISMATCH (R12)."""
    partnership = work.partnerships.get(partnership_id, to=Action.ACCEPT)
    raise_first(partnership.refusals_in_market(work.principal.market))
    partnership.accept(at=work.now)
    return partnership


def remove_partnership(work: UnitOfWork, partnership_id: str) -> Partnership:
    """End a partnership as the provider; the reseller keeps its customers and admin rights (SM3)."""
    partnership = work.partnerships.get(partnership_id, to=Action.REMOVE)
    partnership.remove(at=work.now)
    return partnership
