"""Users and the roles they hold in their own tenant."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from multichannel.domain.base import GUID, Base, closed, identity
from multichannel.domain.tenants import Cloud, Tenant


class Role(StrEnum):
    """The vendor's roles; the same word means the same in a partner's and a customer's tenant."""

    GLOBAL_ADMIN = "global_admin"
    USER_MANAGEMENT_ADMIN = "user_management_admin"
    BILLING_ADMIN = "billing_admin"
    ADMIN_AGENT = "admin_agent"
    SALES_AGENT = "sales_agent"
    HELPDESK_AGENT = "helpdesk_agent"
    ACCOUNT_ADMIN = "account_admin"


class UserState(StrEnum):
    """An inactive user is nobody."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class RoleAssignment(Base):
    """One role of one user."""

    __tablename__ = "role_assignments"

    user_id: Mapped[str] = mapped_column(GUID, ForeignKey("users.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(closed(Role), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), index=True)


class User(Base):
    """A person or application of a tenant, known by tenant id and object id and by nothing else."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("tenant_id", "object_id"),)

    id: Mapped[str] = identity()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    object_id: Mapped[str] = mapped_column(GUID)
    display_name: Mapped[str]
    state: Mapped[UserState] = mapped_column(closed(UserState), default=UserState.ACTIVE)
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    created_at: Mapped[datetime]
    assignments: Mapped[list[RoleAssignment]] = relationship(lazy="raise")
