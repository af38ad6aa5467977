from __future__ import annotations

import pytest

from multichannel.demo.cast import ALDER, CEDAR, fixed_id
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.services.partnerships import invite_indirect_reseller, remove_partnership
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine


def invite(use_cases: UseCases, address: str) -> Partnership:
    partnership_id = use_cases.run(
        "cedar-admin-agent", lambda work: invite_indirect_reseller(work, address, "5550999")
    )
    return use_cases.row(Partnership, id=partnership_id)


def test_an_invitation_looks_the_same_whether_or_not_a_partner_has_the_address(use_cases: UseCases) -> None:
    known, unknown = invite(use_cases, ALDER.id), invite(use_cases, fixed_id("no-such-partner"))

    assert (known.reseller_id, unknown.reseller_id) == (ALDER.id, None)
    assert {known.status, unknown.status} == {PartnershipStatus.INVITED}


@pytest.mark.rule("SM3")
def test_an_address_is_invited_again_after_the_first_invitation_was_removed(use_cases: UseCases) -> None:
    first = invite(use_cases, ALDER.id)
    code = use_cases.refused("cedar-admin-agent", lambda work: invite_indirect_reseller(work, ALDER.id, None))
    assert code == "INVITATION_PENDING"

    use_cases.run("cedar-admin-agent", lambda work: remove_partnership(work, first.id))

    assert use_cases.row(Partnership, id=first.id).status is PartnershipStatus.REMOVED
    assert invite(use_cases, ALDER.id).id != first.id


def test_a_provider_does_not_invite_itself(use_cases: UseCases) -> None:
    code = use_cases.refused("cedar-admin-agent", lambda work: invite_indirect_reseller(work, CEDAR.id, None))

    assert code == "SELF_INVITED"
