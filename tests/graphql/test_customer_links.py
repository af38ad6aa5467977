"""Customers that a partner created are linked to their directory, and to no other."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, fixed_id
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Tenant
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.store.users import SIGNING_IN, Caller
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

DIRECTORY, ADMIN = fixed_id("directory.orchard"), fixed_id("global-admin.orchard")
CREATE = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id version directoryId } userErrors { code } } }"""
LINK = """mutation($input: LinkCustomerInput!) { linkCustomer(input: $input) {
  customer { version directoryId } userErrors { code path } } }"""
REQUEST = """mutation($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) {
    resellerRelationship { status customer { id } } userErrors { code } } }"""
FOUND = """query($id: String!) { customers(filter: {directoryId: {eq: $id}}) { nodes { companyName } } }"""


@pytest.fixture
def orchard(api: Api) -> str:
    """The id of a customer that Alder has created."""
    input = {
        "companyName": "Orchard",
        "domain": "orchard.example",
        "email": "hi@orchard.example",
        "globalAdmin": {"objectId": ADMIN, "displayName": "Orchard, global admin"},
    }
    made = api.ask("alder-sales-agent", CREATE, input=input).data["createCustomer"]["customer"]
    assert (made["version"], made["directoryId"]) == (1, None)
    return str(made["id"])


def link(api: Api, persona: str, customer: str, **more: Any) -> Answer:
    input = {"id": customer, "expectedVersion": 1, "directoryId": DIRECTORY, **more}
    return api.ask(persona, LINK, input=input)


def codes(answer: Answer) -> list[str]:
    return [each["code"] for each in answer.data["linkCustomer"]["userErrors"]]


def sign_in(api: Api, directory_id: str) -> Caller | None:
    with api.world.store.reading(SIGNING_IN) as work:
        return work.sign_in.caller(directory_id=directory_id, object_id=ADMIN, auth_mode=AuthMode.APP_USER)


@pytest.mark.rule("R54")
def test_its_users_sign_in_by_the_directory_once_it_is_linked_and_never_by_its_own_id(
    api: Api, orchard: str
) -> None:
    row_id, new_rows = orchard.removeprefix("customer_"), NewRows(api)
    assert sign_in(api, row_id) is None

    answer = link(api, "alder-sales-agent", orchard, directoryId=DIRECTORY.upper())

    linked = {"version": 2, "directoryId": DIRECTORY}
    assert answer.data["linkCustomer"] == {"customer": linked, "userErrors": []}
    caller = sign_in(api, DIRECTORY)
    assert caller is not None
    assert caller.principal.tenant_id == row_id
    assert sign_in(api, row_id) is None
    assert [(each.operation, each.resource_type) for each in new_rows.events()] == [
        ("link_customer", "Customer")
    ]
    by_tenant = {each.tenant_id: each for each in new_rows.records()}
    assert by_tenant.keys() == {ALDER.id, row_id}
    assert by_tenant[ALDER.id].new_value == {"directory_id": DIRECTORY}
    assert by_tenant[row_id].new_value == {}
    found = api.ask("alder-sales-agent", FOUND, id=DIRECTORY).data["customers"]["nodes"]
    assert found == [{"companyName": "Orchard"}]
    assert api.ask("cedar-admin-agent", FOUND, id=DIRECTORY).data["customers"]["nodes"] == []


@pytest.mark.rule("R54")
def test_a_request_to_the_directory_waits_for_the_link(api: Api, orchard: str) -> None:
    row_id = orchard.removeprefix("customer_")
    asked = api.ask("cedar-admin-agent", REQUEST, input={"customer": DIRECTORY})
    own = api.ask("alder-admin-agent", REQUEST, input={"customer": DIRECTORY})
    assert asked.data == own.data

    link(api, "alder-sales-agent", orchard)

    waiting = {
        each.partner_id: each.customer_id
        for each in stored(api, ResellerRelationship, addressed_to=DIRECTORY)
    }
    assert waiting == {CEDAR.id: row_id, ALDER.id: None}
    assert codes_of(api.ask("cedar-admin-agent", REQUEST, input={"customer": row_id})) == []
    assert {each.customer_id for each in stored(api, ResellerRelationship, addressed_to=row_id)} == {
        None,
        row_id,
    }


def codes_of(answer: Answer) -> list[str]:
    return [each["code"] for each in answer.data["requestResellerRelationship"]["userErrors"]]


@pytest.mark.rule("R54")
def test_a_link_is_final_and_to_a_directory_that_nobody_has(api: Api, orchard: str) -> None:
    for taken in (MEADOW.id, CEDAR.id, ALDER.id):
        assert codes(link(api, "alder-sales-agent", orchard, directoryId=taken)) == ["DIRECTORY_TAKEN"]
    assert codes(link(api, "alder-sales-agent", orchard, expectedVersion=0)) == ["STALE_VERSION"]
    link(api, "alder-sales-agent", orchard)
    again = link(api, "alder-sales-agent", orchard, expectedVersion=2, directoryId=fixed_id("another"))
    assert codes(again) == ["ALREADY_LINKED"]
    (tenant,) = stored(api, Tenant, id=orchard.removeprefix("customer_"))
    assert tenant.directory_id == DIRECTORY


@pytest.mark.rule("R54")
@pytest.mark.parametrize(
    ("persona", "code"),
    [
        ("alder-billing-admin", "FORBIDDEN"),
        ("alder-helpdesk-agent", "FORBIDDEN"),
        ("cedar-admin-agent", "NOT_FOUND"),
        ("meadow-global-admin", "NOT_FOUND"),
    ],
)
def test_only_the_roles_that_create_customers_link_their_own(
    api: Api, orchard: str, persona: str, code: str
) -> None:
    assert link(api, persona, orchard).codes == [code]
    assert [each.directory_id for each in stored(api, Tenant, id=orchard.removeprefix("customer_"))] == [None]


@pytest.mark.rule("R54")
def test_what_is_no_guid_is_bad_input(api: Api, orchard: str) -> None:
    assert link(api, "alder-sales-agent", orchard, directoryId="orchard.example").codes == ["BAD_INPUT"]
    assert stored(api, Customer, domain="orchard.example")[0].version == 1
