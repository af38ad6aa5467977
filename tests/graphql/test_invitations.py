"""What a partner sends to whom it invites: a link that is shown once, and a mail around it."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import CEDAR, EMBER
from multichannel.domain.invitations import Invitation
from multichannel.domain.relationships import ResellerRelationship
from multichannel.errors import Misconfigured
from multichannel.graphql.types.invitations import PLAIN, WITH_ADMIN
from multichannel.settings import load_settings
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import bare, done
from tests.graphql.stored_rows import stored

REQUEST = """mutation($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) {
    resellerRelationship { id invitation { url text } } userErrors { code } } }"""
LISTED = "{ resellerRelationships { nodes { invitation { url } } } }"


def request(api: Api, persona: str, **more: Any) -> Any:
    answer = api.ask(persona, REQUEST, input={"customer": EMBER.id, **more})
    return answer.data["requestResellerRelationship"]["resellerRelationship"]


@pytest.mark.parametrize(("admin", "sentence"), [(False, PLAIN), (True, WITH_ADMIN)])
def test_the_mail_says_what_accepting_allows_and_who_opens_the_link(
    api: Api, *, admin: bool, sentence: str
) -> None:
    found = request(api, "alder-admin-agent", includeDelegatedAdmin=admin)["invitation"]

    assert sentence in found["text"]
    assert found["url"] in found["text"]
    assert found["url"].startswith("http://127.0.0.1:8000/invitations/")
    for words in ("Alder asks your company", "A global admin of your company", "do not change it"):
        assert words in found["text"]


def test_a_link_is_in_the_result_of_the_mutation_that_makes_it_and_nowhere_else(api: Api) -> None:
    made = request(api, "alder-sales-agent")["id"]

    for persona in ("alder-sales-agent", "ember-global-admin"):
        nodes = api.ask(persona, LISTED).data["resellerRelationships"]["nodes"]
        assert {each["invitation"] for each in nodes} == {None}
    assert len(stored(api, Invitation, relationship_id=bare(made))) == 1


def test_a_repeated_call_gets_the_first_result_and_no_link(api: Api) -> None:
    first = request(api, "alder-sales-agent", idempotencyKey="once")
    second = request(api, "alder-sales-agent", idempotencyKey="once")

    assert (first["id"], second["invitation"]) == (second["id"], None)
    assert len(stored(api, Invitation)) == 1


@pytest.mark.rule("SM1")
def test_the_invitation_is_the_resellers_and_not_its_providers(api: Api) -> None:
    made = request(api, "dogwood-sales-agent", provider=CEDAR.id)
    (beside,) = stored(api, ResellerRelationship, invited_with_id=bare(made["id"]))

    assert made["invitation"] is not None
    assert stored(api, Invitation, relationship_id=beside.id) == []


def test_a_page_of_requests_takes_no_statement_for_their_invitations(api: Api) -> None:
    before = len(api.ask("alder-sales-agent", LISTED).statements)
    for number in range(5):
        done(
            api,
            "alder-sales-agent",
            "requestResellerRelationship",
            customer=f"company{number}.example",
        )

    assert len(api.ask("alder-sales-agent", LISTED).statements) == before == 1


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "a.example", "https://u:p@a.example", "https://a.example/?q=1"]
)
def test_a_public_url_is_one_that_others_can_open(url: str) -> None:
    assert load_settings(public_url="https://a.example/").public_url == "https://a.example"
    with pytest.raises(Misconfigured, match="MULTICHANNEL_PUBLIC_URL is invalid"):
        load_settings(public_url=url)
