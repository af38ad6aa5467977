"""The states of support cases (SM8), without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from multichannel.domain.base import new_id
from multichannel.domain.support_cases import (
    CaseAuthor,
    SupportCase,
    SupportCaseParty,
    SupportCaseSeverity,
    SupportCaseStatus,
)
from multichannel.errors import Refused

AT = datetime(2026, 3, 10, tzinfo=UTC)
OPEN, IN_PROGRESS, WAITING, RESOLVED, CLOSED = SupportCaseStatus
UNSOLVED = (OPEN, IN_PROGRESS, WAITING)


def case(status: SupportCaseStatus) -> SupportCase:
    """A case in this state."""
    return SupportCase(
        id=new_id(),
        subject="No mail",
        severity=SupportCaseSeverity.A,
        status=status,
        assigned_partner_id="alder",
        comment_count=0,
        version=1,
        created_at=AT,
        updated_at=AT,
    )


def author(party: SupportCaseParty) -> CaseAuthor:
    """Somebody of a side."""
    return CaseAuthor(party=party, tenant_id=new_id(), user_id=new_id(), name="Ada")


@pytest.mark.rule("SM8")
@pytest.mark.parametrize(
    ("party", "waits", "before", "after"),
    [
        (SupportCaseParty.PARTNER, False, OPEN, IN_PROGRESS),
        (SupportCaseParty.PARTNER, False, WAITING, IN_PROGRESS),
        (SupportCaseParty.PARTNER, True, OPEN, WAITING),
        (SupportCaseParty.CUSTOMER, False, OPEN, OPEN),
        (SupportCaseParty.CUSTOMER, False, IN_PROGRESS, IN_PROGRESS),
        (SupportCaseParty.CUSTOMER, False, WAITING, IN_PROGRESS),
        (SupportCaseParty.CUSTOMER, True, IN_PROGRESS, WAITING),
    ],
)
def test_a_comment_says_who_has_to_act_next(
    party: SupportCaseParty, *, waits: bool, before: SupportCaseStatus, after: SupportCaseStatus
) -> None:
    row = case(before)

    comment = row.comment("Text", author(party), waits_for_customer=waits, at=AT + timedelta(hours=1))

    assert (row.status, row.version, row.comment_count, comment.number) == (after, 2, 1, 1)
    assert (comment.author_name, comment.created_at) == ("Ada", AT + timedelta(hours=1))


@pytest.mark.rule("SM8")
@pytest.mark.parametrize("status", UNSOLVED)
def test_what_is_not_resolved_is_assigned_and_resolved_and_neither_reopened_nor_closed(
    status: SupportCaseStatus,
) -> None:
    row = case(status)
    for change in (row.reopen, row.close):
        with pytest.raises(Refused, match="must be resolved"):
            change(at=AT)
    row.assign("alder", at=AT)
    assert (row.status, row.version) == (status, 1)
    row.assign("birch", at=AT)
    assert (row.status, row.version) == (OPEN, 2)
    row.resolve(at=AT)
    assert (row.status, row.resolved_at) == (RESOLVED, AT)


@pytest.mark.rule("SM8")
def test_what_is_resolved_is_reopened_or_closed_for_good() -> None:
    row = case(RESOLVED)
    with pytest.raises(Refused, match="Reopen it first"):
        row.resolve(at=AT)
    row.reopen(at=AT)
    assert (row.status, row.resolved_at) == (OPEN, None)
    row = case(RESOLVED)
    row.close(at=AT)
    assert (row.status, row.closed_at) == (CLOSED, AT)
    for change in (row.reopen, row.close, row.resolve):
        with pytest.raises(Refused, match="is closed"):
            change(at=AT)
