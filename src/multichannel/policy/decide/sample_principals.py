"""One principal of every kind, state and market: to ask a policy, at load, all it can be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import AuthMode, Principal, SystemRole, system_principal

MARKET = re.compile("[A-Z]{2}")


def _kinds_of_principal() -> tuple[Principal, ...]:
    tenant = "ffffffff-ffff-4fff-bfff-ffffffffffff"
    roles = (Role.GLOBAL_ADMIN.value,)
    market, cloud, status = "US", Cloud.PUBLIC, PartnerStatus.ACTIVE
    partners = (
        Principal(
            tenant_id=tenant,
            kind=TenantKind.PARTNER,
            roles=roles,
            cloud=cloud,
            type=kind,
            status=status,
            market=market,
        )
        for kind in PartnerType
    )
    customer = Principal(tenant_id=tenant, kind=TenantKind.CUSTOMER, roles=roles, cloud=cloud, market=market)
    return (*partners, customer, *(system_principal(role, cloud=cloud) for role in SystemRole))


KINDS_OF_PRINCIPAL = _kinds_of_principal()
"""One of each kind, for asking a policy everything that it can be asked."""


def _shades_of_principal() -> Iterator[Principal]:
    """Every kind in the states it can be in, with every role: what one of them alone meets is asked, too."""
    everything = tuple(role.value for role in Role)
    states: tuple[dict[str, Any], ...] = (
        {},
        {"cloud": Cloud.US_GOVERNMENT, "status": PartnerStatus.RESTRICTED},
        {"auth_mode": AuthMode.APP, "status": PartnerStatus.INACTIVE},
    )
    for kind in KINDS_OF_PRINCIPAL:
        if kind.kind is not TenantKind.SYSTEM:
            yield from (replace(kind, roles=everything, **state) for state in states)
    service = next(kind for kind in KINDS_OF_PRINCIPAL if kind.kind is TenantKind.SYSTEM)
    yield replace(service, roles=tuple(role.value for role in SystemRole))


SHADES_OF_PRINCIPAL = tuple(_shades_of_principal())
"""Asked what takes little time: their standings and restrictions."""


def in_markets(source: PolicySource) -> Iterator[Principal]:
    """Partners and customers of every market that the policy mentions."""
    mentioned = {word for rule in source.rules for word in rule.words if MARKET.fullmatch(word)}
    for market in sorted(mentioned):
        yield from (replace(kind, market=market) for kind in KINDS_OF_PRINCIPAL if kind.market)
