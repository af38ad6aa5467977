"""Customers and their billing profiles."""

from __future__ import annotations

from multichannel.graphql.framework.fields import Column, ToMany, ToOne, resource_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.policy.schema.resources import BILLING_PROFILE, CUSTOMER
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING


@resource_type(CUSTOMER)
class Customer:
    """A company with its own tenant. All partners that serve it share its profile."""

    company_name = Column("The company's name.", SUMMARY, filter=True, order=True)
    domain = Column(
        "The primary domain of its tenant, such as `meadow.example`.", SUMMARY, filter=True, order=True
    )
    market = Column("The country it buys in, as an ISO 3166-1 alpha-2 code.", SUMMARY, filter=True)
    cloud = Column("The national cloud of its tenant.", SUMMARY, filter=True)
    qualification = Column("The special offers that the vendor has qualified it for.", READ, filter=True)
    custom_domains = Column("The other domains of its tenant.", READ)
    organization_registration_number = Column("The company's number in the commercial register.", READ)
    email = Column("The company's e-mail address.", READ, filter=True)
    phone_number = Column("The company's telephone number.", READ)
    address_line1 = Column("First line of the company's address.", READ)
    address_line2 = Column("Second line of the company's address.", READ)
    city = Column("City of the company's address.", READ, filter=True)
    state = Column("State or province of the company's address.", READ)
    region = Column("Region of the company's address.", READ)
    postal_code = Column("Postal code of the company's address.", READ)
    country = Column("Country of the company's address, as an ISO 3166-1 alpha-2 code.", READ, filter=True)
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version(expected=True)
    subscriptions = ToMany("Its subscriptions that you can see.", "Subscription", "customer_id")
    reseller_relationships = ToMany(
        "Its relationships with partners that you can see.",
        "ResellerRelationship",
        "customer_id",
    )
    billing_profiles = ToMany("Its billing profiles that you can see.", "BillingProfile", "customer_id")
    agreements = ToMany(
        "Its acceptances of the customer agreement that you can see.",
        "CustomerAgreement",
        "customer_id",
    )
    users = ToMany("The users of its tenant, if you may manage them.", "User", "tenant_id")


@resource_type(BILLING_PROFILE)
class BillingProfile:
    """How one partner bills one customer. It is not visible to other partners."""

    customer = ToOne("The customer.", "Customer", "customer_id", BILLING)
    partner = ToOne("The partner that bills the customer.", "Partner", "partner_id", BILLING)
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
