"""Support cases (SM8)."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.domain.base import Base
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support_cases import (
    CaseAuthor,
    SupportCase,
    SupportCaseParty,
    SupportCaseSeverity,
    new_support_case,
)
from multichannel.domain.tenants import TenantKind
from multichannel.domain.users import User
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What a case is about, with a first comment that describes it."""

    subject: str
    severity: SupportCaseSeverity
    comment: str | None = None


def open_support_case(work: UnitOfWork, subscription_id: str, report: CaseReport) -> SupportCase:
    """Open a case of a subscription (R69). SUBSCRIPTION_ENDED.

    It is assigned to the partner that opens it; one of the customer to the support contact of the
    subscription, or else to the partner that bills it, if they may support it.
    """
    subscription = work.subscriptions.get(subscription_id, to=Action.OPEN_SUPPORT_CASE)
    opener = _author(work, subscription)
    case = new_support_case(subscription, report.subject, report.severity, opener=opener, at=work.now)
    case.assigned_partner_id = case.opening_partner_id or _first_assignee(work, subscription)
    comment = [case.add_comment(report.comment, opener, at=work.now)] if report.comment else []
    work.add_under(subscription, case)
    work.add_under(case, *comment)
    return case


def comment_on_support_case(
    work: UnitOfWork, case_id: str, text: str, *, waits_for_customer: bool
) -> SupportCase:
    """Add a comment (SM8). SUPPORT_CASE_CLOSED, SUPPORT_CASE_RESOLVED or TOO_MANY_COMMENTS."""
    case = work.support_cases.get(case_id, to=Action.COMMENT)
    comment = case.comment(text, _author(work, case), waits_for_customer=waits_for_customer, at=work.now)
    work.add_under(case, comment)
    return case


def assign_support_case(
    work: UnitOfWork, case_id: str, directory_id: str, *, expected_version: int | None
) -> SupportCase:
    """Hand a case to a partner that may support the subscription (R69).

    ASSIGNEE_NOT_AVAILABLE, which does not reveal whether the partner exists; SUPPORT_CASE_CLOSED or
    SUPPORT_CASE_RESOLVED.
    """
    case = _current(work, case_id, Action.ASSIGN, expected_version)
    partner_id = work.tenant_directory(case).partner_id(directory_id)
    if not _may_support(work, case, partner_id, case.subscription_id):
        raise Refusal.ASSIGNEE_NOT_AVAILABLE.error()
    case.assign(partner_id, at=work.now)
    return case


def resolve_support_case(
    work: UnitOfWork, case_id: str, comment: str | None, *, expected_version: int | None
) -> SupportCase:
    """Resolve a case (SM8). SUPPORT_CASE_CLOSED, SUPPORT_CASE_RESOLVED or TOO_MANY_COMMENTS."""
    case = _current(work, case_id, Action.RESOLVE, expected_version)
    case.resolve(at=work.now)
    _add_comment(work, case, comment)
    return case


def reopen_support_case(
    work: UnitOfWork, case_id: str, comment: str | None, *, expected_version: int | None
) -> SupportCase:
    """Reopen a resolved case (SM8). SUPPORT_CASE_CLOSED, SUPPORT_CASE_NOT_RESOLVED or TOO_MANY_COMMENTS."""
    case = _current(work, case_id, Action.REOPEN, expected_version)
    case.reopen(at=work.now)
    _add_comment(work, case, comment)
    return case


def close_support_case(work: UnitOfWork, case_id: str, *, expected_version: int | None) -> SupportCase:
    """Close a resolved case for good (SM8). SUPPORT_CASE_CLOSED or SUPPORT_CASE_NOT_RESOLVED."""
    case = _current(work, case_id, Action.CLOSE, expected_version)
    case.close(at=work.now)
    return case


def _current(work: UnitOfWork, case_id: str, action: Action, expected_version: int | None) -> SupportCase:
    case = work.support_cases.get(case_id, to=action)
    case.require_version(expected_version)
    return case


def _add_comment(work: UnitOfWork, case: SupportCase, text: str | None) -> None:
    if text:
        work.add_under(case, case.add_comment(text, _author(work, case), at=work.now))


def _author(work: UnitOfWork, parent: Base) -> CaseAuthor:
    """The caller, under the name that it has in its tenant."""
    user = work.query_for(parent).one(User, id=work.user_id)
    if user is None:
        raise LookupError(f"there is no user {work.user_id}")
    is_customer = work.principal.kind is TenantKind.CUSTOMER
    return CaseAuthor(
        party=SupportCaseParty.CUSTOMER if is_customer else SupportCaseParty.PARTNER,
        tenant_id=user.tenant_id,
        user_id=user.id,
        name=user.display_name,
    )


def _first_assignee(work: UnitOfWork, subscription: Subscription) -> str | None:
    candidates = (subscription.support_contact_id, subscription.billing_partner_id)
    able = (each for each in candidates if each and _may_support(work, subscription, each, subscription.id))
    return next(able, None)


def _may_support(work: UnitOfWork, parent: Base, partner_id: str, subscription_id: str) -> bool:
    """Whether the policy lets anybody of the partner open cases of the subscription."""
    principal = work.query_for(parent).principals([partner_id]).get(partner_id)
    if principal is None or principal.kind is not TenantKind.PARTNER:
        return False
    to = Action.OPEN_SUPPORT_CASE
    return work.check_rows_of(principal, SUBSCRIPTION, [subscription_id], to)[subscription_id][to].allowed
