"""Customer agreements."""

from __future__ import annotations

from multichannel.domain.agreements import CustomerAgreement, Signature, new_agreement
from multichannel.domain.tenants import TenantKind
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork


def confirm_customer_agreement(work: UnitOfWork, customer_id: str, signature: Signature) -> CustomerAgreement:
    """A partner's attestation for itself, or the customer's own signature, valid with all partners (SM6).

    AGREEMENT_NOT_OFFERED (R52) or AGREED_IN_THE_FUTURE.
    """
    customer = work.customers.get(customer_id, to=Action.CONFIRM_AGREEMENT)
    principal = work.principal
    attested_by = principal.tenant_id if principal.kind is TenantKind.PARTNER else None
    agreement = new_agreement(customer, signature, attested_by=attested_by, at=work.now)
    work.add_under(customer, agreement)
    return agreement
