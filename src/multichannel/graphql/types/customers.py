"""Customers and their billing profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multichannel.domain.domains import CustomerDomain
from multichannel.graphql.framework.fields import Column, Computed, ToMany, ToOne, resource_type
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.access import access_field
from multichannel.graphql.types.common import ALIAS, CREATED_AT, TAGS, UPDATED_AT, version
from multichannel.graphql.types.consent import DEFAULT_SHARING
from multichannel.policy.schema.resources import BILLING_PROFILE, CUSTOMER
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING

object_type(
    "CustomerDomain",
    "A domain of a customer.",
    {
        "name": Field("str", "The domain in its ASCII form, such as `xn--bcher-kva.example`."),
        "is_verified": Field(
            "bool",
            "Whether an import from the vendor, the operator or a sign-in has shown that it is the "
            "customer's. Only then it receives requests that are addressed to the domain.",
        ),
    },
)


def _domains(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
    """The domains of the customers that may be read, by name."""
    readable = work.customers.find_permitted(ids, to=READ)
    if not readable:
        return {}
    rows = work.query_for(*readable).all(CustomerDomain, customer_id=[each.id for each in readable])
    domains: dict[str, list[dict[str, Any]]] = {each.id: [] for each in readable}
    for row in rows:
        domains[row.customer_id].append({"name": row.ascii_domain, "is_verified": row.is_verified})
    return domains


@resource_type(CUSTOMER)
class Customer:
    """A company with its own tenant. All partners that serve it share its profile."""

    alias = ALIAS
    tags = TAGS
    company_name = Column("The company's name.", SUMMARY, filter=True, order=True, search=True)
    domain = Column(
        "The primary domain of its tenant, such as `meadow.example`.",
        SUMMARY,
        filter=True,
        order=True,
        search=True,
    )
    directory_id = Column(
        "Its tenant GUID at the vendor, the `tid` claim of its users' tokens; null until it is linked.",
        SUMMARY,
        filter=True,
        search=True,
    )
    vendor_state = Column(
        "Whether the vendor has its tenant: TO_DO until it is linked, then CONFIRMED.",
        READ,
        filter=True,
        order=True,
    )
    market = Column(
        "The country it buys in, as an ISO 3166-1 alpha-2 code; null if unknown: no partner sells to it.",
        SUMMARY,
        filter=True,
        order=True,
    )
    cloud = Column("The national cloud of its tenant.", SUMMARY, filter=True, order=True)
    qualification = Column(
        "The special offers that the vendor has qualified it for.", READ, filter=True, order=True
    )
    custom_domains = Column("The other domains of its tenant.", READ, filter=True, search=True)
    domains = Computed(
        "The primary and custom domains of its tenant, and whether each is verified to be its own.",
        "list[CustomerDomain]",
        READ,
        _domains,
        witness="custom_domains",
        absent=(),
    )
    organization_registration_number = Column(
        "The company's number in the commercial register.", READ, filter=True, search=True
    )
    email = Column("The company's e-mail address.", READ, filter=True)
    phone_number = Column("The company's telephone number.", READ, filter=True, search=True)
    address_line1 = Column("First line of the company's address.", READ)
    address_line2 = Column("Second line of the company's address.", READ)
    city = Column("City of the company's address.", READ, filter=True, order=True)
    state = Column("State or province of the company's address.", READ)
    region = Column("Region of the company's address.", READ)
    postal_code = Column("Postal code of the company's address.", READ)
    country = Column(
        "Country of the company's address, as an ISO 3166-1 alpha-2 code.", READ, filter=True, order=True
    )
    default_sharing = DEFAULT_SHARING
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version(expected=True)
    subscriptions = ToMany("Its subscriptions that you can see.", "Subscription", "customer_id")
    support_cases = ToMany("Its support cases that you can see.", "SupportCase", "customer_id")
    reseller_relationships = ToMany(
        "Its relationships with partners that you can see.",
        "ResellerRelationship",
        "customer_id",
    )
    delegated_admin_grants = ToMany(
        "The rights in its tenant that it gives partners, and requests for them, that you can see.",
        "DelegatedAdminGrant",
        "customer_id",
    )
    billing_profiles = ToMany("Its billing profiles that you can see.", "BillingProfile", "customer_id")
    agreements = ToMany(
        "Its acceptances of the customer agreement that you can see.",
        "CustomerAgreement",
        "customer_id",
    )
    access = access_field(CUSTOMER, "company_name")
    users = ToMany("The users of its tenant, if you may read them.", "User", "tenant_id")


@resource_type(BILLING_PROFILE)
class BillingProfile:
    """How one partner bills one customer. It is not visible to other partners."""

    customer = ToOne("The customer.", "Customer", BILLING)
    partner = ToOne("The partner that bills the customer.", "Partner", BILLING)
    first_name = Column("First name of the billing contact.", BILLING)
    last_name = Column("Last name of the billing contact.", BILLING)
    email = Column("The e-mail address that invoices are sent to.", BILLING, filter=True)
    culture = Column("Format of numbers and dates on invoices, such as `en-US`.", BILLING)
    language = Column("Language of invoices, such as `en`.", BILLING)
    company_name = Column("The company's name on invoices.", BILLING, filter=True)
    address_line1 = Column("First line of the billing address.", BILLING)
    address_line2 = Column("Second line of the billing address.", BILLING)
    city = Column("City of the billing address.", BILLING)
    state = Column("State or province of the billing address.", BILLING)
    region = Column("Region of the billing address.", BILLING)
    postal_code = Column("Postal code of the billing address.", BILLING)
    country = Column("Country of the billing address, as an ISO 3166-1 alpha-2 code.", BILLING)
    phone_number = Column("Telephone number of the billing contact.", BILLING)
    version = version(BILLING)
