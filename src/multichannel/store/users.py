"""Who a token speaks of: looked up by tenant id and object id, never by name or e-mail."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner, Tenant
from multichannel.domain.users import Role, RoleAssignment, User, UserState
from multichannel.policy.decide.to_sql import where
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action, AuthMode, Principal, SystemRole, system_principal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement

    from multichannel.policy.decide.policy import Policy
    from multichannel.store.session import GuardedSession

SIGNING_IN = system_principal(SystemRole.IDENTITY)
"""Signing in reads users as the policy lets it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the facts that policies decide by, and the user, whom only the books and the domain know."""

    principal: Principal
    user_id: str


class CallerLookup:
    """CallerLookup, as those who sign in."""

    def __init__(self, session: GuardedSession, policy: Policy) -> None:
        """Bind what the statement needs."""
        self._session = session
        self._policy = policy

    def caller(self, *, tenant_id: str, object_id: str, auth_mode: AuthMode) -> Caller | None:
        """An active user with the facts of its tenant, in one statement; None when there is none."""
        granted = where(self._policy.predicate(SIGNING_IN, Action.READ, USER), USER, User)
        rows = self._session.decided(_who(tenant_id, object_id, granted), {}).all()
        return Caller(_principal(rows, tenant_id, auth_mode), rows[0].user_id) if rows else None


class UserRoles:
    """The roles of users, where the users may be read."""

    def __init__(self, session: GuardedSession, policy: Policy, principal: Principal) -> None:
        """Bind what the statement needs."""
        self._session = session
        self._policy = policy
        self._principal = principal

    def of(self, user_ids: Collection[str]) -> dict[str, list[Role]]:
        """The roles in order, by user, of those that have any; in one statement."""
        readable = where(self._policy.predicate(self._principal, Action.READ, USER), USER, User)
        statement = (
            select(RoleAssignment.user_id, RoleAssignment.role)
            .join(User, User.id == RoleAssignment.user_id)
            .where(RoleAssignment.user_id.in_(sorted(user_ids)), readable)
            .order_by(RoleAssignment.user_id, RoleAssignment.role)
        )
        found: dict[str, list[Role]] = defaultdict(list)
        for row in self._session.decided(statement, {}):
            found[row.user_id].append(row.role)
        return found


def _who(tenant_id: str, object_id: str, granted: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """One row for each role of the user with its tenant's facts, or one without a role."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            User.id.label("user_id"),
            Tenant.kind,
            Tenant.cloud,
            Partner.type,
            Partner.status,
            Partner.market,
            Customer.market.label("customer_market"),
            RoleAssignment.role,
        )
        .select_from(User)
        .join(Tenant, Tenant.id == User.tenant_id)
        .outerjoin(Partner, Partner.id == User.tenant_id)
        .outerjoin(Customer, Customer.id == User.tenant_id)
        .outerjoin(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(
            User.tenant_id == tenant_id, User.object_id == object_id, User.state == UserState.ACTIVE, granted
        )
    )
    return statement


def _principal(rows: Sequence[Any], tenant_id: str, auth_mode: AuthMode) -> Principal:
    first = rows[0]
    return Principal(
        tenant_id=tenant_id,
        kind=first.kind,
        roles=tuple(sorted(row.role for row in rows if row.role is not None)),
        cloud=first.cloud,
        type=first.type,
        status=first.status,
        market=first.market or first.customer_market,
        auth_mode=auth_mode,
    )
