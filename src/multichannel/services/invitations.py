"""Invitations by link, which partners make for customers and resellers (R56, R57)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from multichannel.domain.invitations import INVITATION_LIFETIME, Invitation, hash_of, new_code
from multichannel.domain.partnerships import Partnership
from multichannel.domain.refusals import raise_first
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Tenant
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


def issue(work: UnitOfWork, target: ResellerRelationship | Partnership) -> None:
    """Make a code for a new request or partnership. It is shown once, in the result of this operation."""
    code, ends_at = new_code(), work.now + INVITATION_LIFETIME
    if isinstance(target, ResellerRelationship):
        key = {"relationship_id": target.id}
        ends_at = min(ends_at, target.expires_at or ends_at) if target.accepted_at is None else ends_at
    else:
        key = {"partnership_id": target.id}
    work.add_under(target, Invitation(code_hash=hash_of(code), ends_at=ends_at, created_at=work.now, **key))
    work.codes[target.id] = code


def reissue(work: UnitOfWork, target: ResellerRelationship | Partnership) -> None:
    """Make a code in place of an earlier one, which is void from now on."""
    name = "relationship_id" if isinstance(target, ResellerRelationship) else "partnership_id"
    for earlier in work.query_for(target).linked(Invitation, **{name: target.id}):
        work.remove_under(target, earlier)
    issue(work, target)


def invite_customer(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """A new link for a request, or for a customer that the partner created and that is not linked yet (R54).

    REQUEST_CLOSED or REQUEST_EXPIRED.
    """
    relationship = work.relationships.get(relationship_id, to=Action.INVITE)
    if not ids_awaiting_first_sign_in(work, [relationship]):
        raise_first(relationship.refusals_to_accept(work.now))
    reissue(work, relationship)
    return relationship


def invite_reseller_again(work: UnitOfWork, partnership_id: str) -> Partnership:
    """A new link for an invitation that the reseller has not accepted. INVITATION_CLOSED."""
    partnership = work.partnerships.get(partnership_id, to=Action.INVITE)
    raise_first(partnership.refusals_to_invite(work.now))
    reissue(work, partnership)
    return partnership


def ids_awaiting_first_sign_in(work: UnitOfWork, rows: Sequence[ResellerRelationship]) -> set[str]:
    """Those whose partner created the customer here, and nobody has named its directory yet (R54)."""
    active = [row for row in rows if row.status_at(work.now) is RelationshipStatus.ACTIVE]
    customer_ids = {str(row.customer_id) for row in active}
    linked = ids_of_linked(work.query_for(*rows), customer_ids) if active else set()
    return {row.id for row in active if row.customer_id not in linked}


def ids_of_linked(queries: GuardQueries, ids: Collection[str]) -> set[str]:
    """Those customers whose directory is known (R54)."""
    return {each.id for each in queries.all(Tenant, id=[*ids]) if each.directory_id is not None}
