"""`transferEligibility` as the parties and readers of a subscription are told it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from multichannel.decision_log.decisions import Decision
from multichannel.demo.cast import ALDER, CEDAR, MEADOW, WILLOW, fixed_id
from multichannel.domain.base import Base
from multichannel.domain.commerce import BillingCycle
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Initiator, Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.services.transfer_eligibility import transfer_eligibility
from multichannel.store.decision_recorder import DecisionRecorder
from multichannel.store.unit_of_work import UnitOfWork
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
NEW_COMMERCE, LEGACY, SWITCH = TransferKind.NEW_COMMERCE, TransferKind.LEGACY, TransferKind.MANUAL_SWITCH
MAIL = "meadow-mail-alder"


def row_id(key: str) -> str:
    return fixed_id(f"{key}.subscription")


def told(
    use_cases: UseCases, persona: str, *keys: str, kind: TransferKind = NEW_COMMERCE
) -> dict[str, tuple[Refusal, ...]]:
    """The reasons by key of each subscription that a persona is told about."""

    def query(work: UnitOfWork) -> dict[str, tuple[Refusal, ...]]:
        answers = transfer_eligibility(work, [row_id(key) for key in keys], kind)
        return {key: tuple(answers[row_id(key)]) for key in keys if row_id(key) in answers}

    return use_cases.read(persona, query)


def store(use_cases: UseCases, *rows: Base) -> None:
    with Session(use_cases.world.store.engine) as session:
        session.add_all(rows)
        session.commit()


def change(use_cases: UseCases, key: str, **values: Any) -> None:
    with Session(use_cases.world.store.engine) as session:
        row = session.get_one(Subscription, row_id(key))
        for name, value in values.items():
            setattr(row, name, value)
        session.commit()


def open_transfer(use_cases: UseCases, key: str, initiated_by: Initiator = Initiator.SOURCE) -> None:
    """A pending transfer of a subscription from Alder to Cedar."""
    now = use_cases.world.clock.now
    transfer = Transfer(
        id=fixed_id("open.transfer"),
        owner_id=ALDER.id,
        kind=SWITCH,
        initiated_by=initiated_by,
        stored_status=TransferStatus.PENDING,
        expires_at=now + timedelta(days=30),
        customer_id=MEADOW.id,
        source_partner_id=ALDER.id,
        target_partner_id=CEDAR.id,
        market="US",
        cloud=Cloud.PUBLIC,
        created_at=now,
    )
    line = TransferLine(
        tenant_id=ALDER.id, transfer_id=transfer.id, number=0, subscription_id=row_id(key), friendly_name=key
    )
    store(use_cases, transfer)
    store(use_cases, line)


@pytest.mark.rule("R72")
def test_readers_are_told_every_reason_and_readers_of_a_summary_nothing(use_cases: UseCases) -> None:
    keys = (MAIL, "meadow-archive-alder", "canyon-azure-alder", "canyon-office-birch")
    reasons = {
        MAIL: (),
        "meadow-archive-alder": (Refusal.ADD_ON_WITHOUT_BASE,),
        "canyon-azure-alder": (Refusal.NOT_NEW_COMMERCE,),
        "canyon-office-birch": (Refusal.LEGACY_LICENSE,),
    }

    for persona in ("alder-admin-agent", "alder-helpdesk-agent", "alder-billing-admin"):
        assert told(use_cases, persona, *keys) == reasons
    assert told(use_cases, "meadow-global-admin", *keys) == {key: reasons[key] for key in keys[:2]}
    assert told(use_cases, "hazel-sales-agent", "meadow-azure-cedar") == {}
    assert told(use_cases, "meadow-billing-admin", *keys) == {}


@pytest.mark.rule("R3", "R72")
@pytest.mark.parametrize("kind", TransferKind)
def test_a_provider_and_its_customer_are_told_that_legacy_licences_stay_in_any_kind_of_transfer(
    use_cases: UseCases, kind: TransferKind
) -> None:
    for persona in ("cedar-admin-agent", "meadow-global-admin"):
        reasons = told(use_cases, persona, "meadow-phone-cedar", kind=kind)
        assert Refusal.LEGACY_LICENSE in reasons["meadow-phone-cedar"]


def test_a_direct_bill_partner_may_offer_its_legacy_licences_to_its_provider(use_cases: UseCases) -> None:
    """SM4b."""
    key = "canyon-office-birch"
    for persona in ("birch-sales-agent", "canyon-global-admin", "alder-sales-agent"):
        assert told(use_cases, persona, key, kind=LEGACY) == {key: ()}


@pytest.mark.rule("R72")
def test_that_the_billing_partner_has_left_the_programme_is_summarised(use_cases: UseCases) -> None:
    key = "ember-azure-linden"
    for persona in ("ember-global-admin", "linden-admin-agent"):
        assert told(use_cases, persona, key, kind=SWITCH) == {key: (Refusal.NOT_RELEASABLE,)}


def test_what_no_known_partner_bills_is_released_by_nobody(use_cases: UseCases) -> None:
    change(use_cases, MAIL, billing_partner_id=None)

    assert told(use_cases, "meadow-global-admin", MAIL) == {MAIL: (Refusal.NOT_RELEASABLE,)}


@pytest.mark.rule("R72")
def test_a_transfer_is_told_to_its_parties_and_summarised_for_other_readers(use_cases: UseCases) -> None:
    change(use_cases, MAIL, support_contact_id=WILLOW.id)
    open_transfer(use_cases, MAIL)

    for persona in ("alder-admin-agent", "alder-sales-agent", "meadow-global-admin"):
        assert told(use_cases, persona, MAIL) == {MAIL: (Refusal.ALREADY_IN_TRANSFER,)}
    for persona in ("alder-helpdesk-agent", "willow-sales-agent"):
        assert told(use_cases, persona, MAIL) == {MAIL: (Refusal.NOT_RELEASABLE,)}


def test_a_target_does_not_learn_which_lines_it_is_offered(use_cases: UseCases) -> None:
    change(use_cases, MAIL, support_contact_id=CEDAR.id)
    open_transfer(use_cases, MAIL)

    assert told(use_cases, "cedar-admin-agent", MAIL) == {MAIL: (Refusal.NOT_RELEASABLE,)}


@pytest.mark.rule("R72")
def test_where_a_subscription_went_is_told_to_those_who_see_it_there(use_cases: UseCases) -> None:
    change(use_cases, MAIL, support_contact_id=WILLOW.id)
    change(use_cases, "meadow-azure-cedar", continues_id=row_id(MAIL))

    for persona in ("alder-admin-agent", "meadow-global-admin"):
        assert told(use_cases, persona, MAIL) == {MAIL: (Refusal.ALREADY_TRANSFERRED,)}
    assert told(use_cases, "willow-sales-agent", MAIL) == {MAIL: (Refusal.NOT_RELEASABLE,)}


@pytest.mark.rule("R72")
def test_a_reason_that_follows_from_the_billing_terms_is_told_to_their_readers(use_cases: UseCases) -> None:
    key = "canyon-office-birch"
    change(use_cases, key, billing_cycle=BillingCycle.TRIENNIAL)

    for persona in ("birch-billing-admin", "canyon-global-admin"):
        assert told(use_cases, persona, key, kind=LEGACY) == {key: (Refusal.TERM_STAYS,)}
    for persona in ("birch-sales-agent", "alder-sales-agent"):
        assert told(use_cases, persona, key, kind=LEGACY) == {key: (Refusal.NOT_RELEASABLE,)}


def test_several_hidden_reasons_are_one_summary(use_cases: UseCases) -> None:
    change(use_cases, MAIL, support_contact_id=WILLOW.id)
    change(use_cases, "meadow-azure-cedar", continues_id=row_id(MAIL))
    open_transfer(use_cases, MAIL)

    assert told(use_cases, "willow-sales-agent", MAIL) == {MAIL: (Refusal.NOT_RELEASABLE,)}
    both = (Refusal.ALREADY_IN_TRANSFER, Refusal.ALREADY_TRANSFERRED)
    assert told(use_cases, "alder-admin-agent", MAIL) == {MAIL: both}


class ListSink:
    """Keeps the decisions that it receives."""

    sample = 1.0

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    def submit(self, decisions: Sequence[Decision]) -> None:
        self.decisions += decisions


def test_no_decision_is_recorded_for_a_partner_that_asked_for_nothing(use_cases: UseCases) -> None:
    sink, store = ListSink(), use_cases.world.store
    store.recorder = DecisionRecorder(store.clock, [sink])
    told(use_cases, "ember-global-admin", "ember-azure-linden", kind=SWITCH)

    tenants = {decision.principal.tenant_id for decision in sink.decisions}
    assert fixed_id("ember") in tenants
    assert fixed_id("linden") not in tenants
