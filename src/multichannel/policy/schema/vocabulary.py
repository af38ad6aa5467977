"""The vocabulary of policies: actions, and the facts of principals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role

NO_TENANT = "00000000-0000-0000-0000-000000000000"


class Action(StrEnum):
    """The actions on resources. Reading has three levels; creating is an action on the parent."""

    READ_SUMMARY = "read_summary"
    READ = "read"
    READ_BILLING = "read_billing"
    UPDATE = "update"
    # on one's own tenant, as a partner or as a customer
    REQUEST_RELATIONSHIP = "request_relationship"
    REQUEST_RELATIONSHIP_THROUGH_PROVIDER = "request_relationship_through_provider"
    REQUEST_DELEGATED_ADMIN = "request_delegated_admin"
    INVITE_RESELLER = "invite_reseller"
    CREATE_CUSTOMER = "create_customer"
    REQUEST_TRANSFER = "request_transfer"
    ADD_USER = "add_user"
    UPDATE_ROLES = "update_roles"
    DISABLE = "disable"
    ENABLE = "enable"
    # on a relationship or a partnership
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    REMOVE = "remove"
    END = "end"
    EXTEND = "extend"
    REVOKE_DELEGATED_ADMIN = "revoke_delegated_admin"
    # on a customer
    LINK = "link"
    CONFIRM_AGREEMENT = "confirm_agreement"
    RECORD_SUBSCRIPTION = "record_subscription"
    CREATE_SUBSCRIPTION = "create_subscription"
    # on a subscription
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    CANCEL_SERVICE = "cancel_service"
    MOVE_TO_CSP = "move_to_csp"
    ASSIGN_SUPPORT_CONTACT = "assign_support_contact"
    ASSIGN_PARTNER_OF_RECORD = "assign_partner_of_record"
    RELEASE = "release"
    # on a transfer
    CONSENT = "consent"
    # of the service itself
    EXPIRE = "expire"
    IMPORT = "import"
    ADD_PARTNER = "add_partner"
    ADD_CUSTOMER = "add_customer"
    VERIFY_DOMAIN = "verify_domain"
    SEED = "seed"


READS = (Action.READ_SUMMARY, Action.READ, Action.READ_BILLING)
"""The read levels. A row is visible if any of them is granted."""


class AuthMode(StrEnum):
    """Whether the token belongs to a user or to an application alone."""

    APP_USER = "app_user"
    APP = "app"


class SystemRole(StrEnum):
    """The roles of the service itself; each is granted only what it needs (`system.polar`)."""

    AUDITOR = "auditor"
    IDENTITY = "identity"
    IMPORTER = "importer"
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
