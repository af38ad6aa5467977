"""Who may do one thing with a record, and what a principal may do with which records (R65)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from multichannel.domain.tenants import TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.standing_access import standing_access
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, Principal
from multichannel.store.operator_access import permitted_ids
from multichannel.workbench.explain.targets import Database, Target, Tenants


@dataclass(frozen=True, slots=True)
class Subject:
    """Roles of a tenant that may do something, at one of its standings."""

    tenant: str
    """Its name."""
    tenant_id: str
    kind: TenantKind
    roles: tuple[str, ...]
    standing: str | None
    because: str
    """Why it has the standing, in the words of the policy."""


@dataclass(frozen=True, slots=True)
class PermittedRecords:
    """The records of one type with which an action is allowed; `names` are the first of `count`."""

    resource: Resource
    action: Action
    count: int
    names: tuple[str, ...]


def who_can(policy: Policy, action: Action, target: Target, tenants: Tenants) -> list[Subject]:
    """The roles of these tenants that may do something, by name of the tenant.

    It is what users with the role may do; applications without a user may be allowed less. PolicyInvalid if
    the policy fails to decide.
    """
    subjects: list[Subject] = []
    with _naming_fault(action, target.resource):
        for name, principal in sorted(tenants):
            subjects += _subjects(policy, action, target, name, principal)
    return subjects


def _subjects(
    policy: Policy, action: Action, target: Target, name: str, principal: Principal
) -> Iterator[Subject]:
    for access in standing_access(policy, principal, target.record, [role.value for role in ROLES]):
        roles = tuple(role for role, actions in access.actions.items() if action in actions)
        if roles:
            yield Subject(
                name, principal.tenant_id, TenantKind(principal.kind), roles, access.standing, access.because
            )


def what_can(
    policy: Policy, principal: Principal, targets: Iterable[Target], actions: Iterable[Action], *, most: int
) -> list[PermittedRecords]:
    """What a principal may do with these records of facts; PolicyInvalid if the policy fails to decide."""
    allowed: dict[tuple[Resource, Action], list[str]] = {}
    wanted = set(actions)
    for target in targets:
        with _naming_fault("what is allowed of a", target.resource):
            verdicts = policy.verdicts(principal, target.record, [principal.roles])[principal.roles]
        for action in [each for each, verdict in verdicts.items() if verdict.allowed and each in wanted]:
            allowed.setdefault((target.resource, action), []).append(target.name)
    return [
        PermittedRecords(resource, action, len(names), tuple(sorted(names)[:most]))
        for resource in RESOURCES.values()
        for action in resource.actions
        if (names := allowed.get((resource, action)))
    ]


def what_can_rows(  # noqa: PLR0913  (a question, and how much of its answer)
    policy: Policy,
    principal: Principal,
    database: Database,
    resources: Iterable[Resource],
    actions: Iterable[Action],
    *,
    most: int,
) -> list[PermittedRecords]:
    """What a principal may do with the rows of a database, of all types that are stored."""
    engine, now, wanted = database.store.engine, database.store.clock(), set(actions)
    permitted = []
    for resource in [each for each in resources if each.model is not None]:
        for action in [each for each in resource.actions if each in wanted]:
            with _naming_fault(action, resource):
                predicate = policy.predicate(principal, action, resource)
            count, ids = permitted_ids(engine, predicate, resource, most=most, now=now)
            if count:
                names = tuple(database.id_of(resource, row_id) for row_id in ids)
                permitted.append(PermittedRecords(resource, action, count, names))
    return permitted


def subjects_as_json(subjects: Iterable[Subject]) -> list[dict[str, Any]]:
    """The subjects under stable names."""
    return [
        {
            "tenant": {"id": each.tenant_id, "name": each.tenant, "kind": each.kind},
            "roles": each.roles,
            "standing": each.standing,
            "because": each.because,
        }
        for each in subjects
    ]


def permitted_as_json(permitted: Iterable[PermittedRecords]) -> list[dict[str, Any]]:
    """The permitted records under stable names."""
    return [
        {"resource": each.resource.name, "action": each.action, "count": each.count, "records": each.names}
        for each in permitted
    ]


@contextmanager
def _naming_fault(action: str, resource: Resource) -> Iterator[None]:
    """Raise PolicyInvalid where the policy fails, with what was asked."""
    try:
        yield
    except PolicyFault as fault:
        raise PolicyInvalid(f"the policy cannot decide {action} {resource.name}: {fault}") from None
