"""Invitations by link: with the code and a token of the invited organization one gets in, and not else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, update

from multichannel.demo.cast import ALDER, CANYON, CEDAR, EMBER, HAZEL, MEADOW, find_persona, fixed_id
from multichannel.domain.base import Base
from multichannel.domain.customers import Customer
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.invitations import Invitation, hash_of
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Cloud, Partner, PartnerType, Tenant
from multichannel.domain.users import RoleAssignment, User
from multichannel.errors import Refused
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.services.redemption import Redemption, redeem_customer_invitation
from multichannel.store.users import VerifiedToken
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.world import bearer_of, postgresql_later

pytestmark = postgresql_later

ORCHARD, ADMIN, OTHER = fixed_id("orchard"), fixed_id("orchard.admin"), fixed_id("orchard.other")
TOKEN = VerifiedToken(ORCHARD, ADMIN, AuthMode.APP_USER, name="Ada", is_global_admin=True)
REQUEST = """mutation($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) {
    resellerRelationship { id invitation { url text } } userErrors { code } } }"""
INVITE = """mutation($input: InviteCustomerInput!) { inviteCustomer(input: $input) {
  resellerRelationship { invitation { url } } userErrors { code } } }"""
REDEEM = """mutation($input: RedeemInvitationInput!) { redeemInvitation(input: $input) {
  resellerRelationship { id status partner { name } } userErrors { code path rule } } }"""
CREATE = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id resellerRelationships { nodes { id } } } userErrors { code } } }"""
PARTNERSHIP = """mutation($input: InviteIndirectResellerInput!) { inviteIndirectReseller(input: $input) {
  partnership { id invitation { url text } } userErrors { code } } }"""
RENEW = """mutation($input: RenewResellerInvitationInput!) { renewResellerInvitation(input: $input) {
  partnership { invitation { url } } userErrors { code } } }"""
REDEEM_RESELLER = """mutation($input: RedeemResellerInvitationInput!) {
  redeemResellerInvitation(input: $input) {
    partnership { id status provider { name } } userErrors { code path rule } } }"""
VIEWER = "{ viewer { tenantId roles } resellerRelationships { nodes { status } } }"


def code_of(url: str) -> str:
    link, _, code = url.rpartition("/")
    assert link == "http://127.0.0.1:8000/invitations"
    return code


def request(api: Api, address: str, persona: str = "alder-admin-agent") -> tuple[str, str]:
    """The id of a new request, and the code of its link."""
    made = api.ask(persona, REQUEST, input={"customer": address}).data["requestResellerRelationship"]
    shown = made["resellerRelationship"]
    assert shown["invitation"]["url"] in shown["invitation"]["text"]
    return shown["id"], code_of(shown["invitation"]["url"])


def redeem(api: Api, code: str, token: VerifiedToken = TOKEN, document: str = REDEEM, **more: Any) -> Answer:
    return api.ask(bearer_of(token), document, input={"code": code, **more})


def codes(answer: Answer) -> list[str]:
    (payload,) = answer.data.values()
    return [each["code"] for each in payload["userErrors"]]


@pytest.mark.rule("R56")
def test_a_company_that_nobody_knows_signs_in_for_the_first_time_and_sees_the_request(api: Api) -> None:
    request_id, code = request(api, ORCHARD)
    new_rows = NewRows(api)

    answer = redeem(api, code, companyName="Orchard")

    assert answer.data["redeemInvitation"] == {
        "resellerRelationship": {"id": request_id, "status": "REQUESTED", "partner": {"name": "Alder"}},
        "userErrors": [],
    }
    (tenant,) = stored(api, Tenant, directory_id=ORCHARD)
    (customer,) = stored(api, Customer, id=tenant.id)
    assert (customer.company_name, customer.market, customer.cloud) == ("Orchard", "US", Cloud.PUBLIC)
    (user,) = stored(api, User, tenant_id=tenant.id)
    assert (user.object_id, user.display_name) == (ADMIN, "Ada")
    assert [each.role for each in stored(api, RoleAssignment, user_id=user.id)] == ["global_admin"]
    seen = api.ask(bearer_of(TOKEN), VIEWER).data
    assert seen["viewer"] == {"tenantId": tenant.id, "roles": ["GLOBAL_ADMIN"]}
    assert seen["resellerRelationships"]["nodes"] == [{"status": "REQUESTED"}]
    assert {each.operation for each in new_rows.events()} == {"redeem_invitation"}
    assert tenant.id in {each.tenant_id for each in new_rows.records()}
    assert codes(redeem(api, code)) == []
    assert len(stored(api, User, tenant_id=tenant.id)) == 1


@pytest.mark.rule("R56")
def test_the_rest_of_the_api_stays_closed_to_a_token_without_a_user(api: Api) -> None:
    _, code = request(api, ORCHARD)
    variables = {"input": {"code": code}}
    field = "redeemInvitation(input: $input) { userErrors { code } }"
    head = "mutation($input: RedeemInvitationInput!)"
    twice = f"{head} {{ one: {field} two: {field} }}"
    beside = f'{head} {{ {field} cancelTransfer(input: {{id: "transfer_1"}}) {{ userErrors {{ code }} }} }}'
    hidden = f"{head} {{ ...F }} fragment F on Mutation {{ {field} }}"
    for document in (VIEWER, twice, beside, hidden, "{ __typename }", "not graphql"):
        answer = api.ask(bearer_of(TOKEN), document, **variables)
        assert (answer.response.status_code, answer.codes) == (401, ["UNAUTHENTICATED"]), document
    assert stored(api, Tenant, directory_id=ORCHARD) == []


@pytest.mark.rule("R56")
@pytest.mark.parametrize(
    ("token", "code"),
    [
        (replace(TOKEN, is_global_admin=False), "NOT_A_GLOBAL_ADMIN"),
        (replace(TOKEN, auth_mode=AuthMode.APP), "NOT_A_GLOBAL_ADMIN"),
        (replace(TOKEN, directory_id=OTHER), "INVITATION_OF_ANOTHER"),
        (replace(TOKEN, directory_id=CEDAR.id), "INVITATION_OF_ANOTHER"),
    ],
)
def test_what_is_missing_is_told_and_nobody_is_provisioned(api: Api, token: VerifiedToken, code: str) -> None:
    tenants, users = len(stored(api, Tenant)), len(stored(api, User))
    _, invitation = request(api, ORCHARD)

    answer = redeem(api, invitation, token)

    assert answer.data["redeemInvitation"]["userErrors"] == [{"code": code, "path": ["code"], "rule": "R56"}]
    assert (len(stored(api, Tenant)), len(stored(api, User))) == (tenants, users)
    assert stored(api, ResellerRelationship, addressed_to=ORCHARD)[0].customer_id is None


@pytest.mark.rule("R56")
def test_a_tenant_with_an_active_global_admin_provisions_nobody(api: Api) -> None:
    _, code = request(api, EMBER.id)
    stranger = replace(TOKEN, directory_id=EMBER.id)

    assert codes(redeem(api, code, stranger)) == ["HAS_GLOBAL_ADMIN"]

    with api.world.store.engine.begin() as connection:
        connection.execute(update(User).where(User.tenant_id == EMBER.id).values(state="inactive"))
    disabled = replace(stranger, object_id=find_persona("ember-global-admin").id)
    assert codes(redeem(api, code, disabled)) == ["HAS_GLOBAL_ADMIN"]
    assert codes(redeem(api, code, stranger)) == []
    assert codes(redeem(api, code, replace(stranger, object_id=OTHER))) == ["HAS_GLOBAL_ADMIN"]


@pytest.mark.rule("R56")
def test_a_user_of_the_invited_tenant_redeems_without_being_a_global_admin_anywhere(api: Api) -> None:
    request_id, code = request(api, EMBER.id)
    known = VerifiedToken(EMBER.id, find_persona("ember-global-admin").id, AuthMode.APP_USER)

    answer = redeem(api, code, known)

    assert answer.data["redeemInvitation"]["resellerRelationship"]["id"] == request_id
    assert codes(redeem(api, code, replace(known, directory_id=MEADOW.id))) == ["INVITATION_OF_ANOTHER"]


@pytest.mark.rule("R58")
def test_an_invitation_to_a_domain_is_for_those_whose_issuer_says_that_they_have_it(api: Api) -> None:
    _, code = request(api, "Orchard.Example")
    assert codes(redeem(api, code)) == ["INVITATION_OF_ANOTHER"]
    assert codes(redeem(api, code, replace(TOKEN, domain="other.example"))) == ["INVITATION_OF_ANOTHER"]

    assert codes(redeem(api, code, replace(TOKEN, domain="ORCHARD.example"))) == []

    (domain,) = stored(api, CustomerDomain, ascii_domain="orchard.example")
    assert domain.is_verified
    (customer,) = stored(api, Customer, id=domain.customer_id)
    assert (customer.company_name, customer.domain) == (None, "orchard.example")
    (asked,) = stored(api, ResellerRelationship, addressed_to="orchard.example")
    assert asked.customer_id == customer.id


@pytest.mark.rule("R54")
def test_the_first_sign_in_with_an_invitation_links_a_customer_that_its_partner_created(api: Api) -> None:
    input = {
        "companyName": "Orchard",
        "domain": "orchard.example",
        "email": "hi@orchard.example",
        "globalAdmin": {"objectId": OTHER, "displayName": "Somebody else"},
    }
    made = api.ask("alder-sales-agent", CREATE, input=input).data["createCustomer"]["customer"]
    (link,) = made["resellerRelationships"]["nodes"]
    invited = api.ask("alder-sales-agent", INVITE, input={"id": link["id"]}).data["inviteCustomer"]
    code = code_of(invited["resellerRelationship"]["invitation"]["url"])
    assert codes(redeem(api, code, replace(TOKEN, is_global_admin=False))) == ["NOT_A_GLOBAL_ADMIN"]
    assert codes(redeem(api, code, replace(TOKEN, directory_id=MEADOW.id))) == ["INVITATION_OF_ANOTHER"]

    answer = redeem(api, code, replace(TOKEN, domain="orchard.example"))

    assert answer.data["redeemInvitation"]["resellerRelationship"]["id"] == link["id"]
    (tenant,) = stored(api, Tenant, directory_id=ORCHARD)
    assert f"customer_{tenant.id}" == made["id"]
    assert {each.object_id for each in stored(api, User, tenant_id=tenant.id)} == {ADMIN, OTHER}
    assert [each.is_verified for each in stored(api, CustomerDomain, customer_id=tenant.id)] == [True]
    assert codes(redeem(api, code, replace(TOKEN, directory_id=fixed_id("lagoon")))) == ["INVITATION_INVALID"]


@pytest.mark.rule("R56")
def test_a_code_is_stored_hashed_shown_once_and_void_after_the_next(api: Api) -> None:
    request_id, code = request(api, ORCHARD)
    (row,) = stored(api, Invitation)
    assert row.code_hash == hash_of(code)
    assert len(code) == 43
    query = "query($id: ID!) { node(id: $id) { ... on ResellerRelationship { invitation { url } } } }"
    assert api.ask("alder-admin-agent", query, id=request_id).data == {"node": {"invitation": None}}

    again = api.ask("alder-admin-agent", INVITE, input={"id": request_id}).data["inviteCustomer"]

    new_code = code_of(again["resellerRelationship"]["invitation"]["url"])
    assert codes(redeem(api, code)) == ["INVITATION_INVALID"]
    assert codes(redeem(api, new_code)) == []


@pytest.mark.rule("R56")
@pytest.mark.parametrize("code", ["", "x", "0" * 43, "\u00e9"])
def test_what_is_no_code_is_told_as_any_that_is_over(api: Api, code: str) -> None:
    assert codes(redeem(api, code)) == ["INVITATION_INVALID"]


@pytest.mark.rule("R56")
def test_an_invitation_ends_with_its_request(api: Api) -> None:
    request_id, code = request(api, ORCHARD)
    _, withdrawn = request(api, "lagoon.example")
    api.world.clock.now += timedelta(days=91)
    assert codes(redeem(api, code)) == ["INVITATION_INVALID"]
    late = api.ask("alder-admin-agent", INVITE, input={"id": request_id}).data["inviteCustomer"]
    assert [each["code"] for each in late["userErrors"]] == ["REQUEST_EXPIRED"]
    assert codes(redeem(api, withdrawn, replace(TOKEN, domain="lagoon.example"))) == ["INVITATION_INVALID"]


@pytest.mark.rule("R56")
@pytest.mark.parametrize(
    ("persona", "code"),
    [
        ("alder-helpdesk-agent", "FORBIDDEN"),
        ("cedar-admin-agent", "NOT_FOUND"),
        ("meadow-global-admin", "NOT_FOUND"),
    ],
)
def test_only_those_who_may_request_make_a_link(api: Api, persona: str, code: str) -> None:
    request_id, _ = request(api, ORCHARD)

    assert api.ask(persona, INVITE, input={"id": request_id}).codes == [code]


@pytest.mark.rule("R56")
def test_a_partner_that_the_customer_has_already_is_told_so(api: Api) -> None:
    _, code = request(api, ORCHARD)
    redeem(api, code)
    (tenant,) = stored(api, Tenant, directory_id=ORCHARD)
    second_id, second = request(api, "orchard.example")
    with api.world.store.engine.begin() as connection:
        rows = Base.metadata.tables["reseller_relationships"]
        connection.execute(update(rows).where(rows.c.customer_id == tenant.id).values(status="active"))

    answer = redeem(api, second, replace(TOKEN, domain="orchard.example"))

    assert codes(answer) == ["ALREADY_RELATED"]
    assert stored(api, ResellerRelationship, id=second_id.rpartition("_")[2])[0].customer_id is None


def invite(api: Api, address: str) -> tuple[str, str]:
    """The id of a new partnership, and the code of its link."""
    made = api.ask("cedar-admin-agent", PARTNERSHIP, input={"reseller": address}).data
    shown = made["inviteIndirectReseller"]["partnership"]
    assert shown["invitation"]["url"] in shown["invitation"]["text"]
    return shown["id"], code_of(shown["invitation"]["url"])


@pytest.mark.rule("R57")
@pytest.mark.parametrize(
    ("address", "domain"), [(ORCHARD, None), ("Partner.Example", "partner.example")], ids=["GUID", "domain"]
)
def test_a_reseller_that_nobody_knows_is_invited_by_a_link(
    api: Api, address: str, domain: str | None
) -> None:
    partnership_id, code = invite(api, address)
    token = replace(TOKEN, domain=domain)
    assert codes(redeem(api, code, token, REDEEM_RESELLER)) == ["COMPANY_NAME_REQUIRED"]

    answer = redeem(api, code, token, REDEEM_RESELLER, companyName="Rowan")

    assert answer.data["redeemResellerInvitation"] == {
        "partnership": {"id": partnership_id, "status": "INVITED", "provider": {"name": "Cedar"}},
        "userErrors": [],
    }
    (partner,) = stored(api, Partner, name="Rowan")
    assert (partner.id, partner.type, partner.market) == (ORCHARD, PartnerType.INDIRECT_RESELLER, "US")
    accept = """mutation($id: ID!) { acceptPartnership(input: {id: $id}) {
      partnership { status } userErrors { code } } }"""
    accepted = api.ask(bearer_of(token), accept, id=partnership_id).data["acceptPartnership"]
    assert accepted == {"partnership": {"status": "ACTIVE"}, "userErrors": []}


@pytest.mark.rule("R57")
def test_the_invitation_of_a_reseller_is_for_the_invited_partner_alone(api: Api) -> None:
    partnership_id, code = invite(api, "partner.example")
    alder = VerifiedToken(ALDER.id, find_persona("alder-global-admin").id, AuthMode.APP_USER)
    assert codes(redeem(api, code, alder, REDEEM_RESELLER)) == ["INVITATION_OF_ANOTHER"]
    customer = replace(TOKEN, directory_id=CANYON.id, domain="partner.example")
    assert codes(redeem(api, code, customer, REDEEM_RESELLER)) == ["INVITATION_OF_ANOTHER"]
    provider = VerifiedToken(
        CEDAR.id, find_persona("cedar-admin-agent").id, AuthMode.APP_USER, domain="partner.example"
    )
    assert codes(redeem(api, code, provider, REDEEM_RESELLER)) == ["INVITATION_OF_ANOTHER"]
    owner = replace(alder, domain="partner.example")
    assert codes(redeem(api, code, owner, REDEEM)) == ["INVITATION_INVALID"]

    hazel = VerifiedToken(
        HAZEL.id, find_persona("hazel-sales-agent").id, AuthMode.APP_USER, domain="partner.example"
    )
    assert codes(redeem(api, code, hazel, REDEEM_RESELLER)) == ["INVITATION_PENDING"]
    (row,) = stored(api, Partnership, id=partnership_id.rpartition("_")[2])
    assert row.reseller_id is None

    assert codes(redeem(api, code, owner, REDEEM_RESELLER)) == []

    (row,) = stored(api, Partnership, id=row.id)
    assert row.reseller_id == ALDER.id


@pytest.mark.rule("R57")
def test_a_new_link_replaces_the_one_before(api: Api) -> None:
    partnership_id, code = invite(api, ORCHARD)
    again = api.ask("cedar-admin-agent", RENEW, input={"id": partnership_id}).data["renewResellerInvitation"]
    new_code = code_of(again["partnership"]["invitation"]["url"])

    assert codes(redeem(api, code, document=REDEEM_RESELLER, companyName="Rowan")) == ["INVITATION_INVALID"]
    assert codes(redeem(api, new_code, document=REDEEM_RESELLER, companyName="Rowan")) == []
    assert api.ask("alder-global-admin", RENEW, input={"id": partnership_id}).codes == ["NOT_FOUND"]


def test_of_two_people_who_redeem_at_once_one_becomes_the_global_admin(api: Api) -> None:
    _, code = request(api, ORCHARD)
    barrier = Barrier(2)

    def run(object_id: str) -> str:
        barrier.wait()
        try:
            return redeem_customer_invitation(
                api.world.store, Redemption(code, replace(TOKEN, object_id=object_id))
            )
        except Refused as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(run, [ADMIN, OTHER]))

    (tenant,) = stored(api, Tenant, directory_id=ORCHARD)
    (asked,) = stored(api, ResellerRelationship, addressed_to=ORCHARD)
    assert outcomes == sorted(["HAS_GLOBAL_ADMIN", asked.id])
    assert len(stored(api, User, tenant_id=tenant.id)) == 1


@pytest.mark.rule("R57", "R12")
def test_a_partner_that_nobody_of_signs_in_is_provisioned_in_its_own_market_alone(api: Api) -> None:
    times = {"cloud": Cloud.PUBLIC, "created_at": api.world.clock.now}
    with api.world.store.engine.begin() as connection:
        connection.execute(
            insert(Tenant), {"id": ORCHARD, "directory_id": ORCHARD, "kind": "partner", **times}
        )
        row = {"id": ORCHARD, "name": "Rowan", "type": "indirect_reseller", "market": "CA", **times}
        connection.execute(insert(Partner), row)
    _, code = invite(api, "partner.example")
    token = replace(TOKEN, domain="partner.example")

    assert codes(redeem(api, code, token, REDEEM_RESELLER)) == ["MARKET_MISMATCH"]
    assert stored(api, User, tenant_id=ORCHARD) == []

    with api.world.store.engine.begin() as connection:
        connection.execute(update(Partner).where(Partner.id == ORCHARD).values(market="US"))
    assert codes(redeem(api, code, token, REDEEM_RESELLER)) == []
    assert [each.object_id for each in stored(api, User, tenant_id=ORCHARD)] == [ADMIN]


@pytest.mark.rule("R57")
def test_an_accepted_invitation_is_over(api: Api) -> None:
    partnership_id, code = invite(api, ORCHARD)
    assert codes(redeem(api, code, document=REDEEM_RESELLER, companyName="Rowan")) == []
    with api.world.store.engine.begin() as connection:
        row_id = partnership_id.rpartition("_")[2]
        connection.execute(update(Partnership).where(Partnership.id == row_id).values(status="removed"))

    assert codes(redeem(api, code, document=REDEEM_RESELLER)) == ["INVITATION_INVALID"]
    late = api.ask("cedar-admin-agent", RENEW, input={"id": partnership_id}).data["renewResellerInvitation"]
    assert [each["code"] for each in late["userErrors"]] == ["INVITATION_CLOSED"]
