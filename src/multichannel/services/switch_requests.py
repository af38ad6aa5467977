"""Switches that begin with the customer: its notice to the partner that bills a subscription (R73)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.domain.base import new_id
from multichannel.domain.commerce import RUNNING, Channel
from multichannel.domain.customers import Customer
from multichannel.domain.eligibility import IneligibleLine, ineligibility_reasons, lines_not_eligible
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import transfer_kind
from multichannel.domain.tenants import Partner
from multichannel.domain.transfers import TRANSFER_LIFETIME, Initiator, Transfer, TransferLine, TransferStatus
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.relationships import is_related
from multichannel.services.transfer_lines import find_moves, lines_with_add_ons, require_eligible
from multichannel.services.transfer_parties import add_transfer
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRequest:
    """What a customer asks its partner for, in writing."""

    subscription_id: str
    target_directory_id: str
    notice: str


def request_switch(work: UnitOfWork, request: SwitchRequest) -> Transfer:
    """A transfer that the customer has consented to; the current partner opens or declines it.

    TARGET_UNRELATED, SAME_PARTNER or LINES_NOT_ELIGIBLE.
    """
    base = work.subscriptions.get(request.subscription_id, to=Action.REQUEST_SWITCH)
    queries = work.query_for(base)
    target_id = work.tenant_directory(base).partner_id(request.target_directory_id)
    if not is_related(queries, target_id, base.customer_id):
        raise Refusal.TARGET_UNRELATED.error()
    if target_id == base.billing_partner_id:
        raise Refusal.SAME_PARTNER.error()
    kind = transfer_kind(base)
    lines = lines_with_add_ons(work, [base], base.billing_partner_id, to=Action.REQUEST_SWITCH)
    require_eligible(work, lines, kind, base.customer_id)
    source = queries.one(Partner, id=base.billing_partner_id)
    if source is None:
        reasons = (Refusal.NOT_RELEASABLE,)
        raise lines_not_eligible([IneligibleLine(base.id, base.friendly_name, reasons)])
    target = queries.all(Partner, id=target_id)[0]
    customer = queries.all(Customer, id=base.customer_id)[0]
    transfer = Transfer(
        id=new_id(),
        owner_id=customer.id,
        kind=kind,
        initiated_by=Initiator.CUSTOMER,
        stored_status=TransferStatus.PENDING,
        customer_id=customer.id,
        customer_name=customer.company_name,
        source_partner_id=source.id,
        source_partner_name=source.name,
        target_partner_id=target.id,
        target_partner_name=target.name,
        notice=request.notice,
        customer_consented_at=work.now,
        requested_at=work.now,
        modified_at=work.now,
        expires_at=work.now + TRANSFER_LIFETIME,
        market=customer.market or source.market,
        cloud=customer.cloud,
        created_at=work.now,
    )
    add_transfer(work, base, transfer, source=source.directory_id, target=request.target_directory_id)
    work.add_under(transfer, *(line.line_in(transfer) for line in lines))
    return transfer


def refusals_to_switch(work: UnitOfWork, rows: Sequence[Subscription]) -> dict[str, list[Refusal]]:
    """Why `request_switch` would refuse these subscriptions, whatever the target, by id.

    The number of statements does not depend on the number of rows.
    """
    if not rows:
        return {}
    queries = work.query_for(*rows)
    add_ons = queries.all(
        Subscription,
        parent_id=[row.id for row in rows],
        billing_partner_id=sorted({row.billing_partner_id for row in rows if row.billing_partner_id}),
        channel=Channel.CSP,
        status=sorted(RUNNING),
    )
    moves = find_moves(queries, [each.id for each in (*rows, *add_ons)])
    partners = _partners_of_customers(queries, rows)
    refusals = {}
    for row in rows:
        kind, billed_by = transfer_kind(row), row.billing_partner_id
        own = (each for each in add_ons if (each.parent_id, each.billing_partner_id) == (row.id, billed_by))
        candidates = [moves.candidate(row), *(moves.candidate(each, with_base=True) for each in own)]
        reasons = [reason for each in candidates for reason in ineligibility_reasons(each, kind, work.now)]
        if billed_by is None and row.channel is Channel.CSP:
            reasons.append(Refusal.NOT_RELEASABLE)
        if not partners[row.customer_id] - {billed_by}:
            reasons.append(Refusal.NO_OTHER_PARTNER)
        refusals[row.id] = list(dict.fromkeys(reasons))
    return refusals


def _partners_of_customers(
    queries: GuardQueries, rows: Sequence[Subscription]
) -> defaultdict[str, set[str | None]]:
    """The partners with an active relationship, by customer."""
    customers = sorted({row.customer_id for row in rows})
    partners: defaultdict[str, set[str | None]] = defaultdict(set)
    for each in queries.all(ResellerRelationship, customer_id=customers, status=RelationshipStatus.ACTIVE):
        partners[str(each.customer_id)].add(each.partner_id)
    return partners


def require_release(work: UnitOfWork, transfer: Transfer) -> None:
    """Denied unless the caller, who opens a switch as the source, may release every line."""
    lines = work.query_for(transfer).all(TransferLine, transfer_id=transfer.id)
    work.subscriptions.get_all([str(line.subscription_id) for line in lines], to=Action.RELEASE)
