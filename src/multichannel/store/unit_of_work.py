"""What a use case works with: who asks, at what time, and the rows it may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

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
from multichannel.store.recording import (
    ObservedReader,
    ObservedRepository,
    ObservedUsers,
    observed_check,
    observed_judge,
)
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.users import CallerLookup, UserRoles
from multichannel.store.write.guard_queries import GuardQueries
from multichannel.store.write.owner_bulk_writer import OwnerBulkWriter
from multichannel.store.write.repository import Repository
from multichannel.store.write.tenant_directory import TenantDirectory

if TYPE_CHECKING:
    from multichannel.domain.base import Base
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.vocabulary import Principal

T = TypeVar("T", bound="Base")


PUBLIC_URL = "http://127.0.0.1:8000"
"""Where people reach the service, unless its settings say otherwise."""


class ServiceResource:
    """The parent of what has no other parent."""


@dataclass(frozen=True)
class UnitOfWork:
    """What a use case works with: who asks, at what time, and the rows it may have."""

    _session: GuardedSession
    policy: Policy
    principal: Principal
    now: datetime
    user_id: str | None = None
    public_url: str = PUBLIC_URL

    @property
    def reader(self) -> Reader:
        """Lists and records to show."""
        kind = Reader if self._session.recording is None else ObservedReader
        return kind(self._session, self.policy, self.principal, self.now)

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

    def service(self, *, to: Action) -> ServiceResource:
        """The service itself, as the parent of what has no other; NotPermitted if denied."""
        asked = (self.principal, to, ServiceFacts(id=NO_TENANT))
        if self._session.recording is None:
            verdict = self.policy.check(*asked)
        else:
            verdict = observed_check(self._session, self.policy, *asked)
        if not verdict.allowed:
            raise NotPermitted(f"{to.name} of the service is not granted to you.")
        service = ServiceResource()
        self._session.grant([service])
        return service

    def add_under(self, parent: object, row: Base) -> None:
        """Store a new row by virtue of its parent, which was fetched for the action of creating it.

        At once, so that rows can follow that refer to it; what was changed before is written before.
        """
        if not self._session.is_granted(parent):
            raise PolicyBypass(f"a new {type(row).__name__} under a parent that was not fetched for it")
        self._session.flush()
        self._session.grant([row])
        self._session.add(row)
        self._session.flush()

    def add_all_under(self, parent: object, rows: Sequence[Base]) -> None:
        """Store new rows by virtue of their parent, in as many statements as there are kinds of rows."""
        if not self._session.is_granted(parent):
            raise PolicyBypass("new rows under a parent that was not fetched for them")
        self._session.flush()
        self._session.grant(rows)
        self._session.add_all(rows)
        self._session.flush()

    def remove_under(self, parent: object, row: Base) -> None:
        """Take away what belongs to a row that was fetched for the action of changing it."""
        if not self._session.is_granted(parent):
            raise PolicyBypass(f"a {type(row).__name__} taken from a parent that was not fetched for it")
        self._session.grant([row])
        self._session.delete(row)

    def query_for(self, *parents: object) -> GuardQueries:
        """What guards need to know, on behalf of rows that were fetched to be acted on."""
        return GuardQueries(self._session, self.now, *parents)

    def find_permitted(self, resource: Resource, row_ids: Collection[str], *, to: Action) -> Sequence[Any]:
        """The rows on which an action is granted, by id: to tell whether it could be done, not to do it.

        They are not locked and cannot be written; guards may look on their behalf.
        """
        return self.repository(resource).find_permitted(row_ids, to=to)

    def check_rows(
        self, resource: Resource, ids: Collection[str], *actions: Action
    ) -> Mapping[str, Mapping[Action, CheckResult]]:
        """What the policy says of actions on rows that the caller has been shown, with all reasons."""
        decide = check_rows if self._session.recording is None else observed_judge
        return decide(self._session, self.policy, self.principal, self.now, resource, ids, actions)

    def record_change(self, row: Base, name: str, old: Any, new: Any) -> None:
        """Tell the books of a change that belongs to a row and is stored elsewhere."""
        self._session.changes.record(row, name, old, new)

    def feed(self, resource: Resource) -> EventFeed:
        """What has happened to objects of a kind."""
        return EventFeed(self._session, resource, self.policy.sight(self.principal, resource), self.now)

    def redact(self, row: Base, *names: str) -> None:
        """Keep columns of a row that was stored here out of the records of the one who acts.

        Where none is named, the row itself: that there was something to store tells of others.
        """
        self._session.changes.redact(row, *(names or ("id",)))

    @property
    def sign_in(self) -> CallerLookup:
        """Users, for signing in."""
        kind = CallerLookup if self._session.recording is None else ObservedUsers
        return kind(self._session, self.policy)

    @property
    def chains(self) -> AuditChains:
        """The audit chains, to be walked or pruned."""
        return AuditChains(self._session, self.policy, self.principal)

    def prune(self, service: ServiceResource, model: type[Base], column: str, *, before: datetime) -> int:
        """Drop rows of the books that are older; gives how many. `service` was asked for to do so."""
        if not self._session.is_granted(service):
            raise PolicyBypass(f"rows of {model.__name__} dropped without a decision")
        return self._session.prune(delete(model).where(getattr(model, column) < before), {})

    @property
    def roles(self) -> UserRoles:
        """The roles of users that may be read."""
        return UserRoles(self._session, self.policy, self.principal)

    def bulk_writer(self, owner: Partner, model: type[Base], column: str = "owner_id") -> OwnerBulkWriter:
        """Rows of a partner that was fetched for the action they are written by."""
        return OwnerBulkWriter(self._session, model, column, owner)

    def tenant_directory(self, sponsor: Partner) -> TenantDirectory:
        """The organisations that a partner, fetched for the action this is part of, may name."""
        return TenantDirectory(self._session, sponsor)

    def repository(self, resource: Resource) -> Repository[Any]:
        """The rows of any kind of resource."""
        kind = Repository if self._session.recording is None else ObservedRepository
        return kind(self._session, self.policy, self.principal, self.now, resource)
