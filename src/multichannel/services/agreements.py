"""What is done with customer agreements."""

from __future__ import annotations

from multichannel.domain.agreements import CustomerAgreement, Signature, new_agreement
from multichannel.domain.tenants import TenantKind
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork


def confirm_customer_agreement(work: UnitOfWork, customer_id: str, signature: Signature) -> CustomerAgreement:
    """A further acceptance (SM6): a partner attests for itself, a customer's own signature holds with all.

    AGREEMENT_NOT_OFFERED (R52) or AGREED_IN_THE_FUTURE.
    """
    customer = work.customers.get(customer_id, to=Action.CONFIRM_AGREEMENT)
    who = work.principal
    attested_by = who.tenant_id if who.kind is TenantKind.PARTNER else None
    agreement = new_agreement(customer, signature, attested_by=attested_by, at=work.now)
    work.add_under(customer, agreement)
    return agreement
