"""The audience of a change: the tenants that the row names, if the policy lets any role of theirs see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from multichannel.store.prepared import PreparedStatement
from multichannel.store.users import principal_of, select_tenants

if TYPE_CHECKING:
    from multichannel.policy.decide.visibility import Visibility
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.access import Access
    from multichannel.store.change_tracker import RowChange


PEOPLES_TENANTS = PreparedStatement(
    select_tenants().where(Tenant.id.in_(bindparam("ids", expanding=True)), Tenant.kind != TenantKind.SYSTEM)
)
"""The tenants with these `ids`, but for that of the service; `own` is that of the principal."""


@lru_cache(maxsize=200)
def select_visible_ids(visibility: Visibility) -> PreparedStatement:
    """Those of some `ids` whose rows are visible."""
    identity = visibility.resource.mapped.id
    among = identity.in_(bindparam("ids", expanding=True))
    visible = visibility.visible(visibility.resource.mapped)
    return PreparedStatement(select(identity).where(among, visible))


class ChangeAudience:
    """The tenants that the changes of one transaction concern.

    Visibility is decided for a principal with every role in the tenant.
    """

    _tenants = PEOPLES_TENANTS

    def __init__(self, access: Access) -> None:
        self._access = access
        self._principals: dict[str, Principal] = {}

    def is_known(self, tenant_id: str) -> bool:
        """Whether the tenant, met in a change, exists here."""
        return tenant_id in self._principals

    def is_customer(self, tenant_id: str) -> bool:
        """Whether the tenant, met in a change, is a customer."""
        principal = self._principals.get(tenant_id)
        return principal is not None and principal.kind is TenantKind.CUSTOMER

    def cloud_of(self, tenant_id: str) -> Cloud:
        """The cloud of a tenant."""
        return self._principals[tenant_id].cloud or Cloud.PUBLIC

    def note_former_viewers(self, changes: Sequence[RowChange]) -> None:
        """Remember the tenants that rows are about to stop naming, and that still see them."""
        self._load({tenant_id for change in changes for tenant_id in change.former_parties})
        viewers = self._viewers(
            (change, tenant_id) for change in changes for tenant_id in change.former_parties
        )
        for change in changes:
            change.former_viewers |= viewers[id(change)]

    def of(self, changes: list[RowChange], actor: str) -> dict[int, set[str]]:
        """By change, the tenants that see the row now, or saw it until this very change.

        The actor is among them for all it did, but for rows it created for others and does not see, such as
        the subscription that the target of a transfer has received.
        """
        self._load({actor, *(tenant_id for change in changes for tenant_id in change.parties)})
        for_others = {id(change) for change in changes if change.created and actor not in change.parties}
        viewers = self._viewers(
            (change, tenant_id)
            for change in changes
            for tenant_id in (change.parties - {actor}) | ({actor} if id(change) in for_others else set())
        )
        audience = {id(change): viewers[id(change)] | change.former_viewers for change in changes}
        if self.is_known(actor):
            for change_id in audience.keys() - for_others:
                audience[change_id].add(actor)
        return audience

    def _viewers(self, pairs: Iterable[tuple[RowChange, str]]) -> dict[int, set[str]]:
        """By change, the tenants that see its row; one statement for each tenant and resource type."""
        groups: dict[tuple[str, str], list[RowChange]] = defaultdict(list)
        for change, tenant_id in pairs:
            groups[tenant_id, change.resource.name].append(change)
        viewers: dict[int, set[str]] = defaultdict(set)
        for (tenant_id, _), changes in sorted(groups.items(), key=lambda item: item[0]):
            if self.is_known(tenant_id):
                visible = self._visible(self._principals[tenant_id], changes[0].resource, changes)
                for change in changes:
                    if change.row.id in visible:
                        viewers[id(change)].add(tenant_id)
        return viewers

    def _visible(self, principal: Principal, resource: Resource, changes: list[RowChange]) -> set[str]:
        statement = select_visible_ids(self._access.policy.visibility(principal, resource))
        ids = sorted({change.row.id for change in changes})
        return {row.id for row in self._access.run(statement, {"ids": ids})}

    def _load(self, tenant_ids: set[str]) -> None:
        unknown = tenant_ids - self._principals.keys()
        if unknown:
            parameters = {"ids": sorted(unknown), "own": self._access.principal.tenant_id}
            for row in self._access.run(self._tenants, parameters):
                self._principals[row.tenant_id] = principal_of(row)
