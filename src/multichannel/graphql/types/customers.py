"""Customers and their billing profiles."""

from __future__ import annotations

from multichannel.graphql.framework.fields import column, many, one, resource_type
from multichannel.policy.schema.resources import BILLING_PROFILE, CUSTOMER
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING


@resource_type(CUSTOMER)
class Customer:
    """A company with a tenant of its own. Its profile is shared by all partners that serve it."""

    company_name = column("The company's name.", SUMMARY, filter=True, order=True)
    domain = column("The primary domain of its tenant.", SUMMARY, filter=True, order=True)
    market = column("The country it buys in, as an ISO 3166 code (R12).", SUMMARY, filter=True)
    cloud = column("The national cloud its tenant lives in; nothing crosses it (R52).", SUMMARY, filter=True)
    qualification = column("What the vendor has qualified it for.", READ, filter=True)
    custom_domains = column("Further domains of its tenant.", READ)
    organization_registration_number = column("Its number in the register of companies.", READ)
    email = column("The company's e-mail address.", READ, filter=True)
    phone_number = column("The company's telephone number.", READ)
    address_line1 = column("First line of the company's address.", READ)
    address_line2 = column("Second line of the company's address.", READ)
    city = column("City of the company's address.", READ, filter=True)
    state = column("State or province of the company's address.", READ)
    region = column("Region of the company's address.", READ)
    postal_code = column("Postal code of the company's address.", READ)
    country = column("Country of the company's address, as an ISO 3166 code.", READ, filter=True)
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When its profile last changed.", READ, filter=True, order=True)
    version = column("Counts changes; pass it as `expectedVersion` to change what you saw.", READ)
    subscriptions = many("What it bought, as far as you may see it.", "Subscription", "customer_id")
    reseller_relationships = many(
        "The relationships partners have with it, as far as you may see them.",
        "ResellerRelationship",
        "customer_id",
    )
    billing_profiles = many(
        "How partners bill it, as far as you may see it.", "BillingProfile", "customer_id"
    )
    agreements = many(
        "Its acceptances of the customer agreement, as far as you may see them (SM6).",
        "CustomerAgreement",
        "customer_id",
    )
    users = many("Its people, if they are yours to manage.", "User", "tenant_id")


@resource_type(BILLING_PROFILE)
class BillingProfile:
    """How one partner bills one customer. No other partner sees it."""

    customer = one("The customer billed.", "Customer", "customer_id", BILLING)
    partner = one("The partner that bills.", "Partner", "partner_id", BILLING)
    first_name = column("First name of the contact for bills.", BILLING)
    last_name = column("Last name of the contact for bills.", BILLING)
    email = column("Where bills are sent.", BILLING, filter=True)
    culture = column("Formats of numbers and dates on bills, such as `en-US`.", BILLING)
    language = column("Language of bills, such as `en`.", BILLING)
    company_name = column("The company's name on bills.", BILLING, filter=True)
    address_line1 = column("First line of the address for bills.", BILLING)
    address_line2 = column("Second line of the address for bills.", BILLING)
    city = column("City of the address for bills.", BILLING)
    state = column("State or province of the address for bills.", BILLING)
    region = column("Region of the address for bills.", BILLING)
    postal_code = column("Postal code of the address for bills.", BILLING)
    country = column("Country of the address for bills, as an ISO 3166 code.", BILLING)
    phone_number = column("Telephone number of the contact for bills.", BILLING)
    version = column("Counts changes.", BILLING)
