"""Customer agreements (SM6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, id_column
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Partner
from multichannel.errors import Refused

WITHOUT_AGREEMENTS = frozenset({Cloud.US_GOVERNMENT})
"""R52: only the public cloud has a customer agreement; elsewhere none is signed or required."""


class AgreementKind(DescribedEnum):
    """How a customer accepted the customer agreement."""

    ATTESTATION = "attestation", "A partner attests that the customer signed; valid for that partner."
    DIRECT = "direct", "The customer signed here itself; valid for every partner."


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for the customer, and when."""

    first_name: str
    last_name: str
    email: str
    phone_number: str | None
    agreed_at: datetime


class CustomerAgreement(Base):
    """An acceptance of the customer agreement.

    The customer's own signature is valid with every partner, an attestation with the partner that gave it.
    """

    parties = ("partner_id", "customer_id")
    __tablename__ = "customer_agreements"
    __table_args__ = (Index(None, "customer_id", "partner_id"), Index(None, "partner_id", "id"))

    id: Mapped[str] = id_column()
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    kind: Mapped[AgreementKind]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]
    phone_number: Mapped[str | None]
    agreed_at: Mapped[datetime]
    cloud: Mapped[Cloud]
    created_at: Mapped[datetime]


def is_bound(agreements: Iterable[CustomerAgreement], partner_id: str, cloud: Cloud) -> bool:
    """Whether the agreements of a customer include one that is valid with a partner (R13, SM6).

    In a cloud that has no customer agreement, none is required (R52).
    """
    return cloud in WITHOUT_AGREEMENTS or any(
        agreement.kind is AgreementKind.DIRECT or agreement.partner_id == partner_id
        for agreement in agreements
    )


def refusals_to_sign(cloud: Cloud) -> Iterator[Refused]:
    """AGREEMENT_NOT_OFFERED in a cloud that has no customer agreement (R52)."""
    if cloud in WITHOUT_AGREEMENTS:
        yield Refusal.AGREEMENT_NOT_OFFERED.error()


def new_agreement(
    customer: Customer, signature: Signature, *, attested_by: str | None, at: datetime
) -> CustomerAgreement:
    """A new agreement: a partner's attestation, or the customer's own signature without `attested_by` (SM6).

    A customer can have any number of agreements, such as those of several signers. AGREEMENT_NOT_OFFERED in a
    cloud without agreements (R52); AGREED_IN_THE_FUTURE.
    """
    raise_first(refusals_to_sign(customer.cloud))
    if signature.agreed_at > at:
        raise Refusal.AGREED_IN_THE_FUTURE.error()
    return CustomerAgreement(
        customer_id=customer.id,
        partner_id=attested_by,
        kind=AgreementKind.DIRECT if attested_by is None else AgreementKind.ATTESTATION,
        cloud=customer.cloud,
        created_at=at,
        **asdict(signature),
    )
