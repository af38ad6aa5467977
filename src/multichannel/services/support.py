"""The support options of subscriptions, each with everything that blocks it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.lifecycle import LIVE
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import (
    PARTNER_OPTIONS,
    SupportFacts,
    SupportOptionKind,
    available_from,
    refusals_of_option,
)
from multichannel.domain.tenants import PartnerStatus, PartnerType, TenantKind
from multichannel.domain.transfers import Transfer, TransferStatus
from multichannel.errors import Refused
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.services.csp_conflicts import contested_records
from multichannel.services.customer_options import options_of_customer
from multichannel.services.support_option import (
    NOT_GRANTED,
    NOT_GRANTED_TO_PARTNER,
    Blocker,
    SupportOption,
    blocker_of_refusal,
    blocker_of_rule,
    support_option,
)
from multichannel.store.read.bulk_check import CheckResult
from multichannel.store.unit_of_work import UnitOfWork

T = TypeVar("T", ResellerRelationship, CustomerAgreement, Transfer)
Checks = Mapping[Resource, Mapping[str, Mapping[Action, CheckResult]]]

_ON_SALE = ((CUSTOMER, Action.CREATE_SUBSCRIPTION),)
DECIDED_BY: Mapping[SupportOptionKind, Sequence[tuple[Resource, Action]]] = {
    SupportOptionKind.RECREATE_IN_CSP: ((SUBSCRIPTION, Action.MOVE_TO_CSP), *_ON_SALE),
    SupportOptionKind.TRANSFER: ((PARTNER, Action.REQUEST_TRANSFER),),
    SupportOptionKind.WAIT_FOR_TERM_END: (),
    SupportOptionKind.CANCEL_THEN_MOVE: _ON_SALE,
}
"""The actions of each option that the policy decides on; REQUEST_RELATIONSHIP has one by type of partner."""
OF_ITS_OWN = {Refusal.CUSTOMER_IN_OTHER_MARKET.code}
"""Refusals that follow from what a partner is, and not from what its customer knows."""


def support_options(
    work: UnitOfWork, ids: Sequence[str], partner_id: str | None = None
) -> dict[str, list[SupportOption]]:
    """By subscription, of those that the caller may READ, every option of a tenant (R71).

    Without `partner_id`, of the caller's own: for a customer, what it can do itself. With it, of that
    partner; NotVisible or NotPermitted if the caller may not read this. The number of statements does not
    depend on the number of subscriptions.
    """
    rows = {row.id: row for row in work.subscriptions.find_permitted(ids, to=Action.READ)}
    if not rows:
        return {}
    if partner_id in {None, work.principal.tenant_id}:
        if work.principal.kind is TenantKind.CUSTOMER:
            return options_of_customer(work, rows)
        own = _Partner(work.principal, _checks(work, rows, work.principal))
        return _options(work, rows, own)
    return _options(work, rows, _other_partner(work, rows, str(partner_id)))


@dataclass(frozen=True, slots=True)
class _Partner:
    """The partner whose options they are, with the decisions of the policy on what it could do."""

    principal: Principal
    checks: Checks
    is_asking: bool = True
    """The caller belongs to it."""
    is_known: bool = True
    """The caller may know why it is restricted, of its type, status and market."""
    public_codes: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By subscription, the restrictions that apply to any partner, which reveal nothing of this one."""

    def blockers(self, kind: SupportOptionKind, facts: SupportFacts, now: datetime) -> Iterator[Blocker]:
        """What blocks an option, as the caller may know it."""
        for refusal in refusals_of_option(kind, facts, now):
            yield self._of_refusal(refusal)
        row = facts.subscription
        record_ids = {PARTNER: self.principal.tenant_id, CUSTOMER: row.customer_id, SUBSCRIPTION: row.id}
        for resource, action in () if facts.is_own else _decided_by(kind, self.principal):
            check = self.checks[resource].get(record_ids[resource], {}).get(action)
            yield from self._of_check(check, self.public_codes.get(row.id, ()))

    def _of_refusal(self, refusal: Refused) -> Blocker:
        if not self.is_known and refusal.code in OF_ITS_OWN:
            return blocker_of_refusal(Refusal.PARTNER_NOT_ABLE.error())
        sentence = None if self.is_asking else Refusal[refusal.code].of_partner
        return blocker_of_refusal(refusal, sentence)

    def _of_check(self, check: CheckResult | None, public_codes: Collection[str]) -> Iterator[Blocker]:
        restrictions = check.restrictions if check else ()
        for code, rule in restrictions:
            is_disclosed = self.is_known or code in public_codes
            yield (
                blocker_of_rule(code, rule)
                if is_disclosed
                else blocker_of_refusal(Refusal.PARTNER_NOT_ABLE.error())
            )
        if not restrictions and not (check and check.allowed):
            yield NOT_GRANTED if self.is_asking else NOT_GRANTED_TO_PARTNER


def _other_partner(work: UnitOfWork, rows: Mapping[str, Subscription], partner_id: str) -> _Partner:
    """Another partner, of which the caller is told no more than it may read; NotVisible or NotPermitted."""
    partner = work.partners.read(partner_id, to=Action.READ_SUPPORT_OPTIONS)
    principal = work.query_for(partner).principals([partner.id])[partner.id]
    known = work.check_rows(PARTNER, [partner.id], Action.READ)[partner.id][Action.READ].allowed
    return _Partner(
        principal,
        _checks(work, rows, principal),
        is_asking=False,
        is_known=known,
        public_codes={} if known else _codes_for_any_partner(work, rows, principal),
    )


def _codes_for_any_partner(
    work: UnitOfWork, rows: Mapping[str, Subscription], principal: Principal
) -> dict[str, set[str]]:
    """By subscription, the restrictions of MOVE_TO_CSP that would apply to a partner of each type."""
    common: dict[str, set[str]] = {}
    for kind in PartnerType:
        some = replace(principal, type=kind, status=PartnerStatus.ACTIVE, market=work.principal.market)
        for row_id, check in work.check_rows_of(some, SUBSCRIPTION, rows, Action.MOVE_TO_CSP).items():
            codes = {code for code, _ in check[Action.MOVE_TO_CSP].restrictions}
            common[row_id] = common.get(row_id, codes) & codes
    return common


def _checks(work: UnitOfWork, rows: Mapping[str, Subscription], principal: Principal) -> Checks:
    """The decisions on what a partner could do with the subscriptions: of the caller, or of another one."""

    def check(
        resource: Resource, ids: Collection[str], *actions: Action
    ) -> Mapping[str, Mapping[Action, CheckResult]]:
        if principal is work.principal:
            return work.check_rows(resource, ids, *actions)
        return work.check_rows_of(principal, resource, ids, *actions)

    customers = {row.customer_id for row in rows.values()}
    return {
        PARTNER: check(PARTNER, [principal.tenant_id], _request_action(principal), Action.REQUEST_TRANSFER),
        CUSTOMER: check(CUSTOMER, customers, Action.CREATE_SUBSCRIPTION),
        SUBSCRIPTION: check(SUBSCRIPTION, rows, Action.MOVE_TO_CSP),
    }


def _options(
    work: UnitOfWork, rows: Mapping[str, Subscription], partner: _Partner
) -> dict[str, list[SupportOption]]:
    def option(kind: SupportOptionKind, facts: SupportFacts) -> SupportOption:
        blockers = partner.blockers(kind, facts, work.now)
        return support_option(kind, blockers, available_from(kind, facts, work.now))

    return {
        row_id: [option(kind, facts) for kind in PARTNER_OPTIONS]
        for row_id, facts in _facts(work, rows, partner.principal).items()
    }


def _decided_by(kind: SupportOptionKind, principal: Principal) -> Sequence[tuple[Resource, Action]]:
    if kind is SupportOptionKind.REQUEST_RELATIONSHIP:
        return ((PARTNER, _request_action(principal)),)
    return DECIDED_BY[kind]


def _request_action(principal: Principal) -> Action:
    """Indirect resellers request relationships through their provider."""
    through = principal.type is PartnerType.INDIRECT_RESELLER
    return Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if through else Action.REQUEST_RELATIONSHIP


def _facts(work: UnitOfWork, rows: Mapping[str, Subscription], partner: Principal) -> dict[str, SupportFacts]:
    """What the partner knows about each; rows of other partners are not read."""
    own = partner.tenant_id
    queries = work.query_for(next(iter(rows.values())))
    customers = sorted({row.customer_id for row in rows.values()})
    relationships = queries.all(
        ResellerRelationship,
        partner_id=own,
        customer_id=customers,
        status=[RelationshipStatus.ACTIVE, RelationshipStatus.REQUESTED, RelationshipStatus.DECLINED],
    )
    agreements = queries.all(CustomerAgreement, customer_id=customers)
    transfers = queries.all(
        Transfer, target_partner_id=own, customer_id=customers, status=TransferStatus.PENDING
    )
    continuations = queries.all(
        Subscription, continues_id=list(rows), billing_partner_id=own, status=sorted(LIVE)
    )
    contested = contested_records(queries, rows.values(), own)
    moved = {row.continues_id for row in continuations}
    return {
        row_id: SupportFacts(
            subscription=row,
            partner_id=own,
            market=partner.market,
            relationships=_of_customer(relationships, row.customer_id),
            is_bound=is_bound(_of_customer(agreements, row.customer_id), own, row.cloud),
            is_contested=row_id in contested,
            is_moved=row_id in moved,
            transfers=_of_customer(transfers, row.customer_id),
        )
        for row_id, row in rows.items()
    }


def _of_customer(rows: Collection[T], customer_id: str) -> list[T]:
    return [row for row in rows if row.customer_id == customer_id]
