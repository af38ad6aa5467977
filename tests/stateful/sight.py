"""What somebody sees in the lists of the API, against what the oracle grants over the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.policy.oracle import Row
from tests.stateful.calls import global_id
from tests.stateful.checks import Snapshot, in_force
from tests.stateful.model import State
from tests.stateful.service import Service

SEEN = {
    "customers": "Customer",
    "subscriptions": "Subscription",
    "resellerRelationships": "ResellerRelationship",
    "partnerships": "Partnership",
    "supportCases": "SupportCase",
    "bulkOperations": "BulkOperation",
    "transfers": "Transfer",
}
READS = {"READ_SUMMARY", "READ", "READ_BILLING"}
ACCESS = "access { tenant { id } roles actions }"
ACCESSES = f"""query ($ids: [ID!]!) {{ nodes(ids: $ids) {{
  id ... on Customer {{ {ACCESS} }} ... on Subscription {{ {ACCESS} }} }} }}"""
OPEN = """{
  customers(first: 100) { nodes { id email } }
  subscriptions(first: 100) { nodes { id } }
  supportCases(first: 100) { nodes { id } }
  delegatedAdminGrants(first: 100, filter: {status: {eq: ACTIVE}}) { nodes { customer { id } } }
}"""
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


def check_access(service: Service, state: State, user: Row) -> None:
    """R65: whatever the user sees of a customer, the user's company stands in its `access` for the role."""
    asked = service.ask(service.caller(user), LISTS)["data"]
    roles = {role.upper() for role in user["roles"]}
    for admin in (each for each in state.people() if "global_admin" in each["roles"]):
        owned = {row["id"] for row in state.rows("Subscription", customer_id=admin["tenant_id"])}
        owned.add(admin["tenant_id"])
        ids = [
            node["id"]
            for name in ("customers", "subscriptions")
            for node in asked[name]["nodes"]
            if node["id"].rpartition("_")[2] in owned
        ]
        for node in service.ask(service.caller(admin), ACCESSES, ids=ids)["data"]["nodes"] if ids else ():
            assert any(
                each["tenant"]["id"].rpartition("_")[2] == user["tenant_id"]
                and roles & set(each["roles"])
                and READS & set(each["actions"])
                for each in node["access"]
            ), f"{user['display_name']} sees {node['id']}, and its access does not tell"


def check_ended(service: Service, found: Snapshot, user: Row, customer_ids: Iterable[str]) -> None:
    """R62: of customers that ended it, a partner sees what it sells until that has ended, and the name."""
    data, own_id = service.ask(service.caller(user), OPEN)["data"], user["tenant_id"]
    sold, cases = found.by_id("Subscription"), found.by_id("SupportCase")
    seen = {
        name: [node["id"].rpartition("_")[2] for node in data[name]["nodes"]]
        for name in ("subscriptions", "supportCases")
    }
    for customer_id in customer_ids:
        who = f"{user['display_name']}, for whom {customer_id} is closed, sees"
        named = {"id": global_id("Customer", customer_id), "email": None}
        told: list[dict[str, Any]] = data["customers"]["nodes"]
        assert [each for each in told if each["id"] == named["id"]] in ([], [named]), f"{who} its profile"
        for key in seen["subscriptions"]:
            own = _is_own(sold[key], own_id, found)
            assert sold[key]["customer_id"] != customer_id or own, f"{who} subscription {key}"
        for key in seen["supportCases"]:
            about = sold[cases[key]["subscription_id"]]
            own = about["billing_partner_id"] == user["tenant_id"] and _is_own(
                about, user["tenant_id"], found
            )
            assert cases[key]["customer_id"] != customer_id or own, f"{who} case {key}"
        granted = [
            each["customer"] and each["customer"]["id"] for each in data["delegatedAdminGrants"]["nodes"]
        ]
        assert named["id"] not in granted, f"{who} a right of its own"


def _is_own(row: Row, partner_id: str, found: Snapshot) -> bool:
    """R8, R24, R25: billed by the partner and not ended, or credited to it; or of a reseller's own export."""
    if row["channel"] != "csp":
        return False
    running = in_force("Subscription", row, found.now) in {"none", "active", "pending", "suspended"}
    billed = row["billing_partner_id"] == partner_id and running
    noted = row["billing_partner_id"] is None and row["owner_id"] == partner_id
    return billed or noted or row["partner_of_record_id"] == partner_id
