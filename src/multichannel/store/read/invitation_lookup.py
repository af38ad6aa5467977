"""Finds what an invitation is for by the hash of its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from multichannel.domain.invitations import Invitation
from multichannel.policy.schema.resources import PARTNERSHIP, RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.store.access import Access

TARGETS = {RELATIONSHIP.name: Invitation.relationship_id, PARTNERSHIP.name: Invitation.partnership_id}
"""The column of an invitation with the id of what it is for, by resource."""


class InvitationLookup:
    """Finds the target of an invitation for a principal that may redeem it."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def target(self, resource: Resource, code_hash: str) -> str | None:
        """The id of the relationship or partnership that a valid code is for."""
        statement = (
            select(resource.mapped.id)
            .join(Invitation, TARGETS[resource.name] == resource.mapped.id)
            .where(
                Invitation.code_hash == code_hash,
                Invitation.ends_at > self._access.now,
                self._access.granted(Action.REDEEM, resource),
            )
        )
        rows = self._access.run(statement)
        return None if not rows else str(rows[0].id)
