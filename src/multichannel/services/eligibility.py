"""Which subscriptions can be transferred, for many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from multichannel.domain.commerce import Channel
from multichannel.domain.eligibility import TransferCandidate, ineligibility_reasons
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import OPEN, Transfer, TransferKind, TransferLine
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


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
