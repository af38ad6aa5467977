"""The audience of an import, which names thousands of tenants.

Most have no users: nobody could read their chains, which begin with what happens after the first user is
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, or_

from multichannel.domain.tenants import Tenant
from multichannel.domain.users import User
from multichannel.store.audit.audience import PEOPLES_TENANTS, ChangeAudience
from multichannel.store.prepared import PreparedStatement

if TYPE_CHECKING:
    from multichannel.store.access import Access
    from multichannel.store.change_tracker import RowChange

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
