"""How relationships begin (SM1): requests of partners and their providers, extensions to providers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from multichannel.domain.base import new_id
from multichannel.domain.delegated_admin_terms import DelegatedRight, require_rights_for_relationship
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Partner
from multichannel.errors import Refused

REQUEST_LIFETIME = timedelta(days=90)
"""How long a customer can answer a request."""


def new_relationship_request(
    partner: Partner,
    *,
    address: str,
    customer_id: str | None,
    rights: Collection[DelegatedRight] = (),
    at: datetime,
) -> ResellerRelationship:
    """A partner's request to an address, which expires after 90 days; `customer_id` if the address is known.

    `rights` are requested along with it. OWN_CUSTOMER (R10), DELEGATED_ADMIN_REQUIRED (R13) or
    SUPPORT_RIGHT_REQUIRED (R61).
    """
    if address == partner.id:
        raise Refusal.OWN_CUSTOMER.error()
    require_rights_for_relationship(partner.cloud, rights)
    return ResellerRelationship(
        id=new_id(),
        partner_id=partner.id,
        customer_id=customer_id,
        addressed_to=address,
        stored_status=RelationshipStatus.REQUESTED,
        delegated_admin_requested=bool(rights),
        requested_at=at,
        expires_at=at + REQUEST_LIFETIME,
        market=partner.market,
        cloud=partner.cloud,
        created_at=at,
    )


def refusals_to_request(
    rows: Iterable[ResellerRelationship], *, address: str, customer_ids: Collection[str], at: datetime
) -> Iterator[Refused]:
    """Why a partner cannot send a request; `rows` are its own requests and relationships (SM1, R64)."""
    known = list(rows)
    if any(
        row.addressed_to == address
        and row.associated_partner_id is None
        and row.status_at(at) is RelationshipStatus.REQUESTED
        for row in known
    ):
        yield Refusal.REQUEST_PENDING.error()
    if any(
        row.customer_id in customer_ids and row.status_at(at) is RelationshipStatus.ACTIVE for row in known
    ):
        yield Refusal.ALREADY_RELATED.error()
    if any(row.addressed_to == address and row.was_declined_recently(at) for row in known):
        yield Refusal.ASKED_RECENTLY.error()


def provider_request(request: ResellerRelationship, provider_id: str) -> ResellerRelationship:
    """The provider's request that accompanies a reseller's; one answer is for both (SM1)."""
    return ResellerRelationship(
        id=new_id(),
        partner_id=provider_id,
        customer_id=request.customer_id,
        addressed_to=request.addressed_to,
        associated_partner_id=request.partner_id,
        invited_with_id=request.id,
        stored_status=RelationshipStatus.REQUESTED,
        delegated_admin_requested=request.delegated_admin_requested,
        requested_at=request.requested_at,
        expires_at=request.expires_at,
        market=request.market,
        cloud=request.cloud,
        created_at=request.created_at,
        updated_at=request.updated_at,
    )


def provider_extension(
    relationship: ResellerRelationship, provider_id: str, *, at: datetime
) -> ResellerRelationship:
    """The request of the provider through which a partner continues, without delegated admin (SM1, R64).

    RELATIONSHIP_NOT_ACTIVE or NOT_DIRECT.
    """
    raise_first(relationship.refusals_to_extend(at))
    return ResellerRelationship(
        partner_id=provider_id,
        customer_id=relationship.customer_id,
        addressed_to=relationship.addressed_to,
        associated_partner_id=relationship.partner_id,
        is_extension=True,
        stored_status=RelationshipStatus.REQUESTED,
        requested_at=at,
        expires_at=at + REQUEST_LIFETIME,
        market=relationship.market,
        cloud=relationship.cloud,
        created_at=at,
    )


def refusals_to_extend(
    rows: Iterable[ResellerRelationship], relationship: ResellerRelationship, at: datetime
) -> Iterator[Refused]:
    """Why a partner cannot extend; `rows` are the relationships of the provider through the partner."""
    alike = [
        row
        for row in rows
        if row.customer_id == relationship.customer_id or row.addressed_to == relationship.addressed_to
    ]
    if any(row.status_at(at) is RelationshipStatus.ACTIVE for row in alike):
        yield Refusal.ALREADY_EXTENDED.error()
    if any(row.status_at(at) is RelationshipStatus.REQUESTED for row in alike):
        yield Refusal.REQUEST_PENDING.error(path="provider")
    if any(row.was_declined_recently(at) for row in alike):
        yield Refusal.ASKED_RECENTLY.error(path="provider")
