"""The lines of a transfer: the chosen subscriptions with their add-ons, and which are eligible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from multichannel.domain.commerce import RUNNING, Channel
from multichannel.domain.eligibility import TransferCandidate, ineligibility_reasons, product_type
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
    add_ons = _add_ons(work, bases)
    lines: list[PlannedLine] = []
    for base in bases:
        number = len(lines)
        lines.append(PlannedLine(base, number, None))
        own = (each for each in add_ons if each.parent_id == base.id)
        lines += [PlannedLine(each, place, number) for place, each in enumerate(own, number + 1)]
    return lines


def _add_ons(work: UnitOfWork, bases: Sequence[Subscription]) -> Sequence[Subscription]:
    """The running add-ons of the bases, each of which the caller must be allowed to release, too."""
    add_ons = work.query_for(*bases).all(
        Subscription,
        parent_id=[each.id for each in bases],
        billing_partner_id=work.principal.tenant_id,
        channel=Channel.CSP,
        status=sorted(RUNNING),
    )
    if not add_ons:
        return []
    return work.subscriptions.get_all([each.id for each in add_ons], to=Action.RELEASE)


def require_eligible(
    work: UnitOfWork,
    lines: Sequence[PlannedLine],
    kind: TransferKind,
    customer_id: str,
    product_types: Iterable[TransferProductType] = (),
) -> None:
    """LINES_NOT_ELIGIBLE with the reasons of all lines; the target requested `product_types`, if any."""
    subscriptions = [line.subscription for line in lines]
    with_base = {line.subscription.id for line in lines if line.base is not None}
    all_candidates = transfer_candidates(work.query_for(*subscriptions), subscriptions, with_base=with_base)
    reasons = {each for one in all_candidates for each in ineligibility_reasons(one, kind, work.now)}
    if any(each.customer_id != customer_id for each in subscriptions):
        reasons.add(Refusal.OTHER_CUSTOMER)
    requested = set(product_types)
    bases = [line.subscription for line in lines if line.base is None]
    if requested and any(product_type(each) not in requested for each in bases):
        reasons.add(Refusal.PRODUCT_TYPE_NOT_REQUESTED)
    if reasons:
        codes = ", ".join(sorted(reason.code for reason in reasons))
        raise Refusal.LINES_NOT_ELIGIBLE.error(reasons=codes)


def transfer_eligibility(
    work: UnitOfWork, subscription_ids: Sequence[str], kind: TransferKind
) -> Mapping[str, Sequence[Refusal]]:
    """The reasons against a transfer, by id of each subscription that the caller may release."""
    subscriptions = work.subscriptions.find_permitted(subscription_ids, to=Action.RELEASE)
    if not subscriptions:
        return {}
    all_candidates = transfer_candidates(work.query_for(*subscriptions), subscriptions)
    return {each.subscription.id: ineligibility_reasons(each, kind, work.now) for each in all_candidates}


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
    ids = [subscription.id for subscription in subscriptions]
    moving = _in_open_transfers(queries, ids, besides)
    continued = {
        each.continues_id for each in queries.all(Subscription, continues_id=ids, channel=Channel.CSP)
    }
    return [
        TransferCandidate(
            subscription=each,
            in_transfer=each.id in moving,
            transferred=each.id in continued,
            with_base=each.id in with_base,
        )
        for each in subscriptions
    ]


def _in_open_transfers(
    queries: GuardQueries, ids: Collection[str], besides: Transfer | None
) -> set[str | None]:
    lines = queries.all(TransferLine, subscription_id=ids)
    transfer_ids = {line.transfer_id for line in lines} - {besides.id if besides else None}
    if not transfer_ids:
        return set()
    open_ids = {transfer.id for transfer in queries.all(Transfer, id=transfer_ids, status=sorted(OPEN))}
    return {line.subscription_id for line in lines if line.transfer_id in open_ids}
