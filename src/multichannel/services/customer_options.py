"""The options of a customer: what begins with it, so that the right partner supports a subscription (R71)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from multichannel.domain.customer_options import CUSTOMER_OPTIONS, CustomerOptionFacts, refusals_of_customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import SupportOptionKind
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.csp_conflicts import contested_records
from multichannel.services.subscriptions import ids_of_recreated
from multichannel.services.support_option import (
    NOT_GRANTED,
    Blocker,
    SupportOption,
    blocker_of_refusal,
    blocker_of_rule,
    support_option,
)
from multichannel.services.switch_requests import refusals_to_switch
from multichannel.store.read.bulk_check import CheckResult
from multichannel.store.unit_of_work import UnitOfWork

DECIDED_BY: Mapping[SupportOptionKind, Action] = {
    SupportOptionKind.CONFIRM_RECORD: Action.CONFIRM,
    SupportOptionKind.CANCEL: Action.CANCEL,
    SupportOptionKind.CANCEL_SERVICE: Action.CANCEL_SERVICE,
    SupportOptionKind.NAME_SUPPORT_CONTACT: Action.ASSIGN_SUPPORT_CONTACT,
    SupportOptionKind.REQUEST_SWITCH: Action.REQUEST_SWITCH,
}
"""The action on the subscription that the policy decides on."""


def options_of_customer(work: UnitOfWork, rows: Mapping[str, Subscription]) -> dict[str, list[SupportOption]]:
    """What the caller's tenant can do with each of its subscriptions, which were fetched to be read."""
    checks = work.check_rows(SUBSCRIPTION, rows, *DECIDED_BY.values())
    # What other rows tell against a switch is for those who may request one.
    switchable = [row for row_id, row in rows.items() if checks[row_id][Action.REQUEST_SWITCH].allowed]
    against_switch = refusals_to_switch(work, switchable)

    def blockers(kind: SupportOptionKind, facts: CustomerOptionFacts) -> Iterator[Blocker]:
        for refusal in refusals_of_customer(kind, facts, work.now):
            yield blocker_of_refusal(refusal)
        yield from _of_check(checks[facts.subscription.id][DECIDED_BY[kind]])

    return {
        row_id: [support_option(kind, blockers(kind, facts)) for kind in CUSTOMER_OPTIONS]
        for row_id, facts in _facts(work, rows, against_switch).items()
    }


def _of_check(check: CheckResult) -> Iterator[Blocker]:
    for code, rule in check.restrictions:
        yield blocker_of_rule(code, rule)
    if not check.restrictions and not check.allowed:
        yield NOT_GRANTED


def _facts(
    work: UnitOfWork, rows: Mapping[str, Subscription], against_switch: Mapping[str, Sequence[Refusal]]
) -> dict[str, CustomerOptionFacts]:
    queries = work.query_for(*rows.values())
    recreated = ids_of_recreated(queries, rows)
    contested = contested_records(queries, rows.values())
    has_partner = queries.any(
        ResellerRelationship, customer_id=work.principal.tenant_id, status=RelationshipStatus.ACTIVE
    )
    return {
        row_id: CustomerOptionFacts(
            subscription=row,
            is_contested=row_id in contested,
            is_recreated=row_id in recreated,
            has_partner=has_partner,
            against_switch=tuple(against_switch.get(row_id, ())),
        )
        for row_id, row in rows.items()
    }
