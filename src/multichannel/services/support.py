"""The support options of subscriptions, each with everything that blocks it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.lifecycle import LIVE
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import SupportFacts, SupportOptionKind, available_from, refusals_of_option
from multichannel.domain.tenants import PartnerType, TenantKind
from multichannel.domain.transfers import Transfer, TransferStatus
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.services.csp_conflicts import contested_records
from multichannel.store.read.bulk_check import CheckResult
from multichannel.store.unit_of_work import UnitOfWork

T = TypeVar("T", ResellerRelationship, CustomerAgreement, Transfer)


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why an option is not available, by a refusal of the domain or a restriction of the policy."""

    code: str
    message: str
    rule: str | None = None


NOT_GRANTED = Blocker("NOT_GRANTED", "None of your roles allows this.")
_ON_SALE = ((CUSTOMER, Action.CREATE_SUBSCRIPTION),)
DECIDED_BY: Mapping[SupportOptionKind, Sequence[tuple[Resource, Action]]] = {
    SupportOptionKind.RECREATE_IN_CSP: ((SUBSCRIPTION, Action.MOVE_TO_CSP), *_ON_SALE),
    SupportOptionKind.TRANSFER: ((PARTNER, Action.REQUEST_TRANSFER),),
    SupportOptionKind.WAIT_FOR_TERM_END: (),
    SupportOptionKind.CANCEL_THEN_MOVE: _ON_SALE,
}
"""The actions of each option that the policy decides on; REQUEST_RELATIONSHIP has one by type of partner."""


@dataclass(frozen=True, slots=True)
class SupportOption:
    """One option; available if nothing blocks it."""

    kind: SupportOptionKind
    available: bool
    available_from: datetime | None
    blocked_by: tuple[Blocker, ...]


def support_options(work: UnitOfWork, ids: Sequence[str]) -> dict[str, list[SupportOption]]:
    """By subscription, of those that the caller may READ, every option of a partner; none for a customer.

    The number of statements does not depend on the number of subscriptions.
    """
    principal = work.principal
    if principal.kind is not TenantKind.PARTNER:
        return {}
    rows = {row.id: row for row in work.subscriptions.find_permitted(ids, to=Action.READ)}
    if not rows:
        return {}
    customers = {row.customer_id for row in rows.values()}
    checks = {
        PARTNER: work.check_rows(
            PARTNER, [principal.tenant_id], _request_action(principal), Action.REQUEST_TRANSFER
        ),
        CUSTOMER: work.check_rows(CUSTOMER, customers, Action.CREATE_SUBSCRIPTION),
        SUBSCRIPTION: work.check_rows(SUBSCRIPTION, rows, Action.MOVE_TO_CSP),
    }

    def option(kind: SupportOptionKind, facts: SupportFacts) -> SupportOption:
        row, refusals = facts.subscription, refusals_of_option(kind, facts, work.now)
        blockers = [Blocker(each.code, each.message, each.rule) for each in refusals]
        record_ids = {PARTNER: principal.tenant_id, CUSTOMER: row.customer_id, SUBSCRIPTION: row.id}
        for resource, action in () if facts.is_own else _decided_by(kind, principal):
            check = checks[resource].get(record_ids[resource], {}).get(action)
            codes = {each.code for each in blockers}
            blockers += [each for each in _policy_blockers(check) if each.code not in codes]
        return SupportOption(kind, not blockers, available_from(kind, facts, work.now), tuple(blockers))

    return {
        row_id: [option(kind, facts) for kind in SupportOptionKind]
        for row_id, facts in _facts(work, rows).items()
    }


def _decided_by(kind: SupportOptionKind, principal: Principal) -> Sequence[tuple[Resource, Action]]:
    if kind is SupportOptionKind.REQUEST_RELATIONSHIP:
        return ((PARTNER, _request_action(principal)),)
    return DECIDED_BY[kind]


def _request_action(principal: Principal) -> Action:
    """Indirect resellers request relationships through their provider."""
    through = principal.type is PartnerType.INDIRECT_RESELLER
    return Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if through else Action.REQUEST_RELATIONSHIP


def _policy_blockers(check: CheckResult | None) -> Iterator[Blocker]:
    """The restrictions that apply, in the words of the policy's comments; else that nothing is granted."""
    restrictions = check.restrictions if check else ()
    for code, rule in restrictions:
        yield Blocker(code, _first_sentence(rule.reason), rule.number)
    if not restrictions and not (check and check.allowed):
        yield NOT_GRANTED


def _first_sentence(comment: str) -> str:
    first = comment.partition(". ")[0].rstrip(".")
    return f"{first[:1].upper()}{first[1:]}."


def _facts(work: UnitOfWork, rows: Mapping[str, Subscription]) -> dict[str, SupportFacts]:
    """What the caller's own tenant knows about each; rows of other partners are not read."""
    own = work.principal.tenant_id
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
            market=work.principal.market,
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
