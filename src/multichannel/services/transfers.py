"""Transfers: requested by the target or offered by the source, and decided by the other side (SM4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.domain.base import new_id
from multichannel.domain.customers import Customer
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
from multichannel.services.partnerships import are_partners
from multichannel.services.switch_requests import require_release
from multichannel.services.transfer_execution import (
    execute_offer,
    execute_transfer,
    refusals_of_target,
    require_ready_target,
    target_errors,
)
from multichannel.services.transfer_lines import plan_lines, require_eligible
from multichannel.services.transfer_parties import add_transfer
from multichannel.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """A target's request, in which the source will choose the subscriptions."""

    kind: TransferKind
    customer_id: str
    source_directory_id: str
    product_types: Sequence[TransferProductType]
    partner_of_record_directory_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOffer:
    """A source's offer of subscriptions to a target."""

    kind: TransferKind
    customer_id: str
    target_directory_id: str
    subscription_ids: Sequence[str]


def request_transfer(work: UnitOfWork, request: TransferRequest) -> Transfer:
    """Request subscriptions of a customer from another partner (SM4c).

    The result does not reveal whether the partner exists or has anything to transfer. Refusals depend only on
    the target itself: its relationship, agreement, Azure plan and earlier requests.
    """
    target = work.partners.get(work.principal.tenant_id, to=Action.REQUEST_TRANSFER)
    if initiator_of(request.kind) is not Initiator.TARGET:
        raise Refusal.OPENED_BY_THE_OTHER_PARTNER.error()
    directory, queries = work.tenant_directory(target), work.query_for(target)
    source_id = directory.partner_id(request.source_directory_id)
    if source_id == target.id:
        raise Refusal.SAME_PARTNER.error(path="sourcePartner")
    transfer = _pending_transfer(work, target, request, source_id=source_id, target_id=target.id)
    transfer.target_partner_name = target.name
    transfer.target_product_types = sorted({each.value for each in request.product_types})
    customer = queries.one(Customer, id=request.customer_id)
    raise_first(
        refusals_of_target(
            queries, transfer, market=(customer.market or transfer.market) if customer else None
        )
    )
    transfer.partner_of_record_id = _own_reseller_id(work, target, request.partner_of_record_directory_id)
    if any(
        each.is_repeated_by(request.kind, source_id, request.customer_id)
        for each in queries.all(
            Transfer,
            target_partner_id=target.id,
            customer_id=request.customer_id,
            status=TransferStatus.PENDING,
        )
    ):
        raise Refusal.TRANSFER_PENDING.error()
    add_transfer(work, target, transfer, source=request.source_directory_id, target=target.directory_id)
    return transfer


def offer_transfer(work: UnitOfWork, offer: TransferOffer) -> Transfer:
    """Offer subscriptions to the caller's provider (SM4b), or start a switch to another partner (SM4a).

    Whether the target can receive them is not revealed before it decides.
    """
    lines = plan_lines(work, offer.subscription_ids)
    first = lines[0].subscription
    queries = work.query_for(first)
    source_id = work.principal.tenant_id
    target_id = work.tenant_directory(first).partner_id(offer.target_directory_id)
    if initiator_of(offer.kind) is not Initiator.SOURCE:
        raise Refusal.OPENED_BY_THE_OTHER_PARTNER.error()
    if target_id == source_id:
        raise Refusal.SAME_PARTNER.error()
    if offer.kind is TransferKind.LEGACY and not are_partners(queries, target_id, source_id):
        raise Refusal.NO_PARTNERSHIP.error(path="targetPartner")
    require_eligible(work, lines, offer.kind, offer.customer_id)
    source = queries.all(Partner, id=source_id)[0]
    if source.market != first.market:
        raise Refusal.CUSTOMER_IN_OTHER_MARKET.error()
    transfer = _pending_transfer(work, source, offer, source_id=source_id, target_id=target_id)
    transfer.source_partner_name = source.name
    add_transfer(work, first, transfer, source=source.directory_id, target=offer.target_directory_id)
    work.add_under(transfer, *(line.line_in(transfer) for line in lines))
    return transfer


def accept_transfer(
    work: UnitOfWork,
    transfer_id: str,
    *,
    subscription_ids: Sequence[str] | None,
    expected_version: int | None,
) -> Transfer:
    """Accept a request with chosen subscriptions (SM4c), or an offer as it was made (SM4b).

    LINES_NOT_ELIGIBLE if a chosen subscription cannot be transferred. The lines of an offer were eligible
    when it was made; lines that no longer are fail one by one.
    """
    transfer = work.transfers.get(transfer_id, to=Action.ACCEPT)
    transfer.require_version(expected_version)
    raise_first(transfer.refusals_to_accept(work.now))
    if transfer.initiated_by is Initiator.SOURCE:
        if subscription_ids is not None:
            raise Refusal.LINES_SETTLED.error()
        _receive(work, transfer)
    else:
        _release(work, transfer, subscription_ids or ())
    return transfer


def consent_to_transfer(work: UnitOfWork, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Consent to a switch for the caller's side (SM4a); with the third consent the subscriptions move.

    The source opens so a switch that the customer requested (R73); denied unless it may release the lines.
    """
    transfer = work.transfers.get(transfer_id, to=Action.CONSENT)
    transfer.require_version(expected_version)
    own = work.principal.tenant_id
    raise_first(transfer.refusals_to_consent_of(own, work.now))
    if transfer.initiated_by is Initiator.CUSTOMER and own == transfer.source_partner_id:
        require_release(work, transfer)
    all_consented = transfer.consent(own, work.now)
    if own == transfer.target_partner_id:
        transfer.target_partner_name = require_ready_target(work, transfer).name
    if all_consented:
        execute_offer(work, transfer)
    return transfer


def decline_transfer(
    work: UnitOfWork, transfer_id: str, *, expected_version: int | None, reason: str | None = None
) -> Transfer:
    """Decline a request or offer, or a switch as one of its sides. REASON_REQUIRED by the customer (R73)."""
    transfer = work.transfers.get(transfer_id, to=Action.DECLINE)
    transfer.require_version(expected_version)
    transfer.decline(work.now, reason)
    return transfer


def cancel_transfer(work: UnitOfWork, transfer_id: str, *, expected_version: int | None) -> Transfer:
    """Cancel a pending transfer as the side that started it."""
    transfer = work.transfers.get(transfer_id, to=Action.CANCEL)
    transfer.require_version(expected_version)
    transfer.cancel(work.now)
    return transfer


def _release(work: UnitOfWork, transfer: Transfer, subscription_ids: Sequence[str]) -> None:
    """Accept a request as the source."""
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
    work.add_under(transfer, *lines)


def _receive(work: UnitOfWork, transfer: Transfer) -> None:
    """Accept an offer as the target."""
    target = require_ready_target(work, transfer)
    execute_offer(work, transfer)
    transfer.target_partner_name = target.name


def _own_reseller_id(work: UnitOfWork, target: Partner, directory_id: str | None) -> str | None:
    """R25, R40: only a provider can name a partner of record, from among its resellers."""
    if directory_id is None:
        return None
    queries, reseller_id = work.query_for(target), work.tenant_directory(target).partner_id(directory_id)
    if target.type is not PartnerType.INDIRECT_PROVIDER or not are_partners(queries, target.id, reseller_id):
        raise Refusal.NOT_YOUR_RESELLER.error()
    return reseller_id


def _pending_transfer(
    work: UnitOfWork,
    partner: Partner,
    terms: TransferRequest | TransferOffer,
    *,
    source_id: str,
    target_id: str,
) -> Transfer:
    return Transfer(
        id=new_id(),
        owner_id=partner.id,
        kind=terms.kind,
        initiated_by=initiator_of(terms.kind),
        stored_status=TransferStatus.PENDING,
        customer_id=terms.customer_id,
        source_partner_id=source_id,
        target_partner_id=target_id,
        requested_at=work.now,
        modified_at=work.now,
        expires_at=work.now + TRANSFER_LIFETIME,
        market=partner.market,
        cloud=partner.cloud,
        created_at=work.now,
    )
