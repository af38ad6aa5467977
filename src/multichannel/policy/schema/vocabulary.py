"""The vocabulary of policies: actions, and the facts of principals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from multichannel.domain.base import DescribedEnum
from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role

NO_TENANT = "00000000-0000-0000-0000-000000000000"


class Action(DescribedEnum):
    """What the policy can grant on a record. Creating a record is an action on its parent."""

    READ_SUMMARY = "read_summary", "See that the record exists, and read its summary fields."
    READ = "read", "Read all fields except the billing fields."
    READ_BILLING = "read_billing", "Read the billing fields."
    READ_ACCESS = "read_access", "Read what the people of every company may do with it."
    READ_OWN_ACCESS = "read_own_access", "Read what the people of one's own company may do with it."
    UPDATE = "update", "Edit the record."
    # on one's own tenant, as a partner or as a customer
    REQUEST_RELATIONSHIP = "request_relationship", "Request a reseller relationship from a customer."
    REQUEST_RELATIONSHIP_THROUGH_PROVIDER = (
        "request_relationship_through_provider",
        "Request a relationship through an indirect provider.",
    )
    REQUEST_DELEGATED_ADMIN = (
        "request_delegated_admin",
        "Request delegated admin privileges along with a relationship.",
    )
    INVITE_RESELLER = "invite_reseller", "Invite a partner to become an indirect reseller."
    CREATE_CUSTOMER = "create_customer", "Create a customer with a new tenant."
    REQUEST_TRANSFER = "request_transfer", "Request subscriptions from another partner."
    READ_SUPPORT_OPTIONS = (
        "read_support_options",
        "See what the partner could do with your subscriptions.",
    )
    ADD_USER = "add_user", "Add a user to the tenant."
    UPDATE_ROLES = "update_roles", "Replace the roles of the user."
    DISABLE = "disable", "End the access of the user."
    ENABLE = "enable", "Give the disabled user access again."
    # on a relationship or a partnership
    ACCEPT = "accept", "Accept the request, the invitation or the transfer."
    DECLINE = "decline", "Decline the request or the transfer."
    CANCEL = "cancel", "Withdraw the request or the transfer, or end the subscription."
    REMOVE = "remove", "End the relationship as the partner, or end the partnership."
    END = "end", "End the relationship as the customer."
    DETACH_RESELLER = "detach_reseller", "End the part of the attached reseller in the relationship."
    EXTEND = "extend", "Extend the relationship to a provider."
    REVOKE_DELEGATED_ADMIN = "revoke_delegated_admin", "End all delegated admin of the partner."
    INVITE = "invite", "Make a link that invites the other party."
    # on a grant of delegated admin
    APPROVE = "approve", "Approve the request for delegated admin."
    REDUCE = "reduce", "Take rights away from the grant of delegated admin."
    TERMINATE = "terminate", "End the grant of delegated admin, or withdraw the request for it."
    SET_AUTO_EXTEND = "set_auto_extend", "Decide whether the grant of delegated admin extends itself."
    # on a customer or a subscription
    LINK = "link", "Link the customer to its directory, or the subscription with the vendor's."
    # on a customer
    CONFIRM_AGREEMENT = "confirm_agreement", "Record that the customer has accepted the customer agreement."
    RECORD_SUBSCRIPTION = "record_subscription", "Record a subscription that was bought in another channel."
    CREATE_SUBSCRIPTION = "create_subscription", "Sell the customer a subscription."
    # on a customer or a subscription
    LABEL = "label", "Give it a name and tags of your company's own, which nobody else sees."
    # on a subscription
    SUSPEND = "suspend", "Suspend the subscription."
    REACTIVATE = "reactivate", "Reactivate the suspended subscription."
    CANCEL_SERVICE = "cancel_service", "Cancel a single service of the subscription."
    MOVE_TO_CSP = "move_to_csp", "Recreate the subscription of another channel in CSP."
    ASSIGN_SUPPORT_CONTACT = "assign_support_contact", "Assign the partner that supports the subscription."
    ASSIGN_PARTNER_OF_RECORD = (
        "assign_partner_of_record",
        "Assign the reseller that is credited for the subscription.",
    )
    COMPLETE_VENDOR_TASK = (
        "complete_vendor_task",
        "Tell that what is to do at the vendor has been done there, or will not be.",
    )
    REQUEST_SWITCH = "request_switch", "As the customer: request its switch to another partner."
    RELEASE = "release", "Hand the subscription over to another partner."
    SET_SHARING = "set_sharing", "Choose the partners that read what the customer recorded."
    CONFIRM = "confirm", "Confirm, as the customer, what a partner recorded."
    DISPUTE = "dispute", "Dispute, as the customer, what a partner recorded."
    OPEN_SUPPORT_CASE = "open_support_case", "Open a support case of the subscription."
    # on a transfer
    CONSENT = "consent", "Consent to the manual switch."
    # on a support case
    COMMENT = "comment", "Comment on the support case."
    ASSIGN = "assign", "Hand the support case to another partner."
    RESOLVE = "resolve", "Resolve the support case."
    REOPEN = "reopen", "Reopen the resolved support case."
    CLOSE = "close", "Close the resolved support case for good."
    # on one's own tenant, for many items
    START_BULK = "start_bulk", "Start a mutation for many items, each of which is decided by itself."
    # of the service itself
    RUN_BULK = "run_bulk", "Run the items of bulk operations. Used by the service itself."
    EXPIRE = "expire", "Persist status changes that are due. Used by the service itself."
    IMPORT = "import", "Import the partner's data from other systems. Used by the service itself."
    ADD_PARTNER = "add_partner", "Add a partner. Used by the service itself."
    ADD_CUSTOMER = "add_customer", "Add a customer. Used by the service itself."
    REDEEM = "redeem", "Redeem an invitation. Used by the service itself."
    VERIFY_DOMAIN = "verify_domain", "Verify a domain of the partner or customer. Used by the service itself."
    SEED = "seed", "Load the demo data. Used by the service itself."


READS = (Action.READ_SUMMARY, Action.READ, Action.READ_BILLING)
"""The read levels. A row is visible if any of them is granted."""


class AuthMode(DescribedEnum):
    """On whose behalf an access token was issued."""

    APP_USER = "app_user", "A signed-in user."
    APP = "app", "An application without a user."


class SystemRole(StrEnum):
    """The roles of the service itself; each is granted only what it needs (`system.polar`)."""

    AUDITOR = "auditor"
    BULK_RUNNER = "bulk_runner"
    IDENTITY = "identity"
    IMPORTER = "importer"
    INVITEE = "invitee"
    OPERATOR = "operator"
    SEEDER = "seeder"
    SWEEPER = "sweeper"


ROLES = [*Role, *SystemRole]
"""All roles a principal can have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The facts about a caller for policies. Equal principals get equal decisions: there is no user id."""

    tenant_id: str
    kind: TenantKind
    roles: tuple[str, ...]
    cloud: Cloud | None = None
    type: PartnerType | None = None
    status: PartnerStatus | None = None
    market: str | None = None
    auth_mode: AuthMode = AuthMode.APP_USER


def system_principal(role: SystemRole, *, cloud: Cloud | None = None) -> Principal:
    """The service itself as a principal, subject to the policy."""
    return Principal(tenant_id=NO_TENANT, kind=TenantKind.SYSTEM, roles=(role,), cloud=cloud)
