from __future__ import annotations

import pytest

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, fixed_id
from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.services.transfers import (
    TransferOffer,
    TransferRequest,
    accept_transfer,
    cancel_transfer,
    decline_transfer,
    offer_transfer,
    request_transfer,
)
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
MAIL, ARCHIVE = (fixed_id(f"meadow-{key}-alder.subscription") for key in ("mail", "archive"))
REQUEST = TransferRequest(
    kind=TransferKind.NEW_COMMERCE,
    customer_id=MEADOW.id,
    source_directory_id=ALDER.id,
    product_types=(),
    partner_of_record_directory_id=None,
)


def request(use_cases: UseCases) -> str:
    use_cases.agree("cedar-admin-agent", "meadow")
    return use_cases.run("cedar-admin-agent", lambda work: request_transfer(work, REQUEST))


@pytest.mark.rule("SM4c")
def test_the_source_accepts_a_request_and_add_ons_follow_their_base(use_cases: UseCases) -> None:
    transfer_id = request(use_cases)
    use_cases.run(
        "alder-admin-agent",
        lambda work: accept_transfer(work, transfer_id, subscription_ids=[MAIL], expected_version=None),
    )

    assert use_cases.row(Transfer, id=transfer_id).stored_status is TransferStatus.COMPLETED
    lines = use_cases.rows(TransferLine, transfer_id=transfer_id)
    assert {line.subscription_id for line in lines} == {MAIL, ARCHIVE}
    mail, archive = (use_cases.row(Subscription, continues_id=each) for each in (MAIL, ARCHIVE))
    assert {mail.billing_partner_id, archive.billing_partner_id} == {CEDAR.id}
    assert archive.parent_id == mail.id
    assert use_cases.row(Subscription, id=MAIL).stored_status is SubscriptionStatus.DELETED


@pytest.mark.rule("R36")
def test_a_request_is_not_repeated_while_it_is_pending(use_cases: UseCases) -> None:
    transfer_id = request(use_cases)
    repeat = lambda work: request_transfer(work, REQUEST)  # noqa: E731  (a use case as the others)

    assert use_cases.refused("cedar-admin-agent", repeat) == "TRANSFER_PENDING"
    use_cases.run("cedar-admin-agent", lambda work: cancel_transfer(work, transfer_id, expected_version=None))
    assert use_cases.run("cedar-admin-agent", repeat) != transfer_id


@pytest.mark.rule("R33")
def test_a_request_without_agreement_is_refused(use_cases: UseCases) -> None:
    code = use_cases.refused("cedar-admin-agent", lambda work: request_transfer(work, REQUEST))

    assert code == "AGREEMENT_REQUIRED"
    assert use_cases.rows(Transfer, customer_id=MEADOW.id, initiated_by="target") == []


def test_a_declined_request_moves_nothing(use_cases: UseCases) -> None:
    transfer_id = request(use_cases)
    use_cases.run(
        "alder-admin-agent", lambda work: decline_transfer(work, transfer_id, expected_version=None)
    )

    assert use_cases.row(Transfer, id=transfer_id).stored_status is TransferStatus.DECLINED
    assert use_cases.rows(Subscription, continues_id=MAIL) == []


@pytest.mark.rule("R37")
def test_an_offer_names_every_reason_against_its_subscriptions(use_cases: UseCases) -> None:
    offer = TransferOffer(
        kind=TransferKind.MANUAL_SWITCH,
        customer_id=MEADOW.id,
        target_directory_id=CEDAR.id,
        subscription_ids=[MAIL],
    )

    code = use_cases.refused("alder-admin-agent", lambda work: offer_transfer(work, offer))

    assert code == "LINES_NOT_ELIGIBLE"
    assert use_cases.rows(TransferLine, subscription_id=MAIL) == []


@pytest.mark.rule("R28")
def test_the_target_does_not_request_what_the_source_offers(use_cases: UseCases) -> None:
    switch = TransferRequest(
        kind=TransferKind.MANUAL_SWITCH,
        customer_id=MEADOW.id,
        source_directory_id=ALDER.id,
        product_types=(),
        partner_of_record_directory_id=None,
    )

    code = use_cases.refused("cedar-admin-agent", lambda work: request_transfer(work, switch))

    assert code == "OPENED_BY_THE_OTHER_PARTNER"
