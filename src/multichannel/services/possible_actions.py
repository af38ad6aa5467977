"""What a caller can do with records at this moment: what the policy grants and no state refuses (R75).

The state checks are those of the mutations. What a row knows of itself is asked by `Base.refusals_to`; what
depends on the caller or on other rows is asked here, for all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from multichannel.domain.agreements import CustomerAgreement, is_bound, refusals_to_sign
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import OPEN, DelegatedAdminStatus
from multichannel.domain.eligibility import ineligibility_reasons
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import Transfer, TransferKind
from multichannel.domain.users import User
from multichannel.policy.schema.resources import (
    CUSTOMER,
    DELEGATED_ADMIN_GRANT,
    PARTNERSHIP,
    RELATIONSHIP,
    SUBSCRIPTION,
    TRANSFER,
    USER,
    Resource,
)
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.csp_conflicts import contested_records
from multichannel.services.delegated_admin import ids_answered_with_relationship, ids_with_grants
from multichannel.services.invitations import ids_awaiting_first_sign_in, ids_of_linked
from multichannel.services.relationship_ends import ids_of_sellers, ids_with_another
from multichannel.services.relationships import ids_of_related
from multichannel.services.subscriptions import ids_of_recreated
from multichannel.services.switch_requests import refusals_to_switch
from multichannel.services.transfer_lines import transfer_candidates
from multichannel.services.users import ids_of_last_admins
from multichannel.store.unit_of_work import UnitOfWork

Further = Callable[[UnitOfWork, Sequence[Any]], Collection[str]]
"""The ids of those rows whose action is refused."""


def possible_actions(
    work: UnitOfWork, resource: Resource, permitted: Mapping[str, Sequence[Action]]
) -> dict[str, list[Action]]:
    """Of the actions that the policy grants by id, those that no state refuses.

    The number of statements does not depend on the number of rows.
    """
    checked = {action for action in resource.actions if _is_checked(resource, action)}
    ids = [row_id for row_id, actions in permitted.items() if not checked.isdisjoint(actions)]
    refused = _refused(work, resource, checked, permitted, ids) if ids else set()
    return {
        row_id: [action for action in actions if (row_id, action) not in refused]
        for row_id, actions in permitted.items()
    }


def _is_checked(resource: Resource, action: Action) -> bool:
    return (resource, action) in FURTHER or hasattr(resource.mapped, f"refusals_to_{action}")


def _refused(
    work: UnitOfWork,
    resource: Resource,
    checked: Collection[Action],
    permitted: Mapping[str, Sequence[Action]],
    ids: Collection[str],
) -> set[tuple[str, Action]]:
    """The pairs of id and action that a state refuses."""
    rows = {row.id: row for row in work.repository(resource).find_visible(ids)}
    refused = set()
    for action in checked:
        granted = [row for row_id, row in rows.items() if action in permitted[row_id]]
        refused |= {(row.id, action) for row in granted if any(row.refusals_to(action, work.now))}
        left = [row for row in granted if (row.id, action) not in refused]
        further = FURTHER.get((resource, action))
        if left and further is not None:
            refused |= {(row_id, action) for row_id in further(work, left)}
    return refused


def _unsigned(work: UnitOfWork, rows: Sequence[Customer]) -> Collection[str]:
    """Customers without an agreement that is valid with the caller's partner (R13)."""
    agreements = work.query_for(*rows).all(CustomerAgreement, customer_id=[row.id for row in rows])
    return {row.id for row in rows if not _is_bound(work, agreements, row.id, row)}


def _is_bound(
    work: UnitOfWork,
    agreements: Sequence[CustomerAgreement],
    customer_id: str,
    row: Customer | Subscription | Transfer,
) -> bool:
    own = [each for each in agreements if each.customer_id == customer_id]
    return is_bound(own, work.principal.tenant_id, row.cloud)


def _linked(work: UnitOfWork, rows: Sequence[Customer]) -> Collection[str]:
    return ids_of_linked(work.query_for(*rows), [row.id for row in rows])


def _without_agreements(_work: UnitOfWork, rows: Sequence[Customer]) -> Collection[str]:
    """Customers of a cloud that has no customer agreement (R52)."""
    return {row.id for row in rows if any(refusals_to_sign(row.cloud))}


def _in_other_market(work: UnitOfWork, rows: Sequence[ResellerRelationship | Partnership]) -> set[str]:
    """What the caller cannot accept, because its tenant is in another market (R12)."""
    return {row.id for row in rows if any(row.refusals_in_market(work.principal.market))}


def _not_acceptable(work: UnitOfWork, rows: Sequence[ResellerRelationship]) -> Collection[str]:
    return _in_other_market(work, rows) | ids_of_related(work.query_for(*rows), rows)


def _not_to_invite(work: UnitOfWork, rows: Sequence[ResellerRelationship]) -> Collection[str]:
    """Neither an open request, nor the relationship with a customer that is still to sign in."""
    closed = {row.id for row in rows if any(row.refusals_to_accept(work.now))}
    return closed - ids_awaiting_first_sign_in(work, rows)


def _with_request(work: UnitOfWork, rows: Sequence[ResellerRelationship]) -> Collection[str]:
    """Relationships of which a request for delegated admin is open."""
    return ids_with_grants(work.query_for(*rows), rows, {DelegatedAdminStatus.PENDING})


def _without_grant(work: UnitOfWork, rows: Sequence[ResellerRelationship]) -> Collection[str]:
    """Relationships without delegated admin that could be revoked (R15)."""
    return {row.id for row in rows} - ids_with_grants(work.query_for(*rows), rows, OPEN)


def _answered_with_relationship(work: UnitOfWork, rows: Sequence[DelegatedAdminGrant]) -> Collection[str]:
    return ids_answered_with_relationship(work.query_for(*rows), rows)


def _of_sellers(work: UnitOfWork, rows: Sequence[ResellerRelationship]) -> Collection[str]:
    queries = work.query_for(*rows)
    return ids_of_sellers(queries, rows) - ids_with_another(queries, rows)


def _without_active_base(work: UnitOfWork, rows: Sequence[Subscription]) -> Collection[str]:
    """Add-ons of a base that is not active (R41)."""
    base_ids = {row.parent_id for row in rows if row.parent_id}
    found = work.query_for(*rows).all(Subscription, id=base_ids) if base_ids else ()
    bases = {each.id: each for each in found}
    return {row.id for row in rows if any(row.refusals_of_base(bases.get(str(row.parent_id)), work.now))}


def _not_recreatable(work: UnitOfWork, rows: Sequence[Subscription]) -> Collection[str]:
    """What the caller's partner cannot sell anew, or has already recreated in CSP (R5)."""
    queries, own = work.query_for(*rows), work.principal.tenant_id
    customers = sorted({row.customer_id for row in rows})
    agreements = queries.all(CustomerAgreement, customer_id=customers)
    moved = ids_of_recreated(queries, [row.id for row in rows], billing_partner_id=own)
    contested = contested_records(queries, rows, own)
    sold = work.check_rows(CUSTOMER, customers, Action.CREATE_SUBSCRIPTION)
    return {
        row.id
        for row in rows
        if not sold[row.customer_id][Action.CREATE_SUBSCRIPTION].allowed
        or any(
            row.refusals_to_recreate(
                is_bound=_is_bound(work, agreements, row.customer_id, row),
                is_moved=row.id in moved,
                is_contested=row.id in contested,
                at=work.now,
            )
        )
    }


def _sold_by_others(work: UnitOfWork, rows: Sequence[Subscription]) -> Collection[str]:
    """Records that the customer cannot confirm, because another partner sells this already (R68)."""
    return contested_records(work.query_for(*rows), rows)


def _not_recreated(work: UnitOfWork, rows: Sequence[Subscription]) -> Collection[str]:
    """What has not been recreated in CSP: single services of it cannot be canceled (R5)."""
    ids = {row.id for row in rows}
    return ids - ids_of_recreated(work.query_for(*rows), ids)


def _not_to_switch(work: UnitOfWork, rows: Sequence[Subscription]) -> Collection[str]:
    """What cannot be switched to another partner, whichever it is (R73)."""
    return {row_id for row_id, reasons in refusals_to_switch(work, rows).items() if reasons}


def _not_transferable(work: UnitOfWork, rows: Sequence[Subscription]) -> Collection[str]:
    """What cannot be in a transfer of any kind on its own."""
    return {
        each.subscription.id
        for each in transfer_candidates(work.query_for(*rows), rows)
        if all(ineligibility_reasons(each, kind, work.now) for kind in TransferKind)
    }


def _without_consent_to_give(work: UnitOfWork, rows: Sequence[Transfer]) -> Collection[str]:
    """Switches that the caller's side has answered, or cannot receive without an agreement (SM4a, R13)."""
    own = work.principal.tenant_id
    given = {row.id for row in rows if any(row.refusals_to_consent_of(own, work.now))}
    return given | _unsigned_by_target(work, [row for row in rows if row.target_partner_id == own])


def _unsigned_by_target(work: UnitOfWork, rows: Sequence[Transfer]) -> set[str]:
    """Transfers of customers without an agreement with the target, the caller's partner (R29)."""
    if not rows:
        return set()
    customers = sorted({str(row.customer_id) for row in rows})
    agreements = work.query_for(*rows).all(CustomerAgreement, customer_id=customers)
    return {row.id for row in rows if not _is_bound(work, agreements, str(row.customer_id), row)}


def _oneself(work: UnitOfWork, rows: Sequence[User]) -> Collection[str]:
    """The caller, who changes neither the own roles nor the own access."""
    return {row.id for row in rows if row.id == work.user_id}


def _not_to_disable(work: UnitOfWork, rows: Sequence[User]) -> Collection[str]:
    return {*_oneself(work, rows), *ids_of_last_admins(work.query_for(*rows), rows)}


FURTHER: Mapping[tuple[Resource, Action], Further] = {
    (CUSTOMER, Action.CONFIRM_AGREEMENT): _without_agreements,
    (CUSTOMER, Action.CREATE_SUBSCRIPTION): _unsigned,
    (CUSTOMER, Action.LINK): _linked,
    (DELEGATED_ADMIN_GRANT, Action.APPROVE): _answered_with_relationship,
    (DELEGATED_ADMIN_GRANT, Action.DECLINE): _answered_with_relationship,
    (PARTNERSHIP, Action.ACCEPT): _in_other_market,
    (RELATIONSHIP, Action.ACCEPT): _not_acceptable,
    (RELATIONSHIP, Action.INVITE): _not_to_invite,
    (RELATIONSHIP, Action.REQUEST_DELEGATED_ADMIN): _with_request,
    (RELATIONSHIP, Action.REVOKE_DELEGATED_ADMIN): _without_grant,
    (RELATIONSHIP, Action.REMOVE): _of_sellers,
    (SUBSCRIPTION, Action.REACTIVATE): _without_active_base,
    (SUBSCRIPTION, Action.MOVE_TO_CSP): _not_recreatable,
    (SUBSCRIPTION, Action.CANCEL_SERVICE): _not_recreated,
    (SUBSCRIPTION, Action.CONFIRM): _sold_by_others,
    (SUBSCRIPTION, Action.RELEASE): _not_transferable,
    (SUBSCRIPTION, Action.REQUEST_SWITCH): _not_to_switch,
    (TRANSFER, Action.CONSENT): _without_consent_to_give,
    (USER, Action.DISABLE): _not_to_disable,
    (USER, Action.UPDATE_ROLES): _oneself,
}
"""Refusals that depend on the caller or on other rows, by resource and action."""
