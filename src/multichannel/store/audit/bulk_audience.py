"""The audience of many changes at once: one statement for all tenants that the policy treats alike.

A mutation asks for each tenant of a change. An import names thousands of tenants. Most have no users: nobody
could read their chains, which begin with what happens after the first user is there. Of the others, those
that differ by their id alone share a statement, in which the column that names the tenant stands for its id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_, select
from sqlalchemy.sql.visitors import replacement_traverse

from multichannel.domain.base import GUID_FORM
from multichannel.domain.tenants import Tenant
from multichannel.domain.users import User
from multichannel.store.audit.audience import PEOPLES_TENANTS, ChangeAudience
from multichannel.store.compiled.sharing import any_tenant, may_share
from multichannel.store.compiled.sql_text import ANY_TENANT
from multichannel.store.prepared import PreparedStatement

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.access import Access
    from multichannel.store.change_tracker import RowChange

Group = tuple["Principal", "Resource", str]
"""A principal that stands for all that are alike, a resource type, and the column that names the tenant."""


TENANTS_WITH_USERS = PreparedStatement(
    PEOPLES_TENANTS.statement.where(
        or_(exists().where(User.tenant_id == Tenant.id), Tenant.id == bindparam("own"))
    )
)


class BulkAudience(ChangeAudience):
    """The tenants that the changes of an import concern."""

    _tenants = TENANTS_WITH_USERS

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._conditions: dict[Group, ColumnElement[bool]] = {}
        self._unshared: set[Group] = set()
        self._met: set[str] = set()

    def of(self, changes: list[RowChange], actor: str) -> dict[int, set[str]]:
        """As for a mutation, of the tenants that have users, and the actor."""
        parties = [change.parties for change in changes]
        self._load({actor}.union(*parties))
        audience: dict[int, set[str]] = {}
        pairs: list[tuple[RowChange, str]] = []
        for change, named in zip(changes, parties, strict=True):
            is_for_others = change.created and actor not in named
            audience[id(change)] = set() if is_for_others else {actor}
            pairs += [(change, each) for each in named if each != actor and each in self._principals]
            pairs += [(change, actor)] if is_for_others else []
        for change_id, tenant_ids in self._viewers(pairs).items():
            audience[change_id] |= tenant_ids
        for change in changes:
            audience[id(change)] |= change.former_viewers
        return audience

    def _load(self, tenant_ids: set[str]) -> None:
        super()._load(tenant_ids - self._met)
        self._met |= tenant_ids

    def _viewers(self, pairs: Iterable[tuple[RowChange, str]]) -> dict[int, set[str]]:
        groups: dict[Group, list[tuple[RowChange, str]]] = defaultdict(list)
        single: list[tuple[RowChange, str]] = []
        for change, tenant_id in pairs:
            if self.is_known(tenant_id):
                group = self._group(change, tenant_id)
                (single if group is None else groups[group]).append((change, tenant_id))
        viewers = super()._viewers(single)
        for group, members in groups.items():
            identity, ids = group[1].mapped.id, sorted({change.row.id for change, _ in members})
            statement = select(identity).where(identity.in_(ids), self._conditions[group])
            visible = {row.id for row in self._access.run(statement)}
            for change, tenant_id in members:
                if change.row.id in visible:
                    viewers[id(change)].add(tenant_id)
        return viewers

    def _group(self, change: RowChange, tenant_id: str) -> Group | None:
        """The group that decides whether the tenant sees the row; None if only the tenant itself does."""
        stored = change.old if tenant_id in change.former_parties else None
        column = next(
            (
                name
                for name in change.resource.mapped.parties
                if (getattr(change.row, name) if stored is None else stored.get(name)) == tenant_id
            ),
            None,
        )
        if column is None or tenant_id in self._named_tenants:
            return None
        group = any_tenant(self._principals[tenant_id]), change.resource, column
        if group not in self._conditions and group not in self._unshared:
            condition = self._condition(group, self._principals[tenant_id])
            if condition is None:
                self._unshared.add(group)
            else:
                self._conditions[group] = condition
        return group if group in self._conditions else None

    @cached_property
    def _named_tenants(self) -> set[str]:
        """The GUIDs that the policy mentions: tenants that it may treat unlike all others."""
        texts = self._access.policy.source.texts
        return {match.lower() for _, text in texts for match in re.findall(GUID_FORM, text)}

    def _condition(self, group: Group, principal: Principal) -> ColumnElement[bool] | None:
        """That the tenant which the column names sees the row; None if that is to be asked for each."""
        shared, resource, column = group
        policy, reads = self._access.policy, [(action, resource) for action in resource.reads]
        if not may_share(policy, principal, reads):
            return None
        named = getattr(resource.mapped, column)
        visible = policy.visibility(shared, resource).visible(resource.mapped)
        is_listed = False

        def in_place(element: Any, **_options: Any) -> Any:
            nonlocal is_listed
            if not isinstance(element, BindParameter):
                return None
            is_listed = is_listed or (element.expanding and ANY_TENANT in (element.value or ()))
            return named if element.value == ANY_TENANT else None

        condition = replacement_traverse(visible, {}, in_place)
        return None if is_listed else condition
