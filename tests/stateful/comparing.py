"""Whether the database holds what the model says, row by row."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle import Row
from tests.stateful.checks import Snapshot, in_force
from tests.stateful.model import delegated_admin, relationships, terms, transfers
from tests.stateful.model.state import State

PLAIN = {
    "Partner": ("type", "status", "market"),
    "Customer": ("default_sharing", "company_name", "domain", "directory_id", "market", "city"),
    "User": ("tenant_id", "object_id", "display_name", "state", "roles"),
    "Partnership": ("provider_id", "reseller_id", "addressed_to", "status", "market"),
    "ResellerRelationship": (
        "partner_id",
        "customer_id",
        "addressed_to",
        "associated_partner_id",
        "invited_with_id",
        "delegated_admin_requested",
        "expires_at",
        "end_reason",
        "detached_reseller_ids",
        "is_extension",
        "market",
    ),
    "DelegatedAdminGrant": (
        "relationship_id",
        "partner_id",
        "customer_id",
        "requested_with_relationship",
        *delegated_admin.RIGHTS,
        "duration_days",
        "auto_extend",
        "ends_at",
        "expires_at",
    ),
    "BillingProfile": ("partner_id", "customer_id"),
    "CustomerAgreement": ("customer_id", "partner_id", "kind"),
    "Subscription": (
        "owner_id",
        "vendor_id",
        "customer_id",
        "recorded_by",
        "channel",
        "billing_partner_id",
        "partner_of_record_id",
        "support_contact_id",
        "commerce",
        "market",
        "offer_name",
        "friendly_name",
        "quantity",
        "parent_id",
        "continues_id",
        "entitlement_id",
        "auto_renew_enabled",
        "billing_type",
        "billing_cycle",
        "is_trial",
        "term_duration",
        "effective_start_date",
        "commitment_end_date",
        "services",
        "canceled_services",
        "sharing",
        "confirmation",
    ),
    "SupportCase": (
        "customer_id",
        "subscription_id",
        "billing_partner_id",
        "assigned_partner_id",
        "opening_partner_id",
        "opened_by",
        "subject",
        "severity",
        "status",
        "comment_count",
        "resolved_at",
        "closed_at",
    ),
    "BulkOperation": ("tenant_id", "user_id", "mutation", "status", "item_count", "ended_at"),
    "Transfer": (
        "owner_id",
        "kind",
        "initiated_by",
        "customer_id",
        "source_partner_id",
        "target_partner_id",
        "partner_of_record_id",
        "source_consented_at",
        "customer_consented_at",
        "target_consented_at",
        "expires_at",
        "market",
    ),
    "TransferLine": ("transfer_id", "subscription_id", "new_subscription_id", "quantity"),
}
"""The columns that are compared as they are, in an order in which new rows name only rows before them."""


def _of_model(resource: str, row: Row, state: State) -> Row:
    told = {name: row[name] for name in PLAIN[resource]}
    if resource == "Subscription":
        told["status"] = terms.status(row, state.now)
    elif resource == "Transfer":
        told["status"] = transfers.status(row, state)
    elif resource == "ResellerRelationship":
        told["status"] = relationships.status(row, state)
    elif resource == "DelegatedAdminGrant":
        told["status"] = delegated_admin.status(row, state.now)
    elif resource == "TransferLine":
        told["status"] = {None: None, True: "failed", False: "completed"}[row["failed"]]
    return told


def _of_database(resource: str, row: Row, found: Snapshot) -> Row:
    told = {name: row[name] for name in PLAIN[resource]}
    if resource in {"Subscription", "Transfer", "ResellerRelationship", "DelegatedAdminGrant"}:
        told["status"] = in_force(resource, row, found.now)
    elif resource == "TransferLine":
        told["status"] = row["status"]
    return told


def check_state(state: State, found: Snapshot) -> None:
    """All rows are alike; rows the model has made take over the ids that the service chose, and versions."""
    for resource in PLAIN:
        _adopt(resource, state, found)
        stored = found.by_id(resource)
        expected = {row["id"]: _of_model(resource, row, state) for row in state.tables[resource]}
        there = {key: _of_database(resource, row, found) for key, row in stored.items()}
        assert there.keys() == expected.keys(), f"{resource}: rows that should not be, or are not"
        for key, row in there.items():
            wrong = {
                name: (value, expected[key][name])
                for name, value in row.items()
                if value != expected[key][name]
            }
            assert wrong == {}, f"{resource} {key}: stored and expected differ: {wrong}"
        for row in state.tables[resource]:
            row["version"] = stored[row["id"]].get("version")


def _adopt(resource: str, state: State, found: Snapshot) -> None:
    known = {row["id"] for row in state.tables[resource]}
    fresh = {key: row for key, row in found.by_id(resource).items() if key not in known}
    for row in [each for each in state.tables[resource] if each["id"].startswith("~")]:
        expected = _of_model(resource, row, state)
        for key, stored in fresh.items():
            told = _of_database(resource, stored, found)
            if all(_fits(value, told[name]) for name, value in expected.items()):
                state.rename(row["id"], key)
                del fresh[key]
                break
        else:
            there = [_of_database(resource, each, found) for each in fresh.values()]
            raise AssertionError(f"no such new {resource}: {expected}\nnew ones: {there}")


def _fits(expected: Any, stored: Any) -> bool:
    """A row that refers to another new one has yet to learn its id."""
    return expected == stored or (isinstance(expected, str) and expected.startswith("~"))
