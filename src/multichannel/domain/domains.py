"""Domains of customers: compared in their ASCII form, and trusted once they are verified (R58)."""

from __future__ import annotations

import idna
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, partial_index
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud

LONGEST_DOMAIN = 253


class CustomerDomain(Base):
    """A domain of a customer, primary or custom, in its ASCII form.

    Anybody can type a domain. It is verified by an import from the vendor, by the operator, or by a sign-in
    from the customer's directory; in each cloud, at most one customer has it verified.
    """

    __tablename__ = "customer_domains"
    __table_args__ = (
        partial_index(
            "uq_customer_domains_verified", "ascii_domain", "cloud", where="is_verified", unique=True
        ),
    )

    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id), primary_key=True)
    ascii_domain: Mapped[str] = mapped_column(primary_key=True)
    is_verified: Mapped[bool]
    cloud: Mapped[Cloud]


def ascii_domain(value: str) -> str | None:
    """The form in which domains are compared (IDNA 2008, UTS 46): `xn--bcher-kva.de` for `Bücher.DE`.

    None for what is not a domain name of at least two labels.
    """
    try:
        folded = idna.encode(value.strip(), uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    name = folded.removesuffix(".")
    return name if "." in name and len(name) <= LONGEST_DOMAIN and not name[-1].isdigit() else None


def shown_domain(name: str) -> str:
    """The form in which people read a domain that is given in its ASCII form."""
    return idna.decode(name)
