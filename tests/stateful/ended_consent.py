"""Which customers have shown which partners the door, and have not let them in again (R62)."""

from __future__ import annotations

from collections.abc import Iterable

from tests.policy.oracle import Row

ENDING, ACCEPTING = "endResellerRelationship", "acceptResellerRelationship"
SIDES = ("partner_id", "associated_partner_id")


class EndedConsent:
    """Pairs of partner and customer, from the mutations that were done."""

    def __init__(self) -> None:
        """Nobody has ended anything."""
        self._pairs: set[tuple[str, str]] = set()

    def note(self, mutation: str, shown: Row, links: list[Row]) -> None:
        """What a mutation has done to a relationship, which is one of all as they are now."""
        if mutation == ENDING:
            self._pairs |= {(each, shown["customer_id"]) for each in _leaving(shown, links)}
        elif mutation == ACCEPTING:
            first = shown["invited_with_id"] or shown["id"]
            accepted = [each for each in links if first in {each["id"], each["invited_with_id"]}]
            self._pairs -= {(each[side], shown["customer_id"]) for each in accepted for side in SIDES}

    def customers_of(self, partner_id: str) -> list[str]:
        """The customers that are closed to a partner."""
        return [customer_id for each, customer_id in self._pairs if each == partner_id]


def _leaving(row: Row, links: Iterable[Row]) -> set[str]:
    """Who has ended: the partner itself, or those who serve the customer in no other way."""
    if row["associated_partner_id"] is None:
        return {row["partner_id"]}
    others = [each for each in links if each["customer_id"] == row["customer_id"]]
    serving = {each[side] for each in others if each["status"] == "active" for side in SIDES}
    return {row[side] for side in SIDES} - serving
