"""A domain proves nothing by being typed: what blocks a creation and receives a request is verified."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, THISTLE, find_persona
from multichannel.domain.customers import Customer
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Tenant
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.services.sign_in import sign_in
from multichannel.store.users import VerifiedToken
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.world import postgresql_later

pytestmark = postgresql_later

CREATE = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id domain domains { name isVerified } } userErrors { code path } } }"""
REQUEST = """mutation($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) {
    resellerRelationship { addressedTo } userErrors { code } } }"""


def create(api: Api, persona: str, domain: str) -> Answer:
    input = {"companyName": "Big Bank", "domain": domain, "email": "hi@bigbank.example"}
    return api.ask(persona, CREATE, input=input)


def request(api: Api, persona: str, address: str) -> Any:
    return api.ask(persona, REQUEST, input={"customer": address}).data["requestResellerRelationship"]


def receivers(api: Api, address: str) -> dict[str, str | None]:
    """The customers that have received requests to an address, by the partner that asks."""
    rows = stored(api, ResellerRelationship, addressed_to=address)
    return {row.partner_id: row.customer_id for row in rows}


def arrive(api: Api, persona: str, domain: str) -> None:
    """A persona signs in with a name in a domain that its directory has verified."""
    found = find_persona(persona)
    directory_id = found.organisation.id
    token = VerifiedToken(directory_id, found.id, AuthMode.APP_USER, domain=domain)
    assert sign_in(api.world.store, token).principal.tenant_id == directory_id


@pytest.mark.rule("R58")
def test_an_impostors_domain_neither_blocks_nor_receives(api: Api) -> None:
    impostor = create(api, "alder-sales-agent", "bigbank.example").data["createCustomer"]["customer"]
    assert impostor["domains"] == [{"name": "bigbank.example", "isVerified": False}]

    assert request(api, "cedar-admin-agent", "bigbank.example")["userErrors"] == []
    assert receivers(api, "bigbank.example") == {CEDAR.id: None}
    again = create(api, "cedar-admin-agent", "BigBank.Example").data["createCustomer"]
    assert again["userErrors"] == []

    arrive(api, "thistle-global-admin", "bigbank.example")

    assert receivers(api, "bigbank.example") == {CEDAR.id: THISTLE.id}
    taken = create(api, "cedar-admin-agent", "bigbank.example").data["createCustomer"]
    assert taken["userErrors"] == [{"code": "DOMAIN_TAKEN", "path": ["domain"]}]
    rows = stored(api, CustomerDomain, ascii_domain="bigbank.example")
    assert [row.customer_id for row in rows if row.is_verified] == [THISTLE.id]


@pytest.mark.rule("R58")
def test_domains_are_compared_folded_and_in_their_ascii_form(api: Api) -> None:
    arrive(api, "thistle-global-admin", "B\u00fccher.Example")

    asked = request(api, "cedar-admin-agent", "b\u00dcCHER.example")

    assert asked["resellerRelationship"]["addressedTo"] == "xn--bcher-kva.example"
    assert receivers(api, "xn--bcher-kva.example") == {CEDAR.id: THISTLE.id}
    taken = create(api, "alder-sales-agent", "xn--bcher-kva.example").data["createCustomer"]
    assert [each["code"] for each in taken["userErrors"]] == ["DOMAIN_TAKEN"]


@pytest.mark.rule("R58")
def test_a_new_customer_shows_its_domain_as_people_write_it(api: Api) -> None:
    made = create(api, "alder-sales-agent", "FA\u00df.example").data["createCustomer"]["customer"]

    assert made["domain"] == "fa\u00df.example"
    assert made["domains"] == [{"name": "xn--fa-hia.example", "isVerified": False}]


@pytest.mark.rule("R58")
@pytest.mark.parametrize(
    "domain", ["a_b.example", "-a.example", "example", "127.0.0.1", "\u2603.example", ""]
)
def test_what_is_no_domain_is_bad_input(api: Api, domain: str) -> None:
    assert create(api, "alder-sales-agent", domain).codes == ["BAD_INPUT"]


@pytest.mark.rule("R58")
def test_a_sign_in_verifies_a_domain_once_and_takes_none_from_another_customer(api: Api) -> None:
    new_rows = NewRows(api)
    version = stored(api, Customer, id=MEADOW.id)[0].version

    for domain in ("dairy.example", "Dairy.Example", "canyon.example", "meadow.example"):
        arrive(api, "meadow-global-admin", domain)

    verified = stored(api, CustomerDomain, customer_id=MEADOW.id)
    assert {row.ascii_domain for row in verified} == {"dairy.example", "meadow.example"}
    assert stored(api, Customer, id=MEADOW.id)[0].version == version + 1
    assert [each.operation for each in new_rows.events()] == ["verify_domain"]
    assert MEADOW.id in {each.tenant_id for each in new_rows.records()}


@pytest.mark.rule("R58")
def test_a_partners_sign_in_verifies_nothing(api: Api) -> None:
    arrive(api, "alder-sales-agent", "alder.example")

    assert stored(api, CustomerDomain, ascii_domain="alder.example") == []


@pytest.mark.rule("R58")
def test_a_domain_of_the_other_cloud_is_free(api: Api) -> None:
    summit = create(api, "alder-sales-agent", "summit.example").data["createCustomer"]

    assert summit["userErrors"] == []
    assert receivers(api, "summit.example") == {}
    request(api, "cedar-admin-agent", "summit.example")
    assert receivers(api, "summit.example") == {CEDAR.id: None}


@pytest.mark.rule("R58")
def test_a_company_name_may_have_the_joiners_of_its_script(api: Api) -> None:
    name = "\u0634\u0631\u06a9\u062a \u0646\u0631\u0645\u200c\u0627\u0641\u0632\u0627\u0631"
    input = {"companyName": name, "domain": "fa.example", "email": "a@fa.example"}

    api.ask("alder-sales-agent", CREATE, input=input)

    (made,) = stored(api, Customer, domain="fa.example")
    assert made.company_name == name
    assert stored(api, Tenant, id=made.id)[0].directory_id is None
    blank = api.ask("alder-sales-agent", CREATE, input={**input, "companyName": "\u200c "})
    assert blank.codes == ["BAD_INPUT"]
    assert ALDER.id in {row.partner_id for row in stored(api, ResellerRelationship, customer_id=made.id)}


@pytest.mark.parametrize(
    ("written", "stored_as"),
    [
        ("Cafe\u0301 Bleu", "Caf\u00e9 Bleu"),
        ("\u682a\u5f0f\u4f1a\u793e\u3000\u5c71\u7530", "\u682a\u5f0f\u4f1a\u793e \u5c71\u7530"),
        ("\u0936\u094d\u200d\u0930\u0940", "\u0936\u094d\u200d\u0930\u0940"),
        ("Alder\u202eREDLA", None),
        ("\u2067Alder", None),
        ("Al\u0007der", None),
    ],
)
def test_names_are_stored_in_one_normal_form_and_none_that_hides_how_it_is_read(
    api: Api, written: str, stored_as: str | None
) -> None:
    input = {"companyName": written, "domain": "names.example", "email": "a@names.example"}

    answer = api.ask("alder-sales-agent", CREATE, input=input)

    assert answer.codes == ([] if stored_as else ["BAD_INPUT"])
    names = [row.company_name for row in stored(api, Customer, domain="names.example")]
    assert names == ([stored_as] if stored_as else [])


@pytest.mark.parametrize(
    ("country", "told"), [("UK", "Did you mean GB?"), ("ZZ", "ISO 3166"), ("EL", "Did you mean GR?")]
)
def test_a_country_that_does_not_exist_is_refused_with_the_one_that_is_meant(
    api: Api, country: str, told: str
) -> None:
    input = {"companyName": "Kingdom", "domain": "uk.example", "email": "a@uk.example", "country": country}

    answer = api.ask("alder-sales-agent", CREATE, input=input)

    assert answer.codes == ["BAD_INPUT"]
    assert told in answer.body["errors"][0]["message"]
    assert stored(api, Customer, domain="uk.example") == []


@pytest.mark.rule("R58")
def test_under_a_policy_that_lets_nobody_verify_domains_people_sign_in_all_the_same(api: Api) -> None:
    grant = 'grant("identity", "system", "verify_domain", _: Customer);'
    texts = dict(PolicySource.read(SHIPPED_POLICIES).texts)
    assert grant in texts["system.polar"]
    texts["system.polar"] = texts["system.polar"].replace(grant, "")
    store = api.world.store.with_policy(Policy(PolicySource(tuple(texts.items()))))
    found = find_persona("meadow-global-admin")
    token = VerifiedToken(MEADOW.id, found.id, AuthMode.APP_USER, domain="dairy.example")

    assert sign_in(store, token).principal.tenant_id == MEADOW.id

    assert stored(api, CustomerDomain, ascii_domain="dairy.example") == []
