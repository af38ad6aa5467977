"""Who asks in a generated world."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.tenants import Cloud, TenantKind
from multichannel.domain.users import Role
from multichannel.policy.vocabulary import AuthMode, Principal, SystemRole, system_principal
from tests.policy.oracle.world import Row, World


@st.composite
def principals(draw: st.DrawFn, world: World) -> list[Principal]:
    """Somebody of every tenant, twice for partners, and the service in each of its roles."""
    people = [
        _person(draw, row, kind)
        for kind, resource, times in (("partner", "Partner", 2), ("customer", "Customer", 1))
        for row in world.rows(resource)
        for _ in range(times)
    ]
    sweepers = [system_principal(SystemRole.SWEEPER, cloud=cloud) for cloud in Cloud]
    return [*people, *(system_principal(role) for role in SystemRole), *sweepers]


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
