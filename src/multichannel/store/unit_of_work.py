"""The unit of work of a use case: the principal, the time, and the rows it may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from multichannel.domain.bulk_operations import BulkOperation
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support_cases import SupportCase
from multichannel.domain.tenants import Partner
from multichannel.domain.transfers import Transfer
from multichannel.domain.users import User
from multichannel.errors import NotPermitted
from multichannel.policy.schema import resources
from multichannel.policy.schema.facts import ServiceFacts
from multichannel.policy.schema.vocabulary import NO_TENANT, Action, Principal
from multichannel.store.audit.audit_chains import AuditChains
from multichannel.store.read.bulk_check import CheckResult, check_rows
from multichannel.store.read.event_feed import EventFeed
from multichannel.store.read.invitation_lookup import InvitationLookup
from multichannel.store.read.reader import Reader
from multichannel.store.session import PolicyBypass
from multichannel.store.users import CallerLookup, UserRoles
from multichannel.store.write.guard_queries import GuardQueries
from multichannel.store.write.owner_bulk_writer import OwnerBulkWriter
from multichannel.store.write.repository import Repository
from multichannel.store.write.tenant_directory import TenantDirectory

if TYPE_CHECKING:
    from multichannel.domain.base import Base
    from multichannel.store.access import Access
    from multichannel.store.audit.bulk_audit import BulkAudit
    from multichannel.store.compiled.connection_pool import AnswerRow
    from multichannel.store.compiled.runners import Values
    from multichannel.store.compiled.statement import CompiledStatement

PUBLIC_URL = "http://127.0.0.1:8000"
"""The service's address in links, unless the settings name another."""


class ServiceResource:
    """The service itself, as the parent of rows that have no other parent."""


class UnitOfWork:
    """What a use case works with: the principal, the time, and the rows it may have."""

    def __init__(
        self,
        access: Access,
        user_id: str | None = None,
        *,
        public_url: str = PUBLIC_URL,
        codes: dict[str, str] | None = None,
    ) -> None:
        """`user_id` is that of the caller; links begin with `public_url`.

        `codes` are those of invitations that the operation has made, by the id of what they are for.
        """
        self._access, self._session = access, access.session
        self.user_id, self.public_url = user_id, public_url
        self.codes: dict[str, str] = {} if codes is None else codes
        self.policy, self.principal, self.now = access.policy, access.principal, access.now
        # Lists and records to show.
        self.reader = Reader(access)
        self.sign_in = CallerLookup(access)
        self.invitations = InvitationLookup(access)
        self.roles = UserRoles(access)
        self.chains = AuditChains(access)
        # Rows to act on.
        self.customers: Repository[Customer] = Repository(access, resources.CUSTOMER)
        self.partners: Repository[Partner] = Repository(access, resources.PARTNER)
        self.partnerships: Repository[Partnership] = Repository(access, resources.PARTNERSHIP)
        self.relationships: Repository[ResellerRelationship] = Repository(access, resources.RELATIONSHIP)
        self.delegated_admin_grants: Repository[DelegatedAdminGrant] = Repository(
            access, resources.DELEGATED_ADMIN_GRANT
        )
        self.subscriptions: Repository[Subscription] = Repository(access, resources.SUBSCRIPTION)
        self.bulk_operations: Repository[BulkOperation] = Repository(access, resources.BULK_OPERATION)
        self.support_cases: Repository[SupportCase] = Repository(access, resources.SUPPORT_CASE)
        self.transfers: Repository[Transfer] = Repository(access, resources.TRANSFER)
        self.users: Repository[User] = Repository(access, resources.USER)

    def repository(self, resource: resources.Resource) -> Repository[Any]:
        """The rows of any resource type."""
        return Repository(self._access, resource)

    def service(self, *, to: Action) -> ServiceResource:
        """The service itself, as the parent of rows that have no other; NotPermitted if denied."""
        pending = self._access.pending(resources.SERVICE, "service")
        facts = ServiceFacts(id=NO_TENANT)
        allowed = self.policy.check(self.principal, to, facts).allowed
        if pending is not None:
            pending.record(to, facts, allowed=allowed)
        if not allowed:
            raise NotPermitted(f"{to.name} of the service is not granted to you.")
        service = ServiceResource()
        self._session.grant([service])
        return service

    def add_under(self, parent: object, *rows: Base) -> None:
        """Store new rows under their parent, which was fetched for the action of creating them.

        They are stored at once, after earlier changes, so that rows that refer to them can follow.
        """
        self._require_granted(parent, "new rows under a parent that was not fetched for them")
        self._session.grant(rows)
        self._session.insert(rows)

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

    def check_rows(
        self, resource: resources.Resource, ids: Collection[str], *actions: Action
    ) -> Mapping[str, Mapping[Action, CheckResult]]:
        """The policy's verdict on actions, with all restrictions, on rows that were shown to the caller."""
        return check_rows(self._access, resource, ids, actions)

    def check_rows_of(
        self,
        principal: Principal,
        resource: resources.Resource,
        ids: Collection[str],
        *actions: Action,
    ) -> Mapping[str, Mapping[Action, CheckResult]]:
        """The same for another principal, of `GuardQueries.principals`.

        Tell the caller no more of the answer than it may know of that tenant.
        """
        return check_rows(self._access.standing_in_for(principal), resource, ids, actions)

    def answer(self, statement: CompiledStatement, values: Values) -> AnswerRow:
        """The answer of a compiled statement in this snapshot, and the text about its caller."""
        return self._session.run_compiled(statement, values)

    def record_change(self, row: Base, name: str, old: Any, new: Any) -> None:
        """Record a change that belongs to a row and is stored elsewhere, such as a user's roles."""
        self._session.changes.record(row, name, old, new)

    def redact(self, row: Base, *names: str) -> None:
        """Leave columns of a row that was stored here out of the audit records of the tenant that acts.

        Without names, the row itself: that there was something to store reveals what others did.
        """
        self._session.changes.redact(row, *(names or ("id",)))

    def feed(self, resource: resources.Resource) -> EventFeed:
        """The events of a resource type."""
        return EventFeed(self._access, resource)

    def prune(self, service: ServiceResource, model: type[Base], column: str, *, before: datetime) -> int:
        """Delete rows of an audit table that are older; returns how many."""
        self._require_granted(service, f"rows of {model.__name__} deleted without a decision")
        return self._session.prune(delete(model).where(getattr(model, column) < before))

    def bulk_writer(self, owner: Partner, model: type[Base], column: str = "owner_id") -> OwnerBulkWriter:
        """Rows of a partner that was fetched for the action they are written by."""
        return OwnerBulkWriter(self._session, model, column, owner)

    @property
    def bulk_changes(self) -> BulkAudit:
        """Where bulk writes are recorded."""
        return self._session.bulk_changes

    def tenant_directory(self, sponsor: Base | ServiceResource) -> TenantDirectory:
        """Tenants by the ids that people and exports name; `sponsor` was fetched for the action."""
        return TenantDirectory(self._session, sponsor)

    def _require_granted(self, parent: object, message: str) -> None:
        if not self._session.is_granted(parent):
            raise PolicyBypass(message)
