"""Users of the caller's own tenant, and of customers that have delegated their management (R59)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Partner, TenantKind
from multichannel.domain.users import Role, RoleAssignment, User, UserState, require_assignable
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user to create, with roles."""

    object_id: str
    display_name: str
    roles: tuple[Role, ...]


def create_user(work: UnitOfWork, new: NewUser, *, customer_id: str | None = None) -> User:
    """A new user of the caller's tenant, or of a customer. ROLE_NOT_YOURS_TO_ASSIGN or USER_EXISTS."""
    tenant_id = customer_id or work.principal.tenant_id
    is_customer = customer_id is not None or work.principal.kind is TenantKind.CUSTOMER
    parent: Partner | Customer = (
        work.customers.get(tenant_id, to=Action.ADD_USER)
        if is_customer
        else work.partners.get(tenant_id, to=Action.ADD_USER)
    )
    require_assignable(new.roles, by=_roles_that_count(work, tenant_id))
    if work.query_for(parent).any(User, tenant_id=tenant_id, object_id=new.object_id):
        raise Refusal.USER_EXISTS.error()
    return add_user_to_tenant(work, parent, new, tenant=parent)


def add_user_to_tenant(work: UnitOfWork, parent: Base, new: NewUser, *, tenant: Partner | Customer) -> User:
    """Store a user of a tenant with its roles, by virtue of `parent`, which was fetched for it."""
    user = User(
        tenant_id=tenant.id,
        object_id=new.object_id,
        display_name=new.display_name,
        cloud=tenant.cloud,
        created_at=work.now,
    )
    work.add_under(parent, user)
    roles = sorted(set(new.roles))
    for role in roles:
        work.add_under(parent, RoleAssignment(user_id=user.id, tenant_id=tenant.id, role=role))
    work.record_change(user, "roles", None, roles)
    return user


def update_user_roles(
    work: UnitOfWork, user_id: str, roles: Collection[Role], *, expected_version: int
) -> User:
    """Replace the roles of a user.

    SELF_CHANGE, STALE_VERSION, ROLE_NOT_YOURS_TO_ASSIGN or LAST_GLOBAL_ADMIN.
    """
    user = work.users.get(user_id, to=Action.UPDATE_ROLES)
    if user.id == work.user_id:
        raise Refusal.SELF_CHANGE.error()
    assignments = work.query_for(user).linked(RoleAssignment, user_id=user.id)
    held, wanted = {each.role for each in assignments}, set(roles)
    changed = user.reassign(
        held,
        wanted,
        by=_roles_that_count(work, user.tenant_id),
        expected_version=expected_version,
        at=work.now,
    )
    if Role.GLOBAL_ADMIN in changed & held and ids_of_last_admins(work.query_for(user), [user]):
        raise Refusal.LAST_GLOBAL_ADMIN.error()
    for each in assignments:
        if each.role in changed:
            work.remove_under(user, each)
    for role in sorted(changed - held):
        work.add_under(user, RoleAssignment(user_id=user.id, tenant_id=user.tenant_id, role=role))
    if changed:
        work.record_change(user, "roles", sorted(held), sorted(wanted))
    return user


def disable_user(work: UnitOfWork, user_id: str, *, expected_version: int | None = None) -> User:
    """End the access of a user (R55). SELF_CHANGE, STALE_VERSION, ALREADY_DISABLED or LAST_GLOBAL_ADMIN."""
    user = work.users.get(user_id, to=Action.DISABLE)
    if user.id == work.user_id:
        raise Refusal.SELF_CHANGE.error()
    user.disable(expected_version=expected_version, at=work.now)
    if ids_of_last_admins(work.query_for(user), [user]):
        raise Refusal.LAST_GLOBAL_ADMIN.error(path="id")
    return user


def enable_user(work: UnitOfWork, user_id: str, *, expected_version: int | None = None) -> User:
    """Give a disabled user access again (R55). STALE_VERSION or ALREADY_ENABLED."""
    user = work.users.get(user_id, to=Action.ENABLE)
    user.enable(expected_version=expected_version, at=work.now)
    return user


def ids_of_last_admins(queries: GuardQueries, rows: Sequence[User]) -> set[str]:
    """Those global admins without whom the tenant has no active one."""
    tenant_ids = {row.tenant_id for row in rows}
    holders = {
        each.user_id for each in queries.all(RoleAssignment, tenant_id=tenant_ids, role=Role.GLOBAL_ADMIN)
    }
    active = queries.all(User, id=holders, state=UserState.ACTIVE)
    return {
        row.id
        for row in rows
        if row.id in holders
        and not any(each.tenant_id == row.tenant_id and each.id != row.id for each in active)
    }


def _roles_that_count(work: UnitOfWork, tenant_id: str) -> Collection[str] | None:
    """The caller's own roles in its own tenant; None in that of a customer, where delegation decides."""
    return work.principal.roles if tenant_id == work.principal.tenant_id else None
