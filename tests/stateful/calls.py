"""What people of the small world might do: for each mutation a call that makes sense, or nearly does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from multichannel.demo.cast import fixed_id
from tests.policy.oracle import Row
from tests.stateful.model.state import State
from tests.stateful.organisations import ALDER, BIRCH, CEDAR, DOGWOOD

NOBODY = fixed_id("nobody")
ELSEWHERE = fixed_id("elsewhere")
NEW_DOMAINS = ("orchard.example", "lagoon.example")
SIGNER = {"firstName": "A", "lastName": "Signer", "email": "a@signer.example"}


@dataclass(frozen=True)
class Call:
    """A mutation as somebody sends it."""

    mutation: str
    user_id: str
    told: dict[str, Any]


@dataclass(frozen=True)
class Hand:
    """What a call is made of: drawn values, and rows of the model.

    A `loose` hand takes any row, whatever its state, and now and then an old version of it.
    """

    data: st.DataObject
    state: State
    turn: int
    loose: bool = False

    def of(self, *words: Any) -> Any:
        """One of several values; the simplest draw gives another one each turn, so that runs differ."""
        return words[(self.data.draw(st.integers(0, len(words) - 1)) + self.turn) % len(words)]

    def coin(self) -> bool:
        """Yes or no."""
        return bool(self.of(0, 1))

    def rarely(self) -> bool:
        """One time in six."""
        return self.data.draw(st.integers(0, 5)) == 5

    def row(self, resource: str, fits: Callable[[Row], bool] = lambda _row: True) -> Row:
        """One of the rows that fit; LookupError if there is none."""
        rows = [row for row in self.state.tables[resource] if self.loose or fits(row)]
        if not rows:
            raise LookupError(resource)
        found: Row = self.of(*rows)
        return found

    def user(self, tenant_id: str | None, *roles: str) -> str:
        """Somebody of the tenant who holds one of the roles, if there is any."""
        everybody = self.state.people()
        people = [row for row in everybody if row["tenant_id"] == tenant_id] or everybody
        fit = [row for row in people if row["roles"] & set(roles)] or people
        return str(self.of(*fit)["id"])

    def partner(self) -> str:
        """Some partner, or nobody."""
        return str(self.of(ALDER, BIRCH, CEDAR, DOGWOOD, ALDER, CEDAR, NOBODY))

    def version(self, row: Row) -> dict[str, Any]:
        """The row's id and version, as `id` and `expectedVersion`."""
        stale = self.loose and self.rarely()
        return {**named(row, _kind(self.state, row)), "expectedVersion": row["version"] - stale}

    def some(self, **optional: Any) -> dict[str, Any]:
        """Each of the values, or not."""
        return {name: value for name, value in optional.items() if self.coin()}


def _kind(state: State, row: Row) -> str:
    return next(noun for noun, rows in state.tables.items() if any(each is row for each in rows))


def named(row: Row, resource: str) -> dict[str, Any]:
    """The id of a row as clients have it, as `id`."""
    return {"id": global_id(resource, row["id"])}


PREFIXES = {
    "ResellerRelationship": "reseller_relationship",
    "DelegatedAdminGrant": "delegated_admin_grant",
    "SupportCase": "support_case",
    "BulkOperation": "bulk_operation",
}


def global_id(resource: str, row_id: str) -> str:
    """The id of a row as clients have it."""
    return f"{PREFIXES.get(resource, resource.lower())}_{row_id}"


Dealt = tuple[str, dict[str, Any]]
"""Who does it, and the input."""
Deal = Callable[[Hand], Dealt]
