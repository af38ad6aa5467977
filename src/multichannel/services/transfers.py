"""Transfers: asked for by the target, offered or switched by the source, decided by the other side (SM4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.domain.base import new_id
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.tenants import Partner, PartnerType
from multichannel.domain.transfer_obstacles import (
    CustomerInOtherMarket,
    LinesMissing,
    LinesSettled,
    NoPartnership,
    NotYourReseller,
    OpenedByTheOther,
    SamePartner,
    TransferPending,
)
from multichannel.domain.transfers import (
    OPEN_FOR,
    Initiator,
    Transfer,
    TransferKind,
    TransferProductType,
    TransferStatus,
)
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.transfer_execution import (
    customer_market,
    errors_of_target,
    hand_over,
    move_offered,
    obstacle_to_receiving,
    ready_target,
)
from multichannel.services.transfer_lines import chosen, require_eligible
from multichannel.store.unit_of_work import Work

REQUESTED = frozenset({TransferKind.NEW_COMMERCE, TransferKind.AZURE_PLAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """What a target asks for; it names no lines."""

    kind: TransferKind
    customer_id: str
    source_partner_id: str
    product_types: Sequence[TransferProductType]
    partner_of_record_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOffer:
    """What a source gives away, and to whom."""

    kind: TransferKind
    customer_id: str
    target_partner_id: str
    subscription_ids: Sequence[str]


def request_transfer(work: Work, asked: TransferRequest) -> Transfer:
    """Ask another partner for what it sells to a customer (SM4c).

    Whether there is such a partner, or anything to transfer, is not told: it is pending all the same. Refused
    for what the target knows of itself alone: relationship, agreement, Azure plan, an earlier request.
    """
    target = work.partners.get(work.principal.tenant_id, to=Action.REQUEST_TRANSFER)
    if asked.kind not in REQUESTED:
        raise OpenedByTheOther("The partner that bills begins this kind of transfer: offerTransfer.")
    if asked.source_partner_id == target.id:
        raise SamePartner("sourcePartner")
    look = work.look(target)
    obstacle = obstacle_to_receiving(look, target.id, asked.customer_id, asked.kind, target.cloud)
    if obstacle is not None:
        raise obstacle
    if customer_market(look, asked.customer_id) != target.market:
        raise CustomerInOtherMarket
    _require_own_reseller(work, target, asked.partner_of_record_id)
    if look.any(
        Transfer,
        target_partner_id=target.id,
        source_partner_id=asked.source_partner_id,
        customer_id=asked.customer_id,
        kind=asked.kind,
        initiated_by=Initiator.TARGET,
        status=TransferStatus.PENDING,
    ):
        raise TransferPending
    transfer = _begun(work, target, asked.kind, asked.customer_id, Initiator.TARGET)
    transfer.source_partner_id, transfer.target_partner_id = asked.source_partner_id, target.id
    transfer.target_partner_name = target.name
    transfer.target_product_types = sorted({each.value for each in asked.product_types})
    transfer.partner_of_record_id = asked.partner_of_record_id
    work.add_under(target, transfer)
    return transfer


def offer_transfer(work: Work, offer: TransferOffer) -> Transfer:
    """Offer subscriptions to the provider whose reseller one is (SM4b), or begin a switch (SM4a).

    Whether the target could receive them is its own business, and comes out when it decides.
    """
    moves = chosen(work, offer.subscription_ids)
    first = moves[0].subscription
    look = work.look(first)
    source_id = work.principal.tenant_id
    if offer.kind in REQUESTED:
        raise OpenedByTheOther(
            "The partner that is to receive begins this kind of transfer: requestTransfer."
        )
    if offer.target_partner_id == source_id:
        raise SamePartner("targetPartner")
    if offer.kind is TransferKind.LEGACY and not look.any(
        Partnership,
        provider_id=offer.target_partner_id,
        reseller_id=source_id,
        status=PartnershipStatus.ACTIVE,
    ):
        raise NoPartnership
    require_eligible(work, moves, offer.kind, offer.customer_id)
    source = look.all(Partner, id=source_id)[0]
    if source.market != first.market:
        raise CustomerInOtherMarket
    transfer = _begun(work, source, offer.kind, offer.customer_id, Initiator.SOURCE)
    transfer.source_partner_id, transfer.target_partner_id = source_id, offer.target_partner_id
    transfer.source_partner_name = source.name
    work.add_under(first, transfer)
    work.add_all_under(transfer, [move.line_in(transfer) for move in moves])
    return transfer


def accept_transfer(
    work: Work, transfer_id: str, *, subscription_ids: Sequence[str] | None, expected_version: int | None
) -> Transfer:
    """Say yes: to a request by choosing what goes (SM4c), to an offer as it was made (SM4b).

    LinesNotEligible, and nothing moves, if a chosen line cannot go. What was offered was eligible then;
    lines that are not any more fail one by one.
    """
    transfer = work.transfers.get(transfer_id, to=Action.ACCEPT)
    transfer.require_version(expected_version)
    transfer.require_pending(work.now)
    if transfer.initiated_by is Initiator.SOURCE:
        if subscription_ids is not None:
            raise LinesSettled
        _receive(work, transfer)
    else:
        _release(work, transfer, subscription_ids or ())
    return transfer


def consent_to_transfer(work: Work, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Sign a switch for one's own side (SM4a); with the third signature the subscriptions move."""
    transfer = work.transfers.get(transfer_id, to=Action.CONSENT)
    transfer.require_version(expected_version)
    everybody = transfer.consent(work.principal.tenant_id, work.now)
    if work.principal.tenant_id == transfer.target_partner_id:
        transfer.target_partner_name = ready_target(work, transfer).name
    if everybody:
        move_offered(work, transfer)
    return transfer


def decline_transfer(work: Work, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Say no to what one has been asked for or offered, or to a switch one takes part in."""
    transfer = work.transfers.get(transfer_id, to=Action.DECLINE)
    transfer.require_version(expected_version)
    transfer.decline(work.now)
    return transfer


def cancel_transfer(work: Work, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Take back what one has begun, while nobody has decided."""
    transfer = work.transfers.get(transfer_id, to=Action.CANCEL)
    transfer.require_version(expected_version)
    transfer.cancel(work.now)
    return transfer


def _release(work: Work, transfer: Transfer, subscription_ids: Sequence[str]) -> None:
    """The source gives what was asked for."""
    if not subscription_ids:
        raise LinesMissing
    moves = chosen(work, subscription_ids)
    source = work.look(transfer).all(Partner, id=transfer.source_partner_id)[0]
    if source.market != transfer.market:
        raise CustomerInOtherMarket
    wanted = {TransferProductType(word) for word in transfer.target_product_types}
    require_eligible(work, moves, transfer.kind, transfer.customer_id, wanted)
    lines = [move.line_in(transfer) for move in moves]
    pairs = [(line, move.subscription) for line, move in zip(lines, moves, strict=True)]
    hand_over(work, transfer, pairs, errors_of_target(work, transfer, lines))
    transfer.source_partner_name = source.name
    work.add_all_under(transfer, lines)


def _receive(work: Work, transfer: Transfer) -> None:
    """The target takes what was offered."""
    target = ready_target(work, transfer)
    move_offered(work, transfer)
    transfer.target_partner_name = target.name


def _require_own_reseller(work: Work, target: Partner, reseller_id: str | None) -> None:
    """R25, R40: a provider has a reseller of its own credited."""
    if reseller_id is None:
        return
    if target.type is not PartnerType.INDIRECT_PROVIDER or not work.look(target).any(
        Partnership, provider_id=target.id, reseller_id=reseller_id, status=PartnershipStatus.ACTIVE
    ):
        raise NotYourReseller


def _begun(
    work: Work, partner: Partner, kind: TransferKind, customer_id: str, initiator: Initiator
) -> Transfer:
    """A transfer that waits for its answer."""
    return Transfer(
        id=new_id(),
        owner_id=partner.id,
        kind=kind,
        initiated_by=initiator,
        stored_status=TransferStatus.PENDING,
        customer_id=customer_id,
        requested_at=work.now,
        modified_at=work.now,
        expires_at=work.now + OPEN_FOR,
        market=partner.market,
        cloud=partner.cloud,
        created_at=work.now,
        updated_at=work.now,
    )
