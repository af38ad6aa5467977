"""Partnerships of an indirect provider and an indirect reseller (SM3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column, partial_index, same_as
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Partner
from multichannel.errors import Refused


class PartnershipStatus(DescribedEnum):
    """The state of a partnership."""

    INVITED = "invited", "The provider has invited the reseller."
    ACTIVE = "active", "The reseller has accepted."
    REMOVED = "removed", "The provider has ended it or withdrawn the invitation."


OPEN = frozenset({PartnershipStatus.INVITED, PartnershipStatus.ACTIVE})


class Partnership(Versioned, Base):
    """A provider and a reseller in the same market and cloud (R12, R52).

    Each invitation is a row; at most one row of two partners is open.
    """

    parties = ("provider_id", "reseller_id")
    __tablename__ = "partnerships"
    __table_args__ = (
        partial_index(
            "uq_partnerships_open",
            "provider_id",
            "reseller_id",
            where="status IN ('invited', 'active')",
            unique=True,
        ),
        Index(None, "provider_id", "addressed_to"),
        Index(None, "reseller_id", "provider_id"),
    )

    id: Mapped[str] = id_column()
    provider_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    # Whether the addressee of an invitation exists is not revealed: without a match there is no reseller.
    reseller_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    # The address of a partnership without invitation is the reseller's id.
    addressed_to: Mapped[str] = mapped_column(default=same_as("reseller_id"))
    # R25: the partner number of the reseller's location that the provider credits; only the provider sees it.
    reseller_number: Mapped[str | None]
    status: Mapped[PartnershipStatus]
    market: Mapped[str]
    cloud: Mapped[Cloud]
    invited_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    @classmethod
    def invitation(
        cls, provider: Partner, *, address: str, reseller_id: str | None, number: str | None, at: datetime
    ) -> Partnership:
        """A provider's invitation, which does not expire (SM3). SELF_INVITED."""
        if address == provider.id:
            raise Refusal.SELF_INVITED.error()
        return cls(
            provider_id=provider.id,
            reseller_id=reseller_id,
            addressed_to=address,
            reseller_number=number,
            status=PartnershipStatus.INVITED,
            market=provider.market,
            cloud=provider.cloud,
            invited_at=at,
            created_at=at,
        )

    def accept(self, *, at: datetime) -> None:
        """Accept as the reseller: the provider may order for its customers (R27). INVITATION_CLOSED."""
        raise_first(self.refusals_to_accept(at))
        self.accepted_at = at
        self._become(PartnershipStatus.ACTIVE, at)

    def remove(self, *, at: datetime) -> None:
        """Withdraw the invitation or end the partnership; nothing else changes (SM3). PARTNERSHIP_OVER."""
        raise_first(self.refusals_to_remove(at))
        self.removed_at = at
        self._become(PartnershipStatus.REMOVED, at)

    def refusals_to_accept(self, _at: datetime) -> Iterator[Refused]:
        """INVITATION_CLOSED unless it is an open invitation."""
        if self.status is not PartnershipStatus.INVITED:
            yield Refusal.INVITATION_CLOSED.error()

    refusals_to_invite = refusals_to_accept

    def refusals_in_market(self, market: str | None) -> Iterator[Refused]:
        """MARKET_MISMATCH for a reseller in another market (R12)."""
        if market != self.market:
            yield Refusal.MARKET_MISMATCH.error()

    def refusals_to_remove(self, _at: datetime) -> Iterator[Refused]:
        """PARTNERSHIP_OVER if it has been removed."""
        if self.status not in OPEN:
            yield Refusal.PARTNERSHIP_OVER.error()

    def _become(self, status: PartnershipStatus, at: datetime) -> None:
        self.status = status
        self.touch(at)
