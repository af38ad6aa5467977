"""What each persona of the demo world sees, written by hand from the rules and never from the program.

A name stands at the highest degree at which it may be read; what stands nowhere does not exist for the
persona. Names are keys of the demo world: `ids_of_customers` and `ids_of_subscriptions` give their ids.

The standings in short:
- what a partner bills (a), what it wrote down for itself (b), what it is the support contact of (c, R26);
- what a customer wrote down of other channels, by an active relationship (d, R4);
- what a provider bills at a customer it attached the reseller to (e, R24);
- what a reseller is credited for (f, R24, R25): a summary, for credit is no delegation;
- what a customer has bought (g).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from multichannel.demo.cast import ORGANISATIONS, WORLD, fixed_id
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING
Degrees = Mapping[Action, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Sees:
    """What one persona sees: names by the highest degree at which it may read them."""

    customers: Degrees = field(default_factory=dict)
    subscriptions: Degrees = field(default_factory=dict)


def names(*words: str) -> frozenset[str]:
    return frozenset(word for part in words for word in part.split())


ALDER_SERVES = names("meadow canyon")
ALDER_BILLS = names("meadow-mail-alder meadow-archive-alder canyon-azure-alder ember-mail-alder")
ALDER_READS_BY_RELATIONSHIP = names("meadow-office-direct meadow-azure-ea canyon-azure-ea")
ALDER_SUPPORTS = names("canyon-office-birch")
ALDER_RECORDED = names("meadow-records-open")
ALDER_READS_OF_OTHERS = ALDER_READS_BY_RELATIONSHIP | ALDER_SUPPORTS | ALDER_RECORDED

BIRCH_SERVES = names("canyon thistle")
BIRCH_SERVED = names("ember")
BIRCH_BILLS = names("canyon-office-birch thistle-mail-birch")
BIRCH_READS_OF_OTHERS = names("canyon-azure-ea thistle-office-open", "canyon-azure-ea-by-birch")

CEDAR_SERVES = names("meadow quarry")
CEDAR_BILLS = names("meadow-azure-cedar meadow-phone-cedar quarry-mail-cedar")
CEDAR_READS_BY_RELATIONSHIP = names("meadow-office-direct meadow-azure-ea quarry-office-direct")

MEADOW_BOUGHT = names(
    "meadow-office-direct meadow-azure-ea meadow-mail-alder meadow-archive-alder meadow-azure-cedar",
    "meadow-phone-cedar meadow-records-open meadow-backup-advisor",
)
CANYON_BOUGHT = names("canyon-azure-alder canyon-office-birch canyon-azure-ea canyon-azure-ea-by-birch")

# Role matrix, "search / view customers" and "view subscriptions": sales, admin and helpdesk agents and
# global admins read both; billing admins read subscriptions and know customers by name; user management
# admins ("use multichannel", "add licences") know by name what the partner bills or has a relationship for.
# Terms and prices are for global admins, admin agents and billing admins of whoever bills ("invoices").
ALDER_AGENT = Sees(
    customers={READ: ALDER_SERVES},
    subscriptions={READ: ALDER_BILLS | ALDER_READS_OF_OTHERS},
)
ALDER_ADMINISTRATOR = Sees(
    customers={READ: ALDER_SERVES},
    subscriptions={BILLING: ALDER_BILLS, READ: ALDER_READS_OF_OTHERS},
)
LINDEN_ADMINISTRATOR = Sees(
    customers={READ: names("ember")},
    subscriptions={BILLING: names("ember-azure-linden"), READ: names("ember-office-direct")},
)
CEDAR_ADMINISTRATOR = Sees(
    customers={READ: CEDAR_SERVES},
    subscriptions={BILLING: CEDAR_BILLS, READ: CEDAR_READS_BY_RELATIONSHIP},
)
DOGWOOD_AGENT = Sees(
    customers={READ: names("meadow")},
    subscriptions={READ: names("meadow-azure-cedar meadow-phone-cedar")},
)
HAZEL_AGENT = Sees(
    customers={READ: names("quarry")},
    subscriptions={READ: names("quarry-mail-cedar"), SUMMARY: names("meadow-azure-cedar")},
)
WILLOW_AGENT = Sees(
    customers={READ: names("meadow")},
    subscriptions={READ: names("meadow-office-direct meadow-azure-ea", "meadow-backup-advisor")},
)
LAUREL_ADMINISTRATOR = Sees(
    customers={READ: names("summit")},
    subscriptions={BILLING: names("summit-mail-laurel"), READ: names("summit-azure-ea")},
)
NOTHING = Sees()

EXPECTED: dict[str, Sees] = {
    # Alder: active relationships with Meadow and Canyon. A request to Quarry is pending, one to Thistle has
    # lapsed, and the one with Ember was removed: what Alder billed there stays in its books.
    "alder-sales-agent": ALDER_AGENT,
    "alder-helpdesk-agent": ALDER_AGENT,
    "alder-admin-agent": ALDER_ADMINISTRATOR,
    "alder-global-admin": ALDER_ADMINISTRATOR,
    "alder-billing-admin": Sees(
        customers={SUMMARY: ALDER_SERVES},
        subscriptions={BILLING: ALDER_BILLS, READ: ALDER_READS_OF_OTHERS},
    ),
    "alder-user-management-admin": Sees(
        customers={SUMMARY: ALDER_SERVES},
        subscriptions={SUMMARY: ALDER_BILLS | ALDER_READS_BY_RELATIONSHIP},
    ),
    "alder-account-admin": NOTHING,  # manages Alder's own people
    "alder-user": NOTHING,
    # Birch: R19 takes away what it may sell, not what it sees. It withdrew its request to Meadow. Ember
    # ended the relationship, which leaves Birch its name (R62).
    "birch-sales-agent": Sees(
        customers={READ: BIRCH_SERVES, SUMMARY: BIRCH_SERVED},
        subscriptions={READ: BIRCH_BILLS | BIRCH_READS_OF_OTHERS},
    ),
    "birch-billing-admin": Sees(
        customers={SUMMARY: BIRCH_SERVES | BIRCH_SERVED},
        subscriptions={BILLING: BIRCH_BILLS, READ: BIRCH_READS_OF_OTHERS},
    ),
    "birch-global-admin": Sees(
        customers={READ: BIRCH_SERVES, SUMMARY: BIRCH_SERVED},
        subscriptions={BILLING: BIRCH_BILLS, READ: BIRCH_READS_OF_OTHERS},
    ),
    # Linden has left the programme and keeps its books.
    "linden-admin-agent": LINDEN_ADMINISTRATOR,
    "linden-global-admin": LINDEN_ADMINISTRATOR,
    # Cedar: Thistle declined it.
    "cedar-admin-agent": CEDAR_ADMINISTRATOR,
    "cedar-global-admin": CEDAR_ADMINISTRATOR,
    "cedar-sales-and-billing": Sees(  # two roles: what either of them sees
        customers={READ: CEDAR_SERVES},
        subscriptions={BILLING: CEDAR_BILLS, READ: CEDAR_READS_BY_RELATIONSHIP},
    ),
    "cedar-user-management-admin": Sees(
        customers={SUMMARY: CEDAR_SERVES},
        subscriptions={SUMMARY: CEDAR_BILLS | CEDAR_READS_BY_RELATIONSHIP},
    ),
    # Cedar attached Dogwood to Meadow (e): all that Cedar bills there, nothing of Alder's, nothing of other
    # channels, for the relationship is Cedar's.
    "dogwood-sales-agent": DOGWOOD_AGENT,
    "dogwood-global-admin": DOGWOOD_AGENT,
    "dogwood-user-management-admin": NOTHING,
    # Cedar attached Hazel to Quarry (e); Hazel is also credited for an Azure plan at Meadow (f).
    "hazel-sales-agent": HAZEL_AGENT,
    "hazel-global-admin": HAZEL_AGENT,
    "hazel-billing-admin": Sees(
        subscriptions={READ: names("quarry-mail-cedar"), SUMMARY: names("meadow-azure-cedar")},
    ),
    # Willow, an Advisor, has Meadow's permission and a note of its own.
    "willow-sales-agent": WILLOW_AGENT,
    "willow-global-admin": WILLOW_AGENT,
    # Laurel, US government. Prairie has not answered its request.
    "laurel-admin-agent": LAUREL_ADMINISTRATOR,
    "laurel-global-admin": LAUREL_ADMINISTRATOR,
    "laurel-helpdesk-agent": Sees(
        customers={READ: names("summit")},
        subscriptions={READ: names("summit-mail-laurel summit-azure-ea")},
    ),
    # Customers: the global admin sees the company itself, and all that was bought for it (g).
    "meadow-global-admin": Sees(customers={READ: names("meadow")}, subscriptions={BILLING: MEADOW_BOUGHT}),
    "meadow-billing-admin": NOTHING,
    "meadow-user": NOTHING,
    "canyon-global-admin": Sees(customers={READ: names("canyon")}, subscriptions={BILLING: CANYON_BOUGHT}),
    "quarry-global-admin": Sees(
        customers={READ: names("quarry")},
        subscriptions={BILLING: names("quarry-office-direct quarry-mail-cedar")},
    ),
    "thistle-global-admin": Sees(
        customers={READ: names("thistle")},
        subscriptions={BILLING: names("thistle-office-open thistle-mail-birch")},
    ),
    "ember-global-admin": Sees(
        customers={READ: names("ember")},
        subscriptions={BILLING: names("ember-mail-alder ember-office-direct ember-azure-linden")},
    ),
    "summit-global-admin": Sees(
        customers={READ: names("summit")},
        subscriptions={BILLING: names("summit-mail-laurel summit-azure-ea")},
    ),
    "prairie-global-admin": Sees(
        customers={READ: names("prairie")},
        subscriptions={BILLING: names("prairie-office-direct")},
    ),
}


def ids_of_customers(keys: Iterable[str]) -> set[str]:
    """The ids of customers, by the names of the table."""
    return {CUSTOMER_IDS[key] for key in keys}


def ids_of_subscriptions(keys: Iterable[str]) -> set[str]:
    """The ids of subscriptions, by the names of the table."""
    return {SUBSCRIPTION_IDS[key] for key in keys}


CUSTOMER_IDS = {each.key: each.id for each in ORGANISATIONS if each.partner_type is None}
SUBSCRIPTION_IDS = {each["key"]: fixed_id(f"{each['key']}.subscription") for each in WORLD["purchases"]}
