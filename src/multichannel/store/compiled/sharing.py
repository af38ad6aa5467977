"""Statements for all principals that the policy tells apart by their tenant's id alone.

Such principals have equal predicates but for the id, which is a parameter of the statement. That they are
equal is not assumed: for each principal, every predicate in the statement is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from multichannel.policy.decide.conditions import Conditions, Predicate
from multichannel.policy.decide.visibility import Visibility
from multichannel.store.compiled.sql_text import ANY_TENANT

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action, Principal


@lru_cache(1_000)
def any_tenant(principal: Principal) -> Principal:
    """The principal that stands for all that are alike but for the tenant's id: mostly one object for all."""
    return replace(principal, tenant_id=ANY_TENANT)


def may_share(policy: Policy, principal: Principal, decisions: Iterable[tuple[Action, Resource]]) -> bool:
    """Whether a statement for `any_tenant(principal)` with these predicates is right for the principal."""
    shared = any_tenant(principal)
    return all(
        _renamed(policy.predicate(principal, action, resource), principal.tenant_id)
        == policy.predicate(shared, action, resource)
        for action, resource in decisions
    )


_SHARED: WeakKeyDictionary[Visibility, bool] = WeakKeyDictionary()
"""By what any tenant sees: whether it is compared, and right."""


def shared_visibility(policy: Policy, principal: Principal, resource: Resource) -> Visibility | None:
    """What any tenant sees of a resource type that is alike; None if the principal's sees something else.

    That is compared for the first tenant of its kind alone, so that many tenants cost no more than one.
    Those that the policy names are left out.
    """
    if principal.tenant_id in policy.source.named_tenants:
        return None
    visibility = policy.visibility(any_tenant(principal), resource)
    if visibility not in _SHARED:
        _SHARED[visibility] = may_share(policy, principal, [(action, resource) for action in resource.reads])
    return visibility if _SHARED[visibility] else None


def _renamed(predicate: Predicate, tenant_id: str) -> Predicate:
    """The predicate with the id that stands for any tenant in place of this one."""
    return Predicate(
        frozenset(_renamed_conditions(each, tenant_id) for each in predicate.allowed),
        frozenset(_renamed_conditions(each, tenant_id) for each in predicate.restricted),
    )


def _renamed_conditions(conditions: Conditions, tenant_id: str) -> Conditions:
    compared = (replace(each, right=_renamed_value(each.right, tenant_id)) for each in conditions.comparisons)
    return Conditions(conditions.members, tuple(compared))


def _renamed_value(value: Any, tenant_id: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_renamed_value(each, tenant_id) for each in value)
    return ANY_TENANT if value == tenant_id else value
