"""Tenants: the organizations that share the service, each in one national cloud (R49, R52)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum


class TenantKind(DescribedEnum):
    """The kind of organization that a tenant belongs to."""

    PARTNER = "partner", "A reseller, distributor or advisor."
    CUSTOMER = "customer", "A customer."
    SYSTEM = "system", "The service itself."


class Cloud(DescribedEnum):
    """The national cloud of a tenant. Records, relationships and transfers never cross clouds."""

    PUBLIC = "public", "The public cloud."
    US_GOVERNMENT = "us_government", "The cloud for the US government."


class PartnerType(DescribedEnum):
    """How a partner trades with the vendor."""

    DIRECT_BILL = "direct_bill", "Buys from the vendor and sells to customers."
    INDIRECT_PROVIDER = (
        "indirect_provider",
        "Buys from the vendor and sells through resellers; a distributor.",
    )
    INDIRECT_RESELLER = "indirect_reseller", "Sells through an indirect provider."
    ADVISOR = "advisor", "Advises customers that buy from the vendor."


class PartnerStatus(DescribedEnum):
    """The standing of a partner in the vendor's program."""

    ACTIVE = "active", "It may sell."
    RESTRICTED = "restricted", "It may manage what it has sold, but sell nothing new."
    INACTIVE = "inactive", "It has left the program."


class Tenant(Base):
    """An organization with an account here.

    `id` is internal. `directory_id` is the id of its directory at the identity provider: the claim `tid` of
    its users' tokens and the vendor's tenant GUID; null for a customer that has not been linked to its
    directory yet (R54). A partner has one from the start, and it is the partner's `id` as well.
    """

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(GUID, primary_key=True)
    kind: Mapped[TenantKind]
    cloud: Mapped[Cloud]
    directory_id: Mapped[str | None] = mapped_column(GUID, unique=True, index=True)
    created_at: Mapped[datetime]


def tenant_of_directory(directory_id: str, kind: TenantKind, cloud: Cloud, at: datetime) -> Tenant:
    """A new tenant whose id here is that of its directory (R54)."""
    return Tenant(id=directory_id, kind=kind, cloud=cloud, directory_id=directory_id, created_at=at)


class Partner(Base):
    """A reseller, distributor or advisor."""

    parties = ("id",)
    __tablename__ = "partners"

    id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    directory_id: Mapped[str | None] = column_property(
        select(Tenant.directory_id).where(Tenant.id == id).correlate_except(Tenant).scalar_subquery()
    )
    name: Mapped[str]
    type: Mapped[PartnerType]
    status: Mapped[PartnerStatus] = mapped_column(default=PartnerStatus.ACTIVE)
    market: Mapped[str]
    cloud: Mapped[Cloud]
    partner_number: Mapped[str | None] = mapped_column(index=True)
    domain: Mapped[str | None]
    # R58: a sign-in of the partner has shown that the domain is its own.
    is_domain_verified: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    def verify_domain(self, ascii_domain: str) -> None:
        """Take a domain that the identity provider vouches for, or confirm the one that the operator typed.

        Another domain than that changes nothing (R58).
        """
        if self.domain in {None, ascii_domain}:
            self.domain, self.is_domain_verified = ascii_domain, True
