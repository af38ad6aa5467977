"""Every refusal of the domain: its code, business rule, input field and sentence.

`userErrors` of mutations, `transferEligibility` and `supportOptions` take all of it from this table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from multichannel.errors import Refused


@dataclass(frozen=True, slots=True)
class _Row:
    """`detail` is a further sentence with fields to be filled in, for a refusal that knows their values.

    `of_partner` is the sentence for a customer that asks what a partner could do.
    """

    rule: str | None
    path: str | None
    sentence: str
    detail: str = ""
    of_partner: str = ""


class _TransferReason(_Row):
    """Why a subscription cannot be in a transfer, whatever the input."""

    def __init__(self, rule: str | None, sentence: str, of_partner: str = "") -> None:
        super().__init__(rule, None, sentence, of_partner=of_partner)


class _SupportReason(_TransferReason):
    """Why a support option is not available, whatever the input."""


class Refusal(Enum):
    """Why an operation is not possible in the current state. The name of a member is its code."""

    # Customers and agreements
    STALE_VERSION = _Row(
        "R46",
        "expectedVersion",
        "The record has changed since you read it. Read it again and retry with its current version.",
    )
    DOMAIN_TAKEN = _Row(
        None,
        "domain",
        "The domain is already in use. Request a relationship with its owner: requestResellerRelationship.",
    )
    ALREADY_LINKED = _Row("R54", "id", "The customer is already linked to its directory.")
    DIRECTORY_TAKEN = _Row(
        "R54", "directoryId", "Another organization has this directory. Check the tenant id of the customer."
    )
    SUBSCRIPTION_LINKED = _Row(None, "id", "The subscription is already linked with the vendor's.")
    VENDOR_ID_TAKEN = _Row(
        None,
        "vendorId",
        "Another of your subscriptions has this vendor id. If both are the same, give up this one: "
        "completeVendorTask with discard.",
    )
    VENDOR_ID_REQUIRED = _Row(
        None, "vendorId", "Enter the id that the vendor has given the subscription, or discard the task."
    )
    NO_VENDOR_TASK = _Row(None, "id", "There is nothing to do at the vendor for this subscription.")
    TRANSFER_STANDS = _Row(
        "R34", "discard", "The transfer was accepted and stands. Do it in the vendor's portal as well."
    )
    OTHER_MARKET = _Row("R12", "market", "Partners sell in their own market. Omit the market to use yours.")
    ASSOCIATED_PARTNER_INVALID = _Row(
        "R23",
        "associatedPartner",
        "The associated partner must be a reseller with which you, a provider, have an active partnership.",
    )
    AGREEMENT_REQUIRED = _Row(
        "R13",
        None,
        "The customer agreement is missing. Confirm it first (confirmCustomerAgreement), or sign it as you "
        "accept a relationship.",
    )
    AGREEMENT_NOT_OFFERED = _Row(
        "R52", None, "This national cloud has no customer agreement, and no operation requires one."
    )
    AGREED_IN_THE_FUTURE = _Row("SM6", "agreedAt", "The time of the agreement must not be in the future.")

    # Users
    ROLE_NOT_YOURS_TO_ASSIGN = _Row(
        None, "roles", "Your roles do not allow you to assign or remove these roles. Ask a global admin."
    )
    SELF_CHANGE = _Row(
        None, "id", "You cannot change your own roles or disable yourself. Ask another admin of your tenant."
    )
    LAST_GLOBAL_ADMIN = _Row(
        None, "roles", "The tenant must keep an active global admin. Assign the role to another user first."
    )
    ALREADY_DISABLED = _Row("R55", "id", "The user is already disabled.")
    ALREADY_ENABLED = _Row("R55", "id", "The user is not disabled.")
    USER_EXISTS = _Row(
        None, "objectId", "A user with this object id exists in your tenant. Change its roles instead."
    )

    # Partnerships
    INVITATION_PENDING = _Row(
        "SM3",
        "reseller",
        "You have an open invitation to, or an active partnership with, this tenant. Remove it first.",
    )
    SELF_INVITED = _Row("R11", "reseller", "A provider cannot be its own reseller. Enter another company.")
    INVITATION_INVALID = _Row(
        "R56",
        "code",
        "The invitation is unknown, withdrawn or over. Ask the partner that invited you for a new link.",
    )
    INVITATION_OF_ANOTHER = _Row(
        "R56",
        "code",
        "The invitation is for another organization than the one you signed in from. Sign in with an account "
        "of the invited tenant or domain, or ask the partner to invite your tenant id.",
    )
    NOT_A_GLOBAL_ADMIN = _Row(
        "R56",
        "code",
        "Your token does not say that you are a global administrator of your organization's directory. Ask "
        "one of them to open the link, or sign in again after the role is assigned to you.",
    )
    HAS_GLOBAL_ADMIN = _Row(
        "R56",
        "code",
        "Your organization is known here. Ask one of its global admins, or the operator of this service, to "
        "add or enable your user.",
    )
    COMPANY_NAME_REQUIRED = _Row("R57", "companyName", "Enter the name of your company, which is new here.")
    INVITATION_CLOSED = _Row("SM3", "id", "The invitation has already been accepted or removed.")
    PARTNERSHIP_OVER = _Row("SM3", "id", "The partnership has already been removed.")
    NO_PARTNERSHIP = _Row(
        "SM3", "provider", "You have no active partnership with this provider. Accept its invitation first."
    )

    # Relationships
    REQUEST_CLOSED = _Row(
        "SM1", "id", "The request has already been answered or canceled. A new request is required."
    )
    REQUEST_EXPIRED = _Row("SM1", "id", "The request has expired. A new request is required.")
    REQUEST_PENDING = _Row(
        "SM1",
        "customer",
        "You have an open request to this address. Wait for the answer, or cancel the request first.",
        of_partner="This partner has an open request to you. Answer it: acceptResellerRelationship or "
        "declineResellerRelationship.",
    )
    ASKED_RECENTLY = _Row(
        "R64",
        "customer",
        "The customer has declined such a request. Ask again 30 days after its answer at the earliest.",
        of_partner="You have declined such a request of this partner. It can ask again 30 days after your "
        "answer.",
    )
    ALREADY_RELATED = _Row("SM1", "customer", "The partner has an active relationship with this customer.")
    RELATIONSHIP_NOT_ACTIVE = _Row("SM1", "id", "The relationship must be active.")
    OWN_CUSTOMER = _Row("R10", "customer", "A partner cannot be its own customer. Enter another company.")
    MARKET_MISMATCH = _Row("R12", "id", "The other company is in a different market.")
    DELEGATED_ADMIN_REQUIRED = _Row(
        "R13",
        "includeDelegatedAdmin",
        "This national cloud requires delegated admin in every relationship: set includeDelegatedAdmin.",
    )
    NO_DELEGATED_ADMIN = _Row("R15", "id", "The relationship has no delegated admin privileges.")
    ACTIVE_SUBSCRIPTIONS = _Row(
        "R17", "id", "You bill active subscriptions of this customer. Suspend or cancel them first."
    )
    NO_RESELLER = _Row("R24", "id", "No reseller is attached to the relationship.")
    NOT_DIRECT = _Row("SM1", "id", "Only a direct relationship can be extended to a provider.")
    ALREADY_EXTENDED = _Row("SM1", "provider", "The relationship has already been extended to this provider.")

    # Delegated administration
    GRANT_CLOSED = _Row(
        "SM7", "id", "The request has already been answered or withdrawn. A new request is required."
    )
    GRANT_EXPIRED = _Row("SM7", "id", "The request has expired. A new request is required.")
    GRANT_NOT_ACTIVE = _Row("SM7", "id", "The grant must be active.")
    GRANT_ENDED = _Row("SM7", "id", "The grant has already ended, or the request was declined.")
    GRANT_PENDING = _Row(
        "SM7",
        "id",
        "You have an open request for delegated admin. Wait for the answer, or withdraw the request first.",
    )
    RIGHTS_REQUIRED = _Row(
        "SM7", "rights", "At least one right is required. Decline or terminate the grant to leave none."
    )
    RIGHTS_NOT_REQUESTED = _Row(
        "SM7",
        "rights",
        "Rights can be taken away from a grant, not added. Further rights take a new request.",
    )
    DURATION_OUT_OF_RANGE = _Row(
        "SM7", "duration", "The duration must be from one day to two years: P1D to P730D."
    )
    DURATION_TOO_LONG = _Row("SM7", "duration", "The duration must not be longer than the one requested.")
    SUPPORT_RIGHT_REQUIRED = _Row(
        "R61", "rights", "This national cloud requires the right SUPPORT in every relationship."
    )

    # Subscriptions
    SUBSCRIPTION_ENDED = _Row("R43", "id", "The subscription has ended. Buy a new one instead.")
    SUBSCRIPTION_SUSPENDED = _Row("SM5", "id", "The subscription is suspended. Reactivate it first.")
    SUBSCRIPTION_NOT_ACTIVE = _Row("SM5", "id", "The subscription must be active.")
    SUBSCRIPTION_NOT_SUSPENDED = _Row(None, "id", "Only a suspended subscription can be reactivated.")
    PARENT_NOT_ACTIVE = _Row(
        "R41", "id", "The base subscription of this add-on must be active. Activate the base first."
    )
    CANCEL_WINDOW_PASSED = _Row(
        "R48",
        "id",
        "New commerce subscriptions can be canceled only within seven days of purchase or renewal. "
        "Suspend the subscription, or turn off automatic renewal.",
        "Cancellation was possible until {until:%Y-%m-%d %H:%M} UTC.",
    )
    QUANTITY_OUT_OF_RANGE = _Row(
        "R44",
        "quantity",
        "The quantity must be from 1 to 10,000 for licenses, and 1 for usage-based subscriptions.",
    )
    QUANTITY_DECREASE_BARRED = _Row(
        "R44",
        "quantity",
        "The quantity can be reduced only within seven days of purchase or renewal. Wait for the renewal.",
    )
    AUTO_RENEW_NOT_ALLOWED = _Row(
        "R41",
        "autoRenewEnabled",
        "Usage-based subscriptions, trials, and add-ons of a base that does not renew cannot renew "
        "automatically.",
    )
    ADD_ON_UNRELATED = _Row(
        "R41",
        "parentId",
        "The base must be a subscription that you bill for this customer, of the same commerce and billing "
        "type, and not an add-on itself.",
    )
    TERMS_NOT_OFFERED = _Row(
        "R45",
        "termDuration",
        "This term or billing cycle is not offered. Legacy licenses have a term of one year; new commerce "
        "licenses of one month, one year or three years. The billing cycle must not be longer than the "
        "term. Usage-based subscriptions and trials have no term.",
    )
    ONE_PER_CUSTOMER = _Row(
        "R43",
        "offerName",
        "The customer has already had this trial from you, or has a suspended subscription to this offer. "
        "Reactivate the suspended subscription, if there is one.",
    )
    PARTNER_OF_RECORD_INVALID = _Row(
        "R25",
        "partner",
        "The partner of record must be an indirect reseller with which you have an active partnership.",
    )
    CONTACT_NOT_AVAILABLE = _Row("R26", "partner", "This partner cannot be the support contact here.")
    ALREADY_MOVED = _Row(
        "R5",
        "id",
        "You have already recreated this subscription in CSP. Cancel the original subscription, or single "
        "services of it.",
        of_partner="This partner has already recreated the subscription in CSP. Cancel the original "
        "subscription, or single services of it.",
    )
    NOT_MOVED_YET = _Row(
        "R5", "id", "The subscription has not been recreated in CSP. Move it first: moveSubscriptionToCsp."
    )
    SERVICE_UNKNOWN = _Row(
        "R5", "service", "The subscription has no service with this name. See its `services`."
    )
    CONFIRMATION_REQUIRED = _Row(
        "R68", "id", "The customer has to confirm this record first: confirmExternalSubscription."
    )
    ALREADY_CSP = _Row(
        "R68",
        "id",
        "A CSP partner of yours sells this subscription already. See `cspConflicts`; dispute the record, or "
        "have the subscription transferred.",
    )
    NOT_SHARED_WITH_STRANGERS = _Row(
        "R63", "partners", "Each of these partners must have an active relationship with your company."
    )
    SERVICE_ALREADY_CANCELED = _Row("R5", "service", "The service has already been canceled.")

    # Support cases
    SUPPORT_CASE_CLOSED = _Row("SM8", "id", "The support case is closed. Open a new one: openSupportCase.")
    SUPPORT_CASE_RESOLVED = _Row(
        "SM8", "id", "The support case is resolved. Reopen it first: reopenSupportCase."
    )
    SUPPORT_CASE_NOT_RESOLVED = _Row("SM8", "id", "The support case must be resolved: resolveSupportCase.")
    ASSIGNEE_NOT_AVAILABLE = _Row(
        "R69", "partner", "This partner cannot be assigned. Name a partner that may support the subscription."
    )
    TOO_MANY_COMMENTS = _Row(
        "SM8", "id", "The support case has 500 comments, the most it can have. Resolve it and open a new one."
    )

    # Bulk operations
    BULK_OPERATION_ENDED = _Row("SM9", "id", "The bulk operation has ended. Start a new one.")
    TOO_MANY_BULK_OPERATIONS = _Row(
        None, None, "Your company has 20 bulk operations that have not ended. Wait for one, or cancel one."
    )

    # Transfers
    SAME_PARTNER = _Row(
        "R39", "targetPartner", "The source and target of a transfer must be different partners."
    )
    NO_RELATIONSHIP = _Row(
        "R29",
        "customer",
        "You have no active relationship with this customer. Request one first: requestResellerRelationship.",
        of_partner="You have no active relationship with this partner. It has to request one first.",
    )
    CUSTOMER_IN_OTHER_MARKET = _Row(
        "R29", None, "The customer is in a different market. Transfers do not cross markets."
    )
    NO_AZURE_PLAN = _Row("R33", "customer", "You bill no active Azure plan for this customer. Buy one first.")
    LEGACY_AZURE_PRESENT = _Row(
        "R33", "customer", "You bill active legacy Azure for this customer. Cancel it first."
    )
    TRANSFER_PENDING = _Row(
        "R36",
        None,
        "A transfer from this partner to you is pending for this customer. Wait for the answer, or cancel "
        "the transfer first.",
        of_partner="This partner has already requested a transfer from the partner that bills it.",
    )
    NOT_YOUR_RESELLER = _Row(
        "R40",
        "partnerOfRecord",
        "The partner of record must be a reseller with which you, a provider, have an active partnership.",
    )
    OPENED_BY_THE_OTHER_PARTNER = _Row(
        "R28",
        "kind",
        "The other partner starts this kind of transfer: the target requests NEW_COMMERCE and AZURE_PLAN "
        "(requestTransfer), the source offers LEGACY and MANUAL_SWITCH (offerTransfer).",
    )
    LINES_MISSING = _Row("R31", "subscriptionIds", "Choose at least one subscription to transfer.")
    TOO_MANY_LINES = _Row(
        "R31", "subscriptionIds", "A transfer can have at most 25 subscriptions. Make several transfers."
    )
    LINES_SETTLED = _Row(
        None,
        "subscriptionIds",
        "The subscriptions of this transfer were chosen when it was offered. Omit subscriptionIds.",
    )
    LINES_NOT_ELIGIBLE = _Row(
        "R37",
        "subscriptionIds",
        "Some of these subscriptions cannot be transferred. See transferEligibility of each.",
        "{lines}.",
    )
    TRANSFER_ALREADY_DECIDED = _Row(
        "R39", "id", "The transfer is no longer pending.", "Its status is {status}."
    )
    TARGET_UNRELATED = _Row(
        "R73", "targetPartner", "The target must be a partner with which you have an active relationship."
    )
    SWITCH_NOT_OPENED = _Row(
        "R73",
        "id",
        "The partner that bills the subscription has to consent first: consentToTransfer.",
    )
    REASON_REQUIRED = _Row("R73", "reason", "The customer has requested this switch. Say why you decline it.")
    ALREADY_CONSENTED = _Row("R28", "id", "Your organization has already consented to this transfer.")

    # Why a subscription cannot be in a transfer, besides SUBSCRIPTION_NOT_ACTIVE and SUBSCRIPTION_SUSPENDED
    ALREADY_IN_TRANSFER = _TransferReason(
        "R36", "The subscription is part of another open transfer. Close that transfer first."
    )
    ALREADY_TRANSFERRED = _TransferReason("R37", "The subscription has already been transferred.")
    NOT_CSP = _TransferReason(
        "R31", "The subscription was not bought through CSP. Transfers are possible within CSP only."
    )
    TRIAL = _TransferReason(
        "R35", "Trials cannot be transferred. Convert the trial to a paid subscription first."
    )
    ADD_ON_WITHOUT_BASE = _TransferReason("R36", "An add-on can be transferred only together with its base.")
    LEGACY_LICENSE = _TransferReason(
        "R3",
        "Legacy licenses cannot be switched to another partner. Wait for the end of the term, or cancel the "
        "subscription first.",
    )
    NOT_NEW_COMMERCE = _TransferReason(
        "R30", "The subscription is legacy Azure. Use a transfer of kind MANUAL_SWITCH."
    )
    NOT_AZURE_PLAN = _TransferReason("R33", "The subscription is not part of an Azure plan.")
    NOT_LEGACY = _TransferReason(
        "R36", "New commerce subscriptions are transferred at the request of the target: requestTransfer."
    )
    NOT_LEGACY_AZURE = _TransferReason("R28", "Only legacy Azure can be switched manually.")
    RESERVATION_STAYS = _TransferReason(
        "R34", "Reservations and savings plans are not included in this kind of transfer."
    )
    TERM_STAYS = _TransferReason(
        "R36", "The subscription was bought for a long term, and stays until the term ends."
    )
    THIRD_PARTY_STAYS = _TransferReason("R36", "Third-party products cannot be transferred.")
    OTHER_CUSTOMER = _TransferReason("R35", "The subscription belongs to another customer.")
    PRODUCT_TYPE_NOT_REQUESTED = _TransferReason("R31", "The target did not request this type of product.")
    NOT_RELEASABLE = _TransferReason(
        "R72", "The partner that bills the subscription cannot hand it over at the moment. Ask that partner."
    )
    TARGET_NOT_READY = _TransferReason(
        "R29", "The target partner cannot receive subscriptions of this customer at the moment."
    )

    # Why a support option is not available, besides all of the above
    ALREADY_YOURS = _SupportReason(
        None, "You already bill this subscription.", "This partner already bills the subscription."
    )
    SOLD_BY_ANOTHER_PARTNER = _SupportReason(
        "R8",
        "Another CSP partner sells this subscription. A relationship gives you no access to it.",
        "A CSP partner sells this subscription. A relationship gives no other partner access to it.",
    )
    PARTNER_NOT_ABLE = _SupportReason(
        "R71", "This partner cannot do this at the moment, for a reason of its own. Ask the partner."
    )
    ALREADY_CONFIRMED = _SupportReason("R67", "You have already confirmed the record.")
    NO_PARTNER = _SupportReason(
        "R26", "You have no active relationship with a partner. Accept the request of one first."
    )
    NO_OTHER_PARTNER = _SupportReason(
        "R73", "You have no active relationship with another partner. Accept the request of one first."
    )
    NO_TERM = _SupportReason("R5", "A usage-based subscription has no term to wait for.")
    TERM_UNKNOWN = _SupportReason("R3", "The end of the term is not recorded.")
    RENEWS = _SupportReason(
        "R45", "The subscription renews at the end of its term. Turn off automatic renewal first."
    )

    # Idempotency keys
    IDEMPOTENCY_KEY_REUSED = _Row(
        None,
        "idempotencyKey",
        "This idempotency key was used with another input. Use a new key for each operation.",
    )

    def __init__(self, row: _Row) -> None:
        """`message` says the reason, and what to do about it where anything can be done."""
        self.rule, self.message, self._row = row.rule, row.sentence, row

    @property
    def code(self) -> str:
        """What programs switch on."""
        return self.name

    @property
    def of_partner(self) -> str | None:
        """The sentence for a customer that asks what a partner could do; None if it is `message`."""
        return self._row.of_partner or None

    def error(self, *, path: str | None = None, **details: object) -> Refused:
        """The exception to raise; `path` is the input field it is about, if that is not the usual one."""
        field = path or self._row.path
        sentence = f"{self.message} {self._row.detail.format(**details)}" if details else self.message
        return Refused(sentence, (field,) if field else (), code=self.name, rule=self.rule)


MUTATION_REFUSALS = tuple(refusal for refusal in Refusal if type(refusal.value) is _Row)
"""What mutations report in `userErrors`."""
TRANSFER_REASONS = (
    Refusal.SUBSCRIPTION_NOT_ACTIVE,
    Refusal.SUBSCRIPTION_SUSPENDED,
    *(refusal for refusal in Refusal if type(refusal.value) is _TransferReason),
)
"""Why a subscription cannot be in a transfer; the first two are also refusals of mutations."""
SUPPORT_REASONS = tuple(refusal for refusal in Refusal if type(refusal.value) is _SupportReason)
"""Why a support option is not available that no mutation refuses."""


def raise_first(refusals: Iterable[Refused]) -> None:
    """Raise the first refusal, if there is any."""
    for refusal in refusals:
        raise refusal
