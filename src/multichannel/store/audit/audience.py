"""The audience of a change: the tenants that the row names, if the policy lets any role of theirs see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.sql.visitors import replacement_traverse

from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from multichannel.store.compiled.sharing import shared_visibility
from multichannel.store.compiled.sql_text import ANY_TENANT
from multichannel.store.prepared import PreparedStatement
from multichannel.store.users import principal_of, select_tenants

if TYPE_CHECKING:
    from multichannel.policy.decide.visibility import Visibility
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


@lru_cache(maxsize=500)
def select_ids_visible_to(party: str, visibility: Visibility) -> PreparedStatement | None:
    """Those of some `ids` whose rows the tenant in the column `party` sees.

    `visibility` is that of any tenant, whose id the column stands for; None where it cannot.
    """
    model = visibility.resource.mapped
    named, is_listed = getattr(model, party), False

    def in_place(element: Any, **_options: Any) -> Any:
        nonlocal is_listed
        if not isinstance(element, BindParameter):
            return None
        is_listed = is_listed or (element.expanding and ANY_TENANT in (element.value or ()))
        return named if element.value == ANY_TENANT else None

    visible = replacement_traverse(visibility.visible(model), {}, in_place)
    among = model.id.in_(bindparam("ids", expanding=True))
    return None if is_listed else PreparedStatement(select(model.id).where(among, visible))


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
        """By change, the tenants that see its row; one statement for all tenants that are alike."""
        groups: dict[PreparedStatement, list[tuple[RowChange, str]]] = defaultdict(list)
        for change, tenant_id in pairs:
            if self.is_known(tenant_id):
                groups[self._statement(change, tenant_id)].append((change, tenant_id))
        viewers: dict[int, set[str]] = defaultdict(set)
        for statement, members in groups.items():
            ids = sorted({change.row.id for change, _ in members})
            visible = {row.id for row in self._access.run(statement, {"ids": ids})}
            for change, tenant_id in members:
                if change.row.id in visible:
                    viewers[id(change)].add(tenant_id)
        return viewers

    def _statement(self, change: RowChange, tenant_id: str) -> PreparedStatement:
        """Selects those of some rows that the tenant sees, or that each sees whom the same column names."""
        policy, principal, resource = self._access.policy, self._principals[tenant_id], change.resource
        party, shared = _party(change, tenant_id), shared_visibility(policy, principal, resource)
        if party is not None and shared is not None:
            statement = select_ids_visible_to(party, shared)
            if statement is not None:
                return statement
        return select_visible_ids(policy.visibility(principal, resource))

    def _load(self, tenant_ids: set[str]) -> None:
        unknown = tenant_ids - self._principals.keys()
        if unknown:
            parameters = {"ids": sorted(unknown), "own": self._access.principal.tenant_id}
            for row in self._access.run(self._tenants, parameters):
                self._principals[row.tenant_id] = principal_of(row)


def _party(change: RowChange, tenant_id: str) -> str | None:
    """The column of the stored row that names the tenant; None for an actor that is no party to it."""
    stored = change.old if tenant_id in change.former_parties else None
    for each in change.resource.mapped.parties:
        name: str = each
        if (getattr(change.row, name) if stored is None else stored.get(name)) == tenant_id:
            return name
    return None
