"""The unit of work of a use case: the principal, the time, and the rows it may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner
from multichannel.domain.transfers import Transfer
from multichannel.domain.users import User
from multichannel.errors import NotPermitted
from multichannel.policy.schema.facts import ServiceFacts
from multichannel.policy.schema.resources import (
    CUSTOMER,
    PARTNER,
    PARTNERSHIP,
    RELATIONSHIP,
    SERVICE,
    SUBSCRIPTION,
    TRANSFER,
    USER,
    Resource,
)
from multichannel.policy.schema.vocabulary import NO_TENANT, Action
from multichannel.store.audit.audit_chains import AuditChains
from multichannel.store.read.bulk_check import CheckResult, check_rows
from multichannel.store.read.event_feed import EventFeed
from multichannel.store.read.reader import Reader
from multichannel.store.session import PolicyBypass
from multichannel.store.users import CallerLookup, UserRoles
from multichannel.store.write.guard_queries import GuardQueries
from multichannel.store.write.owner_bulk_writer import OwnerBulkWriter
from multichannel.store.write.repository import Repository
from multichannel.store.write.tenant_directory import TenantDirectory

if TYPE_CHECKING:
    from multichannel.domain.base import Base
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.access import Access
    from multichannel.store.session import GuardedSession

PUBLIC_URL = "http://127.0.0.1:8000"
"""The service's address in links, unless the settings name another."""


class ServiceResource:
    """The service itself, as the parent of rows that have no other parent."""


@dataclass(frozen=True)
class UnitOfWork:
    """What a use case works with: the principal, the time, and the rows it may have."""

    _access: Access
    user_id: str | None = None
    public_url: str = PUBLIC_URL

    @property
    def policy(self) -> Policy:
        """The policy of the whole operation."""
        return self._access.policy

    @property
    def principal(self) -> Principal:
        """The principal that every decision is made for."""
        return self._access.principal

    @property
    def now(self) -> datetime:
        """The time of the transaction."""
        return self._access.now

    @property
    def reader(self) -> Reader:
        """Lists and records to show."""
        return Reader(self._access)

    @property
    def customers(self) -> Repository[Customer]:
        """Customers to act on."""
        return self.repository(CUSTOMER)

    @property
    def partners(self) -> Repository[Partner]:
        """Partners to act on."""
        return self.repository(PARTNER)

    @property
    def partnerships(self) -> Repository[Partnership]:
        """Partnerships to act on."""
        return self.repository(PARTNERSHIP)

    @property
    def relationships(self) -> Repository[ResellerRelationship]:
        """Reseller relationships to act on."""
        return self.repository(RELATIONSHIP)

    @property
    def subscriptions(self) -> Repository[Subscription]:
        """Subscriptions to act on."""
        return self.repository(SUBSCRIPTION)

    @property
    def transfers(self) -> Repository[Transfer]:
        """Transfers to act on."""
        return self.repository(TRANSFER)

    @property
    def users(self) -> Repository[User]:
        """Users to act on."""
        return self.repository(USER)

    def repository(self, resource: Resource) -> Repository[Any]:
        """The rows of any resource type."""
        return Repository(self._access, resource)

    def service(self, *, to: Action) -> ServiceResource:
        """The service itself, as the parent of rows that have no other; NotPermitted if denied."""
        pending = self._access.pending(SERVICE, "service")
        facts = ServiceFacts(id=NO_TENANT)
        allowed = self.policy.check(self.principal, to, facts).allowed
        if pending is not None:
            pending.record(to, facts, allowed=allowed)
        if not allowed:
            raise NotPermitted(f"{to.name} of the service is not granted to you.")
        service = ServiceResource()
        self._session.grant([service])
        return service

    def add_under(self, parent: object, row: Base) -> None:
        """Store a new row under its parent, which was fetched for the action of creating it.

        The row is stored at once, after earlier changes, so that rows that refer to it can follow.
        """
        self.add_all_under(parent, [row])

    def add_all_under(self, parent: object, rows: Sequence[Base]) -> None:
        """Store new rows under their parent, in one statement for each kind of row."""
        self._require_granted(parent, "new rows under a parent that was not fetched for them")
        self._session.flush()
        self._session.grant(rows)
        self._session.add_all(rows)
        self._session.flush()

    def remove_under(self, parent: object, row: Base) -> None:
        """Delete a row that belongs to a parent, which was fetched for the action of changing it."""
        self._require_granted(
            parent, f"a {type(row).__name__} removed from a parent that was not fetched for it"
        )
        self._session.grant([row])
        self._session.delete(row)

    def query_for(self, *parents: object) -> GuardQueries:
        """Queries of guards on behalf of rows that were fetched for an action."""
        return GuardQueries(self._access, *parents)

    def find_permitted(self, resource: Resource, row_ids: Collection[str], *, to: Action) -> Sequence[Any]:
        """The rows on which an action is granted, by id: to tell whether it could be done, not to do it.

        They are not locked and cannot be written; guards may query on their behalf.
        """
        return self.repository(resource).find_permitted(row_ids, to=to)

    def check_rows(
        self, resource: Resource, ids: Collection[str], *actions: Action
    ) -> Mapping[str, Mapping[Action, CheckResult]]:
        """The policy's verdict on actions, with all restrictions, on rows that were shown to the caller."""
        return check_rows(self._access, resource, ids, actions)

    def record_change(self, row: Base, name: str, old: Any, new: Any) -> None:
        """Record a change that belongs to a row and is stored elsewhere, such as a user's roles."""
        self._session.changes.record(row, name, old, new)

    def redact(self, row: Base, *names: str) -> None:
        """Leave columns of a row that was stored here out of the audit records of the tenant that acts.

        Without names, the row itself: that there was something to store reveals what others did.
        """
        self._session.changes.redact(row, *(names or ("id",)))

    def feed(self, resource: Resource) -> EventFeed:
        """The events of a resource type."""
        return EventFeed(self._access, resource)

    @property
    def sign_in(self) -> CallerLookup:
        """The lookup of callers."""
        return CallerLookup(self._access)

    @property
    def roles(self) -> UserRoles:
        """The roles of users who may be read."""
        return UserRoles(self._access)

    @property
    def chains(self) -> AuditChains:
        """The audit chains, to be verified or pruned."""
        return AuditChains(self._access)

    def prune(self, service: ServiceResource, model: type[Base], column: str, *, before: datetime) -> int:
        """Delete rows of an audit table that are older; returns how many."""
        self._require_granted(service, f"rows of {model.__name__} deleted without a decision")
        return self._session.prune(delete(model).where(getattr(model, column) < before), {})

    def bulk_writer(self, owner: Partner, model: type[Base], column: str = "owner_id") -> OwnerBulkWriter:
        """Rows of a partner that was fetched for the action they are written by."""
        return OwnerBulkWriter(self._session, model, column, owner)

    def tenant_directory(self, sponsor: Base | ServiceResource) -> TenantDirectory:
        """Tenants by the ids that people and exports name; `sponsor` was fetched for the action."""
        return TenantDirectory(self._session, sponsor)

    @property
    def _session(self) -> GuardedSession:
        return self._access.session

    def _require_granted(self, parent: object, message: str) -> None:
        if not self._session.is_granted(parent):
            raise PolicyBypass(message)
