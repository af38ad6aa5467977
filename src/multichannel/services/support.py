"""The table of multichannel support: for each subscription every way forward, and all that blocks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import (
    Blocker,
    Situation,
    SupportOptionKind,
    available_from,
    blockers,
)
from multichannel.domain.tenants import PartnerType, TenantKind
from multichannel.domain.transfers import Transfer
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.read.bulk_check import Judgement
from multichannel.store.unit_of_work import Work

NOT_GRANTED = Blocker("NOT_GRANTED", "None of your roles is granted this.")
Judged = Mapping[str, Mapping[Action, Judgement]]

_SALE = (CUSTOMER, Action.CREATE_SUBSCRIPTION)
DECIDED_BY = {
    SupportOptionKind.RECREATE_IN_CSP: ((SUBSCRIPTION, Action.MOVE_TO_CSP), _SALE),
    SupportOptionKind.TRANSFER: ((PARTNER, Action.REQUEST_TRANSFER),),
    SupportOptionKind.WAIT_FOR_TERM_END: (),
    SupportOptionKind.CANCEL_THEN_MOVE: (_SALE,),
}
"""The actions by which the policy decides on each way; to wait needs no permission."""
THROUGH_PROVIDER = {PartnerType.INDIRECT_RESELLER}
"""Who asks customers through a provider."""


@dataclass(frozen=True, slots=True)
class SupportOption:
    """One way forward: open if nothing blocks it."""

    kind: SupportOptionKind
    available: bool
    available_from: datetime | None
    blocked_by: tuple[Blocker, ...]


def support_options(work: Work, ids: Sequence[str]) -> dict[str, list[SupportOption]]:
    """By subscription, of those the caller may READ, every way for a partner; none for a customer.

    The statements are as many for a hundred subscriptions as for one.
    """
    who = work.principal
    if who.kind is not TenantKind.PARTNER:
        return {}
    rows = {row.id: row for row in work.subscriptions.weigh(ids, to=Action.READ)}
    if not rows:
        return {}
    customers = {row.customer_id for row in rows.values()}
    judged = {
        PARTNER: work.judge(PARTNER, [who.tenant_id], _asking(who), Action.REQUEST_TRANSFER),
        CUSTOMER: work.judge(CUSTOMER, customers, Action.CREATE_SUBSCRIPTION),
        SUBSCRIPTION: work.judge(SUBSCRIPTION, rows, Action.MOVE_TO_CSP),
    }

    def option(kind: SupportOptionKind, situation: Situation) -> SupportOption:
        row = situation.subscription
        against = blockers(kind, situation, work.now)
        if not situation.is_own:
            of = {PARTNER: who.tenant_id, CUSTOMER: row.customer_id, SUBSCRIPTION: row.id}
            for resource, action in _decided_by(kind, who):
                judgement = judged[resource].get(of[resource], {}).get(action)
                told = {each.code for each in against}
                against += [each for each in _said(judgement) if each.code not in told]
        return SupportOption(kind, not against, available_from(kind, situation, work.now), tuple(against))

    situations = _situations(work, rows)
    return {
        row_id: [option(kind, situation) for kind in SupportOptionKind]
        for row_id, situation in situations.items()
    }


def _decided_by(kind: SupportOptionKind, who: Principal) -> Sequence[tuple[Resource, Action]]:
    if kind is SupportOptionKind.REQUEST_RELATIONSHIP:
        return ((PARTNER, _asking(who)),)
    return DECIDED_BY[kind]


def _asking(who: Principal) -> Action:
    through = who.type in THROUGH_PROVIDER
    return Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if through else Action.REQUEST_RELATIONSHIP


def _said(judgement: Judgement | None) -> Iterator[Blocker]:
    """What the policy says against it, in the words of its comments; else that it is not granted."""
    if judgement is None:
        yield NOT_GRANTED
        return
    for code, rule in judgement.restrictions:
        yield Blocker(code, _sentence(rule.reason), rule.number)
    if not judgement.allowed and not judgement.restrictions:
        yield NOT_GRANTED


def _sentence(comment: str) -> str:
    first = comment.partition(". ")[0].rstrip(".")
    return f"{first[:1].upper()}{first[1:]}."


def _situations(work: Work, rows: Mapping[str, Subscription]) -> dict[str, Situation]:
    """What the caller's own tenant has to do with each; of other partners nothing is looked at."""
    own = work.principal.tenant_id
    look = work.look(next(iter(rows.values())))
    customers = sorted({row.customer_id for row in rows.values()})
    links = look.all(
        ResellerRelationship, partner_id=own, customer_id=customers, status=["active", "requested"]
    )
    agreements = look.all(CustomerAgreement, customer_id=customers)
    transfers = look.all(Transfer, target_partner_id=own, customer_id=customers, status="pending")
    moved = {
        row.continues_id
        for row in look.all(Subscription, continues_id=list(rows), billing_partner_id=own, status="active")
    }
    by_status = {
        status: {link.customer_id for link in links if link.status_at(work.now).value == status}
        for status in ("active", "requested")
    }
    return {
        row_id: Situation(
            subscription=row,
            partner_id=own,
            related=row.customer_id in by_status["active"],
            asked=row.customer_id in by_status["requested"],
            bound=is_bound(
                [each for each in agreements if each.customer_id == row.customer_id], own, row.cloud
            ),
            moved=row_id in moved,
            transfer_asked=any(
                each.customer_id == row.customer_id
                and each.initiated_by is not None
                and each.source_partner_id == row.billing_partner_id
                for each in transfers
            ),
        )
        for row_id, row in rows.items()
    }
