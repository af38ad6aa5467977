"""How subscriptions move in transfers: which go along, whether the target is ready, and the move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.commerce import BillingType, Channel, Commerce
from multichannel.domain.customers import Customer
from multichannel.domain.eligibility import ineligibility_reasons
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Partner, PartnerStatus
from multichannel.domain.transfer_effects import leave, successor
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.errors import Refused
from multichannel.services.eligibility import candidates
from multichannel.store.unit_of_work import Work
from multichannel.store.write.guard_queries import Look


def customer_market(look: Look, customer_id: str) -> str | None:
    """The country of a customer with which the caller has a relationship."""
    customer = look.one(Customer, id=customer_id)
    return customer.market if customer else None


def refusal_to_receive(
    look: Look, partner_id: str, customer_id: str, kind: TransferKind, cloud: Cloud
) -> Refused | None:
    """What a partner lacks to receive subscriptions of a customer (R29, R33), or None.

    It is for that partner to know, and for nobody else.
    """
    if not look.any(
        ResellerRelationship,
        partner_id=partner_id,
        customer_id=customer_id,
        status=RelationshipStatus.ACTIVE,
    ):
        return Refusal.NO_RELATIONSHIP.error()
    if not is_bound(look.all(CustomerAgreement, customer_id=customer_id), partner_id, cloud):
        return Refusal.AGREEMENT_REQUIRED.error()
    return _azure_refusal(look, partner_id, customer_id) if kind is TransferKind.AZURE_PLAN else None


def _azure_refusal(look: Look, partner_id: str, customer_id: str) -> Refused | None:
    azure = look.all(
        Subscription,
        billing_partner_id=partner_id,
        customer_id=customer_id,
        channel=Channel.CSP,
        billing_type=BillingType.USAGE,
        status="active",
    )
    if any(each.commerce is Commerce.LEGACY for each in azure):
        return Refusal.LEGACY_AZURE_PRESENT.error()
    return None if azure else Refusal.NO_AZURE_PLAN.error()


Lines = Sequence[tuple[TransferLine, Subscription]]
Errors = Mapping[int, Refusal]
"""Why lines fail, by their numbers."""


def execute_transfer(work: Work, transfer: Transfer, lines: Lines, errors: Errors) -> None:
    """Move every line without an error, bases first, and end the transfer by what came of its lines.

    An add-on whose base fails stays with it (R36).
    """
    failed = dict(errors)
    made: dict[int, Subscription] = {}
    for line, subscription in lines:
        base = None if line.base_number is None else made.get(line.base_number)
        if line.base_number is not None and base is None:
            failed.setdefault(line.number, Refusal.ADD_ON_WITHOUT_BASE)
        if line.number not in failed:
            made[line.number] = successor(subscription, transfer, line, base, work.now)
            leave(subscription, work.now)
    work.add_all_under(transfer, [*made.values()])
    for line, _ in lines:
        line.new_subscription_id = made[line.number].id if line.number in made else None
        reason = failed.get(line.number)
        line.error = reason.code.lower() if reason else None
        line.status = TransferStatus.FAILED if reason else TransferStatus.COMPLETED
    transfer.complete([line for line, _ in lines], work.now)


def _line_errors(work: Work, transfer: Transfer, lines: Lines) -> Errors:
    """The first rule that each line of an offer fails now; all of them, where the target is not ready."""
    unready = target_errors(work, transfer, [line for line, _ in lines])
    if unready:
        return unready
    with_base = {subscription.id for line, subscription in lines if line.base_number is not None}
    subscriptions = [subscription for _, subscription in lines]
    weighed = candidates(work.look(transfer), subscriptions, with_base=with_base, besides=transfer)
    failed = {
        line.number: ineligibility_reasons(each, transfer.kind, work.now)
        for (line, _), each in zip(lines, weighed, strict=True)
    }
    return {number: reasons[0] for number, reasons in failed.items() if reasons}


def target_errors(work: Work, transfer: Transfer, lines: Sequence[TransferLine]) -> Errors:
    """R19, R29, R33: whether the target can receive is asked again when it matters, whoever decides."""
    look = work.look(transfer)
    target = look.one(Partner, id=transfer.target_partner_id)
    if target is not None and target.status is PartnerStatus.ACTIVE:
        customer_id, kind, cloud = transfer.customer_id, transfer.kind, transfer.cloud
        if refusal_to_receive(look, target.id, customer_id, kind, cloud) is None:
            return {}
    return {line.number: Refusal.TARGET_NOT_READY for line in lines}


def require_ready_target(work: Work, transfer: Transfer) -> Partner:
    """The target decides for itself, so that it is told what it lacks (R29, R33)."""
    look = work.look(transfer)
    obstacle = refusal_to_receive(
        look, transfer.target_partner_id, transfer.customer_id, transfer.kind, transfer.cloud
    )
    if obstacle is not None:
        raise obstacle
    target = look.all(Partner, id=transfer.target_partner_id)[0]
    if target.market != transfer.market:
        raise Refusal.CUSTOMER_IN_OTHER_MARKET.error()
    return target


def execute_offer(work: Work, transfer: Transfer) -> None:
    """Move the lines that were chosen when it was offered."""
    lines = sorted(work.look(transfer).linked(TransferLine, transfer_id=transfer.id), key=_number)
    found = work.look(*lines).linked(Subscription, id=[line.subscription_id for line in lines])
    subscriptions = {each.id: each for each in found}
    pairs = [(line, subscriptions[str(line.subscription_id)]) for line in lines]
    execute_transfer(work, transfer, pairs, _line_errors(work, transfer, pairs))


def _number(line: TransferLine) -> int:
    return line.number
