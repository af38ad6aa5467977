"""Customers and their agreements, changed through the API: by partners and by the customer itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from multichannel.demo.cast import ALDER, CEDAR, DOGWOOD, LAUREL, MEADOW, SUMMIT, WILLOW, fixed_id
from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.audit import AuditRecord, Event
from multichannel.domain.base import Base, utc_text
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from multichannel.domain.users import User
from multichannel.services.sign_in import verify_domain
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.users import SIGNING_IN
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

CREATE = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id companyName domain market cloud email country version viewerCan
    agreements { nodes { kind partner { name } email } }
    billingProfiles { nodes { companyName email culture country } }
    resellerRelationships { nodes { status delegatedAdmin associatedPartner { name } partner { name } } } }
  userErrors { code path rule } } }"""
CREATE_IN_SHORT = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id } userErrors { code } } }"""
CONFIRM = """mutation($input: ConfirmCustomerAgreementInput!) { confirmCustomerAgreement(input: $input) {
  customerAgreement { id kind agreedAt lastName customer { companyName } partner { name } }
  userErrors { code path rule } } }"""
UPDATE = """mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { city version } userErrors { code currentVersion } } }"""
AGREEMENTS = """query($id: ID!) { node(id: $id) { ... on Customer {
  agreements { totalCount nodes { kind agreedAt lastName } } } } }"""


def new(**more: Any) -> dict[str, Any]:
    return {
        "companyName": "Orchard Juice",
        "domain": "orchard.example",
        "email": "hi@orchard.example",
        **more,
    }


def create(api: Api, persona: str, **more: Any) -> Answer:
    return api.ask(persona, CREATE, input=new(**more))


def signed(api: Api, **more: Any) -> dict[str, Any]:
    agreed = utc_text(api.world.clock.now - timedelta(days=1))
    return {"firstName": "A", "lastName": "Signer", "email": "a@orchard.example", "agreedAt": agreed, **more}


def confirm(api: Api, persona: str, customer: str, **more: Any) -> Answer:
    return api.ask(persona, CONFIRM, input={"id": f"customer_{customer}", **signed(api, **more)})


def codes(answer: Answer, mutation: str) -> list[str]:
    payload = answer.data[mutation]
    assert payload["userErrors"] == [] or payload[next(iter(payload))] is None
    return [each["code"] for each in payload["userErrors"]]


@pytest.mark.rule("SM1")
def test_a_partner_creates_a_customer_with_an_active_relationship_and_a_billing_profile(api: Api) -> None:
    answer = create(api, "alder-sales-agent", domain="Orchard.Example", country="us", phoneNumber=" 1 ")

    made = answer.data["createCustomer"]["customer"]
    assert made["domain"] == "orchard.example"
    assert (made["market"], made["cloud"], made["country"], made["version"]) == ("US", "PUBLIC", "US", 1)
    assert made["resellerRelationships"]["nodes"] == [
        {
            "status": "ACTIVE",
            "delegatedAdmin": True,
            "associatedPartner": None,
            "partner": {"name": "Alder"},
        }
    ]
    assert made["agreements"]["nodes"] == []
    assert {"UPDATE", "CONFIRM_AGREEMENT"} <= set(made["viewerCan"])
    customer = stored(api, Customer, domain="orchard.example")[0]
    assert customer.phone_number == "1"
    assert [each.kind for each in stored(api, Tenant, id=customer.id)] == [TenantKind.CUSTOMER]
    profile = stored(api, BillingProfile, customer_id=customer.id)[0]
    assert (profile.partner_id, profile.company_name, profile.email) == (
        ALDER.id,
        "Orchard Juice",
        "hi@orchard.example",
    )


@pytest.mark.rule("R53")
def test_a_creation_is_one_record_in_each_chain_and_one_event_for_each_row(api: Api) -> None:
    new_rows = NewRows(api)

    create(api, "alder-admin-agent")

    customer = stored(api, Customer, domain="orchard.example")[0]
    kinds = ["BillingProfile", "Customer", "DelegatedAdminGrant", "ResellerRelationship"]
    assert sorted(each.resource_type for each in new_rows.events()) == kinds
    assert {each.operation for each in new_rows.events()} == {"create_customer"}
    assert sorted(each.resource_type for each in new_rows.records(ALDER.id)) == kinds
    assert sorted(each.resource_type for each in new_rows.records(customer.id)) == kinds
    assert {each.tenant_id for each in new_rows.records()} == {ALDER.id, customer.id}
    of_partner = next(each for each in new_rows.records(ALDER.id) if each.resource_type == "Customer")
    assert of_partner.new_value["company_name"] == "Orchard Juice"
    assert of_partner.old_value == {}
    of_customer = next(each for each in new_rows.records(customer.id) if each.resource_type == "Customer")
    assert of_customer.new_value == {}
    assert of_customer.actor_user_id is None


def test_a_new_customer_comes_with_its_agreement_and_its_first_global_admin(api: Api) -> None:
    admin = {"objectId": fixed_id("global-admin.orchard"), "displayName": "Orchard, global admin"}

    answer = create(
        api,
        "cedar-admin-agent",
        agreement=signed(api),
        globalAdmin=admin,
        billingProfile={"email": "bills@orchard.example", "culture": "en-US"},
    )

    made = answer.data["createCustomer"]["customer"]
    assert made["agreements"]["nodes"] == [
        {"kind": "ATTESTATION", "partner": {"name": "Cedar"}, "email": "a@orchard.example"}
    ]
    assert made["billingProfiles"]["nodes"] == [
        {
            "companyName": "Orchard Juice",
            "email": "bills@orchard.example",
            "culture": "en-US",
            "country": None,
        }
    ]
    tenant = made["id"].removeprefix("customer_")
    users = stored(api, User, tenant_id=tenant)
    assert [(each.object_id, each.display_name) for each in users] == [
        (admin["objectId"], admin["displayName"])
    ]


def test_a_denied_creation_changes_nothing_and_is_recorded_with_its_reason(api: Api) -> None:
    new_rows = NewRows(api)

    answer = create(api, "birch-sales-agent")

    assert answer.errors == [(["createCustomer"], "FORBIDDEN")]
    assert answer.body["errors"][0]["extensions"]["reasons"] == ["RESTRICTED_PARTNER"]
    assert stored(api, Customer, domain="orchard.example") == []
    assert new_rows.events() == []
    assert [(each.status, each.reasons) for each in new_rows.records()] == [
        ("declined", ["FORBIDDEN", "RESTRICTED_PARTNER"])
    ]


def test_a_customer_creates_no_customer(api: Api) -> None:
    assert create(api, "meadow-global-admin").codes == ["NOT_FOUND"]


def test_a_domain_that_is_taken_is_refused_and_nothing_else_is_told_of_its_owner(api: Api) -> None:
    new_rows = NewRows(api)

    answer = create(api, "alder-sales-agent", domain="QUARRY.example")

    assert answer.data["createCustomer"] == {
        "customer": None,
        "userErrors": [{"code": "DOMAIN_TAKEN", "path": ["domain"], "rule": None}],
    }
    assert new_rows.events() == []
    assert [(each.tenant_id, each.status, each.reasons) for each in new_rows.records()] == [
        (ALDER.id, "failed", ["DOMAIN_TAKEN"])
    ]


@pytest.mark.rule("R52")
def test_a_domain_of_the_other_cloud_is_not_told(api: Api) -> None:
    assert codes(create(api, "alder-sales-agent", domain="summit.example"), "createCustomer") == []
    assert {each.cloud for each in stored(api, Customer, domain="summit.example")} == set(Cloud)


@pytest.mark.rule("R10", "R11")
def test_the_tenant_is_new_and_nobody_chooses_its_id(api: Api) -> None:
    before = {each.id for each in stored(api, Tenant)}

    made = create(api, "cedar-admin-agent").data["createCustomer"]["customer"]

    assert made["id"].removeprefix("customer_") not in before
    answer = create(api, "cedar-admin-agent", tenantId=CEDAR.id)
    assert answer.codes == ["BAD_INPUT"]


@pytest.mark.rule("R12")
@pytest.mark.parametrize(("market", "expected"), [("us", []), ("GB", ["OTHER_MARKET"])])
def test_a_partner_sells_in_its_own_market(api: Api, market: str, expected: list[str]) -> None:
    assert codes(create(api, "alder-sales-agent", market=market), "createCustomer") == expected


@pytest.mark.rule("R23", "R24")
def test_a_provider_attaches_a_reseller_which_then_serves_the_customer(api: Api) -> None:
    made = create(api, "cedar-admin-agent", associatedPartner=DOGWOOD.id).data["createCustomer"]["customer"]

    assert made["resellerRelationships"]["nodes"][0]["associatedPartner"] == {"name": "Dogwood"}
    seen = api.ask("dogwood-sales-agent", "query($id: ID!) { node(id: $id) { id } }", id=made["id"])
    assert seen.data == {"node": {"id": made["id"]}}
    assert api.ask("hazel-sales-agent", "query($id: ID!) { node(id: $id) { id } }", id=made["id"]).data == {
        "node": None
    }


@pytest.mark.rule("R23")
@pytest.mark.parametrize(
    ("persona", "reseller"),
    [
        pytest.param("alder-admin-agent", DOGWOOD.id, id="not a provider"),
        pytest.param("cedar-admin-agent", fixed_id("birch"), id="only invited"),
        pytest.param("cedar-admin-agent", fixed_id("linden"), id="removed"),
        pytest.param("cedar-admin-agent", CEDAR.id, id="itself"),
        pytest.param("cedar-admin-agent", fixed_id("nobody"), id="nobody"),
    ],
)
def test_only_an_active_reseller_of_the_provider_is_attached(api: Api, persona: str, reseller: str) -> None:
    answer = create(api, persona, associatedPartner=reseller)

    assert answer.data["createCustomer"]["userErrors"] == [
        {"code": "ASSOCIATED_PARTNER_INVALID", "path": ["associatedPartner"], "rule": "R23"}
    ]
    assert stored(api, Customer, domain="orchard.example") == []


@pytest.mark.rule("R58")
def test_requests_that_wait_for_a_domain_reach_its_verified_owner_and_their_senders_see_no_change(
    api: Api,
) -> None:
    now = api.world.clock.now
    waiting: dict[str, dict[str, Any]] = {
        "birch waits": {"partner_id": fixed_id("birch")},
        "expired": {"partner_id": WILLOW.id, "expires_at": now},
        "other domain": {"partner_id": WILLOW.id, "addressed_to": "garden.example"},
        "other cloud": {"partner_id": LAUREL.id, "cloud": Cloud.US_GOVERNMENT},
        "withdrawn": {"partner_id": WILLOW.id, "status": RelationshipStatus.CANCELED},
        "own": {"partner_id": ALDER.id},
    }
    of_the_demo = {each.id for each in stored(api, ResellerRelationship, customer_id=None)}
    put(api, ResellerRelationship, [waiting_request(api, name, **values) for name, values in waiting.items()])
    before = {each.id: (each.version, each.updated_at) for each in stored(api, ResellerRelationship)}

    made = create(api, "alder-sales-agent").data["createCustomer"]["customer"]["id"]
    unreached = {each.id for each in stored(api, ResellerRelationship, customer_id=None)} - of_the_demo
    assert unreached == {fixed_id(name.replace(" ", "-")) for name in waiting}
    customer_id = made.removeprefix("customer_")
    act = MutationContext("verify_domain", "Customer", customer_id)
    api.world.store.act(SIGNING_IN, act, lambda work: verify_domain(work, customer_id, "orchard.example"))

    after = {each.id: each for each in stored(api, ResellerRelationship)}
    reached = {
        name for name in waiting if f"customer_{after[fixed_id(name.replace(' ', '-'))].customer_id}" == made
    }
    assert reached == {"birch waits"}
    assert {key: (after[key].version, after[key].updated_at) for key in before} == before


def waiting_request(api: Api, name: str, **values: Any) -> dict[str, Any]:
    now = api.world.clock.now
    return {
        "id": fixed_id(name.replace(" ", "-")),
        "customer_id": None,
        "addressed_to": "orchard.example",
        "status": RelationshipStatus.REQUESTED,
        "requested_at": now,
        "expires_at": now + timedelta(days=90),
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        **values,
    }


def put(api: Api, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows past every guard."""
    with api.world.store.engine.begin() as connection:
        connection.execute(insert(model.__table__), rows)  # type: ignore[arg-type]  # a mapped class has a table


@pytest.mark.parametrize(
    "wrong",
    [
        {"companyName": " "},
        {"domain": "no domain"},
        {"email": "nobody"},
        {"country": "USA"},
        {"market": "U1"},
        {"associatedPartner": "dogwood"},
        {"globalAdmin": {"objectId": "1", "displayName": "x"}},
        {"billingProfile": {"email": "nobody"}},
    ],
)
def test_what_cannot_be_stored_is_bad_input(api: Api, wrong: dict[str, Any]) -> None:
    assert create(api, "alder-sales-agent", **wrong).codes == ["BAD_INPUT"]
    assert stored(api, Customer, domain="orchard.example") == []


@pytest.mark.rule("SM6")
def test_an_attestation_holds_with_its_partner_and_is_seen_by_it_and_the_customer(api: Api) -> None:
    new_rows = NewRows(api)

    answer = confirm(api, "alder-sales-agent", MEADOW.id)

    made = answer.data["confirmCustomerAgreement"]["customerAgreement"]
    assert (made["kind"], made["partner"], made["lastName"]) == ("ATTESTATION", {"name": "Alder"}, "Signer")
    assert agreements_of(api, "alder-global-admin", MEADOW.id)["totalCount"] == 1
    assert agreements_of(api, "meadow-global-admin", MEADOW.id)["totalCount"] == 1
    assert agreements_of(api, "cedar-admin-agent", MEADOW.id)["totalCount"] == 0
    assert {each.tenant_id for each in new_rows.records()} == {ALDER.id, MEADOW.id}
    assert [each.resource_type for each in new_rows.events()] == ["CustomerAgreement"]
    found = stored(api, CustomerAgreement, customer_id=MEADOW.id)
    assert is_bound(found, ALDER.id, Cloud.PUBLIC)
    assert not is_bound(found, CEDAR.id, Cloud.PUBLIC)


@pytest.mark.rule("SM6")
def test_the_customers_own_signature_holds_with_every_partner_and_tells_none_who_signed(
    api: Api,
) -> None:
    answer = confirm(api, "meadow-global-admin", MEADOW.id)

    assert answer.data["confirmCustomerAgreement"]["customerAgreement"]["kind"] == "DIRECT"
    found = stored(api, CustomerAgreement, customer_id=MEADOW.id)
    assert found[0].partner_id is None
    assert is_bound(found, ALDER.id, Cloud.PUBLIC)
    assert is_bound(found, CEDAR.id, Cloud.PUBLIC)
    seen = api.ask("cedar-admin-agent", AGREEMENTS, id=f"customer_{MEADOW.id}")
    assert seen.codes == ["FORBIDDEN"]
    assert seen.body["data"]["node"]["agreements"]["nodes"][0]["kind"] == "DIRECT"
    assert seen.body["data"]["node"]["agreements"]["nodes"][0]["lastName"] is None


def agreements_of(api: Api, persona: str, customer: str) -> Any:
    return api.ask(persona, AGREEMENTS, id=f"customer_{customer}").data["node"]["agreements"]


@pytest.mark.rule("SM6")
def test_a_later_signer_is_a_further_agreement(api: Api) -> None:
    confirm(api, "alder-sales-agent", MEADOW.id)
    confirm(api, "alder-sales-agent", MEADOW.id, lastName="Successor")

    names = {each["lastName"] for each in agreements_of(api, "alder-admin-agent", MEADOW.id)["nodes"]}
    assert names == {"Signer", "Successor"}


@pytest.mark.rule("SM6")
def test_nothing_is_signed_in_the_future(api: Api) -> None:
    later = utc_text(api.world.clock.now + timedelta(seconds=1))

    answer = confirm(api, "alder-sales-agent", MEADOW.id, agreedAt=later)

    assert codes(answer, "confirmCustomerAgreement") == ["AGREED_IN_THE_FUTURE"]
    now = confirm(api, "alder-sales-agent", MEADOW.id, agreedAt=utc_text(api.world.clock.now))
    assert codes(now, "confirmCustomerAgreement") == []


@pytest.mark.rule("R52")
def test_the_government_cloud_has_no_agreement_and_needs_none(api: Api) -> None:
    answer = confirm(api, "laurel-admin-agent", SUMMIT.id)

    assert codes(answer, "confirmCustomerAgreement") == ["AGREEMENT_NOT_OFFERED"]
    assert is_bound([], LAUREL.id, Cloud.US_GOVERNMENT)
    created = create(api, "laurel-admin-agent", agreement=signed(api))
    assert codes(created, "createCustomer") == ["AGREEMENT_NOT_OFFERED"]
    assert stored(api, Customer, domain="orchard.example") == []


STATEMENTS = {"create_customer": 21, "confirm_customer_agreement": 11, "update_customer": 10}
"""What one success takes: the rows, the audit records of both tenants, and the answer."""


@pytest.mark.parametrize("crowd", [0, 200])
def test_statements_do_not_grow_with_rows(api: Api, crowd: int) -> None:
    now = api.world.clock.now
    ids = [fixed_id(f"crowd-{number}") for number in range(crowd)]
    if ids:
        put(
            api,
            Tenant,
            [{"id": each, "kind": "customer", "cloud": "public", "created_at": now} for each in ids],
        )
        common = {"market": "US", "cloud": Cloud.PUBLIC, "version": 1, "created_at": now, "updated_at": now}
        customers = [{"id": each, "custom_domains": [], "qualification": "none", **common} for each in ids]
        put(api, Customer, customers)
        put(
            api,
            ResellerRelationship,
            [
                waiting_request(api, each, partner_id=WILLOW.id, addressed_to=f"{each}.example")
                for each in ids
            ],
        )

    created = api.ask("alder-sales-agent", CREATE_IN_SHORT, input=new())
    short = """mutation($input: ConfirmCustomerAgreementInput!) {
      confirmCustomerAgreement(input: $input) { customerAgreement { id } } }"""
    input = {"id": f"customer_{MEADOW.id}", **signed(api)}
    confirmed = api.ask("alder-sales-agent", short, input=input)
    edit = {"id": f"customer_{MEADOW.id}", "expectedVersion": 1, "city": "Dover"}
    updated = api.ask("alder-sales-agent", UPDATE, input=edit)
    assert {
        "create_customer": len(created.statements),
        "confirm_customer_agreement": len(confirmed.statements),
        "update_customer": len(updated.statements),
    } == STATEMENTS


def test_an_update_with_a_key_is_done_once(api: Api) -> None:
    new_rows = NewRows(api)
    edit = {"id": f"customer_{MEADOW.id}", "expectedVersion": 1, "city": "Dover", "idempotencyKey": "k"}

    answers = [api.ask("alder-sales-agent", UPDATE, input=edit).data for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0]["updateCustomer"]["customer"] == {"city": "Dover", "version": 2}
    assert len(new_rows.events()) == 1
    with api.world.store.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Event)) == 1
        assert connection.scalar(select(func.count(func.distinct(AuditRecord.event_id)))) == 1
