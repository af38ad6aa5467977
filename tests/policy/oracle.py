"""A second opinion on every decision, in plain Python over plain rows.

Written from the business rules (R numbers, the role matrix) and from who sees what, not from the policy
files: where the two disagree, one of them is wrong. What the business leaves open is settled as the comments
of the policy files say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from multichannel.policy.vocabulary import Action, Principal

Row = dict[str, Any]

MANAGERS = {"global_admin", "admin_agent", "sales_agent", "helpdesk_agent"}
"""Role matrix, "search / view customers" and "edit customer details"."""
VIEWERS = {*MANAGERS, "billing_admin"}
"""Role matrix, "view subscriptions"."""
BILLERS = {"global_admin", "billing_admin", "admin_agent"}
"""Role matrix, "invoices, reconciliation"."""
PARTNERSHIP_MANAGERS = {"global_admin", "user_management_admin", "admin_agent", "sales_agent"}
"""Role matrix, "manage reseller partnerships"."""
USER_MANAGERS = {"global_admin", "user_management_admin", "account_admin"}
"""Role matrix, "partner users and roles"."""
EVERY_ROLE = {*VIEWERS, *USER_MANAGERS}


@dataclass(frozen=True)
class World:
    """The rows of every table that decisions look at, as they are stored."""

    now: datetime
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, resource: str) -> list[Row]:
        """All rows of a resource."""
        return self.tables[resource]


class Oracle:
    """Says who may do what in one world."""

    def __init__(self, world: World) -> None:
        """Look at a world; its `now` is when everything is asked."""
        self._world = world
        self._judges: dict[str, Callable[[Principal, Action, Row], bool]] = {
            "Customer": self._customer,
            "Subscription": self._subscription,
            "ResellerRelationship": self._relationship,
            "Partnership": self._partnership,
            "Partner": self._partner,
            "BillingProfile": self._billing_profile,
            "User": self._user,
        }

    def may(self, who: Principal, action: Action, resource: str, row: Row) -> bool:
        """Whether `who` may do this to the row."""
        if who.kind == "system":
            return self._system(who, action, resource)
        return self._judges[resource](who, action, row) and not self.reasons(who, action, resource, row)

    def reasons(self, who: Principal, action: Action, resource: str, row: Row) -> set[str]:
        """The restrictions that hit a partner or customer, whether or not anything is granted."""
        found = set()
        if row["cloud"] != who.cloud:  # R52
            found.add("CROSS_CLOUD")
        if resource == "Customer" and action is Action.UPDATE and who.status == "inactive":
            found.add("PARTNER_INACTIVE")
        if (
            resource == "Subscription"
            and _is_partner(who)
            and _private(row)
            and row["owner_id"] != who.tenant_id
        ):
            found.add("PRIVATE_RECORD")
        return found

    def status(self, relationship: Row) -> str:
        """The status in force: an unanswered request lapses at its `expires_at`."""
        lapses = relationship["expires_at"]
        if relationship["status"] == "requested" and lapses is not None and lapses <= self._world.now:
            return "expired"
        return str(relationship["status"])

    def _active(self, customer_id: str) -> list[Row]:
        return [
            row
            for row in self._world.rows("ResellerRelationship")
            if row["customer_id"] == customer_id and self.status(row) == "active"
        ]

    def _holds(self, who: Principal, customer_id: str) -> bool:
        """R4: the partner has the customer's permission."""
        return _is_partner(who) and any(
            row["partner_id"] == who.tenant_id for row in self._active(customer_id)
        )

    def _attached_by(self, who: Principal, customer_id: str) -> set[str]:
        """R24: the providers under which the reseller is attached to the customer."""
        if who.type != "indirect_reseller":
            return set()
        active = self._active(customer_id)
        return {row["partner_id"] for row in active if row["associated_partner_id"] == who.tenant_id}

    def _customer(self, who: Principal, action: Action, row: Row) -> bool:
        if _is_customer(who):  # the profile is its own
            return row["id"] == who.tenant_id and _has(who, {"global_admin"})
        holds, attached = self._holds(who, row["id"]), bool(self._attached_by(who, row["id"]))
        if action is Action.UPDATE:
            return holds and _has(who, MANAGERS)
        read = (holds or attached) and _has(who, MANAGERS)
        if action is Action.READ_SUMMARY:
            return read or (holds and _has(who, {"user_management_admin", "billing_admin"}))
        return read

    def _subscription(self, who: Principal, action: Action, row: Row) -> bool:
        if _is_customer(who):
            return row["customer_id"] == who.tenant_id and _has(who, {"global_admin"})
        standings = self._standings(who, row)
        if action is Action.READ_BILLING:
            return "billing_partner" in standings and _has(who, BILLERS)
        read = bool(standings - {"partner_of_record"}) and _has(who, VIEWERS)
        if action is Action.READ:
            return read
        named = standings & {"billing_partner", "relationship_holder"}
        credited = "partner_of_record" in standings and _has(who, VIEWERS)
        return read or credited or (bool(named) and _has(who, {"user_management_admin"}))

    def _standings(self, who: Principal, row: Row) -> set[str]:
        """What a partner is to a subscription; of what another CSP partner sells, it must be made part."""
        if not _is_partner(who):
            return set()
        me, csp = who.tenant_id, row["channel"] == "csp"
        private = _private(row)
        found = set()
        if csp and row["billing_partner_id"] == me:
            found.add("billing_partner")
        if csp and row["billing_partner_id"] in self._attached_by(who, row["customer_id"]):
            found.add("attached_reseller")
        if csp and row["partner_of_record_id"] == me and who.type == "indirect_reseller":  # R25
            found.add("partner_of_record")
        if not private and row["support_contact_id"] == me:  # R26
            found.add("support_contact")
        if not csp and not private and self._holds(who, row["customer_id"]):  # R4, C1: in every cloud
            found.add("relationship_holder")
        if private and row["owner_id"] == me:
            found.add("recorder")
        unbilled = row["recorded_by"] == "partner" and row["billing_partner_id"] is None
        if csp and unbilled and row["owner_id"] == me and who.type == "indirect_reseller":
            found.add("recorder")  # what a reseller's own export holds
        return found

    def _relationship(self, who: Principal, action: Action, row: Row) -> bool:
        if _is_customer(who):
            return row["customer_id"] == who.tenant_id and _has(who, {"global_admin"})
        holder = _is_partner(who) and row["partner_id"] == who.tenant_id
        if holder and _has(who, MANAGERS):
            return True
        attached = who.type == "indirect_reseller" and row["associated_partner_id"] == who.tenant_id
        named = (holder and _has(who, {"user_management_admin"})) or (attached and _has(who, MANAGERS))
        return action is Action.READ_SUMMARY and named

    def _partnership(self, who: Principal, _action: Action, row: Row) -> bool:
        provider = who.type == "indirect_provider" and row["provider_id"] == who.tenant_id
        reseller = _is_partner(who) and row["reseller_id"] == who.tenant_id
        return (provider or reseller) and _has(who, PARTNERSHIP_MANAGERS)

    def _partner(self, who: Principal, action: Action, row: Row) -> bool:
        if action not in {Action.READ_SUMMARY, Action.READ}:
            return False
        if _is_partner(who) and row["id"] == who.tenant_id:
            return _has(who, EVERY_ROLE)
        if action is Action.READ:
            return False
        if _is_customer(who):
            introduced = (
                link["partner_id"] == row["id"] and link["customer_id"] == who.tenant_id
                for link in self._world.rows("ResellerRelationship")
            )
            return any(introduced) and _has(who, {"global_admin"})
        linked = (
            {link["provider_id"], link["reseller_id"]} >= {row["id"], who.tenant_id}
            and link["status"] in {"invited", "active"}
            for link in self._world.rows("Partnership")
        )
        return _is_partner(who) and any(linked) and _has(who, EVERY_ROLE - {"account_admin"})

    def _billing_profile(self, who: Principal, _action: Action, row: Row) -> bool:
        if _is_customer(who):
            return row["customer_id"] == who.tenant_id and _has(who, {"global_admin"})
        return _is_partner(who) and row["partner_id"] == who.tenant_id and _has(who, BILLERS)

    def _user(self, who: Principal, _action: Action, row: Row) -> bool:
        return row["tenant_id"] == who.tenant_id and _has(who, USER_MANAGERS)

    def _system(self, who: Principal, action: Action, resource: str) -> bool:
        """The least each needs: sign-in reads users, an import writes a partner's facts, and so on."""
        needed = {
            ("identity", Action.READ, "User"),
            ("importer", Action.IMPORT, "Partner"),
            ("operator", Action.ADD_USER, "Partner"),
            ("seeder", Action.READ_SUMMARY, "Partner"),
            ("seeder", Action.READ, "Partner"),
        }
        return any((role, action, resource) in needed for role in who.roles)


def _private(row: Row) -> bool:
    """What a partner recorded for itself of another channel: seen by that partner and the customer alone."""
    return bool(row["channel"] != "csp" and row["recorded_by"] == "partner")


def _is_partner(who: Principal) -> bool:
    return who.kind == "partner"


def _is_customer(who: Principal) -> bool:
    return who.kind == "customer"


def _has(who: Principal, roles: Iterable[str]) -> bool:
    return not set(roles).isdisjoint(who.roles)
