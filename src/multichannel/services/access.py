"""Who may do what with a record: every tenant, by standing and role, as the policy decides (R65)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Partner, TenantKind
from multichannel.domain.users import Role
from multichannel.errors import NotPermitted, NotVisible
from multichannel.policy.explain.standing_access import StandingAccess, standing_access, tenant_ids
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

ROLES = tuple(role.value for role in Role)
READS_ACCESS = (Action.READ_ACCESS, Action.READ_OWN_ACCESS)
DENIED = "This needs READ_ACCESS or READ_OWN_ACCESS, which is not granted to you here."


@dataclass(frozen=True, slots=True)
class AccessTenant:
    """A tenant whose people may do something."""

    id: str
    kind: TenantKind
    name: str | None


@dataclass(frozen=True, slots=True)
class TenantAccess:
    """What these roles of a tenant may do at one of its standings, and why it has the standing."""

    tenant: AccessTenant
    standing: str | None
    roles: tuple[Role, ...]
    actions: tuple[Action, ...]
    because: str


def access_of(work: UnitOfWork, resource: Resource, ids: Collection[str]) -> dict[str, list[TenantAccess]]:
    """Who may do what, by id of each record of which the caller may read it.

    With READ_ACCESS that is every tenant; with READ_OWN_ACCESS alone, the caller's. The number of statements
    does not depend on the number of records.
    """
    repository = work.repository(resource)
    rows = {action: repository.find_permitted(ids, to=action) for action in READS_ACCESS}
    whole = {row.id for row in rows[Action.READ_ACCESS]}
    found = {row.id: row for of_action in rows.values() for row in of_action}
    if not found:
        return {}
    queries = work.query_for(*found.values())
    facts = queries.facts_by_id(resource, found)
    concerned = {
        row_id: set(tenant_ids(each)) if row_id in whole else {work.principal.tenant_id}
        for row_id, each in facts.items()
    }
    principals = queries.principals(set().union(*concerned.values()))
    tenants = _tenants(queries, principals)
    decide = partial(standing_access, work.policy, roles=ROLES)
    return {
        row_id: [
            each
            for tenant in sorted((tenants[key] for key in concerned[row_id] & tenants.keys()), key=_order)
            for access in decide(principals[tenant.id], record)
            for each in _by_actions(tenant, access)
        ]
        for row_id, record in facts.items()
    }


def who_may(
    work: UnitOfWork, action: Action, resource: Resource, row_id: str
) -> list[tuple[AccessTenant, list[Role]]]:
    """The tenants whose people may do one thing with a record, each with the roles that may.

    NotVisible for a record that the caller does not see, NotPermitted unless it may read who has access.
    """
    facts = work.repository(resource).facts(row_id)
    if facts is None:
        raise NotVisible
    readable = set(READS_ACCESS) & set(resource.actions)
    accesses = access_of(work, resource, [row_id]) if readable else {}
    if row_id not in accesses:
        verdicts = [work.policy.check(work.principal, each, facts) for each in readable]
        raise NotPermitted(DENIED, sorted({code for verdict in verdicts for code in verdict.reasons}))
    roles: dict[AccessTenant, set[Role]] = defaultdict(set)
    for access in accesses[row_id]:
        if action in access.actions:
            roles[access.tenant].update(access.roles)
    return [(tenant, [role for role in Role if role in held]) for tenant, held in roles.items()]


def _by_actions(tenant: AccessTenant, access: StandingAccess) -> Iterator[TenantAccess]:
    """One entry for the roles that may do the same."""
    roles: dict[tuple[Action, ...], list[Role]] = defaultdict(list)
    for role, actions in access.actions.items():
        roles[actions].append(Role(role))
    for actions, held in roles.items():
        yield TenantAccess(tenant, access.standing, tuple(held), actions, access.because)


def _tenants(queries: GuardQueries, principals: Mapping[str, Principal]) -> dict[str, AccessTenant]:
    """The tenants with their names."""
    names: dict[str, str | None] = {each.id: each.name for each in queries.all(Partner, id=[*principals])}
    names |= {each.id: each.company_name for each in queries.all(Customer, id=[*principals])}
    return {
        tenant_id: AccessTenant(tenant_id, principal.kind, names.get(tenant_id))
        for tenant_id, principal in principals.items()
    }


def _order(tenant: AccessTenant) -> tuple[bool, str, str]:
    """Customers first, then by name."""
    return tenant.kind is not TenantKind.CUSTOMER, (tenant.name or "").lower(), tenant.id
