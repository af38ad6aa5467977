"""Relationships, in every state, and partnerships of the demo world."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CANYON,
    CEDAR,
    DOGWOOD,
    EMBER,
    HAZEL,
    LAUREL,
    LINDEN,
    MEADOW,
    PRAIRIE,
    QUARRY,
    SUMMIT,
    THISTLE,
    WILLOW,
    Organisation,
    fixed_id,
)
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus

ACTIVE, REQUESTED = RelationshipStatus.ACTIVE, RelationshipStatus.REQUESTED


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """A relationship of a partner with a customer, requested `days_ago`; a request expires after 90 days."""

    partner: Organisation
    customer: Organisation
    status: RelationshipStatus = ACTIVE
    days_ago: int = 300
    attached: Organisation | None = None
    delegated_admin: bool = False

    @property
    def id(self) -> str:
        """The id in every demo world."""
        return fixed_id(f"{self.partner.key}.{self.customer.key}.relationship")


@dataclass(frozen=True)
class Link:
    """A partnership of a provider with a reseller."""

    provider: Organisation
    reseller: Organisation
    status: PartnershipStatus

    @property
    def id(self) -> str:
        """The id in every demo world."""
        return fixed_id(f"{self.provider.key}.{self.reseller.key}.partnership")


RELATIONSHIPS = (
    Relationship(partner=ALDER, customer=MEADOW, delegated_admin=True),
    Relationship(partner=CEDAR, customer=MEADOW, attached=DOGWOOD),
    Relationship(partner=WILLOW, customer=MEADOW, delegated_admin=True),
    Relationship(partner=BIRCH, customer=MEADOW, status=RelationshipStatus.CANCELED),
    Relationship(partner=ALDER, customer=CANYON),
    Relationship(partner=BIRCH, customer=CANYON, delegated_admin=True),
    Relationship(partner=CEDAR, customer=QUARRY, attached=HAZEL, delegated_admin=True),
    Relationship(partner=ALDER, customer=QUARRY, status=REQUESTED, days_ago=2),
    Relationship(partner=BIRCH, customer=THISTLE),
    Relationship(partner=ALDER, customer=THISTLE, status=REQUESTED, days_ago=120),  # expired 30 days ago
    Relationship(partner=CEDAR, customer=THISTLE, status=RelationshipStatus.DECLINED),
    Relationship(partner=LINDEN, customer=EMBER),
    Relationship(partner=ALDER, customer=EMBER, status=RelationshipStatus.REMOVED),
    Relationship(partner=LAUREL, customer=SUMMIT, delegated_admin=True),
    Relationship(
        partner=LAUREL, customer=PRAIRIE, status=REQUESTED, days_ago=2, delegated_admin=True
    ),  # R13: the US government cloud offers no relationship without delegated admin
)

PARTNERSHIPS = (
    Link(CEDAR, DOGWOOD, PartnershipStatus.ACTIVE),
    Link(CEDAR, HAZEL, PartnershipStatus.ACTIVE),
    Link(CEDAR, BIRCH, PartnershipStatus.INVITED),  # R19: restricted partners may become resellers
    Link(CEDAR, LINDEN, PartnershipStatus.REMOVED),
)
