from __future__ import annotations

import pytest

from multichannel.demo.cast import ALDER, CEDAR, DOGWOOD, EMBER, MEADOW, QUARRY, fixed_id
from multichannel.domain.agreements import AgreementKind, CustomerAgreement
from multichannel.domain.commerce import StopReason
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.services.relationship_ends import remove_reseller_relationship
from multichannel.services.relationships import (
    RelationshipRequest,
    accept_reseller_relationship,
    cancel_reseller_relationship_request,
    request_reseller_relationship,
)
from multichannel.services.subscriptions import suspend_subscription
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
ALDER_QUARRY = fixed_id("alder.quarry.relationship")


def request(use_cases: UseCases, persona: str, address: str, provider_id: str | None = None) -> str:
    new = RelationshipRequest(address=address, provider_directory_id=provider_id)
    return use_cases.run(persona, lambda work: request_reseller_relationship(work, new))


@pytest.mark.rule("SM1")
@pytest.mark.parametrize(
    ("address", "code"),
    [(QUARRY.id, "REQUEST_PENDING"), (MEADOW.id, "ALREADY_RELATED"), (ALDER.id, "OWN_CUSTOMER")],
)
def test_a_request_that_cannot_be_sent_is_refused(use_cases: UseCases, address: str, code: str) -> None:
    before = len(use_cases.rows(ResellerRelationship))
    new = RelationshipRequest(address=address)

    assert (
        use_cases.refused("alder-admin-agent", lambda work: request_reseller_relationship(work, new)) == code
    )
    assert len(use_cases.rows(ResellerRelationship)) == before


@pytest.mark.rule("SM1")
def test_a_canceled_request_can_be_sent_again(use_cases: UseCases) -> None:
    use_cases.run("alder-admin-agent", lambda work: cancel_reseller_relationship_request(work, ALDER_QUARRY))

    assert request(use_cases, "alder-admin-agent", QUARRY.id) != ALDER_QUARRY


@pytest.mark.rule("R14")
def test_a_customer_signs_the_agreement_when_it_accepts(use_cases: UseCases) -> None:
    code = use_cases.refused(
        "quarry-global-admin", lambda work: accept_reseller_relationship(work, ALDER_QUARRY, None)
    )
    assert code == "AGREEMENT_REQUIRED"
    assert use_cases.row(ResellerRelationship, id=ALDER_QUARRY).stored_status is RelationshipStatus.REQUESTED

    use_cases.run(
        "quarry-global-admin",
        lambda work: accept_reseller_relationship(work, ALDER_QUARRY, use_cases.signature()),
    )

    assert use_cases.row(ResellerRelationship, id=ALDER_QUARRY).stored_status is RelationshipStatus.ACTIVE
    assert use_cases.row(CustomerAgreement, customer_id=QUARRY.id).kind is AgreementKind.DIRECT


@pytest.mark.rule("SM1")
def test_a_reseller_requests_with_its_provider_and_one_answer_is_for_both(use_cases: UseCases) -> None:
    own = request(use_cases, "dogwood-sales-agent", EMBER.id, CEDAR.id)
    companion = use_cases.row(ResellerRelationship, invited_with_id=own)
    assert (companion.partner_id, companion.associated_partner_id) == (CEDAR.id, DOGWOOD.id)

    use_cases.run(
        "ember-global-admin",
        lambda work: accept_reseller_relationship(work, own, use_cases.signature()),
    )

    rows = [use_cases.row(ResellerRelationship, id=each) for each in (own, companion.id)]
    assert {row.stored_status for row in rows} == {RelationshipStatus.ACTIVE}


@pytest.mark.rule("R17", "R18")
def test_a_partner_leaves_without_active_subscriptions_and_supports_nothing(
    use_cases: UseCases,
) -> None:
    relationship_id = fixed_id("alder.canyon.relationship")
    sold, supported = (fixed_id(f"canyon-{key}.subscription") for key in ("azure-alder", "office-birch"))
    assert use_cases.row(Subscription, id=supported).support_contact_id == ALDER.id

    code = use_cases.refused(
        "alder-global-admin", lambda work: remove_reseller_relationship(work, relationship_id)
    )
    assert code == "ACTIVE_SUBSCRIPTIONS"

    version = use_cases.row(Subscription, id=sold).version
    use_cases.run(
        "alder-admin-agent",
        lambda work: suspend_subscription(work, sold, StopReason.NON_PAYMENT, expected_version=version),
    )
    use_cases.run("alder-global-admin", lambda work: remove_reseller_relationship(work, relationship_id))

    assert use_cases.row(ResellerRelationship, id=relationship_id).stored_status is RelationshipStatus.REMOVED
    assert use_cases.row(Subscription, id=supported).support_contact_id is None
