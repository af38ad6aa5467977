"""Mutations of customers."""

from __future__ import annotations

import strawberry

from multichannel.domain.users import Role
from multichannel.errors import BadInput
from multichannel.graphql.framework.agreement_input import AgreementInput, signature_of
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, domain_of, email_of, guid_of, text_of
from multichannel.graphql.framework.mutation import writes
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.customers import NewCustomer, create_customer, update_customer
from multichannel.services.users import NewUser
from multichannel.store.unit_of_work import Work

COUNTRY_LETTERS = 2
NOT_EDITED = {"id", "expected_version", "idempotency_key"}


@strawberry.input(description="Edits of a company profile. What is left out stays; null clears.")
class UpdateCustomerInput(MutationInput):
    """Edits of a customer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int = strawberry.field(
        description="The `version` you saw; another one refuses the edit."
    )
    company_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The company's name; it cannot be cleared."
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="The company's e-mail address."
    )
    phone_number: str | None = strawberry.field(
        default=strawberry.UNSET, description="The company's telephone number."
    )
    address_line1: str | None = strawberry.field(
        default=strawberry.UNSET, description="First line of the address."
    )
    address_line2: str | None = strawberry.field(
        default=strawberry.UNSET, description="Second line of the address."
    )
    city: str | None = strawberry.field(default=strawberry.UNSET, description="City.")
    state: str | None = strawberry.field(default=strawberry.UNSET, description="State or province.")
    region: str | None = strawberry.field(default=strawberry.UNSET, description="Region.")
    postal_code: str | None = strawberry.field(default=strawberry.UNSET, description="Postal code.")
    country: str | None = strawberry.field(
        default=strawberry.UNSET, description="Country, as an ISO 3166 code of two letters."
    )


def _update_customer(work: Work, input: UpdateCustomerInput) -> str:
    edits = {
        name: _text(name, value)
        for name, value in vars(input).items()
        if name not in NOT_EDITED and value is not strawberry.UNSET
    }
    row_id = read_id_of(CUSTOMER, input.id)
    return update_customer(work, row_id, edits, expected_version=input.expected_version).id


def _text(name: str, value: str | None) -> str | None:
    """A text that can be stored; BadInput says what is wrong with it."""
    if value is None:
        if name == "company_name":
            raise BadInput("input.companyName is null: a company has a name.")
        return None
    if name == "country":
        return _country(name, value)
    return email_of(name, value) if name == "email" else text_of(name, value)


def _country(name: str, value: str) -> str:
    if not (len(value) == COUNTRY_LETTERS and value.isascii() and value.isalpha()):
        raise BadInput(f"input.{name} is {value[:20]!r}; give an ISO 3166 code of two letters, such as US.")
    return value.upper()


@strawberry.input(
    description="How your partner bills the customer. What is left out is as in the company profile."
)
class NewBillingProfileInput:
    """A billing profile to be."""

    first_name: str | None = strawberry.field(
        default=None, description="First name of the contact for bills."
    )
    last_name: str | None = strawberry.field(default=None, description="Last name of the contact for bills.")
    email: str | None = strawberry.field(default=None, description="Where bills are sent.")
    culture: str | None = strawberry.field(default=None, description="Formats on bills, such as `en-US`.")
    language: str | None = strawberry.field(default=None, description="Language of bills, such as `en`.")
    company_name: str | None = strawberry.field(default=None, description="The company's name on bills.")


@strawberry.input(description="The first global admin of a new tenant.")
class NewGlobalAdminInput:
    """A user that comes with a new customer."""

    object_id: str = strawberry.field(description="The object id in the new tenant's directory, a GUID.")
    display_name: str = strawberry.field(description="The name others see.")


@strawberry.input(description="A company to be given a tenant, whose GUID the service chooses.")
class CreateCustomerInput(MutationInput):
    """A new customer."""

    company_name: str = strawberry.field(description="The company's name.")
    domain: str = strawberry.field(
        description="The primary domain of its tenant; one that a customer has already is refused."
    )
    email: str = strawberry.field(description="The company's e-mail address.")
    phone_number: str | None = strawberry.field(default=None, description="The company's telephone number.")
    address_line1: str | None = strawberry.field(default=None, description="First line of the address.")
    address_line2: str | None = strawberry.field(default=None, description="Second line of the address.")
    city: str | None = strawberry.field(default=None, description="City.")
    state: str | None = strawberry.field(default=None, description="State or province.")
    region: str | None = strawberry.field(default=None, description="Region.")
    postal_code: str | None = strawberry.field(default=None, description="Postal code.")
    country: str | None = strawberry.field(
        default=None, description="Country, as an ISO 3166 code of two letters."
    )
    organization_registration_number: str | None = strawberry.field(
        default=None, description="Its number in the register of companies."
    )
    market: str | None = strawberry.field(
        default=None, description="The country it buys in; your partner's own, and no other (R12)."
    )
    associated_partner: str | None = strawberry.field(
        default=None,
        description="The tenant GUID of the reseller that an indirect provider creates it for (R23).",
    )
    billing_profile: NewBillingProfileInput | None = strawberry.field(
        default=None, description="How your partner bills it."
    )
    agreement: AgreementInput | None = strawberry.field(
        default=None, description="Your attestation that it signed the customer agreement."
    )
    global_admin: NewGlobalAdminInput | None = strawberry.field(
        default=None, description="Who may sign in first, and make the other users."
    )


NOT_OF_PROFILE = {
    "idempotency_key",
    "company_name",
    "domain",
    "market",
    "associated_partner",
    "billing_profile",
    "agreement",
    "global_admin",
}


def _create_customer(work: Work, input: CreateCustomerInput) -> str:
    profile = {name: _text(name, value) for name, value in vars(input).items() if name not in NOT_OF_PROFILE}
    agreement, admin, reseller = input.agreement, input.global_admin, input.associated_partner
    new = NewCustomer(
        company_name=text_of("company_name", input.company_name),
        domain=domain_of("domain", input.domain),
        profile=profile,
        billing=_billing(input.billing_profile),
        market=None if input.market is None else _country("market", input.market),
        associated_partner_id=None if reseller is None else guid_of("associated_partner", reseller),
        signature=None if agreement is None else signature_of(agreement, "agreement."),
        global_admin=None if admin is None else _global_admin(admin),
    )
    return create_customer(work, new).id


def _billing(given: NewBillingProfileInput | None) -> dict[str, str]:
    told = {} if given is None else {name: value for name, value in vars(given).items() if value is not None}
    return {
        name: (email_of if name == "email" else text_of)(f"billing_profile.{name}", value)
        for name, value in told.items()
    }


def _global_admin(given: NewGlobalAdminInput) -> NewUser:
    object_id = guid_of("global_admin.object_id", given.object_id)
    return NewUser(object_id, text_of("global_admin.display_name", given.display_name), (Role.GLOBAL_ADMIN,))


writes(
    "create_customer",
    "Create a customer with a tenant of its own, in an active relationship with your partner (SM1). That a "
    "domain is taken is the one thing this service tells of customers that are not yours.",
    action=Action.CREATE_CUSTOMER,
    on="Partner",
    input_type=CreateCustomerInput,
    use_case=_create_customer,
    shows="Customer",
)
writes(
    "update_customer",
    "Edit a customer's company profile.",
    action=Action.UPDATE,
    on="Customer",
    input_type=UpdateCustomerInput,
    use_case=_update_customer,
)
