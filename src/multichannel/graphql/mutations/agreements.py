"""Mutations of customer agreements."""

from __future__ import annotations

from datetime import datetime

import strawberry

from multichannel.graphql.framework.agreement_input import signature_of
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput
from multichannel.graphql.framework.mutation import writes
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.agreements import confirm_customer_agreement
from multichannel.store.unit_of_work import Work


@strawberry.input(description="Who signed the customer agreement, and when (SM6).")
class ConfirmCustomerAgreementInput(MutationInput):
    """A signature for the customer agreement."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    first_name: str = strawberry.field(description="First name of who signed.")
    last_name: str = strawberry.field(description="Last name of who signed.")
    email: str = strawberry.field(description="E-mail address of who signed.")
    phone_number: str | None = strawberry.field(default=None, description="Telephone number of who signed.")
    agreed_at: datetime = strawberry.field(description="When it was signed; not in the future.")


def _confirm(work: Work, input: ConfirmCustomerAgreementInput) -> str:
    return confirm_customer_agreement(work, read_id_of(CUSTOMER, input.id), signature_of(input)).id


writes(
    "confirm_customer_agreement",
    "Confirm that a customer has agreed: as its partner by attestation, which holds with you; as the "
    "customer's global admin by signature, which holds with every partner. Confirming again adds a record.",
    action=Action.CONFIRM_AGREEMENT,
    on="Customer",
    input_type=ConfirmCustomerAgreementInput,
    use_case=_confirm,
    shows="CustomerAgreement",
)
