"""The words policies are written in: actions, and the facts of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind

NO_TENANT = "00000000-0000-0000-0000-000000000000"


class Action(StrEnum):
    """All that can be asked of a resource. Reading goes by degrees; creating is an action on the parent."""

    READ_SUMMARY = "read_summary"
    READ = "read"
    READ_BILLING = "read_billing"
    UPDATE = "update"
    IMPORT = "import"
    ADD_USER = "add_user"
    ADD_PARTNER = "add_partner"
    SEED = "seed"


READS = (Action.READ_SUMMARY, Action.READ, Action.READ_BILLING)
"""The degrees of reading. A row is visible if any of them is granted."""


class AuthMode(StrEnum):
    """Whether a person stands behind the token, or an application alone."""

    APP_USER = "app_user"
    APP = "app"


class SystemRole(StrEnum):
    """What the service itself acts as; each is granted only what it needs (`system.polar`)."""

    IDENTITY = "identity"
    IMPORTER = "importer"
    OPERATOR = "operator"
    SEEDER = "seeder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The facts of whoever asks. It has no user id: equal principals get equal answers."""

    tenant_id: str
    kind: TenantKind
    roles: tuple[str, ...]
    cloud: Cloud | None = None
    type: PartnerType | None = None
    status: PartnerStatus | None = None
    market: str | None = None
    auth_mode: AuthMode = AuthMode.APP_USER


def system_principal(role: SystemRole, *, cloud: Cloud | None = None) -> Principal:
    """The service itself, acting under the policy like everybody else."""
    return Principal(tenant_id=NO_TENANT, kind=TenantKind.SYSTEM, roles=(role,), cloud=cloud)
