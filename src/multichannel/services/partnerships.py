"""What is done with partnerships of providers and resellers (SM3)."""

from __future__ import annotations

from multichannel.domain.partnerships import OPEN, Partnership
from multichannel.domain.refusals import Refusal
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork


def invite_indirect_reseller(work: UnitOfWork, address: str, number: str | None) -> Partnership:
    """A provider's invitation to a tenant id, the same whether or not a partner is there.

    It reaches a partner of the provider's cloud and market, and nobody else (R12, R52). SELF_INVITED or
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
    # That somebody was found at the address is nobody's to read until it answers.
    work.redact(invitation, "reseller_id")
    return invitation


def accept_partnership(work: UnitOfWork, partnership_id: str) -> Partnership:
    """The reseller's consent (R27). INVITATION_CLOSED, or MARKET_MISMATCH if it has moved since (R12)."""
    partnership = work.partnerships.get(partnership_id, to=Action.ACCEPT)
    if work.principal.market != partnership.market:
        raise Refusal.MARKET_MISMATCH.error()
    partnership.accept(at=work.now)
    return partnership


def remove_partnership(work: UnitOfWork, partnership_id: str) -> Partnership:
    """The provider ends it; the reseller keeps its customers and its admin rights there (SM3)."""
    partnership = work.partnerships.get(partnership_id, to=Action.REMOVE)
    partnership.remove(at=work.now)
    return partnership
