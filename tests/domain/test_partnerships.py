"""Every event in every state of a partnership (SM3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from multichannel.domain.base import new_id
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud, Partner, PartnerStatus, PartnerType
from tests.refusals import refuses

NOW = datetime(2026, 3, 1, tzinfo=UTC)
INVITED, ACTIVE, REMOVED = PartnershipStatus


def provider() -> Partner:
    kind, status = PartnerType.INDIRECT_PROVIDER, PartnerStatus.ACTIVE
    return Partner(id=new_id(), name="P", type=kind, status=status, market="US", cloud=Cloud.PUBLIC)


def invitation() -> Partnership:
    return Partnership.invitation(provider(), address=new_id(), reseller_id=None, number="1", at=NOW)


EVENTS: dict[str, Callable[[Partnership], None]] = {
    "accept": lambda each: each.accept(at=NOW + timedelta(days=1000)),
    "remove": lambda each: each.remove(at=NOW + timedelta(days=1000)),
}
TABLE: dict[tuple[PartnershipStatus, str], PartnershipStatus | Refusal] = {
    (INVITED, "accept"): ACTIVE,
    (INVITED, "remove"): REMOVED,
    (ACTIVE, "accept"): Refusal.INVITATION_CLOSED,
    (ACTIVE, "remove"): REMOVED,
    (REMOVED, "accept"): Refusal.INVITATION_CLOSED,
    (REMOVED, "remove"): Refusal.PARTNERSHIP_OVER,
}


@pytest.mark.rule("SM3")
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", PartnershipStatus)
def test_every_event_in_every_state(status: PartnershipStatus, event: str) -> None:
    row, outcome = invitation(), TABLE[status, event]
    row.status = status
    if isinstance(outcome, PartnershipStatus):
        EVENTS[event](row)
        assert (row.status, row.version, row.updated_at > NOW) == (outcome, 2, True)
        assert (row.accepted_at is not None) == (event == "accept")
        assert (row.removed_at is not None) == (event == "remove")
        return
    with refuses(outcome):
        EVENTS[event](row)
    assert (row.status, row.version, row.accepted_at, row.removed_at) == (status, 1, None, None)


@pytest.mark.rule("R12")
def test_an_invitation_is_of_the_providers_market_and_cloud() -> None:
    made = invitation()
    assert (made.market, made.cloud, made.invited_at, made.status) == ("US", Cloud.PUBLIC, NOW, INVITED)


def test_a_provider_does_not_invite_itself() -> None:
    own = provider()
    with refuses(Refusal.SELF_INVITED):
        Partnership.invitation(own, address=own.id, reseller_id=own.id, number=None, at=NOW)
