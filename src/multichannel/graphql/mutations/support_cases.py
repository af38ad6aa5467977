"""Mutations of support cases (SM8)."""

from __future__ import annotations

import strawberry

from multichannel.domain.support_cases import SupportCase, SupportCaseSeverity
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    EXPECTED_VERSION,
    MutationInput,
    input_type,
    optional,
    parse_guid,
    parse_lines,
    parse_text,
)
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import SUBSCRIPTION, SUPPORT_CASE
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import support_cases
from multichannel.store.unit_of_work import UnitOfWork


@input_type
class OpenSupportCaseInput(MutationInput):
    """The subscription that needs support, and what it is about."""

    subscription: strawberry.ID = described("The subscription.")
    subject: str = described("What it is about, in a line.")
    severity: SupportCaseSeverity = described(
        "How much it affects the customer's business.", SupportCaseSeverity.C
    )
    comment: str | None = described("A first comment that describes it. It may have several lines.", None)


@mutation(Action.OPEN_SUPPORT_CASE, on=SUBSCRIPTION, returns=SUPPORT_CASE)
def open_support_case(work: UnitOfWork, input: OpenSupportCaseInput) -> SupportCase:
    """Open a support case of a subscription.

    A partner's case is assigned to that partner; a customer's to the support contact of the subscription, or
    else to the partner that bills it.
    """
    report = support_cases.CaseReport(
        subject=parse_text("subject", input.subject),
        severity=input.severity,
        comment=optional(parse_lines, "comment", input.comment),
    )
    return support_cases.open_support_case(work, read_id_of(SUBSCRIPTION, input.subscription), report)


@input_type
class CommentOnSupportCaseInput(MutationInput):
    """The support case and the comment."""

    id: strawberry.ID = described("The support case.")
    comment: str = described("The comment. It may have several lines.")
    waits_for_customer: bool = described(
        "Whether the customer has to act next, such as to answer a question.", default=False
    )


@mutation(Action.COMMENT, on=SUPPORT_CASE)
def comment_on_support_case(work: UnitOfWork, input: CommentOnSupportCaseInput) -> SupportCase:
    """Comment on a support case that is not resolved. Comments are never changed.

    A partner's comment sets the case to IN_PROGRESS, or to WAITING_FOR_CUSTOMER; the customer's answer sets
    it back to IN_PROGRESS.
    """
    row_id, text = read_id_of(SUPPORT_CASE, input.id), parse_lines("comment", input.comment)
    return support_cases.comment_on_support_case(
        work, row_id, text, waits_for_customer=input.waits_for_customer
    )


@input_type
class SupportCaseInput(MutationInput):
    """The support case to change, in the version that the caller has seen."""

    id: strawberry.ID = described("The support case.")
    expected_version: int | None = described(EXPECTED_VERSION, None)


@input_type
class AssignSupportCaseInput(SupportCaseInput):
    """The support case and the partner that is to handle it."""

    partner: str = described("The tenant GUID of a partner that may support the subscription.")


@mutation(Action.ASSIGN, on=SUPPORT_CASE)
def assign_support_case(work: UnitOfWork, input: AssignSupportCaseInput) -> SupportCase:
    """Hand a support case that is not resolved to another partner, which sets it to OPEN.

    The partner must be able to open cases of the subscription itself.
    """
    row_id, directory_id = read_id_of(SUPPORT_CASE, input.id), parse_guid("partner", input.partner)
    return support_cases.assign_support_case(
        work, row_id, directory_id, expected_version=input.expected_version
    )


@input_type
class ResolveSupportCaseInput(SupportCaseInput):
    """The support case to resolve, and how it was."""

    comment: str | None = described(
        "A last comment, such as what solved it. It may have several lines.", None
    )


@mutation(Action.RESOLVE, on=SUPPORT_CASE)
def resolve_support_case(work: UnitOfWork, input: ResolveSupportCaseInput) -> SupportCase:
    """Resolve a support case. It can be reopened until it is closed."""
    row_id, text = read_id_of(SUPPORT_CASE, input.id), optional(parse_lines, "comment", input.comment)
    return support_cases.resolve_support_case(work, row_id, text, expected_version=input.expected_version)


@input_type
class ReopenSupportCaseInput(SupportCaseInput):
    """The support case to reopen, and why."""

    comment: str | None = described(
        "A comment, such as what is still missing. It may have several lines.", None
    )


@mutation(Action.REOPEN, on=SUPPORT_CASE)
def reopen_support_case(work: UnitOfWork, input: ReopenSupportCaseInput) -> SupportCase:
    """Reopen a resolved support case; it is assigned as before."""
    row_id, text = read_id_of(SUPPORT_CASE, input.id), optional(parse_lines, "comment", input.comment)
    return support_cases.reopen_support_case(work, row_id, text, expected_version=input.expected_version)


@input_type
class CloseSupportCaseInput(SupportCaseInput):
    """The support case to close."""


@mutation(Action.CLOSE, on=SUPPORT_CASE)
def close_support_case(work: UnitOfWork, input: CloseSupportCaseInput) -> SupportCase:
    """Close a resolved support case for good. A customer closes the cases that it opened itself."""
    row_id = read_id_of(SUPPORT_CASE, input.id)
    return support_cases.close_support_case(work, row_id, expected_version=input.expected_version)
