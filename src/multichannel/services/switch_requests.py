"""Switches that begin with the customer: its notice to the partner that bills a subscription (R73)."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.domain.base import new_id
from multichannel.domain.customers import Customer
from multichannel.domain.eligibility import IneligibleLine, lines_not_eligible
from multichannel.domain.refusals import Refusal
from multichannel.domain.support import transfer_kind
from multichannel.domain.tenants import Partner
from multichannel.domain.transfers import TRANSFER_LIFETIME, Initiator, Transfer, TransferLine, TransferStatus
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.relationships import is_related
from multichannel.services.transfer_lines import lines_with_add_ons, require_eligible
from multichannel.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRequest:
    """What a customer asks its partner for, in writing."""

    subscription_id: str
    target_partner_id: str
    notice: str


def request_switch(work: UnitOfWork, request: SwitchRequest) -> Transfer:
    """A transfer that the customer has consented to; the current partner opens or declines it.

    TARGET_UNRELATED, SAME_PARTNER or LINES_NOT_ELIGIBLE.
    """
    base = work.subscriptions.get(request.subscription_id, to=Action.REQUEST_SWITCH)
    queries = work.query_for(base)
    if not is_related(queries, request.target_partner_id, base.customer_id):
        raise Refusal.TARGET_UNRELATED.error()
    if request.target_partner_id == base.billing_partner_id:
        raise Refusal.SAME_PARTNER.error()
    kind = transfer_kind(base)
    lines = lines_with_add_ons(work, [base], base.billing_partner_id, to=Action.REQUEST_SWITCH)
    require_eligible(work, lines, kind, base.customer_id)
    source = queries.one(Partner, id=base.billing_partner_id)
    if source is None:
        reasons = (Refusal.NOT_RELEASABLE,)
        raise lines_not_eligible([IneligibleLine(base.id, base.friendly_name, reasons)])
    target = queries.all(Partner, id=request.target_partner_id)[0]
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
        market=customer.market,
        cloud=customer.cloud,
        created_at=work.now,
    )
    work.add_under(base, transfer)
    work.add_under(transfer, *(line.line_in(transfer) for line in lines))
    return transfer


def require_release(work: UnitOfWork, transfer: Transfer) -> None:
    """Denied unless the caller, who opens a switch as the source, may release every line."""
    lines = work.query_for(transfer).all(TransferLine, transfer_id=transfer.id)
    work.subscriptions.get_all([str(line.subscription_id) for line in lines], to=Action.RELEASE)
