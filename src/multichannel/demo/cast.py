"""The invented organisations of the demo world and the personas that act for them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_DNS, uuid5

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType
from multichannel.domain.users import Role


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


ALDER = Organisation(name="Alder", partner_type=PartnerType.DIRECT_BILL, partner_number="5550101")
BIRCH = Organisation(
    name="Birch",
    partner_type=PartnerType.DIRECT_BILL,
    status=PartnerStatus.RESTRICTED,
    partner_number="5550102",
)
LINDEN = Organisation(
    name="Linden",
    partner_type=PartnerType.DIRECT_BILL,
    status=PartnerStatus.INACTIVE,
    partner_number="5550103",
)
CEDAR = Organisation(
    name="Cedar",
    partner_type=PartnerType.INDIRECT_PROVIDER,
    partner_number="5550104",
)
DOGWOOD = Organisation(
    name="Dogwood",
    partner_type=PartnerType.INDIRECT_RESELLER,
    partner_number="5550105",
)
HAZEL = Organisation(name="Hazel", partner_type=PartnerType.INDIRECT_RESELLER, partner_number="5550106")
WILLOW = Organisation(name="Willow", partner_type=PartnerType.ADVISOR, partner_number="5550107")
LAUREL = Organisation(
    name="Laurel",
    partner_type=PartnerType.DIRECT_BILL,
    cloud=Cloud.US_GOVERNMENT,
    partner_number="5550108",
)
MEADOW = Organisation(name="Meadow Dairy")
CANYON = Organisation(name="Canyon Tools")
QUARRY = Organisation(name="Quarry Stone")
THISTLE = Organisation(name="Thistle Books")
EMBER = Organisation(name="Ember Glass")
SUMMIT = Organisation(name="Summit Waterworks", cloud=Cloud.US_GOVERNMENT)
PRAIRIE = Organisation(name="Prairie Parks", cloud=Cloud.US_GOVERNMENT)

ORGANISATIONS = (
    ALDER,
    BIRCH,
    LINDEN,
    CEDAR,
    DOGWOOD,
    HAZEL,
    WILLOW,
    LAUREL,
    MEADOW,
    CANYON,
    QUARRY,
    THISTLE,
    EMBER,
    SUMMIT,
    PRAIRIE,
)


@dataclass(frozen=True)
class Persona:
    """A demo user: an organisation with any number of roles."""

    organisation: Organisation
    duty: str
    roles: tuple[Role, ...] = ()

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


def _one(organisation: Organisation, role: Role) -> Persona:
    return Persona(organisation, role.value.replace("_", " "), (role,))


PERSONAS = (
    _one(ALDER, Role.SALES_AGENT),
    _one(ALDER, Role.ADMIN_AGENT),
    _one(ALDER, Role.GLOBAL_ADMIN),
    _one(ALDER, Role.HELPDESK_AGENT),
    _one(ALDER, Role.BILLING_ADMIN),
    _one(ALDER, Role.USER_MANAGEMENT_ADMIN),
    _one(ALDER, Role.ACCOUNT_ADMIN),
    Persona(ALDER, "user"),
    _one(BIRCH, Role.SALES_AGENT),
    _one(BIRCH, Role.BILLING_ADMIN),
    _one(LINDEN, Role.ADMIN_AGENT),
    _one(CEDAR, Role.ADMIN_AGENT),
    Persona(CEDAR, "sales and billing", (Role.BILLING_ADMIN, Role.SALES_AGENT)),
    _one(CEDAR, Role.USER_MANAGEMENT_ADMIN),
    _one(DOGWOOD, Role.SALES_AGENT),
    _one(DOGWOOD, Role.USER_MANAGEMENT_ADMIN),
    _one(HAZEL, Role.SALES_AGENT),
    _one(HAZEL, Role.BILLING_ADMIN),
    _one(WILLOW, Role.SALES_AGENT),
    _one(LAUREL, Role.ADMIN_AGENT),
    _one(LAUREL, Role.HELPDESK_AGENT),
    _one(MEADOW, Role.GLOBAL_ADMIN),
    _one(MEADOW, Role.BILLING_ADMIN),
    Persona(MEADOW, "user"),
    *(_one(customer, Role.GLOBAL_ADMIN) for customer in (CANYON, QUARRY, THISTLE, EMBER, SUMMIT, PRAIRIE)),
)
