from __future__ import annotations

from dataclasses import replace

import pytest

from multichannel.demo.cast import ALDER, DOGWOOD, MEADOW
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import EVERY_RIGHT, DelegatedAdminStatus
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Tenant, TenantKind
from multichannel.domain.users import Role, RoleAssignment, User
from multichannel.services.customers import NewCustomer, create_customer, update_customer
from multichannel.services.relationships import RelationshipRequest, request_reseller_relationship
from multichannel.services.users import NewUser
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
HEATH = NewCustomer(
    company_name="Heath",
    ascii_domain="heath.example",
    profile={"city": "Springfield"},
    billing={"email": "billing@heath.example"},
)


@pytest.mark.rule("SM1")
def test_a_new_customer_has_a_tenant_a_relationship_and_a_billing_profile(use_cases: UseCases) -> None:
    customer_id = use_cases.run("alder-admin-agent", lambda work: create_customer(work, HEATH))

    assert use_cases.row(Tenant, id=customer_id).kind is TenantKind.CUSTOMER
    relationship = use_cases.row(ResellerRelationship, customer_id=customer_id)
    assert (relationship.partner_id, relationship.stored_status) == (ALDER.id, RelationshipStatus.ACTIVE)
    grant = use_cases.row(DelegatedAdminGrant, customer_id=customer_id)
    assert (grant.relationship_id, grant.stored_status, grant.rights, grant.duration) == (
        relationship.id,
        DelegatedAdminStatus.ACTIVE,
        EVERY_RIGHT,
        "P730D",
    )
    profile = use_cases.row(BillingProfile, customer_id=customer_id)
    assert (profile.partner_id, profile.company_name, profile.city, profile.email) == (
        ALDER.id,
        "Heath",
        "Springfield",
        "billing@heath.example",
    )


@pytest.mark.rule("SM1")
def test_a_new_customer_may_have_a_global_admin(use_cases: UseCases) -> None:
    admin = NewUser("11111111-1111-4111-8111-111111111111", "Robin", (Role.GLOBAL_ADMIN,))
    customer_id = use_cases.run(
        "alder-admin-agent", lambda work: create_customer(work, replace(HEATH, global_admin=admin))
    )

    user = use_cases.row(User, tenant_id=customer_id)
    assert use_cases.row(RoleAssignment, user_id=user.id).role is Role.GLOBAL_ADMIN


@pytest.mark.rule("R58")
def test_a_new_customer_receives_no_request_to_a_domain_that_its_partner_typed(use_cases: UseCases) -> None:
    request_id = use_cases.run(
        "cedar-admin-agent",
        lambda work: request_reseller_relationship(work, RelationshipRequest(address="heath.example")),
    )

    customer_id = use_cases.run("alder-admin-agent", lambda work: create_customer(work, HEATH))

    assert use_cases.row(ResellerRelationship, id=request_id).customer_id is None
    domain = use_cases.row(CustomerDomain, customer_id=customer_id)
    assert (domain.ascii_domain, domain.is_verified) == ("heath.example", False)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (replace(HEATH, market="GB"), "OTHER_MARKET"),
        (replace(HEATH, ascii_domain="meadow.example"), "DOMAIN_TAKEN"),
        (replace(HEATH, associated_partner_directory_id=DOGWOOD.id), "ASSOCIATED_PARTNER_INVALID"),
    ],
)
def test_a_customer_that_cannot_be_created_leaves_nothing_behind(
    use_cases: UseCases, new: NewCustomer, code: str
) -> None:
    tenants = len(use_cases.rows(Tenant))

    assert use_cases.refused("alder-admin-agent", lambda work: create_customer(work, new)) == code
    assert len(use_cases.rows(Tenant)) == tenants


@pytest.mark.rule("R46")
def test_a_profile_is_updated_in_the_version_that_was_seen(use_cases: UseCases) -> None:
    version = use_cases.row(Customer, id=MEADOW.id).version
    changes = {"city": "Shelbyville"}

    code = use_cases.refused(
        "meadow-global-admin",
        lambda work: update_customer(work, MEADOW.id, changes, expected_version=version + 1),
    )
    assert code == "STALE_VERSION"
    use_cases.run(
        "meadow-global-admin",
        lambda work: update_customer(work, MEADOW.id, changes, expected_version=version),
    )
    row = use_cases.row(Customer, id=MEADOW.id)
    assert (row.city, row.version) == ("Shelbyville", version + 1)
