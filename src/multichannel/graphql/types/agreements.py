"""Customer agreements."""

from __future__ import annotations

from multichannel.graphql.framework.fields import column, one, resource_type
from multichannel.policy.schema.resources import CUSTOMER_AGREEMENT
from multichannel.policy.schema.vocabulary import Action

SUMMARY, READ = Action.READ_SUMMARY, Action.READ


@resource_type(CUSTOMER_AGREEMENT)
class CustomerAgreement:
    """One acceptance of the customer agreement (SM6)."""

    kind = column("Whether the customer signed, or a partner attests that it did.", SUMMARY, filter=True)
    customer = one("The customer that is bound.", "Customer", "customer_id", SUMMARY)
    partner = one(
        "The partner that attests; null for the customer's own signature.", "Partner", "partner_id", READ
    )
    first_name = column("First name of who signed.", READ)
    last_name = column("Last name of who signed.", READ)
    email = column("E-mail address of who signed.", READ)
    phone_number = column("Telephone number of who signed.", READ)
    agreed_at = column("When it was signed.", SUMMARY, filter=True, order=True)
    created_at = column("When this service heard of it.", READ, filter=True, order=True)
