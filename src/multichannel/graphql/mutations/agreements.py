"""Mutations of customer agreements."""

from __future__ import annotations

import strawberry

from multichannel.domain.agreements import CustomerAgreement
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import AgreementInput, MutationInput, input_type, signature_of
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import CUSTOMER, CUSTOMER_AGREEMENT
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import customers
from multichannel.store.unit_of_work import UnitOfWork


@input_type
class ConfirmCustomerAgreementInput(MutationInput, AgreementInput):
    """The customer, the person who signed for it, and when."""

    id: strawberry.ID = described("The customer.")


@mutation(Action.CONFIRM_AGREEMENT, on=CUSTOMER, returns=CUSTOMER_AGREEMENT, in_bulk=True)
def confirm_customer_agreement(work: UnitOfWork, input: ConfirmCustomerAgreementInput) -> CustomerAgreement:
    """Record that a customer has accepted the customer agreement.

    A partner attests to it, which is valid for that partner only; a global admin of the customer signs it,
    which is valid for every partner. Confirming again adds a further record.
    """
    customer_id = read_id_of(CUSTOMER, input.id)
    return customers.confirm_customer_agreement(work, customer_id, signature_of(input, input.agreed_at))
