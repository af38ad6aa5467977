"""Who asks in a generated world."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from multichannel.domain.tenants import Cloud, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.schema.vocabulary import AuthMode, Principal, SystemRole, system_principal
from tests.policy.oracle.world import Row, World

ONE_CLOUD = (SystemRole.SWEEPER, SystemRole.INVITEE)
"""The roles in which the service works in one national cloud at a time (R52)."""


@st.composite
def principals(draw: st.DrawFn, world: World) -> list[Principal]:
    """Somebody of every tenant, somebody with every role, and the service in some of its roles."""
    people = [
        _person(draw, row, kind)
        for kind, resource in (("partner", "Partner"), ("customer", "Customer"))
        for row in world.rows(resource)
    ]
    everybody = replace(people[0], roles=tuple(sorted(Role)), auth_mode=AuthMode.APP_USER)
    in_one_cloud = [system_principal(role, cloud=cloud) for role in ONE_CLOUD for cloud in Cloud]
    service = [*(system_principal(role) for role in SystemRole), *in_one_cloud]
    return [*people, everybody, *draw(st.permutations(service))[:4]]


def _person(draw: st.DrawFn, row: Row, kind: str) -> Principal:
    roles = st.sampled_from(list(Role))
    alone, few, many = (
        st.sets(roles, min_size=1, max_size=1),
        st.sets(roles, max_size=3),
        st.sets(roles, min_size=4),
    )
    some_roles = draw(st.one_of(alone, few, many))
    if kind == "customer":
        some_roles = draw(st.sampled_from(({Role.GLOBAL_ADMIN}, {Role.GLOBAL_ADMIN}, some_roles)))
    return Principal(
        tenant_id=row["id"],
        kind=TenantKind(kind),
        roles=tuple(sorted(some_roles)),
        cloud=row["cloud"],
        type=row.get("type"),
        status=row.get("status"),
        market=row["market"],
        auth_mode=draw(st.sampled_from(AuthMode)),
    )
