"""What the model remembers, and how it says no: plain rows under the columns' own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from multichannel.domain.tenants import TenantKind
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Oracle, Row, World
from tests.stateful.model.terms import status

Input = Mapping[str, Any]
"""The input of a mutation as a client sends it."""


class Outcome(StrEnum):
    """What comes of a call."""

    DONE = "done"
    REFUSED = "refused"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"


class No(Exception):
    """The call changes nothing; `outcome` says how it is answered."""

    def __init__(self, outcome: Outcome) -> None:
        """Keep how it is answered."""
        super().__init__(outcome)
        self.outcome = outcome


def refuse_if(hit: object) -> None:
    """The state of things stands against it."""
    if hit:
        raise No(Outcome.REFUSED)


@dataclass
class State:
    """All rows by resource, and what time it is."""

    now: datetime
    tables: dict[str, list[Row]]
    made: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def rows(self, resource: str, **equal: Any) -> list[Row]:
        """The rows that hold these values, oldest first."""
        wanted = equal.items()
        return [row for row in self.tables[resource] if all(row[name] == value for name, value in wanted)]

    def row(self, resource: str, row_id: str | None) -> Row | None:
        """The row of an id, with or without the prefix that clients use."""
        bare = None if row_id is None else row_id.rpartition("_")[2]
        return next(iter(self.rows(resource, id=bare)), None)

    def add(self, resource: str, **values: Any) -> Row:
        """A new row, whose id the service chooses: until it is known it has one of the model's own."""
        self.made += 1
        row = {"id": f"~{self.made}", "cloud": "public", "version": None, **values}
        self.tables[resource].append(row)
        return row

    def rename(self, old: str, new: str) -> None:
        """The service has chosen an id."""
        for rows in self.tables.values():
            for row in rows:
                row.update({name: new for name, value in row.items() if value == old})

    def people(self) -> list[Row]:
        """The users who can sign in: those of a tenant that is linked to its directory, and not disabled."""
        unlinked = {row["id"] for row in self.rows("Customer", directory_id=None)}
        return [row for row in self.rows("User", state="active") if row["tenant_id"] not in unlinked]

    def principal(self, user_id: str) -> Principal:
        """Who a user is now."""
        user = self.rows("User", id=user_id)[0]
        partner, customer = self.row("Partner", user["tenant_id"]), self.row("Customer", user["tenant_id"])
        return self.member(partner or customer or {}, user["roles"], partner=partner is not None)

    @staticmethod
    def member(tenant: Row, roles: set[str], *, partner: bool) -> Principal:
        """Somebody of a tenant."""
        return Principal(
            tenant_id=tenant["id"],
            kind=TenantKind.PARTNER if partner else TenantKind.CUSTOMER,
            roles=tuple(sorted(roles)),
            cloud=tenant["cloud"],
            type=tenant.get("type"),
            status=tenant.get("status"),
            market=tenant["market"],
        )

    def get(self, who: Principal, action: Action, resource: str, row_id: str | None) -> Row:
        """The row, if `who` may do this to it: the service says no to all else before it looks further."""
        row = self.row(resource, row_id)
        if row is None:
            raise No(Outcome.NOT_FOUND)
        for each in self.tables["Subscription"]:
            each["status"] = status(each, self.now)
        oracle = Oracle(World(self.now, self.tables))
        if oracle.may(who, action, resource, row):
            return row
        sees = any(oracle.may(who, degree, resource, row) for degree in RESOURCES[resource].reads)
        raise No(Outcome.FORBIDDEN if sees else Outcome.NOT_FOUND)

    def get_version(self, who: Principal, action: Action, resource: str, told: Input) -> Row:
        """The row in the version the caller saw (R46), or in any where it may be left out."""
        row = self.get(who, action, resource, told["id"])
        refuse_if(told.get("expectedVersion", row["version"]) != row["version"])
        return row

    def own_partner(self, who: Principal, action: Action) -> Row:
        """The caller's partner, for what is done in its name."""
        return self.get(who, action, "Partner", who.tenant_id)
