"""Users and the roles they hold in their own tenant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Tenant
from multichannel.errors import Refused


class Role(DescribedEnum):
    """The role of a user in its own tenant."""

    GLOBAL_ADMIN = "global_admin", "Administers the tenant; assigns every role."
    USER_MANAGEMENT_ADMIN = "user_management_admin", "Manages users; assigns every role except global admin."
    BILLING_ADMIN = "billing_admin", "Works with invoices and billing profiles."
    ADMIN_AGENT = "admin_agent", "Sells, manages and transfers subscriptions; administers customers."
    SALES_AGENT = "sales_agent", "Wins customers and sells subscriptions."
    HELPDESK_AGENT = "helpdesk_agent", "Supports customers."
    ACCOUNT_ADMIN = "account_admin", "Manages account admins."


ASSIGNABLE_ROLES: dict[Role, frozenset[Role]] = {
    Role.GLOBAL_ADMIN: frozenset(Role),
    Role.USER_MANAGEMENT_ADMIN: frozenset(Role) - {Role.GLOBAL_ADMIN},
    # Account admins assign no directory roles, and all other roles here are directory roles.
    Role.ACCOUNT_ADMIN: frozenset({Role.ACCOUNT_ADMIN}),
}
"""The roles that each role may assign and remove; other roles may assign none."""


ASSIGNABLE_BY_DELEGATION = frozenset(Role) - {Role.GLOBAL_ADMIN}
"""The roles that a partner assigns and removes in the tenant of a customer: nobody is made a global admin."""


class UserState(DescribedEnum):
    """Whether a user can sign in."""

    ACTIVE = "active", "The user can sign in."
    INACTIVE = "inactive", "The user cannot sign in."


class RoleAssignment(Base):
    """A role of a user."""

    __tablename__ = "role_assignments"

    user_id: Mapped[str] = mapped_column(GUID, ForeignKey("users.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), index=True)


class User(Versioned, Base):
    """A person or application of a tenant, identified by tenant id and object id."""

    parties = ("tenant_id",)
    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("tenant_id", "object_id"),)

    id: Mapped[str] = id_column()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    object_id: Mapped[str] = mapped_column(GUID)
    display_name: Mapped[str]
    state: Mapped[UserState] = mapped_column(default=UserState.ACTIVE)
    cloud: Mapped[Cloud]
    assignments: Mapped[list[RoleAssignment]] = relationship(lazy="raise")

    @hybrid_property
    def is_global_admin(self) -> Any:
        """Whether the user has the role, in SQL only."""
        message = "the roles of a user are rows of their own: query RoleAssignment"
        raise TypeError(message)

    @is_global_admin.inplace.expression
    @classmethod
    def _is_global_admin(cls) -> ColumnElement[bool]:
        held = aliased(RoleAssignment)
        rows = select(held.user_id).where(held.user_id == cls.id, held.role == Role.GLOBAL_ADMIN)
        return rows.correlate_except(held).exists()

    def reassign(
        self,
        held: Collection[Role],
        wanted: Collection[Role],
        *,
        by: Collection[str] | None,
        expected_version: int,
        at: datetime,
    ) -> set[Role]:
        """Count the change from the roles held to those wanted; gives the roles that differ.

        STALE_VERSION, or ROLE_NOT_YOURS_TO_ASSIGN unless the roles `by` allow it; None is by delegation.
        """
        self.require_version(expected_version)
        changed = set(held) ^ set(wanted)
        require_assignable(changed, by=by)
        if changed:
            self.touch(at)
        return changed

    def refusals_to_disable(self, _at: datetime) -> Iterator[Refused]:
        """ALREADY_DISABLED."""
        if self.state is UserState.INACTIVE:
            yield Refusal.ALREADY_DISABLED.error()

    def refusals_to_enable(self, _at: datetime) -> Iterator[Refused]:
        """ALREADY_ENABLED."""
        if self.state is UserState.ACTIVE:
            yield Refusal.ALREADY_ENABLED.error()

    def disable(self, *, expected_version: int | None, at: datetime) -> None:
        """End the user's access (R55). STALE_VERSION or ALREADY_DISABLED."""
        self.require_version(expected_version)
        raise_first(self.refusals_to_disable(at))
        self.state = UserState.INACTIVE
        self.touch(at)

    def enable(self, *, expected_version: int | None, at: datetime) -> None:
        """Give a disabled user access again, with its roles (R55). STALE_VERSION or ALREADY_ENABLED."""
        self.require_version(expected_version)
        raise_first(self.refusals_to_enable(at))
        self.state = UserState.ACTIVE
        self.touch(at)


def require_assignable(roles: Collection[Role], *, by: Collection[str] | None) -> None:
    """ROLE_NOT_YOURS_TO_ASSIGN unless the roles `by` may assign and remove all of these.

    None is by delegation, in the tenant of a customer: there the partner's roles count for nothing (R59).
    """
    assignable = ASSIGNABLE_BY_DELEGATION
    if by is not None:
        assignable = frozenset[Role]().union(*(ASSIGNABLE_ROLES.get(Role(role), frozenset()) for role in by))
    if not set(roles) <= assignable:
        raise Refusal.ROLE_NOT_YOURS_TO_ASSIGN.error()
