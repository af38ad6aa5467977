"""Which subscriptions can go along in a transfer, asked of many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from multichannel.domain.commerce import Channel
from multichannel.domain.eligibility import TransferCandidate, ineligibility_reasons
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import OPEN, Transfer, TransferKind, TransferLine
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


def transfer_eligibility(
    work: UnitOfWork, subscription_ids: Sequence[str], kind: TransferKind
) -> Mapping[str, Sequence[Refusal]]:
    """All rules that each fails, by id, of those that the caller may release; the others are left out."""
    subscriptions: Sequence[Subscription] = work.find_permitted(
        SUBSCRIPTION, subscription_ids, to=Action.RELEASE
    )
    if not subscriptions:
        return {}
    weighed = candidates(work.query_for(*subscriptions), subscriptions)
    return {each.subscription.id: ineligibility_reasons(each, kind, work.now) for each in weighed}


def candidates(
    look: GuardQueries,
    subscriptions: Sequence[Subscription],
    *,
    with_base: Collection[str] = (),
    besides: Transfer | None = None,
) -> list[TransferCandidate]:
    """The subscriptions with what decides on them, in as many statements for one as for many.

    `with_base` are the ids of add-ons whose base goes along; `besides` is the transfer this is about.
    """
    ids = [subscription.id for subscription in subscriptions]
    moving = _in_open_transfers(look, ids, besides)
    continued = {each.continues_id for each in look.all(Subscription, continues_id=ids, channel=Channel.CSP)}
    return [
        TransferCandidate(
            subscription=each,
            in_transfer=each.id in moving,
            transferred=each.id in continued,
            with_base=each.id in with_base,
        )
        for each in subscriptions
    ]


def _in_open_transfers(look: GuardQueries, ids: Collection[str], besides: Transfer | None) -> set[str | None]:
    lines = look.all(TransferLine, subscription_id=ids)
    named = {line.transfer_id for line in lines} - {besides.id if besides else None}
    if not named:
        return set()
    still_open = {transfer.id for transfer in look.all(Transfer, id=named, status=sorted(OPEN))}
    return {line.subscription_id for line in lines if line.transfer_id in still_open}
