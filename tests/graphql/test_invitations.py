"""What a partner sends to the customer it asks: a link that opens the acceptance, and a mail around it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from multichannel.demo.cast import ALDER, CEDAR, EMBER, QUARRY
from multichannel.domain.relationships import ResellerRelationship
from multichannel.errors import Misconfigured
from multichannel.graphql.types.invitations import PLAIN, WITH_ADMIN
from multichannel.settings import load_settings
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import GLOBAL_ADMIN, as_role, bare, done, relationship_of
from tests.graphql.stored_rows import stored

REQUEST = "requestResellerRelationship"
INVITATION = "query ($id: ID!) { node(id: $id) { ... on ResellerRelationship { invitation { url text } } } }"
OPEN = relationship_of(ALDER, QUARRY)


def invitation(api: Api, persona: str, global_id: str) -> Any:
    return api.ask(persona, INVITATION, id=global_id).data["node"]["invitation"]


def test_the_link_holds_the_acceptance_which_works_once_it_is_filled_in(api: Api) -> None:
    made = done(api, "alder-sales-agent", REQUEST, customer=EMBER.id)["id"]

    link = urlsplit(invitation(api, "alder-sales-agent", made)["url"])

    assert f"{link.scheme}://{link.netloc}{link.path}" == "http://127.0.0.1:8000/graphql"
    held = {name: value for name, (value,) in parse_qs(link.query).items()}
    variables = orjson.loads(held["variables"])
    signer = {"firstName": "Ada", "lastName": "Signer", "email": "ada@ember.example"}
    assert variables == {"input": {"id": made, "agreement": dict.fromkeys(signer, "")}}
    empty = api.ask("ember-global-admin", held["query"], **variables)
    assert empty.codes == ["BAD_INPUT"]
    variables["input"]["agreement"] = signer
    accepted = api.ask("ember-global-admin", held["query"], **variables).data["acceptResellerRelationship"]
    assert accepted["resellerRelationship"] == {"status": "ACTIVE", "partner": {"name": "Alder"}}


@pytest.mark.parametrize(("admin", "sentence"), [(False, PLAIN), (True, WITH_ADMIN)])
def test_the_mail_says_what_accepting_allows_and_who_opens_the_link(
    api: Api, *, admin: bool, sentence: str
) -> None:
    made = done(api, "alder-admin-agent", REQUEST, customer=EMBER.id, includeDelegatedAdmin=admin)["id"]
    found = invitation(api, "alder-admin-agent", made)
    assert sentence in found["text"]
    assert found["url"] in found["text"]
    for words in ("Alder asks your company", "a global admin of your company", "Do not change the link"):
        assert words in found["text"]


def test_only_those_who_may_withdraw_an_open_request_get_an_invitation(api: Api) -> None:
    for persona in ("alder-sales-agent", "alder-user-management-admin"):
        assert invitation(api, persona, OPEN) is not None
    for persona in ("alder-helpdesk-agent", "quarry-global-admin"):
        assert invitation(api, persona, OPEN) is None
    done(api, "alder-sales-agent", "cancelResellerRelationshipRequest", id=OPEN)
    assert invitation(api, "alder-sales-agent", OPEN) is None


@pytest.mark.rule("SM1")
def test_the_invitation_is_the_resellers_and_not_its_providers(api: Api) -> None:
    made = done(api, "dogwood-sales-agent", REQUEST, customer=EMBER.id, provider=CEDAR.id)["id"]
    (beside,) = stored(api, ResellerRelationship, invited_with_id=bare(made))
    as_role(api, "cedar-admin-agent", GLOBAL_ADMIN)
    assert invitation(api, "dogwood-sales-agent", made) is not None
    assert invitation(api, "cedar-admin-agent", f"reseller_relationship_{beside.id}") is None


def test_a_page_of_invitations_takes_as_many_statements_as_one(api: Api) -> None:
    listed = "{ resellerRelationships { nodes { invitation { url } } } }"
    before = len(api.ask("alder-sales-agent", listed).statements)
    for number in range(5):
        done(api, "alder-sales-agent", REQUEST, customer=f"company{number}.example")
    after = api.ask("alder-sales-agent", listed)
    links = [each["invitation"] for each in after.data["resellerRelationships"]["nodes"]]
    assert len([each for each in links if each is not None]) == 6
    assert len(after.statements) == before == 4


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "a.example", "https://u:p@a.example", "https://a.example/?q=1"]
)
def test_a_public_url_is_one_that_others_can_open(url: str) -> None:
    assert load_settings(public_url="https://a.example/").public_url == "https://a.example"
    with pytest.raises(Misconfigured, match="MULTICHANNEL_PUBLIC_URL is invalid"):
        load_settings(public_url=url)
