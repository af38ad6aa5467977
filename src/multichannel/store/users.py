"""Users: the caller that a token names, principals made from database rows, and the roles of users."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, exists, func, or_, select

from multichannel.domain.base import GUID
from multichannel.domain.customers import Customer
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.tenants import Partner, Tenant, TenantKind
from multichannel.domain.users import Role, RoleAssignment, User, UserState
from multichannel.policy.decide.conditions import Predicate
from multichannel.policy.decide.to_sql import where
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action, AuthMode, Principal, SystemRole, system_principal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from multichannel.store.access import Access
    from multichannel.store.decision_recorder import PendingDecision

EVERY_ROLE = tuple(sorted(role.value for role in Role))
"""The roles of a principal that stands for all users of its tenant."""
SIGNING_IN = system_principal(SystemRole.IDENTITY)
"""The principal of signing in, which reads users as the policy grants it."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a trusted issuer says of a user: its directory and object id, and as far as it does, the rest.

    `domain` is one that the issuer has verified for the directory.
    """

    directory_id: str
    object_id: str
    auth_mode: AuthMode
    name: str | None = None
    is_global_admin: bool = False
    domain: str | None = None

    def __hash__(self) -> int:
        """Of the one id that tells users apart, as every request looks its caller up."""
        return hash(self.object_id)


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in user with its principal. Only the audit log and the domain see the user id."""

    principal: Principal
    user_id: str
    new_domain: str | None = None
    """The domain that sign-in shows to be the tenant's, and that has not been verified."""
    token: VerifiedToken | None = None
    """The token that the caller has signed in with, for the redemption of invitations."""


class CallerLookup:
    """Finds the caller by directory id and object id, never by name or e-mail."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def caller(
        self, *, directory_id: str, object_id: str, auth_mode: AuthMode, domain: str | None = None
    ) -> Caller | None:
        """An active user with its roles and the facts of its tenant, in one statement; None if not found.

        `domain` is an ASCII domain that the identity provider has verified for the directory.
        """
        pending = self._access.pending(USER, "sign_in")
        token = {"directory_id": directory_id, "object_id": object_id, "domain": domain}
        granted = self._access.policy.predicate(self._access.principal, Action.READ, USER)
        rows = self._access.run(select_callers(granted), token)
        if pending is not None:
            # A user whom the policy hides is recorded, too.
            users = select(User.id.label("user_id")).join(Tenant, Tenant.id == User.tenant_id)
            known = rows or self._access.run(users.where(*_is_active()), token)
            _record(pending, {row.user_id: bool(rows) for row in known})
        if not rows:
            return None
        roles = [row.role for row in rows if row.role is not None]
        principal = principal_of(rows[0], roles, auth_mode)
        return Caller(principal, rows[0].user_id, domain if rows[0].is_new else None)


@lru_cache(maxsize=16)
def select_callers(granted: Predicate) -> Select[Any]:
    """The active user that a token names: one row for each of its roles, or one row without a role.

    The parameters are `directory_id`, `object_id` and `domain`. It is made once for each policy.
    """
    statement = (
        select_tenants(User.id.label("user_id"), RoleAssignment.role, _is_new().label("is_new"))
        .join(User, User.tenant_id == Tenant.id)
        .outerjoin(RoleAssignment, RoleAssignment.user_id == User.id)
    )
    return statement.where(*_is_active(), where(granted, USER, User))


def _is_active() -> tuple[ColumnElement[bool], ...]:
    return (
        Tenant.directory_id == bindparam("directory_id", type_=GUID),
        User.object_id == bindparam("object_id", type_=GUID),
        User.state == UserState.ACTIVE,
    )


def _is_new() -> ColumnElement[bool]:
    """Whether the domain is to be verified: of a customer if none of its cloud has it, or of a partner."""
    domain = bindparam("domain", type_=Text())
    is_verified = exists().where(
        CustomerDomain.ascii_domain == domain,
        CustomerDomain.cloud == Tenant.cloud,
        CustomerDomain.is_verified,
    )
    is_own = or_(Partner.domain.is_(None), and_(Partner.domain == domain, ~Partner.is_domain_verified))
    is_unverified = or_(
        and_(Tenant.kind == TenantKind.CUSTOMER, ~is_verified),
        and_(Tenant.kind == TenantKind.PARTNER, is_own),
    )
    return and_(domain.is_not(None), is_unverified)


def _record(pending: PendingDecision, verdicts: dict[str, bool]) -> None:
    if verdicts:
        pending.rows(Action.READ, verdicts)
    else:
        pending.record(Action.READ, None, allowed=False)


class UserRoles:
    """The roles of users whom the principal may read."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def of(self, user_ids: Collection[str]) -> dict[str, list[Role]]:
        """The roles in order, by user, for users that have any; in one statement."""
        statement = (
            select(RoleAssignment.user_id, RoleAssignment.role)
            .join(User, User.id == RoleAssignment.user_id)
            .where(RoleAssignment.user_id.in_(sorted(user_ids)), self._access.granted(Action.READ, USER))
            .order_by(RoleAssignment.user_id, RoleAssignment.role)
        )
        roles: dict[str, list[Role]] = defaultdict(list)
        for row in self._access.run(statement):
            roles[row.user_id].append(row.role)
        return roles


def select_tenants(*columns: Any) -> Select[*tuple[Any, ...]]:
    """Tenants with the facts a principal is made of, and further columns."""
    statement: Select[*tuple[Any, ...]] = select(
        Tenant.id.label("tenant_id"),
        Tenant.kind,
        Tenant.cloud,
        Partner.type,
        Partner.status,
        func.coalesce(Partner.market, Customer.market).label("market"),
        *columns,
    )
    return (
        statement.select_from(Tenant)
        .outerjoin(Partner, Partner.id == Tenant.id)
        .outerjoin(Customer, Customer.id == Tenant.id)
    )


def principal_of(
    row: Any, roles: Iterable[str] = EVERY_ROLE, auth_mode: AuthMode = AuthMode.APP_USER
) -> Principal:
    """The principal of a row of `select_tenants`."""
    return Principal(
        tenant_id=row.tenant_id,
        kind=row.kind,
        roles=tuple(sorted(roles)),
        cloud=row.cloud,
        type=row.type,
        status=row.status,
        market=row.market,
        auth_mode=auth_mode,
    )
