from __future__ import annotations

from multichannel.demo.cast import fixed_id
from multichannel.domain.refusals import Refusal
from multichannel.domain.transfers import TransferKind
from multichannel.services.transfer_lines import transfer_eligibility
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
KEYS = ("meadow-mail-alder", "meadow-archive-alder", "canyon-azure-alder", "canyon-office-birch")
IDS = [fixed_id(f"{key}.subscription") for key in KEYS]


def test_only_those_that_the_caller_may_release_are_answered_with_every_reason(use_cases: UseCases) -> None:
    mail, archive, azure, _ = IDS
    reasons = use_cases.read(
        "alder-admin-agent", lambda work: transfer_eligibility(work, IDS, TransferKind.NEW_COMMERCE)
    )

    assert reasons == {
        mail: (),
        archive: (Refusal.ADD_ON_WITHOUT_BASE,),
        azure: (Refusal.NOT_NEW_COMMERCE,),
    }


def test_a_reader_of_summaries_is_not_answered(use_cases: UseCases) -> None:
    reasons = use_cases.read(
        "hazel-sales-agent", lambda work: transfer_eligibility(work, IDS, TransferKind.NEW_COMMERCE)
    )

    assert reasons == {}
