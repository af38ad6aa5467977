"""The demo world as data: `world.yaml`, read into organisations, personas, relationships and purchases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final
from uuid import NAMESPACE_DNS, uuid5

import yaml
from pydantic import BeforeValidator, TypeAdapter
from pydantic.dataclasses import dataclass

from multichannel.domain.commerce import BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType
from multichannel.domain.users import Role

_WORLD: Final = yaml.load((Path(__file__).parent / "world.yaml").read_text("utf-8"), yaml.CSafeLoader)


def fixed_id(name: str) -> str:
    """The id of `name`, equal in every demo world: the version 5 UUID of `<name>.example`."""
    return str(uuid5(NAMESPACE_DNS, f"{name}.example"))


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """A company of the demo world; one without a partner type is a customer."""

    name: str
    partner_type: PartnerType | None = None
    status: PartnerStatus = PartnerStatus.ACTIVE
    cloud: Cloud = Cloud.PUBLIC
    partner_number: str | None = None

    @property
    def key(self) -> str:
        """The prefix of its personas' names and of its subscriptions' keys."""
        return self.name.split()[0].lower()

    @property
    def id(self) -> str:
        """The tenant id."""
        return fixed_id(self.key)


ORGANISATIONS: Final = TypeAdapter(tuple[Organisation, ...]).validate_python(_WORLD["organisations"])
ALDER, BIRCH, LINDEN, CEDAR, DOGWOOD, HAZEL, WILLOW, LAUREL = ORGANISATIONS[:8]
MEADOW, CANYON, QUARRY, THISTLE, EMBER, SUMMIT, PRAIRIE = ORGANISATIONS[8:]
_BY_KEY: Final = {each.key: each for each in ORGANISATIONS}

Named = Annotated[Organisation, BeforeValidator(_BY_KEY.__getitem__)]
"""An organisation that `world.yaml` names by its key."""


@dataclass(frozen=True, kw_only=True)
class Persona:
    """A demo user: an organisation with any number of roles, named by its duty, or else by its role."""

    organisation: Named
    roles: tuple[Role, ...] = ()
    duty: str = ""

    def __post_init__(self) -> None:
        if not self.duty:
            object.__setattr__(self, "duty", self.roles[0].value.replace("_", " "))

    @property
    def name(self) -> str:
        """The name for the command line, such as `alder-sales-agent`."""
        return f"{self.organisation.key}-{self.duty.replace(' ', '-')}"

    @property
    def title(self) -> str:
        """The name for people, such as `Alder, sales agent`."""
        return f"{self.organisation.name}, {self.duty}"

    @property
    def id(self) -> str:
        """The object id in the organisation's tenant."""
        return fixed_id(f"{self.name.removeprefix(self.organisation.key + '-')}.{self.organisation.key}")


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """A relationship of a partner with a customer, requested `days_ago`; a request expires after 90 days."""

    partner: Named
    customer: Named
    status: RelationshipStatus = RelationshipStatus.ACTIVE
    days_ago: int = 300
    attached: Named | None = None
    delegated_admin: bool = False

    @property
    def id(self) -> str:
        """The id in every demo world."""
        return fixed_id(f"{self.partner.key}.{self.customer.key}.relationship")


@dataclass(frozen=True, kw_only=True)
class DemoPartnership:
    """A partnership of a provider with a reseller."""

    provider: Named
    reseller: Named
    status: PartnershipStatus

    @property
    def id(self) -> str:
        """The id in every demo world."""
        return fixed_id(f"{self.provider.key}.{self.reseller.key}.partnership")


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """One subscription. `partner` bills it in CSP, or recorded it if it was bought in another channel."""

    key: str
    customer: Named
    offer: str
    billing_type: BillingType = BillingType.LICENSE
    channel: Channel = Channel.CSP
    partner: Named | None = None
    commerce: Commerce = Commerce.LEGACY
    quantity: int = 1
    partner_of_record: Named | None = None
    support_contact: Named | None = None
    parent: str | None = None
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    known_as: str | None = None
    services: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id in every demo world."""
        return _subscription_id(self.key)

    @property
    def friendly_name(self) -> str:
        """The key in words: `Meadow office direct`."""
        return self.key.replace("-", " ").capitalize()

    @property
    def parent_id(self) -> str | None:
        """The id of the base of this add-on."""
        return _subscription_id(self.parent) if self.parent else None

    @property
    def vendor_id(self) -> str:
        """The vendor's id; two records of one subscription share it."""
        return fixed_id(f"{self.known_as or self.key}.vendor")


def _subscription_id(key: str) -> str:
    return fixed_id(f"{key}.subscription")


PERSONAS: Final = TypeAdapter(tuple[Persona, ...]).validate_python(_WORLD["personas"])
RELATIONSHIPS: Final = TypeAdapter(tuple[Relationship, ...]).validate_python(_WORLD["relationships"])
PARTNERSHIPS: Final = TypeAdapter(tuple[DemoPartnership, ...]).validate_python(_WORLD["partnerships"])
PURCHASES: Final = TypeAdapter(tuple[Purchase, ...]).validate_python(_WORLD["purchases"])
