"""The execution of transfers: what the target lacks, which lines fail, and the move of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.commerce import BillingType, Channel, SubscriptionStatus
from multichannel.domain.eligibility import ineligibility_reasons, refusals_to_receive
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, PartnerStatus
from multichannel.domain.transfer_effects import close_at_source, transferred_copy
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.errors import Refused
from multichannel.services.partnerships import active_partnership, credited_number
from multichannel.services.relationships import is_related
from multichannel.services.transfer_lines import transfer_candidates
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


def refusals_of_target(queries: GuardQueries, transfer: Transfer, *, market: str | None) -> Iterator[Refused]:
    """What the target lacks to receive subscriptions of the customer, for the target alone to know.

    `market` is that of the company whose market has to be the one of the transfer.
    """
    target_id, customer_id = transfer.target_partner_id, transfer.customer_id
    agreements = queries.all(CustomerAgreement, customer_id=customer_id)
    azure: Sequence[Subscription] = ()
    if transfer.kind is TransferKind.AZURE_PLAN:
        azure = queries.all(
            Subscription,
            billing_partner_id=target_id,
            customer_id=customer_id,
            channel=Channel.CSP,
            billing_type=BillingType.USAGE,
            status=SubscriptionStatus.ACTIVE,
        )
    return refusals_to_receive(
        transfer.kind,
        has_relationship=is_related(queries, target_id, customer_id),
        is_bound=is_bound(agreements, target_id, transfer.cloud),
        is_same_market=market == transfer.market,
        azure=azure,
    )


Lines = Sequence[tuple[TransferLine, Subscription]]
Errors = Mapping[int, Refusal]
"""Why lines fail, by number."""


def execute_transfer(work: UnitOfWork, transfer: Transfer, lines: Lines, errors: Errors) -> None:
    """Move every line without an error, bases first, and complete the transfer.

    An add-on whose base fails is not transferred either (R36).
    """
    failed = dict(errors)
    made: dict[int, Subscription] = {}
    number = _credited_number(work, transfer)
    for line, subscription in lines:
        base = None if line.base_number is None else made.get(line.base_number)
        if line.base_number is not None and base is None:
            failed.setdefault(line.number, Refusal.ADD_ON_WITHOUT_BASE)
        if line.number not in failed:
            made[line.number] = transferred_copy(subscription, transfer, line, base, work.now)
            made[line.number].partner_number = number
            close_at_source(subscription, work.now)
    work.add_under(transfer, *made.values())
    for line, _ in lines:
        line.new_subscription_id = made[line.number].id if line.number in made else None
        reason = failed.get(line.number)
        line.error = reason.code.lower() if reason else None
        line.status = TransferStatus.FAILED if reason else TransferStatus.COMPLETED
    transfer.complete([line for line, _ in lines], work.now)


def _credited_number(work: UnitOfWork, transfer: Transfer) -> str | None:
    """The number of the partner of record, if the target names one (R40, R74)."""
    if transfer.partner_of_record_id is None:
        return None
    queries, reseller_id = work.query_for(transfer), transfer.partner_of_record_id
    partnership = active_partnership(queries, transfer.target_partner_id, reseller_id)
    return credited_number(partnership, queries.one(Partner, id=reseller_id))


def _line_errors(work: UnitOfWork, transfer: Transfer, lines: Lines) -> Errors:
    """The first reason against each line of an offer at this time; or that the target is not ready."""
    unready = target_errors(work, transfer, [line for line, _ in lines])
    if unready:
        return unready
    with_base = {subscription.id for line, subscription in lines if line.base_number is not None}
    subscriptions = [subscription for _, subscription in lines]
    all_candidates = transfer_candidates(
        work.query_for(transfer), subscriptions, with_base=with_base, besides=transfer
    )
    failed = {
        line.number: ineligibility_reasons(each, transfer.kind, work.now)
        for (line, _), each in zip(lines, all_candidates, strict=True)
    }
    return {number: reasons[0] for number, reasons in failed.items() if reasons}


def target_errors(work: UnitOfWork, transfer: Transfer, lines: Sequence[TransferLine]) -> Errors:
    """An error for every line if the target cannot receive at the time of execution (R19, R29, R33)."""
    queries = work.query_for(transfer)
    target = queries.one(Partner, id=transfer.target_partner_id)
    if target is not None and target.status is PartnerStatus.ACTIVE:
        refusals = refusals_of_target(queries, transfer, market=transfer.market)
        if not any(refusals):
            return {}
    return {line.number: Refusal.TARGET_NOT_READY for line in lines}


def require_ready_target(work: UnitOfWork, transfer: Transfer) -> Partner:
    """The target, when it decides for itself; raises what it lacks (R29, R33)."""
    queries = work.query_for(transfer)
    target = queries.all(Partner, id=transfer.target_partner_id)[0]
    raise_first(refusals_of_target(queries, transfer, market=target.market))
    return target


def execute_offer(work: UnitOfWork, transfer: Transfer) -> None:
    """Move the lines that were chosen in the offer."""
    stored = work.query_for(transfer).linked(TransferLine, transfer_id=transfer.id)
    lines = sorted(stored, key=attrgetter("number"))
    rows = work.query_for(*lines).linked(Subscription, id=[line.subscription_id for line in lines])
    subscriptions = {each.id: each for each in rows}
    pairs = [(line, subscriptions[str(line.subscription_id)]) for line in lines]
    execute_transfer(work, transfer, pairs, _line_errors(work, transfer, pairs))
