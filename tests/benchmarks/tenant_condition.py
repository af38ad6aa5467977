"""The policy off: the same product, but what is visible is a tenant condition as one would write it by hand.

For measuring only. It gives one direct-bill partner of this world the rows that the policy gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from multichannel.domain.customers import Customer
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.to_sql import Seek
from multichannel.policy.decide.visibility import ReadCoverage, Visibility
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

Ways = Callable[[Any], tuple[ColumnElement[bool], ...]]


def _customers_of(partner_id: str) -> Any:
    return select(ResellerRelationship.customer_id).where(
        ResellerRelationship.partner_id == partner_id, ResellerRelationship.stored_status == "active"
    )


def _customers(partner_id: str, entity: Any = Customer) -> tuple[ColumnElement[bool], ...]:
    return (entity.id.in_(_customers_of(partner_id)),)


def _subscriptions(partner_id: str, entity: Any = None) -> tuple[ColumnElement[bool], ...]:
    """Of a whole list when no entity is given; else a test of rows at hand, for which EXISTS is faster."""
    whole, entity = entity is None, entity or Subscription
    other_channel = entity.channel != "csp"
    holder = (
        entity.customer_id.in_(_customers_of(partner_id))
        if whole
        else exists().where(
            ResellerRelationship.customer_id == entity.customer_id,
            ResellerRelationship.partner_id == partner_id,
            ResellerRelationship.stored_status == "active",
        )
    )
    return (
        and_(entity.channel == "csp", entity.billing_partner_id == partner_id),
        entity.support_contact_id == partner_id,
        and_(other_channel, entity.recorded_by == "partner", entity.owner_id == partner_id),
        and_(other_channel, entity.recorded_by == "customer", holder),
    )


WRITTEN: dict[Resource, Callable[..., tuple[ColumnElement[bool], ...]]] = {
    CUSTOMER: _customers,
    SUBSCRIPTION: _subscriptions,
}


class TenantVisibility(Visibility):
    """Whole rows within a condition; billing terms are not for sales agents."""

    def __init__(self, resource: Resource, partner_id: str) -> None:
        """Write the condition for this partner."""
        self.resource = resource
        self._partner_id = partner_id
        self._clause = or_(*WRITTEN[resource](partner_id, resource.model))

    @cached_property
    def seeks(self) -> tuple[Seek, ...]:
        """The condition in parts."""
        if self.resource is CUSTOMER:
            return (Seek(_customers_of(self._partner_id), ()),)
        return tuple(Seek(None, (part,)) for part in WRITTEN[self.resource](self._partner_id))

    def coverage(self, action: Action) -> ReadCoverage:
        """All or nothing."""
        return ReadCoverage.NONE if action is Action.READ_BILLING else ReadCoverage.ALL

    def visible(self, entity: Any) -> ColumnElement[bool]:
        """The condition."""
        if entity is self.resource.model:
            return self._clause
        return or_(*WRITTEN[self.resource](self._partner_id, entity))


class TenantCondition(Policy):
    """The policy, except that lists of customers and subscriptions do not ask it."""

    def __init__(self, source: PolicySource) -> None:
        """Signing in goes by the policy, as ever."""
        super().__init__(source)
        by_policy = self.visibility
        kept: dict[tuple[str, Resource], Visibility] = {}

        def visibility(principal: Principal, resource: Resource) -> Visibility:
            if resource not in WRITTEN:
                return by_policy(principal, resource)
            key = principal.tenant_id, resource
            if key not in kept:
                kept[key] = TenantVisibility(resource, principal.tenant_id)
            return kept[key]

        self.visibility = visibility  # type: ignore[method-assign]
