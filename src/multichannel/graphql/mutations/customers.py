"""Mutations of customers."""

from __future__ import annotations

from typing import Any

import strawberry

from multichannel.domain.countries import country_code, country_hint
from multichannel.domain.customers import Customer
from multichannel.domain.users import Role
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    EXPECTED_VERSION,
    AgreementInput,
    MutationInput,
    input_type,
    is_set,
    optional,
    parse_domain,
    parse_email,
    parse_guid,
    parse_text,
    signature_of,
)
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import CUSTOMER, PARTNER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import customers
from multichannel.services.users import NewUser
from multichannel.store.unit_of_work import UnitOfWork

PROFILE = (
    "email",
    "phone_number",
    "address_line1",
    "address_line2",
    "city",
    "state",
    "region",
    "postal_code",
    "country",
    "organization_registration_number",
)
"""The fields of the company profile besides the name, as far as an input has them."""
COUNTRY = "Country, as an ISO 3166-1 alpha-2 code such as `US`."


@input_type
class NewBillingProfileInput:
    """The billing profile of your partner. A field left out is copied from the customer's profile."""

    first_name: str | None = described("First name of the billing contact.", None)
    last_name: str | None = described("Last name of the billing contact.", None)
    email: str | None = described("The e-mail address that invoices are sent to.", None)
    culture: str | None = described("Format of numbers and dates on invoices, such as `en-US`.", None)
    language: str | None = described("Language of invoices, such as `en`.", None)
    company_name: str | None = described("The company's name on invoices.", None)


@input_type
class NewGlobalAdminInput:
    """The first global admin of the new tenant."""

    object_id: str = described("The user's object id in the new tenant's directory, a GUID.")
    display_name: str = described("The name shown to others.")


@input_type
class CreateCustomerInput(MutationInput):
    """The customer to create. Its users can sign in once it is linked to its directory: `linkCustomer`."""

    company_name: str = described("The company's name.")
    domain: str = described(
        "The primary domain of the customer's tenant. Refused if another customer has it verified; it is "
        "unverified itself until the customer signs in or an import names it."
    )
    email: str = described("The company's e-mail address.")
    phone_number: str | None = described("The company's telephone number.", None)
    address_line1: str | None = described("First line of the address.", None)
    address_line2: str | None = described("Second line of the address.", None)
    city: str | None = described("City.", None)
    state: str | None = described("State or province.", None)
    region: str | None = described("Region.", None)
    postal_code: str | None = described("Postal code.", None)
    country: str | None = described(COUNTRY, None)
    organization_registration_number: str | None = described(
        "The company's number in the commercial register.", None
    )
    market: str | None = described(
        "The country that the customer buys in, as an ISO 3166-1 alpha-2 code. Default: your own "
        "market, the only one allowed.",
        None,
    )
    associated_partner: str | None = described(
        "For an indirect provider: the tenant GUID of the reseller that the customer is created for.", None
    )
    billing_profile: NewBillingProfileInput | None = described("How your partner bills the customer.", None)
    agreement: AgreementInput | None = described(
        "Your attestation that the customer has signed the customer agreement.", None
    )
    global_admin: NewGlobalAdminInput | None = described(
        "The first user of the tenant, who can add the others.", None
    )


@mutation(Action.CREATE_CUSTOMER, on=PARTNER, returns=CUSTOMER, in_bulk=True)
def create_customer(work: UnitOfWork, input: CreateCustomerInput) -> Customer:
    """Create a customer with a new tenant and an active relationship with your partner.

    The refusal of a domain that is in use is the only information given about customers that are not yours.
    """
    admin, agreement = input.global_admin, input.agreement
    new = customers.NewCustomer(
        company_name=parse_text("company_name", input.company_name),
        ascii_domain=parse_domain("domain", input.domain),
        profile=_profile(input),
        billing=_billing(input.billing_profile),
        market=optional(_parse_country, "market", input.market),
        associated_partner_directory_id=optional(parse_guid, "associated_partner", input.associated_partner),
        signature=None if agreement is None else signature_of(agreement, agreement.agreed_at, "agreement."),
        global_admin=None if admin is None else _global_admin(admin),
    )
    return customers.create_customer(work, new)


def _billing(profile: NewBillingProfileInput | None) -> dict[str, str]:
    values = {} if profile is None else vars(profile)
    return {
        name: (parse_email if name == "email" else parse_text)(f"billing_profile.{name}", value)
        for name, value in values.items()
        if value is not None
    }


def _global_admin(admin: NewGlobalAdminInput) -> NewUser:
    object_id = parse_guid("global_admin.object_id", admin.object_id)
    name = parse_text("global_admin.display_name", admin.display_name)
    return NewUser(object_id, name, (Role.GLOBAL_ADMIN,))


@input_type
class LinkCustomerInput(MutationInput):
    """The customer and its directory."""

    id: strawberry.ID = described("The customer.")
    expected_version: int = described(EXPECTED_VERSION)
    directory_id: str = described(
        "The customer's tenant GUID at the vendor: the `tid` claim of its users' tokens."
    )


@mutation(Action.LINK, on=CUSTOMER)
def link_customer(work: UnitOfWork, input: LinkCustomerInput) -> Customer:
    """Link a customer that you created to its directory once the vendor has provisioned it.

    Its users can sign in from then on. A link is final. The refusal of a directory that is in use is the only
    information given about other organizations.
    """
    row_id, directory_id = read_id_of(CUSTOMER, input.id), parse_guid("directory_id", input.directory_id)
    return customers.link_customer(work, row_id, directory_id, expected_version=input.expected_version)


@input_type
class UpdateCustomerInput(MutationInput):
    """The changes to a customer's profile. A field left out keeps its value; null clears it."""

    id: strawberry.ID = described("The customer.")
    expected_version: int = described(EXPECTED_VERSION)
    company_name: str | None = described("The company's name; must not be null.", strawberry.UNSET)
    email: str | None = described("The company's e-mail address.", strawberry.UNSET)
    phone_number: str | None = described("The company's telephone number.", strawberry.UNSET)
    address_line1: str | None = described("First line of the address.", strawberry.UNSET)
    address_line2: str | None = described("Second line of the address.", strawberry.UNSET)
    city: str | None = described("City.", strawberry.UNSET)
    state: str | None = described("State or province.", strawberry.UNSET)
    region: str | None = described("Region.", strawberry.UNSET)
    postal_code: str | None = described("Postal code.", strawberry.UNSET)
    country: str | None = described(COUNTRY, strawberry.UNSET)


@mutation(Action.UPDATE, on=CUSTOMER)
def update_customer(work: UnitOfWork, input: UpdateCustomerInput) -> Customer:
    """Edit a customer's company profile, which all its partners share."""
    edits: dict[str, str | None] = _profile(input)
    if input.company_name is None:
        raise BadInput("input.companyName must not be null. Omit it to keep the name.")
    if is_set(input.company_name):
        edits["company_name"] = parse_text("company_name", input.company_name)
    row_id = read_id_of(CUSTOMER, input.id)
    return customers.update_customer(work, row_id, edits, expected_version=input.expected_version)


def _profile(input: Any) -> dict[str, str | None]:
    """The fields of the company profile that an input sets."""
    values = {name: getattr(input, name, strawberry.UNSET) for name in PROFILE}
    return {
        name: optional(PARSERS.get(name, parse_text), name, value)
        for name, value in values.items()
        if is_set(value)
    }


def _parse_country(name: str, value: str) -> str:
    code = country_code(value)
    if code is None:
        raise BadInput(
            f"input.{name} is {value[:20]!r}; it must be an ISO 3166 code of two letters, such as US."
            f"{country_hint(value)}"
        )
    return code


PARSERS = {"email": parse_email, "country": _parse_country}
"""How fields of the profile are parsed that are not plain text."""
