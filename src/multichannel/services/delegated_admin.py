"""Delegated administration (SM7): what is done with grants, and how they end with their relationship."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from multichannel.domain.delegated_admin import (
    DelegatedAdminGrant,
    new_delegated_admin_grant,
    new_delegated_admin_request,
)
from multichannel.domain.delegated_admin_terms import (
    OPEN,
    PENDING,
    DelegatedAdminApproval,
    DelegatedAdminStatus,
    DelegatedAdminTerms,
    DelegatedRight,
    require_rights_for_relationship,
)
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import TenantKind
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

NOTHING_APPROVED = frozenset[DelegatedRight]()


def request_delegated_admin(
    work: UnitOfWork, relationship_id: str, terms: DelegatedAdminTerms
) -> DelegatedAdminGrant:
    """A partner's request within a relationship.

    RELATIONSHIP_NOT_ACTIVE, GRANT_PENDING, RIGHTS_REQUIRED or DURATION_OUT_OF_RANGE.
    """
    relationship = work.relationships.get(relationship_id, to=Action.REQUEST_DELEGATED_ADMIN)
    raise_first(relationship.refusals_to_request_delegated_admin(work.now))
    if ids_with_grants(work.query_for(relationship), [relationship], {PENDING}):
        raise Refusal.GRANT_PENDING.error()
    grant = new_delegated_admin_request(relationship, terms, at=work.now)
    _add(work, relationship, grant)
    return grant


def approve_delegated_admin(
    work: UnitOfWork, grant_id: str, approval: DelegatedAdminApproval
) -> DelegatedAdminGrant:
    """Approve a request as the customer. RELATIONSHIP_NOT_ACTIVE, or a refusal of the grant."""
    grant = work.delegated_admin_grants.get(grant_id, to=Action.APPROVE)
    _require_relationship(work, grant)
    _approve(work, grant, approval)
    return grant


def decline_delegated_admin(work: UnitOfWork, grant_id: str) -> DelegatedAdminGrant:
    """Decline a request as the customer. RELATIONSHIP_NOT_ACTIVE, GRANT_CLOSED or GRANT_EXPIRED."""
    grant = work.delegated_admin_grants.get(grant_id, to=Action.DECLINE)
    _require_relationship(work, grant)
    grant.decline(at=work.now)
    return grant


def reduce_delegated_admin(
    work: UnitOfWork, grant_id: str, rights: Collection[DelegatedRight]
) -> DelegatedAdminGrant:
    """Take rights away from an active grant as either side."""
    grant = work.delegated_admin_grants.get(grant_id, to=Action.REDUCE)
    before = _terms(grant)
    grant.reduce(rights, at=work.now)
    _record(work, grant, before)
    return grant


def terminate_delegated_admin(work: UnitOfWork, grant_id: str) -> DelegatedAdminGrant:
    """End a grant or withdraw a request, as either side. GRANT_ENDED."""
    grant = work.delegated_admin_grants.get(grant_id, to=Action.TERMINATE)
    grant.terminate(work.principal.kind, at=work.now)
    return grant


def set_delegated_admin_auto_extend(
    work: UnitOfWork, grant_id: str, *, auto_extend: bool
) -> DelegatedAdminGrant:
    """Whether a grant extends itself, as the customer decides. GRANT_NOT_ACTIVE."""
    grant = work.delegated_admin_grants.get(grant_id, to=Action.SET_AUTO_EXTEND)
    grant.set_auto_extend(auto_extend=auto_extend, at=work.now)
    return grant


def revoke_delegated_admin(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """End all grants and requests of a partner as the customer; relationship and duty stay (R15, R16).

    RELATIONSHIP_NOT_ACTIVE or NO_DELEGATED_ADMIN.
    """
    relationship = work.relationships.get(relationship_id, to=Action.REVOKE_DELEGATED_ADMIN)
    raise_first(relationship.refusals_to_revoke_delegated_admin(work.now))
    grants = work.query_for(relationship).between(DelegatedAdminGrant, "partner_id", status=OPEN)
    if not grants:
        raise Refusal.NO_DELEGATED_ADMIN.error()
    for grant in grants:
        grant.terminate(TenantKind.CUSTOMER, at=work.now)
    return relationship


def add_request_with(
    work: UnitOfWork, parent: object, relationship: ResellerRelationship, terms: DelegatedAdminTerms
) -> None:
    """Request delegated admin along with a relationship, to be answered together with it."""
    grant = new_delegated_admin_request(relationship, terms, at=work.now, with_relationship=True)
    _add(work, parent, grant)
    work.redact(grant, "customer_id")


def add_grant_with(
    work: UnitOfWork, parent: object, relationship: ResellerRelationship, terms: DelegatedAdminTerms
) -> None:
    """Add an active grant, which the vendor gives along with a relationship (R13)."""
    _add(work, parent, new_delegated_admin_grant(relationship, terms, at=work.now))


def approve_requests_with(
    work: UnitOfWork, relationships: Sequence[ResellerRelationship], approval: DelegatedAdminApproval
) -> None:
    """Approve what was requested along with relationships that are being accepted.

    Without any right approved, the requests are declined. DELEGATED_ADMIN_REQUIRED or SUPPORT_RIGHT_REQUIRED
    where the cloud requires rights (R61), or a refusal of the grant.
    """
    grants = _open_grants(work, relationships)
    for relationship in relationships:
        own = [grant for grant in grants if grant.relationship_id == relationship.id]
        requested = frozenset[DelegatedRight]().union(*(grant.rights for grant in own))
        approved = requested if approval.rights is None else approval.rights
        require_rights_for_relationship(relationship.cloud, approved & requested)
    for grant in grants:
        if approval.rights == NOTHING_APPROVED:
            grant.decline(at=work.now)
        else:
            _approve(work, grant, approval)


def decline_requests_with(work: UnitOfWork, relationships: Sequence[ResellerRelationship]) -> None:
    """Decline what was requested along with relationships that are being declined."""
    for grant in _open_grants(work, relationships):
        grant.decline(at=work.now)


def end_grants_of(work: UnitOfWork, relationships: Sequence[ResellerRelationship]) -> None:
    """End the grants and requests of relationships that end, as the caller's side."""
    for grant in _open_grants(work, relationships):
        grant.terminate(work.principal.kind, at=work.now)


def _open_grants(
    work: UnitOfWork, relationships: Sequence[ResellerRelationship]
) -> Sequence[DelegatedAdminGrant]:
    """The grants and requests of relationships that were fetched to be changed, locked."""
    ids = [relationship.id for relationship in relationships]
    return work.query_for(*relationships).linked(DelegatedAdminGrant, relationship_id=ids, status=OPEN)


def ids_with_grants(
    queries: GuardQueries, rows: Sequence[ResellerRelationship], status: Collection[DelegatedAdminStatus]
) -> set[str]:
    """Those relationships whose partner has a grant of the customer in one of these states."""
    grants = queries.all(
        DelegatedAdminGrant,
        partner_id={row.partner_id for row in rows},
        customer_id={row.customer_id for row in rows},
        status=sorted(status),
    )
    pairs = {(grant.partner_id, grant.customer_id) for grant in grants}
    return {row.id for row in rows if (row.partner_id, row.customer_id) in pairs}


def ids_answered_with_relationship(queries: GuardQueries, rows: Sequence[DelegatedAdminGrant]) -> set[str]:
    """Those requests whose relationship is not active yet: they are answered along with it."""
    active = queries.all(
        ResellerRelationship,
        id={row.relationship_id for row in rows},
        status=RelationshipStatus.ACTIVE,
    )
    answered = {each.id for each in active}
    return {
        row.id
        for row in rows
        if row.stored_status is DelegatedAdminStatus.PENDING and row.relationship_id not in answered
    }


def _require_relationship(work: UnitOfWork, grant: DelegatedAdminGrant) -> None:
    """What was requested along with a relationship is answered with it: RELATIONSHIP_NOT_ACTIVE before."""
    if ids_answered_with_relationship(work.query_for(grant), [grant]):
        raise Refusal.RELATIONSHIP_NOT_ACTIVE.error()


def _add(work: UnitOfWork, parent: object, grant: DelegatedAdminGrant) -> None:
    work.add_under(parent, grant)
    _record(work, grant, {})


def _approve(work: UnitOfWork, grant: DelegatedAdminGrant, approval: DelegatedAdminApproval) -> None:
    before = _terms(grant)
    grant.approve(approval, at=work.now)
    _record(work, grant, before)


def _terms(grant: DelegatedAdminGrant) -> dict[str, str | list[DelegatedRight]]:
    """Rights and duration, as the audit log tells them."""
    return {"rights": sorted(grant.rights), "duration": grant.duration}


def _record(
    work: UnitOfWork, grant: DelegatedAdminGrant, before: dict[str, str | list[DelegatedRight]]
) -> None:
    for name, value in _terms(grant).items():
        if before.get(name) != value:
            work.record_change(grant, name, before.get(name), value)
