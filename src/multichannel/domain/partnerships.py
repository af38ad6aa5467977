"""Partnerships of an indirect provider and an indirect reseller (SM3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, Versioned, closed, identity
from multichannel.domain.tenants import Cloud, Partner
from multichannel.errors import Refused


class PartnershipStatus(StrEnum):
    """Invited by the provider, active by the reseller's consent, removed by the provider."""

    INVITED = "invited"
    ACTIVE = "active"
    REMOVED = "removed"


OPEN = frozenset({PartnershipStatus.INVITED, PartnershipStatus.ACTIVE})


class InvitationPending(Refused):
    """The provider has an open invitation to, or an active partnership with, this very tenant."""

    code = "INVITATION_PENDING"
    rule = "SM3"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "There is an open invitation or an active partnership at this address. Remove it first.",
            ("reseller",),
        )


class SelfInvited(Refused):
    """A provider named itself as the reseller."""

    code = "SELF_INVITED"
    rule = "R11"

    def __init__(self) -> None:
        """Say what is meant."""
        super().__init__("A provider is no reseller of its own. Name another company.", ("reseller",))


class InvitationClosed(Refused):
    """The invitation was accepted or removed before."""

    code = "INVITATION_CLOSED"
    rule = "SM3"

    def __init__(self) -> None:
        """Say how it stands."""
        super().__init__("This invitation was accepted, or taken back by the provider, before.", ("id",))


class PartnershipOver(Refused):
    """The partnership was removed before."""

    code = "PARTNERSHIP_OVER"
    rule = "SM3"

    def __init__(self) -> None:
        """Say how it stands."""
        super().__init__("This partnership was removed before.", ("id",))


def _its_reseller(context: Any) -> str | None:
    """A partnership that nobody was invited to by an address names the reseller by its id."""
    found: str | None = context.get_current_parameters()["reseller_id"]
    return found


class Partnership(Versioned, Base):
    """One provider and one reseller; both in one market and one cloud (R12, R52).

    Each invitation is a row of its own; at most one row of two partners is open.
    """

    parties = ("provider_id", "reseller_id")
    __tablename__ = "partnerships"
    __table_args__ = (
        Index(
            "uq_partnerships_open",
            "provider_id",
            "reseller_id",
            unique=True,
            sqlite_where=text("status IN ('invited', 'active')"),
            postgresql_where=text("status IN ('invited', 'active')"),
        ),
        Index(None, "provider_id", "addressed_to"),
        Index(None, "reseller_id", "provider_id"),
    )

    id: Mapped[str] = identity()
    provider_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    # Nobody learns whether the addressee of an invitation exists: one that is not found is no reseller.
    reseller_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    addressed_to: Mapped[str] = mapped_column(default=_its_reseller)
    # R25: the number the provider credits the reseller by is a location's, and the provider's own knowledge.
    reseller_number: Mapped[str | None]
    status: Mapped[PartnershipStatus] = mapped_column(closed(PartnershipStatus))
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    invited_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    @classmethod
    def invitation(
        cls, provider: Partner, *, address: str, reseller_id: str | None, number: str | None, at: datetime
    ) -> Partnership:
        """A provider's invitation, which waits for an answer without end (SM3). SelfInvited."""
        if address == provider.id:
            raise SelfInvited
        return cls(
            provider_id=provider.id,
            reseller_id=reseller_id,
            addressed_to=address,
            reseller_number=number,
            status=PartnershipStatus.INVITED,
            market=provider.market,
            cloud=provider.cloud,
            invited_at=at,
            version=1,
            created_at=at,
            updated_at=at,
        )

    def accept(self, *, at: datetime) -> None:
        """The reseller consents: the provider may order for its customers (R27). InvitationClosed."""
        if self.status is not PartnershipStatus.INVITED:
            raise InvitationClosed
        self.accepted_at = at
        self._become(PartnershipStatus.ACTIVE, at)

    def remove(self, *, at: datetime) -> None:
        """The provider takes the invitation back, or ends the partnership; nothing else changes (SM3).

        PartnershipOver.
        """
        if self.status not in OPEN:
            raise PartnershipOver
        self.removed_at = at
        self._become(PartnershipStatus.REMOVED, at)

    def _become(self, status: PartnershipStatus, at: datetime) -> None:
        self.status = status
        self.version += 1
        self.updated_at = at
