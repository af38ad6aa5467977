"""A second opinion on every decision, in plain Python over plain rows.

Written from the business rules (R numbers, the role matrix) and from who sees what, not from the policy
files: where the two disagree, one of them is wrong. What the business leaves open is settled as the comments
of the policy files say. Each noun has a module of its own.
"""

from __future__ import annotations

from typing import Protocol

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import (
    agreements,
    audit,
    billing_profiles,
    bulk_operations,
    customers,
    delegated_admin,
    partners,
    partnerships,
    relationships,
    service,
    subscriptions,
    support_cases,
    transfers,
    users,
    vendor_tasks,
)
from tests.policy.oracle.world import Row, World

__all__ = ["Oracle", "Row", "World"]


class Noun(Protocol):
    """What each noun's module says of a partner or customer."""

    def may(self, world: World, who: Principal, action: Action, row: Row, /) -> bool:
        """Whether it is granted, restrictions aside."""

    def reasons(self, world: World, who: Principal, action: Action, row: Row, /) -> set[str]:
        """The noun's own restrictions that hit, whether or not anything is granted."""


NOUNS: dict[str, Noun] = {
    "Customer": customers,
    "Subscription": subscriptions,
    "SupportCase": support_cases,
    "ResellerRelationship": relationships,
    "DelegatedAdminGrant": delegated_admin,
    "Partnership": partnerships,
    "Partner": partners,
    "BillingProfile": billing_profiles,
    "User": users,
    "CustomerAgreement": agreements,
    "BulkOperation": bulk_operations,
    "AuditRecord": audit,
    "Transfer": transfers,
    "VendorTask": vendor_tasks,
}


class Oracle:
    """Says who may do what in one world."""

    def __init__(self, world: World) -> None:
        """Look at a world; its `now` is when everything is asked."""
        self._world = world

    def may(self, who: Principal, action: Action, resource: str, row: Row) -> bool:
        """Whether `who` may do this to the row."""
        if who.kind == "system":
            return service.may(who, action, resource, row)
        granted = NOUNS[resource].may(self._world, who, action, row)
        return granted and not self.reasons(who, action, resource, row)

    def reasons(self, who: Principal, action: Action, resource: str, row: Row) -> set[str]:
        """The restrictions that hit a partner or customer, whether or not anything is granted."""
        crossed = {"CROSS_CLOUD"} if row["cloud"] != who.cloud else set()  # R52
        return crossed | NOUNS[resource].reasons(self._world, who, action, row)
