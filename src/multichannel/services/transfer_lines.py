"""The lines of a transfer: what a source gives, with what goes along, and whether all of it can go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from multichannel.domain.commerce import RUNNING, Channel
from multichannel.domain.eligibility import TransferObstacle, failed_rules, product_type
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfer_effects import line_of
from multichannel.domain.transfer_obstacles import (
    MOST_LINES,
    LinesMissing,
    LinesNotEligible,
    TooManyLines,
)
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine, TransferProductType
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.eligibility import candidates
from multichannel.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Move:
    """A subscription that is to go, its number, and the number of the base it is an add-on to."""

    subscription: Subscription
    number: int
    base: int | None

    def line_in(self, transfer: Transfer) -> TransferLine:
        """Its line in a transfer."""
        return line_of(self.subscription, transfer, self.number, self.base)


def chosen(work: Work, subscription_ids: Sequence[str]) -> list[Move]:
    """What the caller releases, each base followed by its add-ons, which go along (R36).

    An add-on that is named next to its base is no line of its own. Denied if one of them is not released.
    """
    ids = list(dict.fromkeys(subscription_ids))
    if not ids:
        raise LinesMissing
    named = work.subscriptions.get_all(ids, to=Action.RELEASE)
    bases = [each for each in named if each.parent_id not in ids]
    if len(bases) > MOST_LINES:
        raise TooManyLines
    add_ons = _add_ons(work, bases)
    moves: list[Move] = []
    for base in bases:
        number = len(moves)
        moves.append(Move(base, number, None))
        own = (each for each in add_ons if each.parent_id == base.id)
        moves += [Move(each, place, number) for place, each in enumerate(own, number + 1)]
    return moves


def _add_ons(work: Work, bases: Sequence[Subscription]) -> Sequence[Subscription]:
    """The running add-ons of the bases, each released like its base."""
    found = work.look(*bases).all(
        Subscription,
        parent_id=[each.id for each in bases],
        billing_partner_id=work.principal.tenant_id,
        channel=Channel.CSP,
        status=sorted(RUNNING),
    )
    if not found:
        return []
    return work.subscriptions.get_all([each.id for each in found], to=Action.RELEASE)


def require_eligible(
    work: Work,
    moves: Sequence[Move],
    kind: TransferKind,
    customer_id: str,
    wanted: Iterable[TransferProductType] = (),
) -> None:
    """LinesNotEligible with every rule that some line fails."""
    subscriptions = [move.subscription for move in moves]
    with_base = {move.subscription.id for move in moves if move.base is not None}
    weighed = candidates(work.look(*subscriptions), subscriptions, with_base=with_base)
    found = {rule.code for each in weighed for rule in failed_rules(each, kind, work.now)}
    if any(each.customer_id != customer_id for each in subscriptions):
        found.add(TransferObstacle.OTHER_CUSTOMER)
    asked = set(wanted)
    bases = [move.subscription for move in moves if move.base is None]
    if asked and any(product_type(each) not in asked for each in bases):
        found.add(TransferObstacle.PRODUCT_TYPE_NOT_REQUESTED)
    if found:
        raise LinesNotEligible(found)
