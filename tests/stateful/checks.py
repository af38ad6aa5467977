"""What must hold of the database after every step, read by plain SQL."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, select

from multichannel.domain.agreements import CustomerAgreement
from multichannel.domain.audit import AuditChain, AuditRecord, Event
from multichannel.domain.base import Base, utc_text
from multichannel.domain.bulk_operations import BulkOperation
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.domain.support_cases import SupportCase
from multichannel.domain.tenants import Partner, Tenant
from multichannel.domain.transfers import Transfer, TransferLine
from multichannel.domain.users import RoleAssignment, User
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Principal
from tests.policy.oracle import Oracle, Row, World
from tests.stateful.model.customers import ALL_ROLES
from tests.stateful.model.state import State

READ: tuple[type[Base], ...] = (
    Tenant,
    Partner,
    Customer,
    User,
    Partnership,
    ResellerRelationship,
    DelegatedAdminGrant,
    BillingProfile,
    CustomerAgreement,
    Subscription,
    SubscriptionShare,
    SupportCase,
    BulkOperation,
    Transfer,
    TransferLine,
    RoleAssignment,
    Event,
    AuditRecord,
    AuditChain,
)
BOOKS: dict[str, Any] = {"Event": Event.occurred_at, "AuditRecord": AuditRecord.operation_date}
RANK = {"active": 0, "suspended": 0, "expired": 1, "disabled": 2, "deleted": 3}
LAPSES = (("deleted", "deleted_at"), ("disabled", "disabled_at"), ("expired", "expires_at"))
PARTIES = {
    "Customer": ("id",),
    "User": ("tenant_id",),
    "Partnership": ("provider_id", "reseller_id"),
    "ResellerRelationship": ("partner_id", "customer_id", "associated_partner_id"),
    "DelegatedAdminGrant": ("partner_id", "customer_id"),
    "BillingProfile": ("partner_id", "customer_id"),
    "CustomerAgreement": ("partner_id", "customer_id"),
    "Subscription": (
        "owner_id",
        "customer_id",
        "billing_partner_id",
        "partner_of_record_id",
        "support_contact_id",
    ),
    "BulkOperation": ("tenant_id",),
    "SupportCase": ("customer_id", "assigned_partner_id", "billing_partner_id"),
    "Transfer": (
        "owner_id",
        "source_partner_id",
        "target_partner_id",
        "customer_id",
        "partner_of_record_id",
    ),
}
"""The tenants that a change of a row concerns, if they may see it (R53)."""
OPTIONAL = {"delegated_admin_grant_id", "actor_name"}
"""Columns of audit records that are sealed where they have a value."""
SILENT = {"version", "updated_at"}


@dataclass(frozen=True)
class Snapshot:
    """Every row of the database at one moment."""

    now: datetime
    tables: dict[str, list[Row]]

    def by_id(self, resource: str) -> dict[str, Row]:
        """The rows of a resource by id."""
        return {row["id"]: row for row in self.tables[resource]}

    def sees(self, who: Principal, resource: str, row: Row) -> bool:
        """Whether the oracle grants some degree of reading."""
        oracle = Oracle(World(self.now, self.tables))
        return any(oracle.may(who, action, resource, row) for action in RESOURCES[resource].reads)

    def tenant_sees(self, tenant_id: str, resource: str, row: Row) -> bool:
        """Whether anybody of a tenant may see the row; nobody of an unknown one does."""
        for noun in ("Partner", "Customer"):
            tenant = self.by_id(noun).get(tenant_id)
            if tenant is not None:
                return self.sees(State.member(tenant, ALL_ROLES, partner=noun == "Partner"), resource, row)
        return False


def read(engine: Engine, now: datetime, earlier: Snapshot | None = None) -> Snapshot:
    """The database as it is; of the books only what is new since an earlier look, if there is one."""
    tables = {}
    with engine.connect() as connection:
        for model in READ:
            name, statement = model.__name__, select(model.__table__)
            since = BOOKS.get(name) if earlier else None
            if earlier and since is not None:
                statement = statement.where(since >= earlier.now)
            rows = [dict(row) for row in connection.execute(statement).mappings()]
            if earlier and since is not None:
                read_again = {row["id"] for row in rows}
                rows = [row for row in earlier.tables[name] if row["id"] not in read_again] + rows
            tables[name] = rows
    directories = {row["id"]: row["directory_id"] for row in tables["Tenant"]}
    for customer in tables["Customer"]:
        customer["directory_id"] = directories[customer["id"]]
    for user in tables["User"]:
        held = [each["role"] for each in tables["RoleAssignment"] if each["user_id"] == user["id"]]
        user["roles"] = {str(role) for role in held}
    for row in tables["Subscription"]:
        shares = tables["SubscriptionShare"]
        row["shared_with"] = {each["partner_id"] for each in shares if each["subscription_id"] == row["id"]}
    return Snapshot(now, tables)


def in_force(resource: str, row: Row, now: datetime) -> str:
    """The status at a time, from what is stored."""
    stored = str(row["status"])
    if resource == "Subscription":
        for word, column in LAPSES:
            passed = row[column] is not None and row[column] <= now
            if passed and RANK.get(stored, 9) < RANK[word]:
                return word
        return stored
    lapses = row.get("expires_at")
    lapsing = {"requested", "pending"} | ({"active"} if resource == "DelegatedAdminGrant" else set())
    if stored in lapsing and lapses is not None and lapses <= now:
        return "expired"
    return stored


def check_lines(found: Snapshot) -> None:
    """Nothing is sold twice, moved twice, lost or doubled."""
    sold, transfers = found.by_id("Subscription"), found.by_id("Transfer")
    runs = {key: in_force("Subscription", row, found.now) == "active" for key, row in sold.items()}
    csp = {key: row for key, row in sold.items() if row["channel"] == "csp"}
    moved = {key: row["continues_id"] for key, row in csp.items() if row["continues_id"] in csp}
    assert max(Counter(moved.values()).values(), default=1) == 1, "continued twice in CSP"
    both = [(old, new) for new, old in moved.items() if runs[old] and runs[new]]
    assert both == [], f"billed by two partners at once (old, new): {both}"
    azure = Counter(row["entitlement_id"] for key, row in csp.items() if runs[key] and row["entitlement_id"])
    assert max(azure.values(), default=1) == 1, f"one entitlement is billed twice: {azure}"
    states = {key: in_force("Transfer", row, found.now) for key, row in transfers.items()}
    waiting = Counter(
        line["subscription_id"]
        for line in found.tables["TransferLine"]
        if states[line["transfer_id"]] in {"pending", "in_progress"}
    )
    assert max(waiting.values(), default=1) == 1, f"in two open transfers: {waiting}"
    for line in found.tables["TransferLine"]:
        _check_line(line, transfers[line["transfer_id"]], moved, sold)


def _check_line(line: Row, transfer: Row, moved: dict[str, str], sold: dict[str, Row]) -> None:
    new = line["new_subscription_id"]
    assert (line["status"] == "completed") == (new is not None)
    if new is None:
        return
    assert [key for key, old in moved.items() if old == line["subscription_id"]] == [new]
    assert sold[new]["migrated_from_subscription_id"] == sold[line["subscription_id"]]["vendor_id"]
    assert transfer["status"] in {"completed", "completed_with_errors"}


def check_books(before: Snapshot, after: Snapshot, actor: str | None) -> None:
    """One event for each object that changed, and a record in the chain of each tenant it concerns."""
    events = _new(before, after, "Event")
    records = _new(before, after, "AuditRecord")
    changed = {(noun, row["id"]): row for noun in PARTIES for row in _changed(before, after, noun)}
    assert Counter((each["resource_type"], each["resource_id"]) for each in events) == Counter(list(changed))
    told = Counter((each["tenant_id"], each["resource_type"], each["resource_id"]) for each in records)
    expected = Counter(
        (tenant, noun, key)
        for (noun, key), row in changed.items()
        for tenant in _concerned(before, after, noun, row, actor)
    )
    assert told == expected, f"books: too many {told - expected}, missing {expected - told}"
    assert {each["status"] for each in records} <= {"succeeded"}
    by_id = {each["id"]: (each["resource_type"], each["resource_id"]) for each in events}
    assert all(by_id[each["event_id"]] == (each["resource_type"], each["resource_id"]) for each in records)


def check_bare(before: Snapshot, after: Snapshot, actor: str, status: str | None) -> None:
    """Nothing has changed, and one record of the actor says how it ended, or none at all."""
    changed = [row for noun in PARTIES for row in _changed(before, after, noun)]
    assert (changed, _new(before, after, "Event")) == ([], []), "something has changed that should not"
    records = [(each["tenant_id"], each["status"]) for each in _new(before, after, "AuditRecord")]
    assert records == ([] if status is None else [(actor, status)]), f"records: {records}"


def _new(before: Snapshot, after: Snapshot, noun: str) -> list[Row]:
    known = before.by_id(noun).keys()
    return [row for row in after.tables[noun] if row["id"] not in known]


def _changed(before: Snapshot, after: Snapshot, noun: str) -> Iterable[Row]:
    """What is new or a new version; nothing else about a row changes without one."""
    old = before.by_id(noun)
    for row in after.tables[noun]:
        was = old.get(row["id"])
        if was is None:
            yield row
            continue
        differ = {name for name in row if row[name] != was[name]} - SILENT
        delivered = noun in {"ResellerRelationship", "DelegatedAdminGrant"} and differ == {"customer_id"}
        assert bool(differ) == (row.get("version") != was.get("version")) or delivered, (noun, differ)
        if differ and not delivered:
            assert row["version"] > was["version"]
            yield row


def _concerned(before: Snapshot, after: Snapshot, noun: str, row: Row, actor: str | None) -> set[str]:
    """Tenants the row names that may see it, those it named until now that could, and whoever did it.

    The actor is told nothing of what it made for others and does not see.
    """
    was = before.by_id(noun).get(row["id"])
    now = {row[name] for name in PARTIES[noun]} - {None}
    gone = {was[name] for name in PARTIES[noun]} - {None} - now if was else set()
    told = {tenant for tenant in now if after.tenant_sees(tenant, noun, row)}
    told |= {tenant for tenant in gone if was and before.tenant_sees(tenant, noun, was)}
    own = was is not None or actor in now
    return told | ({actor} if actor and (own or after.tenant_sees(actor, noun, row)) else set())


def check_chains(found: Snapshot) -> None:
    """Every chain is gapless, as long as its head says, and sealed record by record (R53)."""
    heads = {row["tenant_id"]: row for row in found.tables["AuditChain"]}
    records = sorted(found.tables["AuditRecord"], key=lambda row: (row["tenant_id"], row["number"]))
    ends = dict.fromkeys(heads, ("0" * 64, 0))
    for row in records:
        seal, length = ends[row["tenant_id"]]
        assert row["number"] == length + 1, f"a gap after {length} in {row['tenant_id']}"
        told = {
            name: _plain(value)
            for name, value in row.items()
            if name != "seal" and not (name in OPTIONAL and value is None)
        }
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert row["seal"] == hashlib.sha256(f"{seal}\n{text}".encode()).hexdigest()
        ends[row["tenant_id"]] = (row["seal"], length + 1)
    assert {tenant: (row["seal"], row["length"]) for tenant, row in heads.items()} == ends


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc_text(value)
    return value.value if isinstance(value, StrEnum) else value
