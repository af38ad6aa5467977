"""Transfers: asked for by the target, offered or switched by the source, decided by the other side (SM4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.domain.base import new_id
from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Partner, PartnerType
from multichannel.domain.transfers import (
    TRANSFER_LIFETIME,
    Initiator,
    Transfer,
    TransferKind,
    TransferProductType,
    TransferStatus,
    initiator_of,
)
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.transfer_execution import (
    execute_offer,
    execute_transfer,
    refusals_of_target,
    require_ready_target,
    target_errors,
)
from multichannel.services.transfer_lines import plan_lines, require_eligible
from multichannel.store.unit_of_work import UnitOfWork


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


def request_transfer(work: UnitOfWork, request: TransferRequest) -> Transfer:
    """Ask another partner for what it sells to a customer (SM4c).

    Whether there is such a partner, or anything to transfer, is not told: it is pending all the same. Refused
    for what the target knows of itself alone: relationship, agreement, Azure plan, an earlier request.
    """
    target = work.partners.get(work.principal.tenant_id, to=Action.REQUEST_TRANSFER)
    if initiator_of(request.kind) is not Initiator.TARGET:
        raise Refusal.OPENED_BY_THE_OTHER_PARTNER.error()
    if request.source_partner_id == target.id:
        raise Refusal.SAME_PARTNER.error(path="sourcePartner")
    transfer = _pending_transfer(work, target, request.kind, request.customer_id, Initiator.TARGET)
    transfer.source_partner_id, transfer.target_partner_id = request.source_partner_id, target.id
    transfer.target_partner_name = target.name
    transfer.target_product_types = sorted({each.value for each in request.product_types})
    transfer.partner_of_record_id = request.partner_of_record_id
    look = work.query_for(target)
    customer = look.one(Customer, id=request.customer_id)
    raise_first(refusals_of_target(look, transfer, market=customer.market if customer else None))
    _require_own_reseller(work, target, request.partner_of_record_id)
    if any(
        each.is_repeated_by(request.kind, request.source_partner_id, request.customer_id)
        for each in look.all(
            Transfer,
            target_partner_id=target.id,
            customer_id=request.customer_id,
            status=TransferStatus.PENDING,
        )
    ):
        raise Refusal.TRANSFER_PENDING.error()
    work.add_under(target, transfer)
    return transfer


def offer_transfer(work: UnitOfWork, offer: TransferOffer) -> Transfer:
    """Offer subscriptions to the provider whose reseller one is (SM4b), or begin a switch (SM4a).

    Whether the target could receive them is its own business, and comes out when it decides.
    """
    lines = plan_lines(work, offer.subscription_ids)
    first = lines[0].subscription
    look = work.query_for(first)
    source_id = work.principal.tenant_id
    if initiator_of(offer.kind) is not Initiator.SOURCE:
        raise Refusal.OPENED_BY_THE_OTHER_PARTNER.error()
    if offer.target_partner_id == source_id:
        raise Refusal.SAME_PARTNER.error()
    if offer.kind is TransferKind.LEGACY and not look.any(
        Partnership,
        provider_id=offer.target_partner_id,
        reseller_id=source_id,
        status=PartnershipStatus.ACTIVE,
    ):
        raise Refusal.NO_PARTNERSHIP.error(path="targetPartner")
    require_eligible(work, lines, offer.kind, offer.customer_id)
    source = look.all(Partner, id=source_id)[0]
    if source.market != first.market:
        raise Refusal.CUSTOMER_IN_OTHER_MARKET.error()
    transfer = _pending_transfer(work, source, offer.kind, offer.customer_id, Initiator.SOURCE)
    transfer.source_partner_id, transfer.target_partner_id = source_id, offer.target_partner_id
    transfer.source_partner_name = source.name
    work.add_under(first, transfer)
    work.add_all_under(transfer, [line.line_in(transfer) for line in lines])
    return transfer


def accept_transfer(
    work: UnitOfWork,
    transfer_id: str,
    *,
    subscription_ids: Sequence[str] | None,
    expected_version: int | None,
) -> Transfer:
    """Say yes: to a request by choosing what goes (SM4c), to an offer as it was made (SM4b).

    LINES_NOT_ELIGIBLE, and nothing lines, if a chosen line cannot go. What was offered was eligible then;
    lines that are not any more fail one by one.
    """
    transfer = work.transfers.get(transfer_id, to=Action.ACCEPT)
    transfer.require_version(expected_version)
    transfer.require_pending(work.now)
    if transfer.initiated_by is Initiator.SOURCE:
        if subscription_ids is not None:
            raise Refusal.LINES_SETTLED.error()
        _receive(work, transfer)
    else:
        _release(work, transfer, subscription_ids or ())
    return transfer


def consent_to_transfer(work: UnitOfWork, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Sign a switch for one's own side (SM4a); with the third signature the subscriptions move."""
    transfer = work.transfers.get(transfer_id, to=Action.CONSENT)
    transfer.require_version(expected_version)
    everybody = transfer.consent(work.principal.tenant_id, work.now)
    if work.principal.tenant_id == transfer.target_partner_id:
        transfer.target_partner_name = require_ready_target(work, transfer).name
    if everybody:
        execute_offer(work, transfer)
    return transfer


def decline_transfer(work: UnitOfWork, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Say no to what one has been asked for or offered, or to a switch one takes part in."""
    transfer = work.transfers.get(transfer_id, to=Action.DECLINE)
    transfer.require_version(expected_version)
    transfer.decline(work.now)
    return transfer


def cancel_transfer(work: UnitOfWork, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Take back what one has begun, while nobody has decided."""
    transfer = work.transfers.get(transfer_id, to=Action.CANCEL)
    transfer.require_version(expected_version)
    transfer.cancel(work.now)
    return transfer


def _release(work: UnitOfWork, transfer: Transfer, subscription_ids: Sequence[str]) -> None:
    """The source gives what was asked for."""
    if not subscription_ids:
        raise Refusal.LINES_MISSING.error()
    planned = plan_lines(work, subscription_ids)
    source = work.query_for(transfer).all(Partner, id=transfer.source_partner_id)[0]
    if source.market != transfer.market:
        raise Refusal.CUSTOMER_IN_OTHER_MARKET.error()
    requested = {TransferProductType(word) for word in transfer.target_product_types}
    require_eligible(work, planned, transfer.kind, transfer.customer_id, requested)
    lines = [each.line_in(transfer) for each in planned]
    pairs = [(line, each.subscription) for line, each in zip(lines, planned, strict=True)]
    execute_transfer(work, transfer, pairs, target_errors(work, transfer, lines))
    transfer.source_partner_name = source.name
    work.add_all_under(transfer, lines)


def _receive(work: UnitOfWork, transfer: Transfer) -> None:
    """The target takes what was offered."""
    target = require_ready_target(work, transfer)
    execute_offer(work, transfer)
    transfer.target_partner_name = target.name


def _require_own_reseller(work: UnitOfWork, target: Partner, reseller_id: str | None) -> None:
    """R25, R40: a provider has a reseller of its own credited."""
    if reseller_id is None:
        return
    if target.type is not PartnerType.INDIRECT_PROVIDER or not work.query_for(target).any(
        Partnership, provider_id=target.id, reseller_id=reseller_id, status=PartnershipStatus.ACTIVE
    ):
        raise Refusal.NOT_YOUR_RESELLER.error()


def _pending_transfer(
    work: UnitOfWork, partner: Partner, kind: TransferKind, customer_id: str, initiator: Initiator
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
        expires_at=work.now + TRANSFER_LIFETIME,
        market=partner.market,
        cloud=partner.cloud,
        created_at=work.now,
        updated_at=work.now,
    )
