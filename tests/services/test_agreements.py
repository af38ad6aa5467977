from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from multichannel.demo.cast import ALDER, MEADOW, SUMMIT
from multichannel.domain.agreements import AgreementKind, CustomerAgreement
from multichannel.services.customers import confirm_customer_agreement
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine


@pytest.mark.rule("SM6")
def test_a_partner_attests_for_itself_and_a_customer_signs_for_all(use_cases: UseCases) -> None:
    attested = use_cases.agree("alder-admin-agent", "meadow")
    signed = use_cases.agree("meadow-global-admin", "meadow")

    row = use_cases.row(CustomerAgreement, id=attested)
    assert (row.kind, row.partner_id, row.customer_id) == (AgreementKind.ATTESTATION, ALDER.id, MEADOW.id)
    row = use_cases.row(CustomerAgreement, id=signed)
    assert (row.kind, row.partner_id) == (AgreementKind.DIRECT, None)


@pytest.mark.rule("SM6")
def test_an_agreement_of_the_future_is_refused(use_cases: UseCases) -> None:
    later = use_cases.world.clock.now + timedelta(seconds=1)
    signature = replace(use_cases.signature(), agreed_at=later)

    code = use_cases.refused(
        "alder-admin-agent", lambda work: confirm_customer_agreement(work, MEADOW.id, signature)
    )

    assert code == "AGREED_IN_THE_FUTURE"
    assert use_cases.rows(CustomerAgreement) == []


@pytest.mark.rule("R52")
def test_the_us_government_cloud_has_no_agreement(use_cases: UseCases) -> None:
    code = use_cases.refused(
        "laurel-admin-agent",
        lambda work: confirm_customer_agreement(work, SUMMIT.id, use_cases.signature()),
    )

    assert code == "AGREEMENT_NOT_OFFERED"
