"""Principals to try a policy with: a few of every kind at load, and all of them to compare two versions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import AuthMode, Principal, SystemRole, system_principal

OWN_TENANT = "own_tenant"
"""The id of the tenant of these principals, and of records of their own."""
MARKET = re.compile("[A-Z]{2}")
USUAL_MARKET, OTHER_MARKET = "US", "ZZ"


def roles_of(kind: TenantKind) -> tuple[str, ...]:
    """The roles that a principal of a kind of tenant can have."""
    return tuple(str(role) for role in (SystemRole if kind is TenantKind.SYSTEM else Role))


def with_role(principal: Principal, role: str) -> Principal:
    """The principal with this role and no other."""
    return replace(principal, roles=(role,))


def markets_in(*sources: PolicySource) -> tuple[str, ...]:
    """The markets that policies mention."""
    words = {word for source in sources for rule in source.rules for word in rule.words}
    return tuple(sorted(filter(MARKET.fullmatch, words)))


def all_principals(mentioned: Iterable[str] = ()) -> tuple[Principal, ...]:
    """One for each kind, type, status, cloud and mode, without roles.

    They are of the usual market, each that is mentioned, and another; a customer's market may be unknown.
    """
    markets = tuple(dict.fromkeys((USUAL_MARKET, *mentioned, OTHER_MARKET)))
    partners = _of_tenants(TenantKind.PARTNER, markets, product(PartnerType, PartnerStatus))
    customers = _of_tenants(TenantKind.CUSTOMER, (*markets, None), [(None, None)])
    service = (
        Principal(tenant_id=OWN_TENANT, kind=TenantKind.SYSTEM, roles=(), cloud=cloud)
        for cloud in (None, *Cloud)
    )
    return (*partners, *customers, *service)


def _of_tenants(
    kind: TenantKind,
    markets: Collection[str | None],
    states: Iterable[tuple[PartnerType | None, PartnerStatus | None]],
) -> Iterator[Principal]:
    for (partner_type, status), cloud, market, mode in product(states, Cloud, markets, AuthMode):
        yield Principal(
            tenant_id=OWN_TENANT,
            kind=kind,
            roles=(),
            cloud=cloud,
            type=partner_type,
            status=status,
            market=market,
            auth_mode=mode,
        )


def _one_of_each_kind() -> Iterator[Principal]:
    for principal in all_principals():
        usual = (Cloud.PUBLIC, USUAL_MARKET, AuthMode.APP_USER)
        is_usual = (principal.cloud, principal.market, principal.auth_mode) == usual
        if is_usual and principal.status in {None, PartnerStatus.ACTIVE}:
            yield with_role(principal, Role.GLOBAL_ADMIN.value)
    yield from (system_principal(role, cloud=Cloud.PUBLIC) for role in SystemRole)


ONE_OF_EACH_KIND = tuple(_one_of_each_kind())
"""For queries that take long."""


def _in_several_states() -> Iterator[Principal]:
    states: tuple[dict[str, Any], ...] = (
        {},
        {"cloud": Cloud.US_GOVERNMENT, "status": PartnerStatus.RESTRICTED},
        {"auth_mode": AuthMode.APP, "status": PartnerStatus.INACTIVE},
    )
    for principal in ONE_OF_EACH_KIND:
        if principal.kind is not TenantKind.SYSTEM:
            yield from (replace(principal, roles=tuple(Role), **state) for state in states)
    yield replace(ONE_OF_EACH_KIND[-1], roles=tuple(SystemRole))


IN_SEVERAL_STATES = tuple(_in_several_states())
"""Every kind in the states it can be in, with every role: for standings and restrictions, which take less."""


def in_mentioned_markets(source: PolicySource) -> Iterator[Principal]:
    """Partners and customers of every market that a policy mentions."""
    for market in markets_in(source):
        yield from (replace(each, market=market) for each in ONE_OF_EACH_KIND if each.market)
