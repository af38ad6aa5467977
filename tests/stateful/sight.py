"""What somebody sees in the lists of the API, against what the oracle grants over the rows themselves."""

from __future__ import annotations

from tests.policy.oracle import Row
from tests.stateful.checks import Snapshot
from tests.stateful.model import State
from tests.stateful.service import Service

SEEN = {
    "customers": "Customer",
    "subscriptions": "Subscription",
    "resellerRelationships": "ResellerRelationship",
    "partnerships": "Partnership",
    "supportCases": "SupportCase",
    "transfers": "Transfer",
}
LISTS = "{ " + " ".join(f"{name}(first: 100) {{ nodes {{ id }} }}" for name in SEEN) + " }"


def check_sight(service: Service, state: State, found: Snapshot, user: Row) -> None:
    """The user sees every row that some degree of reading is granted on, and no other."""
    body = service.ask(service.caller(user), LISTS)
    assert "errors" not in body, body
    who = state.principal(user["id"])
    for name, noun in SEEN.items():
        shown = {node["id"].rpartition("_")[2] for node in body["data"][name]["nodes"]}
        expected = {row["id"] for row in found.tables[noun] if found.sees(who, noun, row)}
        assert shown == expected, f"{user['display_name']} sees other {name}"
