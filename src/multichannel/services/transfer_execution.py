"""How subscriptions move in transfers: which go along, whether the target is ready, and the move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multichannel.domain.agreements import AgreementRequired, CustomerAgreement, is_bound
from multichannel.domain.commerce import BillingType, Channel, Commerce
from multichannel.domain.customers import Customer
from multichannel.domain.eligibility import TransferObstacle, failed_rules
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Partner, PartnerStatus
from multichannel.domain.transfer_effects import leave, successor
from multichannel.domain.transfer_obstacles import (
    CustomerInOtherMarket,
    LegacyAzurePresent,
    NoAzurePlan,
    NoRelationship,
)
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.errors import Refused
from multichannel.services.eligibility import candidates
from multichannel.store.unit_of_work import Work
from multichannel.store.write.guard_queries import Look


def customer_market(look: Look, customer_id: str) -> str | None:
    """The country of a customer with which the caller has a relationship."""
    customer = look.one(Customer, id=customer_id)
    return customer.market if customer else None


def obstacle_to_receiving(
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
        return NoRelationship()
    if not is_bound(look.all(CustomerAgreement, customer_id=customer_id), partner_id, cloud):
        return AgreementRequired()
    return _azure_obstacle(look, partner_id, customer_id) if kind is TransferKind.AZURE_PLAN else None


def _azure_obstacle(look: Look, partner_id: str, customer_id: str) -> Refused | None:
    azure = look.all(
        Subscription,
        billing_partner_id=partner_id,
        customer_id=customer_id,
        channel=Channel.CSP,
        billing_type=BillingType.USAGE,
        status="active",
    )
    if any(each.commerce is Commerce.LEGACY for each in azure):
        return LegacyAzurePresent()
    return None if azure else NoAzurePlan()


Lines = Sequence[tuple[TransferLine, Subscription]]
Errors = Mapping[int, TransferObstacle]
"""Why lines fail, by their numbers."""


def hand_over(work: Work, transfer: Transfer, lines: Lines, errors: Errors) -> None:
    """Move every line without an error, bases first, and end the transfer by what came of its lines.

    An add-on whose base fails stays with it (R36).
    """
    failed = dict(errors)
    made: dict[int, Subscription] = {}
    for line, subscription in lines:
        base = None if line.base_number is None else made.get(line.base_number)
        if line.base_number is not None and base is None:
            failed.setdefault(line.number, TransferObstacle.ADD_ON_WITHOUT_BASE)
        if line.number not in failed:
            made[line.number] = successor(subscription, transfer, line, base, work.now)
            leave(subscription, work.now)
    work.add_all_under(transfer, [*made.values()])
    for line, _ in lines:
        line.new_subscription_id = made[line.number].id if line.number in made else None
        line.error = failed.get(line.number)
        line.status = TransferStatus.FAILED if line.error else TransferStatus.COMPLETED
    transfer.complete([line for line, _ in lines], work.now)


def errors_now(work: Work, transfer: Transfer, lines: Lines) -> Errors:
    """The first rule that each line of an offer fails now; all of them, where the target is not ready."""
    unready = errors_of_target(work, transfer, [line for line, _ in lines])
    if unready:
        return unready
    with_base = {subscription.id for line, subscription in lines if line.base_number is not None}
    subscriptions = [subscription for _, subscription in lines]
    weighed = candidates(work.look(transfer), subscriptions, with_base=with_base, besides=transfer)
    failed = {
        line.number: failed_rules(each, transfer.kind, work.now)
        for (line, _), each in zip(lines, weighed, strict=True)
    }
    return {number: rules[0].code for number, rules in failed.items() if rules}


def errors_of_target(work: Work, transfer: Transfer, lines: Sequence[TransferLine]) -> Errors:
    """R19, R29, R33: whether the target can receive is asked again when it matters, whoever decides."""
    look = work.look(transfer)
    target = look.one(Partner, id=transfer.target_partner_id)
    if target is not None and target.status is PartnerStatus.ACTIVE:
        customer_id, kind, cloud = transfer.customer_id, transfer.kind, transfer.cloud
        if obstacle_to_receiving(look, target.id, customer_id, kind, cloud) is None:
            return {}
    return {line.number: TransferObstacle.TARGET_NOT_READY for line in lines}


def ready_target(work: Work, transfer: Transfer) -> Partner:
    """The target decides for itself, so that it is told what it lacks (R29, R33)."""
    look = work.look(transfer)
    obstacle = obstacle_to_receiving(
        look, transfer.target_partner_id, transfer.customer_id, transfer.kind, transfer.cloud
    )
    if obstacle is not None:
        raise obstacle
    target = look.all(Partner, id=transfer.target_partner_id)[0]
    if target.market != transfer.market:
        raise CustomerInOtherMarket
    return target


def move_offered(work: Work, transfer: Transfer) -> None:
    """Move the lines that were chosen when it was offered."""
    lines = sorted(work.look(transfer).linked(TransferLine, transfer_id=transfer.id), key=_number)
    found = work.look(*lines).linked(Subscription, id=[line.subscription_id for line in lines])
    subscriptions = {each.id: each for each in found}
    pairs = [(line, subscriptions[str(line.subscription_id)]) for line in lines]
    hand_over(work, transfer, pairs, errors_now(work, transfer, pairs))


def _number(line: TransferLine) -> int:
    return line.number
