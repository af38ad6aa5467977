"""The subscriptions of the demo world: every channel, several partners per customer."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from multichannel.domain.commerce import BillingType, Channel, Commerce, SubscriptionStatus


@dataclass(frozen=True)
class Offer:
    """A product."""

    name: str
    billing_type: BillingType = BillingType.LICENSE


OFFICE = Offer("Office apps for business")
MAIL = Offer("Business mail")
ARCHIVE = Offer("Mail archive")
PHONE = Offer("Business telephony")
RECORDS = Offer("Customer records")
BACKUP = Offer("Backup for business")
AZURE = Offer("Azure plan", BillingType.USAGE)
AZURE_PAY_AS_YOU_GO = Offer("Azure, pay as you go", BillingType.USAGE)


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """One subscription. `partner` bills it in CSP, or recorded it if it was bought in another channel."""

    key: str
    customer: Organisation
    offer: Offer
    channel: Channel = Channel.CSP
    partner: Organisation | None = None
    commerce: Commerce = Commerce.LEGACY
    quantity: int = 1
    partner_of_record: Organisation | None = None
    support_contact: Organisation | None = None
    parent: str | None = None
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    known_as: str | None = None
    services: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id in every demo world."""
        return _id_of(self.key)

    @property
    def friendly_name(self) -> str:
        """The key in words: `Meadow office direct`."""
        return self.key.replace("-", " ").capitalize()

    @property
    def parent_id(self) -> str | None:
        """The id of what this is an add-on to."""
        return _id_of(self.parent) if self.parent else None

    @property
    def vendor_id(self) -> str:
        """The vendor's id; two records of one subscription share it."""
        return fixed_id(f"{self.known_as or self.key}.vendor")


def _id_of(key: str) -> str:
    return fixed_id(f"{key}.subscription")


_MEADOW_EA = Purchase(
    key="meadow-azure-ea",
    customer=MEADOW,
    offer=AZURE,
    channel=Channel.EA,
    services=("virtual-machines", "storage", "sql-database"),
)
_CANYON_EA = replace(_MEADOW_EA, key="canyon-azure-ea", customer=CANYON)
_SUMMIT_EA = replace(_MEADOW_EA, key="summit-azure-ea", customer=SUMMIT)
_MEADOW_OFFICE = Purchase(
    key="meadow-office-direct", customer=MEADOW, offer=OFFICE, channel=Channel.DIRECT, quantity=25
)
_QUARRY_OFFICE = replace(_MEADOW_OFFICE, key="quarry-office-direct", customer=QUARRY, quantity=12)
_EMBER_OFFICE = replace(_MEADOW_OFFICE, key="ember-office-direct", customer=EMBER, quantity=8)
_PRAIRIE_OFFICE = replace(_MEADOW_OFFICE, key="prairie-office-direct", customer=PRAIRIE, quantity=40)

PURCHASES = (
    _MEADOW_OFFICE,
    _MEADOW_EA,
    Purchase(
        key="meadow-mail-alder",
        customer=MEADOW,
        offer=MAIL,
        partner=ALDER,
        commerce=Commerce.NEW_COMMERCE,
        quantity=30,
    ),
    Purchase(
        key="meadow-archive-alder",
        customer=MEADOW,
        offer=ARCHIVE,
        partner=ALDER,
        commerce=Commerce.NEW_COMMERCE,
        quantity=30,
        parent="meadow-mail-alder",
    ),
    Purchase(
        key="meadow-azure-cedar",
        customer=MEADOW,
        offer=AZURE,
        partner=CEDAR,
        commerce=Commerce.NEW_COMMERCE,
        partner_of_record=HAZEL,
    ),
    Purchase(
        key="meadow-phone-cedar",
        customer=MEADOW,
        offer=PHONE,
        partner=CEDAR,
        quantity=10,
        partner_of_record=DOGWOOD,
    ),
    Purchase(
        key="meadow-records-open",
        customer=MEADOW,
        offer=RECORDS,
        channel=Channel.OPEN,
        partner=ALDER,
        quantity=5,
    ),
    Purchase(
        key="meadow-backup-advisor",
        customer=MEADOW,
        offer=BACKUP,
        channel=Channel.ADVISOR,
        partner=WILLOW,
        quantity=25,
    ),
    Purchase(key="canyon-azure-alder", customer=CANYON, offer=AZURE_PAY_AS_YOU_GO, partner=ALDER),
    Purchase(
        key="canyon-office-birch",
        customer=CANYON,
        offer=OFFICE,
        partner=BIRCH,
        quantity=15,
        support_contact=ALDER,
    ),
    _CANYON_EA,
    replace(_CANYON_EA, key="canyon-azure-ea-by-birch", partner=BIRCH, known_as="canyon-azure-ea"),
    _QUARRY_OFFICE,
    Purchase(
        key="quarry-mail-cedar",
        customer=QUARRY,
        offer=MAIL,
        partner=CEDAR,
        commerce=Commerce.NEW_COMMERCE,
        quantity=12,
        partner_of_record=HAZEL,
    ),
    replace(_MEADOW_OFFICE, key="thistle-office-open", customer=THISTLE, channel=Channel.OPEN, quantity=6),
    Purchase(
        key="thistle-mail-birch",
        customer=THISTLE,
        offer=MAIL,
        partner=BIRCH,
        commerce=Commerce.NEW_COMMERCE,
        quantity=6,
    ),
    Purchase(
        key="ember-mail-alder",
        customer=EMBER,
        offer=MAIL,
        partner=ALDER,
        quantity=8,
        status=SubscriptionStatus.SUSPENDED,
    ),
    _EMBER_OFFICE,
    Purchase(key="ember-azure-linden", customer=EMBER, offer=AZURE_PAY_AS_YOU_GO, partner=LINDEN),
    Purchase(
        key="summit-mail-laurel",
        customer=SUMMIT,
        offer=MAIL,
        partner=LAUREL,
        commerce=Commerce.NEW_COMMERCE,
        quantity=60,
    ),
    _SUMMIT_EA,
    _PRAIRIE_OFFICE,
)
