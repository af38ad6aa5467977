"""A company's first sign-in, with signed tokens over real HTTP: by the link of an invitation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from multichannel.demo.cast import fixed_id
from multichannel.demo.issuer import DemoIssuer
from multichannel.identity.claims import ENTRA_ID
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.serving import DemoServer, demo_app, now, running

ORCHARD, ADA = fixed_id("orchard"), fixed_id("ada.orchard")
REQUEST = """mutation { requestResellerRelationship(input: {customer: "orchard.example"}) {
  resellerRelationship { id invitation { url } } } }"""
REDEEM = """mutation($code: String!) { redeemInvitation(input: {code: $code, companyName: "Orchard"}) {
  resellerRelationship { id status partner { name } } userErrors { code } } }"""
ACCEPT = """mutation($id: ID!) { acceptResellerRelationship(input: {
  id: $id, agreement: {firstName: "Ada", lastName: "Reed", email: "ada@orchard.example"}}) {
  resellerRelationship { status customer { companyName domains { name isVerified } } }
  userErrors { code } } }"""
VIEWER = "{ viewer { roles customer { companyName directoryId } } }"


@pytest.fixture
def server(sqlite_world: str, tmp_path: Path, shipped_policy: Policy) -> Iterator[DemoServer]:
    """A demo that may be changed."""
    issuer = DemoIssuer(tmp_path)
    with (
        copy_of(sqlite_world, tmp_path) as database,
        running(demo_app(database, issuer, shipped_policy)) as url,
    ):
        yield DemoServer(url, issuer)


def ask(server: DemoServer, token: str, query: str, **variables: Any) -> httpx.Response:
    return httpx.post(
        f"{server.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.mark.rule("R56", "R58")
def test_an_administrator_signs_in_with_the_link_answers_and_is_known_from_then_on(
    server: DemoServer,
) -> None:
    asked = ask(server, server.token("alder-admin-agent"), REQUEST).json()["data"]
    made = asked["requestResellerRelationship"]["resellerRelationship"]
    code = made["invitation"]["url"].rpartition("/")[2]
    said: dict[str, Any] = {"wids": [ENTRA_ID.admin_value], "upn": "ada@Orchard.example", "name": "Ada"}
    token = server.issuer.token(ORCHARD, ADA, now=now(), **said)
    clerk = server.issuer.token(ORCHARD, fixed_id("clerk.orchard"), now=now(), upn=said["upn"])

    before = ask(server, token, VIEWER)
    assert (before.status_code, before.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    refused = ask(server, clerk, REDEEM, code=code).json()["data"]["redeemInvitation"]
    assert [each["code"] for each in refused["userErrors"]] == ["NOT_A_GLOBAL_ADMIN"]

    redeemed = ask(server, token, REDEEM, code=code).json()["data"]["redeemInvitation"]

    shown = {"id": made["id"], "status": "REQUESTED", "partner": {"name": "Alder"}}
    assert redeemed == {"resellerRelationship": shown, "userErrors": []}
    accepted = ask(server, token, ACCEPT, id=made["id"]).json()["data"]["acceptResellerRelationship"]
    domains = [{"name": "orchard.example", "isVerified": True}]
    customer = {"companyName": "Orchard", "domains": domains}
    assert accepted["resellerRelationship"] == {"status": "ACTIVE", "customer": customer}
    assert ask(server, token, VIEWER).json()["data"]["viewer"] == {
        "roles": ["GLOBAL_ADMIN"],
        "customer": {"companyName": "Orchard", "directoryId": ORCHARD},
    }
    assert ask(server, clerk, VIEWER).status_code == 401


INVITE = """mutation($id: ID!) { inviteCustomer(input: {id: $id}) {
  resellerRelationship { invitation { url } } userErrors { code } } }"""
RENEW = """mutation($id: ID!) { renewResellerInvitation(input: {id: $id}) {
  partnership { invitation { url } } userErrors { code } } }"""
REDEEM_RESELLER = """mutation($code: String!) {
  redeemResellerInvitation(input: {code: $code, companyName: "Sorrel"}) {
    partnership { status provider { name } } userErrors { code } } }"""


@pytest.mark.rule("R56")
def test_the_administrators_that_the_demo_has_invited_sign_in_for_the_first_time(server: DemoServer) -> None:
    def code_for(persona: str, query: str, row_id: str) -> str:
        (payload,) = ask(server, server.token(persona), query, id=row_id).json()["data"].values()
        invited, errors = payload.values()
        assert errors == []
        return str(invited["invitation"]["url"].rpartition("/")[2])

    juniper, sorrel = server.token("juniper-administrator"), server.token("sorrel-administrator")
    request = f"reseller_relationship_{fixed_id('alder.juniper.relationship')}"
    partnership = f"partnership_{fixed_id('cedar.sorrel.partnership')}"
    assert [ask(server, token, VIEWER).status_code for token in (juniper, sorrel)] == [401, 401]

    code = code_for("alder-admin-agent", INVITE, request)
    redeemed = ask(server, juniper, REDEEM, code=code).json()["data"]["redeemInvitation"]
    assert redeemed["resellerRelationship"]["id"] == request
    assert ask(server, juniper, VIEWER).json()["data"]["viewer"]["roles"] == ["GLOBAL_ADMIN"]

    code = code_for("cedar-global-admin", RENEW, partnership)
    joined = ask(server, sorrel, REDEEM_RESELLER, code=code).json()["data"]["redeemResellerInvitation"]
    assert joined["partnership"] == {"status": "INVITED", "provider": {"name": "Cedar"}}
    assert ask(server, sorrel, VIEWER).json()["data"]["viewer"]["roles"] == ["GLOBAL_ADMIN"]


@pytest.mark.rule("R56")
def test_a_code_opens_nothing_without_a_token(server: DemoServer) -> None:
    body = {"query": REDEEM, "variables": {"code": "x"}}

    answer = httpx.post(f"{server.url}/graphql", json=body).json()

    assert [each["extensions"]["code"] for each in answer["errors"]] == ["UNAUTHENTICATED"]
