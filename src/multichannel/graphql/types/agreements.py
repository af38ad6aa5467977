"""Customer agreements."""

from __future__ import annotations

from multichannel.graphql.framework.fields import Column, ToOne, resource_type
from multichannel.graphql.types.common import CREATED_AT
from multichannel.policy.schema.resources import CUSTOMER_AGREEMENT
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(CUSTOMER_AGREEMENT)
class CustomerAgreement:
    """A customer's acceptance of the customer agreement."""

    kind = Column(
        "Whether the customer signed here, or a partner attests that it signed.", SUMMARY, filter=True
    )
    customer = ToOne("The customer that accepted.", "Customer", SUMMARY)
    partner = ToOne("The partner that attests; null if the customer signed here.", "Partner", READ)
    first_name = Column("First name of the signer.", READ)
    last_name = Column("Last name of the signer.", READ)
    email = Column("E-mail address of the signer.", READ)
    phone_number = Column("Telephone number of the signer.", READ)
    agreed_at = Column("When the customer signed.", SUMMARY, filter=True, order=True)
    created_at = CREATED_AT
