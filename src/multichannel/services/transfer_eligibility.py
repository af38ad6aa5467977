"""What stands against a transfer of subscriptions, told to whoever may read them (R72)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multichannel.domain.commerce import Channel
from multichannel.domain.eligibility import ineligibility_reasons
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import TransferKind
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.transfer_lines import Moves, find_moves
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries
from multichannel.store.write.repository import Repository

OF_RESTRICTION = {
    "LICENSE_BASED_STAYS_WITH_PARTNER": Refusal.LEGACY_LICENSE,
    "TRIALS_STAY": Refusal.TRIAL,
}
"""Restrictions of RELEASE that depend only on what a reader of the subscription knows."""


def transfer_eligibility(
    work: UnitOfWork, subscription_ids: Sequence[str], kind: TransferKind
) -> Mapping[str, Sequence[Refusal]]:
    """The reasons against a transfer, by id of each subscription that the caller may READ.

    Reasons that follow from what the caller may not read are summarised as NOT_RELEASABLE, unless it may
    release the subscription. One statement more for each partner that bills any of them, none for each
    subscription.
    """
    rows = work.subscriptions.find_permitted(subscription_ids, to=Action.READ)
    if not rows:
        return {}
    queries = work.query_for(*rows)
    moves = find_moves(queries, [row.id for row in rows])
    knowledge = _knowledge(work, rows, moves)
    denials = _denials_of_release(work, queries, rows)
    answers = {}
    for row in rows:
        reasons = [*ineligibility_reasons(moves.candidate(row), kind, work.now)]
        reasons += _of_policy(denials.get(row.id), reasons)
        known = [each if knowledge.covers(row, each) else Refusal.NOT_RELEASABLE for each in reasons]
        answers[row.id] = tuple(dict.fromkeys(known))
    return answers


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What the caller may know besides the fields that READ opens, by id of a subscription."""

    releasable: frozenset[str]
    with_billing: frozenset[str]
    with_transfer: frozenset[str]
    with_continuation: frozenset[str]

    def covers(self, row: Subscription, reason: Refusal) -> bool:
        """Whether the caller may know the reason: it releases the row, or reads what the reason is about."""
        among = {
            Refusal.ALREADY_IN_TRANSFER: self.with_transfer,
            Refusal.ALREADY_TRANSFERRED: self.with_continuation,
            Refusal.TERM_STAYS: self.with_billing,
        }.get(reason)
        return among is None or row.id in among or row.id in self.releasable


def _knowledge(work: UnitOfWork, rows: Sequence[Subscription], moves: Moves) -> _Knowledge:
    ids = [row.id for row in rows]
    checks = work.check_rows(SUBSCRIPTION, ids, Action.RELEASE, Action.READ_BILLING)

    def permitted(action: Action) -> frozenset[str]:
        return frozenset(key for key, check in checks.items() if check[action].allowed)

    return _Knowledge(
        releasable=permitted(Action.RELEASE),
        with_billing=permitted(Action.READ_BILLING),
        with_transfer=_known(moves.transfers, _ids(work.transfers, moves.transfers.values(), Action.READ)),
        with_continuation=_known(
            moves.continuations,
            _ids(work.subscriptions, moves.continuations.values(), Action.READ_SUMMARY),
        ),
    )


def _ids(repository: Repository[Any], ids: Collection[str], action: Action) -> frozenset[str]:
    return frozenset(row.id for row in repository.find_permitted(ids, to=action)) if ids else frozenset()


def _known(moves: Mapping[str, str], ids: Collection[str]) -> frozenset[str]:
    return frozenset(key for key, each in moves.items() if each in ids)


def _denials_of_release(
    work: UnitOfWork, queries: GuardQueries, rows: Sequence[Subscription]
) -> dict[str, tuple[str, ...]]:
    """The restrictions for which nobody may release a row of CSP, by its id: none if no rule grants it."""
    by_partner: dict[str, list[str]] = defaultdict(list)
    denials: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.channel is Channel.CSP and row.billing_partner_id:
            by_partner[row.billing_partner_id].append(row.id)
        elif row.channel is Channel.CSP:
            denials[row.id] = ()
    for partner_id, principal in queries.principals(by_partner).items():
        checks = work.check_rows_of(principal, SUBSCRIPTION, by_partner[partner_id], Action.RELEASE)
        for row_id, check in checks.items():
            release = check[Action.RELEASE]
            if not release.allowed:
                denials[row_id] = tuple(code for code, _ in release.restrictions)
    return denials


def _of_policy(denial: tuple[str, ...] | None, reasons: Sequence[Refusal]) -> Iterator[Refusal]:
    """The reasons of the policy that are not among those of the domain already."""
    if denial is None:
        return
    of_restrictions = [OF_RESTRICTION.get(code, Refusal.NOT_RELEASABLE) for code in denial]
    if not of_restrictions and not reasons:
        yield Refusal.NOT_RELEASABLE
    yield from (each for each in of_restrictions if each not in reasons)
