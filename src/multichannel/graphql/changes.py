"""Mutations of customers."""

from __future__ import annotations

import strawberry

from multichannel.errors import BadInput
from multichannel.graphql.declarations import camel
from multichannel.graphql.identifiers import read_id_of
from multichannel.graphql.mutations import writes
from multichannel.policy.resources import CUSTOMER
from multichannel.policy.vocabulary import Action
from multichannel.services.customers import update_customer
from multichannel.store.work import Work

LONGEST_TEXT = 512
COUNTRY_LETTERS = 2
NOT_EDITED = {"id", "expected_version"}


@strawberry.input(description="Edits of a company profile. What is left out stays; null clears.")
class UpdateCustomerInput:
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
    if not value.strip() or len(value) > LONGEST_TEXT or not value.isprintable():
        raise BadInput(
            f"input.{camel(name)} must have 1 to {LONGEST_TEXT} printable characters, not all blank."
        )
    if name == "country" and not (len(value) == COUNTRY_LETTERS and value.isascii() and value.isalpha()):
        raise BadInput(f"input.country is {value!r}; give an ISO 3166 code of two letters, such as US.")
    return value.upper() if name == "country" else value


UPDATE_CUSTOMER = writes(
    "update_customer",
    "Edit a customer's company profile.",
    action=Action.UPDATE,
    on="Customer",
    input_type="UpdateCustomerInput",
    use_case=_update_customer,
)
