"""A plain model of the service: rows in dictionaries, written from the business rules and from no other code.

Who may do what it asks the oracle of the policy tests, over its own rows.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from multichannel.policy.schema.vocabulary import Principal
from tests.policy.oracle import Row
from tests.stateful.model import (
    bulk_operations,
    consent,
    customers,
    delegated_admin,
    purchases,
    relationship_ends,
    relationships,
    subscriptions,
    support_cases,
    transfers,
    vendor,
)
from tests.stateful.model.state import Input, No, Outcome, State

__all__ = ["MUTATIONS", "Input", "Outcome", "State", "predict"]

MUTATIONS: dict[str, Callable[[State, Principal, Input], Row]] = {
    "requestResellerRelationship": relationships.request,
    "cancelResellerRelationshipRequest": relationships.cancel,
    "acceptResellerRelationship": relationships.accept,
    "declineResellerRelationship": relationships.decline,
    "removeResellerRelationship": relationship_ends.remove,
    "endResellerRelationship": relationship_ends.end,
    "detachReseller": relationship_ends.detach,
    "extendRelationshipToProvider": relationships.extend,
    "requestDelegatedAdmin": delegated_admin.request,
    "approveDelegatedAdmin": delegated_admin.approve,
    "declineDelegatedAdmin": delegated_admin.decline,
    "reduceDelegatedAdmin": delegated_admin.reduce,
    "terminateDelegatedAdmin": delegated_admin.terminate,
    "setDelegatedAdminAutoExtend": delegated_admin.set_auto_extend,
    "revokeDelegatedAdmin": delegated_admin.revoke,
    "inviteIndirectReseller": relationships.invite,
    "inviteCustomer": relationships.send_link,
    "renewResellerInvitation": relationships.renew_link,
    "acceptPartnership": relationships.consent,
    "removePartnership": relationships.part,
    "createCustomer": customers.create,
    "updateCustomer": customers.update,
    "linkCustomer": customers.link,
    "confirmCustomerAgreement": customers.confirm,
    "createUser": customers.create_user,
    "updateUserRoles": customers.update_roles,
    "disableUser": customers.disable,
    "enableUser": customers.enable,
    "recordExternalSubscription": purchases.record,
    "createSubscription": purchases.create,
    "updateSubscription": subscriptions.update,
    "suspendSubscription": subscriptions.suspend,
    "reactivateSubscription": subscriptions.reactivate,
    "cancelSubscription": subscriptions.cancel,
    "cancelService": subscriptions.cancel_service,
    "moveSubscriptionToCsp": purchases.move,
    "setSubscriptionSharing": consent.share,
    "setDefaultSharing": consent.share_by_default,
    "labelCustomer": consent.label_customer,
    "labelSubscription": consent.label_subscription,
    "confirmExternalSubscription": consent.confirm,
    "disputeExternalSubscription": consent.dispute,
    "assignSupportContact": subscriptions.support,
    "assignPartnerOfRecord": subscriptions.credit,
    "linkSubscription": vendor.link,
    "completeVendorTask": vendor.complete,
    "startBulkOperation": bulk_operations.start,
    "cancelBulkOperation": bulk_operations.cancel,
    "openSupportCase": support_cases.open_case,
    "commentOnSupportCase": support_cases.comment,
    "assignSupportCase": support_cases.assign,
    "resolveSupportCase": support_cases.resolve,
    "reopenSupportCase": support_cases.reopen,
    "closeSupportCase": support_cases.close,
    "requestTransfer": transfers.request,
    "offerTransfer": transfers.offer,
    "requestSwitch": transfers.request_switch,
    "consentToTransfer": transfers.consent,
    "acceptTransfer": transfers.accept,
    "declineTransfer": transfers.decline,
    "cancelTransfer": transfers.cancel,
}


TOLD_OF_VENDOR = {"linkSubscription", "completeVendorTask"}
"""What tells of the vendor, and leaves nothing to do there."""


def predict(state: State, user_id: str, mutation: str, told: Input) -> tuple[Outcome, Row | None]:
    """What comes of a call by a user, and the object it shows; the state is as it would be afterwards."""
    before = deepcopy(state.tables)
    try:
        row = MUTATIONS[mutation](state, state.principal(user_id), {**told, "as": user_id})
    except No as no:
        state.tables = before
        return no.outcome, None
    if mutation not in TOLD_OF_VENDOR:
        vendor.follow(state, before["Subscription"])
    return Outcome.DONE, row
