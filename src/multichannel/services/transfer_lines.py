"""The lines of a transfer: the chosen subscriptions with their add-ons, and which are eligible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from multichannel.domain.commerce import RUNNING, Channel
from multichannel.domain.eligibility import (
    IneligibleLine,
    TransferCandidate,
    ineligibility_reasons,
    lines_not_eligible,
    product_type,
)
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfer_effects import transfer_line
from multichannel.domain.transfers import OPEN, Transfer, TransferKind, TransferLine, TransferProductType
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

MAX_LINES = 25
"""R31: how many subscriptions one transfer can have, not counting add-ons."""


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A subscription to transfer, its line number, and the line number of the base it is an add-on to."""

    subscription: Subscription
    number: int
    base: int | None

    def line_in(self, transfer: Transfer) -> TransferLine:
        """Its line in a transfer."""
        return transfer_line(self.subscription, transfer, self.number, self.base)


def plan_lines(work: UnitOfWork, subscription_ids: Sequence[str]) -> list[PlannedLine]:
    """The lines of these subscriptions, each base followed by its add-ons, which go along (R36).

    An add-on that is chosen next to its base has no line of its own. Denied unless the caller may release all
    of them; LINES_MISSING or TOO_MANY_LINES.
    """
    ids = list(dict.fromkeys(subscription_ids))
    if not ids:
        raise Refusal.LINES_MISSING.error()
    chosen = work.subscriptions.get_all(ids, to=Action.RELEASE)
    bases = [each for each in chosen if each.parent_id not in ids]
    if len(bases) > MAX_LINES:
        raise Refusal.TOO_MANY_LINES.error()
    return lines_with_add_ons(work, bases, work.principal.tenant_id, to=Action.RELEASE)


def lines_with_add_ons(
    work: UnitOfWork, bases: Sequence[Subscription], seller_id: str | None, *, to: Action
) -> list[PlannedLine]:
    """The lines of bases, each followed by its add-ons; denied unless the action is granted on these, too."""
    add_ons = _add_ons(work, bases, seller_id, to=to)
    lines: list[PlannedLine] = []
    for base in bases:
        number = len(lines)
        lines.append(PlannedLine(base, number, None))
        own = (each for each in add_ons if each.parent_id == base.id)
        lines += [PlannedLine(each, place, number) for place, each in enumerate(own, number + 1)]
    return lines


def _add_ons(
    work: UnitOfWork, bases: Sequence[Subscription], seller_id: str | None, *, to: Action
) -> Sequence[Subscription]:
    """The running add-ons of the bases, on each of which the action must be granted."""
    add_ons = work.query_for(*bases).all(
        Subscription,
        parent_id=[each.id for each in bases],
        billing_partner_id=seller_id,
        channel=Channel.CSP,
        status=sorted(RUNNING),
    )
    if not add_ons:
        return []
    return work.subscriptions.get_all([each.id for each in add_ons], to=to)


def require_eligible(
    work: UnitOfWork,
    lines: Sequence[PlannedLine],
    kind: TransferKind,
    customer_id: str,
    product_types: Iterable[TransferProductType] = (),
) -> None:
    """LINES_NOT_ELIGIBLE with the reasons of every line; the target requested `product_types`, if any."""
    subscriptions = [line.subscription for line in lines]
    with_base = {line.subscription.id for line in lines if line.base is not None}
    all_candidates = transfer_candidates(work.query_for(*subscriptions), subscriptions, with_base=with_base)
    requested = set(product_types)
    ineligible = []
    for line, candidate in zip(lines, all_candidates, strict=True):
        reasons = [*ineligibility_reasons(candidate, kind, work.now)]
        if line.subscription.customer_id != customer_id:
            reasons.append(Refusal.OTHER_CUSTOMER)
        if requested and line.base is None and product_type(line.subscription) not in requested:
            reasons.append(Refusal.PRODUCT_TYPE_NOT_REQUESTED)
        if reasons:
            subscription = line.subscription
            ineligible.append(IneligibleLine(subscription.id, subscription.friendly_name, tuple(reasons)))
    if ineligible:
        raise lines_not_eligible(ineligible)


def transfer_candidates(
    queries: GuardQueries,
    subscriptions: Sequence[Subscription],
    *,
    with_base: Collection[str] = (),
    besides: Transfer | None = None,
) -> list[TransferCandidate]:
    """The subscriptions with what their eligibility depends on; the number of statements is constant.

    `with_base` are the ids of add-ons whose base is in the same transfer, which is `besides` if it exists.
    """
    moves = find_moves(queries, [subscription.id for subscription in subscriptions], besides=besides)
    return [moves.candidate(each, with_base=each.id in with_base) for each in subscriptions]


@dataclass(frozen=True, slots=True)
class Moves:
    """Where subscriptions are about to go, or went: ids of rows that the caller may not see."""

    transfers: Mapping[str, str]
    """By subscription, the open transfer that it is part of."""
    continuations: Mapping[str, str]
    """By subscription, the CSP subscription that continues it."""

    def candidate(self, subscription: Subscription, *, with_base: bool = False) -> TransferCandidate:
        """The subscription with what its eligibility depends on."""
        return TransferCandidate(
            subscription=subscription,
            in_transfer=subscription.id in self.transfers,
            transferred=subscription.id in self.continuations,
            with_base=with_base,
        )


def find_moves(queries: GuardQueries, ids: Collection[str], *, besides: Transfer | None = None) -> Moves:
    """The moves of subscriptions, but for the transfer `besides`."""
    continuations = queries.all(Subscription, continues_id=ids, channel=Channel.CSP)
    return Moves(
        transfers=_open_transfers(queries, ids, besides),
        continuations={str(each.continues_id): each.id for each in continuations},
    )


def _open_transfers(queries: GuardQueries, ids: Collection[str], besides: Transfer | None) -> dict[str, str]:
    lines = queries.all(TransferLine, subscription_id=ids)
    transfer_ids = {line.transfer_id for line in lines} - {besides.id if besides else None}
    if not transfer_ids:
        return {}
    open_ids = {transfer.id for transfer in queries.all(Transfer, id=transfer_ids, status=sorted(OPEN))}
    return {str(line.subscription_id): line.transfer_id for line in lines if line.transfer_id in open_ids}
