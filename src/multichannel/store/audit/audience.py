"""Who is concerned by a change: tenants the object names, of which somebody may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud, Partner, Tenant, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.change_tracker import RowChange
from multichannel.store.session import GuardedSession

EVERY_ROLE = tuple(sorted(role.value for role in Role))


class ChangeAudience:
    """The tenants that the changes of one transaction concern."""

    def __init__(self, session: GuardedSession, policy: Policy, now: datetime) -> None:
        """Visibility is asked of the policy, for somebody with every role in the tenant."""
        self._session = session
        self._policy = policy
        self._now = now
        self._known: dict[str, Principal] = {}

    @property
    def known(self) -> set[str]:
        """The tenants met so far that this service knows."""
        return set(self._known)

    def cloud_of(self, tenant_id: str) -> Cloud:
        """The cloud a tenant lives in."""
        return self._known[tenant_id].cloud or Cloud.PUBLIC

    def note_leaving(self, changes: list[RowChange]) -> None:
        """Keep who is about to be no party any more, and sees the object yet."""
        self._meet({tenant_id for change in changes for tenant_id in change.former_parties})
        seen = self._seeing((change, tenant_id) for change in changes for tenant_id in change.former_parties)
        for change in changes:
            change.former_viewers |= seen[id(change)]

    def concerned(self, changes: list[RowChange], actor: str) -> dict[int, set[str]]:
        """By object, the tenants that see it now, or left it by this very change.

        The actor is concerned by all it did, but for what it made for others and does not see, such as
        the subscription that a target has got by a transfer.
        """
        self._meet({actor, *(tenant_id for change in changes for tenant_id in change.parties)})
        for_others = [change for change in changes if change.created and actor not in change.parties]
        seen = self._seeing(
            (
                *((change, tenant_id) for change in changes for tenant_id in change.parties - {actor}),
                *((change, actor) for change in for_others),
            )
        )
        found = {id(change): seen[id(change)] | change.former_viewers for change in changes}
        for change in changes:
            if actor in self._known and not any(change is other for other in for_others):
                found[id(change)].add(actor)
        return found

    def _seeing(self, pairs: Iterable[tuple[RowChange, str]]) -> dict[int, set[str]]:
        """One statement for each tenant and kind of object."""
        asked: dict[tuple[str, str], list[RowChange]] = defaultdict(list)
        for change, tenant_id in pairs:
            asked[tenant_id, change.resource.name].append(change)
        found: dict[int, set[str]] = defaultdict(set)
        for (tenant_id, _), changes in sorted(asked.items(), key=lambda item: item[0]):
            if tenant_id in self._known:
                ids = self._visible(self._known[tenant_id], changes[0].resource, changes)
                for change in changes:
                    if change.row.id in ids:
                        found[id(change)].add(tenant_id)
        return found

    def _visible(self, who: Principal, resource: Resource, changes: list[RowChange]) -> set[str]:
        model: Any = resource.mapped
        visible = self._policy.sight(who, resource).visible(model)
        statement = select(model.id).where(model.id.in_(sorted({each.row.id for each in changes})), visible)
        return set(self._session.decided(statement, {"now": self._now}).scalars())

    def _meet(self, tenant_ids: set[str]) -> None:
        strangers = tenant_ids - self._known.keys()
        if not strangers:
            return
        statement = (
            select(
                Tenant.id,
                Tenant.kind,
                Tenant.cloud,
                Partner.type,
                Partner.status,
                Partner.market,
                Customer.market.label("customer_market"),
            )
            .outerjoin(Partner, Partner.id == Tenant.id)
            .outerjoin(Customer, Customer.id == Tenant.id)
            .where(Tenant.id.in_(sorted(strangers)), Tenant.kind != TenantKind.SYSTEM)
        )
        for row in self._session.decided(statement, {}):
            self._known[row.id] = Principal(
                tenant_id=row.id,
                kind=row.kind,
                roles=EVERY_ROLE,
                cloud=row.cloud,
                type=row.type,
                status=row.status,
                market=row.market or row.customer_market,
            )
