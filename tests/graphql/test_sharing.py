"""What a customer records is shared as it says, everywhere it could be seen (R63)."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, THISTLE, WILLOW
from multichannel.domain.subscriptions import SubscriptionShare
from tests.graphql import relationship_api
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import relationship_of
from tests.graphql.stored_rows import NewRows, stored
from tests.graphql.subscription_api import denied, done, id_of, refused
from tests.world import postgresql_later

pytestmark = postgresql_later

SHARE, OFFICE, NOTE = "setSubscriptionSharing", "meadow-office-direct", "meadow-records-open"
HOLDERS = {ALDER.id: "alder-sales-agent", CEDAR.id: "cedar-admin-agent", WILLOW.id: "willow-sales-agent"}
SEES = """query ($id: ID!) {
  node(id: $id) { id }
  one: subscriptions(filter: {friendlyName: {eq: "Meadow office direct"}}) { totalCount }
  all: subscriptions(filter: {channel: {eq: DIRECT}}) { totalCount nodes { friendlyName } }
  customers(filter: {companyName: {eq: "Meadow Dairy"}}) { nodes {
    subscriptions(filter: {channel: {eq: DIRECT}}) { totalCount nodes { friendlyName } } } }
}"""
SHARED = """query ($id: ID!) { node(id: $id) { ... on Subscription {
  sharing sharedWith { id name } version customer { defaultSharing } } } }"""
RECORD = """mutation ($input: RecordExternalSubscriptionInput!) { recordExternalSubscription(input: $input) {
  subscription { id version sharing } userErrors { code } } }"""
DEFAULT = """mutation ($input: SetDefaultSharingInput!) { setDefaultSharing(input: $input) {
  customer { defaultSharing } userErrors { code } } }"""
CUSTOMER = f"customer_{MEADOW.id}"


def seen(api: Api, persona: str) -> int:
    """In how many of the places where it could be seen it is; in all or none."""
    data = api.ask(persona, SEES, id=id_of(OFFICE)).body["data"]
    (of_customer,) = [each["subscriptions"] for each in data["customers"]["nodes"]]
    hits = [
        data["node"] is not None,
        data["one"]["totalCount"] == 1,
        "Meadow office direct" in [each["friendlyName"] for each in data["all"]["nodes"]],
        of_customer["totalCount"] == len(of_customer["nodes"]) == 1,
    ]
    return sum(hits)


def share(api: Api, sharing: str, *partners: str, version: int = 1) -> dict[str, Any]:
    chosen = {"partners": list(partners)} if partners else {}
    return done(
        api,
        "meadow-global-admin",
        SHARE,
        id=OFFICE,
        expectedVersion=version,
        sharing=sharing,
        shown="id version",
        **chosen,
    )


@pytest.mark.rule("R63")
def test_a_record_is_read_by_those_it_is_shared_with_and_by_nobody_else(api: Api) -> None:
    assert {seen(api, persona) for persona in HOLDERS.values()} == {4}
    share(api, "SELECTED", CEDAR.id)
    assert {each: seen(api, persona) for each, persona in HOLDERS.items()} == {
        ALDER.id: 0,
        CEDAR.id: 4,
        WILLOW.id: 0,
    }
    share(api, "NONE", version=2)
    assert {seen(api, persona) for persona in HOLDERS.values()} == {0}
    share(api, "ALL_PARTNERS", version=3)
    assert {seen(api, persona) for persona in HOLDERS.values()} == {4}


@pytest.mark.rule("R63")
def test_only_the_customer_reads_with_whom_it_shares(api: Api) -> None:
    share(api, "SELECTED", CEDAR.id, WILLOW.id)
    own = api.ask("meadow-global-admin", SHARED, id=id_of(OFFICE)).data["node"]
    assert own["sharing"] == "SELECTED"
    assert {each["name"] for each in own["sharedWith"]} == {"Cedar", "Willow"}
    assert own["customer"] == {"defaultSharing": "ALL_PARTNERS"}
    theirs = api.ask("cedar-admin-agent", SHARED, id=id_of(OFFICE)).data["node"]
    assert theirs == {"sharing": None, "sharedWith": None, "version": 2, "customer": {"defaultSharing": None}}


@pytest.mark.rule("R63")
def test_new_records_are_shared_as_the_customer_has_set(api: Api) -> None:
    new = {"customer": CUSTOMER, "channel": "EA", "billingType": "LICENSE", "offerName": "HR secrets"}
    set_to = api.ask("meadow-global-admin", DEFAULT, input={"id": CUSTOMER, "sharing": "NONE"})
    assert set_to.data["setDefaultSharing"]["customer"] == {"defaultSharing": "NONE"}
    secret = api.ask("meadow-global-admin", RECORD, input=new).data["recordExternalSubscription"]
    assert secret["subscription"]["sharing"] == "NONE"
    shown = api.ask("meadow-global-admin", RECORD, input={**new, "sharing": "ALL_PARTNERS"})
    assert shown.data["recordExternalSubscription"]["subscription"]["sharing"] == "ALL_PARTNERS"
    found = api.ask(
        "alder-sales-agent", "{ subscriptions(filter: {channel: {eq: EA}}) { nodes { id } } }"
    ).data
    ids = {each["id"] for each in found["subscriptions"]["nodes"]}
    assert shown.data["recordExternalSubscription"]["subscription"]["id"] in ids
    assert secret["subscription"]["id"] not in ids
    # What was recorded before stays as it was.
    assert seen(api, "alder-sales-agent") == 4


@pytest.mark.rule("R63")
def test_nobody_but_the_customers_global_admin_decides_it_and_for_its_own_records_only(api: Api) -> None:
    asked = {"expectedVersion": 1, "sharing": "NONE"}
    assert denied(api, "alder-global-admin", SHARE, id=OFFICE, **asked) == ("FORBIDDEN", [])
    assert denied(api, "meadow-billing-admin", SHARE, id=OFFICE, **asked)[0] == "NOT_FOUND"
    assert denied(api, "thistle-global-admin", SHARE, id=OFFICE, **asked)[0] == "NOT_FOUND"
    assert denied(api, "meadow-global-admin", SHARE, id=NOTE, **asked) == ("FORBIDDEN", [])
    assert denied(api, "meadow-global-admin", SHARE, id="meadow-phone-cedar", **asked) == ("FORBIDDEN", [])
    answer = api.ask("alder-global-admin", DEFAULT, input={"id": CUSTOMER, "sharing": "NONE"})
    assert answer.codes == ["FORBIDDEN"]
    assert THISTLE.id not in {each.partner_id for each in stored(api, SubscriptionShare)}


@pytest.mark.rule("R63")
def test_it_is_shared_with_partners_of_ones_own(api: Api) -> None:
    asked = {"id": OFFICE, "expectedVersion": 1, "sharing": "SELECTED"}
    for stranger in ("birch", "hazel", "nobody"):
        partner = {"birch": "9b", "hazel": "9c", "nobody": "9d"}[stranger] + CEDAR.id[2:]
        code = refused(api, "meadow-global-admin", SHARE, **asked, partners=[ALDER.id, partner])
        assert code == "NOT_SHARED_WITH_STRANGERS"
    assert refused(
        api, "meadow-global-admin", SHARE, **{**asked, "expectedVersion": 7}, partners=[ALDER.id]
    ) == ("STALE_VERSION")


@pytest.mark.parametrize(
    "chosen",
    [
        {"sharing": "SELECTED"},
        {"sharing": "SELECTED", "partners": []},
        {"sharing": "NONE", "partners": [ALDER.id]},
    ],
)
def test_partners_are_named_for_a_selection_and_for_nothing_else(api: Api, chosen: dict[str, Any]) -> None:
    asked = """mutation ($input: SetSubscriptionSharingInput!) {
      setSubscriptionSharing(input: $input) { userErrors { code } } }"""
    named = {"id": id_of(OFFICE), "expectedVersion": 1}
    assert api.ask("meadow-global-admin", asked, input={**named, **chosen}).codes == ["BAD_INPUT"]


@pytest.mark.rule("R63", "R53")
def test_the_books_of_the_customer_have_it_and_no_others(api: Api) -> None:
    new_rows = NewRows(api)
    share(api, "SELECTED", CEDAR.id)
    (own,) = new_rows.records()
    assert own.tenant_id == MEADOW.id
    assert own.old_value == {"sharing": "all_partners", "shared_with": []}
    assert own.new_value == {"sharing": "selected", "shared_with": [CEDAR.id]}
    share(api, "SELECTED", CEDAR.id, version=2)
    assert stored(api, SubscriptionShare)[0].partner_id == CEDAR.id


@pytest.mark.rule("R62", "R63")
def test_a_selection_ends_with_the_relationship_and_does_not_come_back_with_another(api: Api) -> None:
    share(api, "SELECTED", ALDER.id, CEDAR.id)
    end = "endResellerRelationship"
    held = relationship_of(ALDER, MEADOW)
    relationship_api.done(api, "meadow-global-admin", end, id=held, reason="Another supplier")
    assert [each.partner_id for each in stored(api, SubscriptionShare)] == [CEDAR.id]
