from __future__ import annotations

from multichannel.demo.cast import fixed_id
from multichannel.domain.tenants import Cloud, Partner, PartnerStatus, PartnerType, Tenant, TenantKind
from multichannel.domain.users import Role, RoleAssignment, User
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.services.users import add_partner, add_user
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
ASPEN = fixed_id("aspen")


def test_the_operator_adds_a_partner_with_its_tenant_and_first_user(use_cases: UseCases) -> None:
    store, operator = use_cases.world.store, system_principal(SystemRole.OPERATOR)
    store.write(
        operator,
        lambda work: add_partner(
            work,
            ASPEN,
            name="Aspen",
            kind=PartnerType.DIRECT_BILL,
            market="US",
            cloud=Cloud.PUBLIC,
            partner_number=None,
        ),
    )
    store.write(
        operator,
        lambda work: add_user(
            work, ASPEN, object_id=fixed_id("robin"), display_name="Robin", roles=[Role.GLOBAL_ADMIN]
        ),
    )

    assert use_cases.row(Tenant, id=ASPEN).kind is TenantKind.PARTNER
    assert use_cases.row(Partner, id=ASPEN).status is PartnerStatus.ACTIVE
    user = use_cases.row(User, tenant_id=ASPEN)
    assert use_cases.row(RoleAssignment, user_id=user.id).role is Role.GLOBAL_ADMIN
