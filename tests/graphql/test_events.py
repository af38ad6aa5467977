"""What a stream delivers is decided at delivery: by the policy, the rows and the users of that moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from multichannel.demo.cast import CEDAR, DOGWOOD, MEADOW, fixed_id
from multichannel.errors import Unauthenticated
from multichannel.graphql.execution.documents import read_document
from multichannel.graphql.execution.event_streams import EventNotifier, EventStreams
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.policy.schema.resources import SUBSCRIPTION, SUPPORT_CASE
from multichannel.store.read.event_feed import StoredEvent
from multichannel.store.users import Caller
from tests.graphql.case_api import opened
from tests.graphql.conftest import Api

PHONE = fixed_id("meadow-phone-cedar.subscription")
RENAME = """mutation ($input: UpdateSubscriptionInput!) {
  updateSubscription(input: $input) { userErrors { code } }
}"""
NAMES = "subscription { subscriptionChanged { transferId subscription { friendlyName quantity } } }"
GONE: set[str] = set()


@pytest.fixture
def streams(api: Api) -> Iterator[EventStreams]:
    """Streams over the world of the API."""

    def sign_in(persona: str) -> Caller:
        if persona in GONE:
            raise Unauthenticated("Nobody knows you any more.")
        return api.world.caller(persona)

    GONE.clear()
    found = EventStreams(api.world.store, sign_in, EventNotifier(None))
    yield found
    found.close()


def rename(api: Api, name: str, version: int) -> None:
    """Cedar gives Meadow's telephony another name."""
    change = {"id": f"subscription_{PHONE}", "expectedVersion": version, "friendlyName": name}
    done = api.ask("cedar-admin-agent", RENAME, input=change).data["updateSubscription"]
    assert done == {"userErrors": []}


def change_row(api: Api, statement: str, **values: Any) -> None:
    """Change a row past every guard."""
    with api.world.store.engine.connect() as connection:
        connection.execute(text(statement), values)
        connection.commit()


def attach(api: Api, reseller_id: str | None) -> None:
    """Attach a reseller to Meadow under Cedar, or nobody."""
    change_row(
        api,
        "UPDATE reseller_relationships SET associated_partner_id = :reseller "
        "WHERE partner_id = :cedar AND customer_id = :meadow",
        reseller=reseller_id,
        cedar=CEDAR.id,
        meadow=MEADOW.id,
    )


def news(api: Api, persona: str) -> list[StoredEvent]:
    """All that a stream would tell the persona."""
    with api.world.store.reading(api.world.principal(persona)) as work:
        feed = work.feed(SUBSCRIPTION)
        return list(feed.after(feed.window_start()))


def delivered(streams: EventStreams, persona: str, occurrence: StoredEvent) -> Any:
    """What a stream says of an event."""
    return streams.response_to(
        occurrence, persona, read_document(NAMES, cache=True), GraphQLRequest(NAMES, None, None)
    )


def test_an_event_is_delivered_to_whoever_can_see_its_record_at_that_moment(
    api: Api, streams: EventStreams
) -> None:
    """R24: Dogwood sees what Cedar sells Meadow only while it is attached, or credited for it."""
    change_row(api, "UPDATE subscriptions SET partner_of_record_id = NULL WHERE id = :id", id=PHONE)
    rename(api, "Phones", 1)
    (occurrence,) = news(api, "dogwood-sales-agent")
    shown = {"transferId": None, "subscription": {"friendlyName": "Phones", "quantity": 10}}

    assert delivered(streams, "dogwood-sales-agent", occurrence) == {"data": {"subscriptionChanged": shown}}
    attach(api, None)
    assert delivered(streams, "dogwood-sales-agent", occurrence) is None
    attach(api, DOGWOOD.id)
    assert delivered(streams, "dogwood-sales-agent", occurrence) is not None


def test_a_field_that_may_not_be_read_is_denied_in_an_event_as_in_a_query(
    api: Api, streams: EventStreams
) -> None:
    """R24: credit shows a summary, so the quantity is null with FORBIDDEN."""
    attach(api, None)
    rename(api, "Phones", 1)
    (occurrence,) = news(api, "dogwood-sales-agent")

    body = delivered(streams, "dogwood-sales-agent", occurrence)

    shown = body["data"]["subscriptionChanged"]["subscription"]
    assert shown == {"friendlyName": "Phones", "quantity": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


def test_a_caller_that_is_no_longer_known_receives_no_more_events(api: Api, streams: EventStreams) -> None:
    rename(api, "Phones", 1)
    (occurrence,) = news(api, "meadow-global-admin")
    GONE.add("meadow-global-admin")

    with pytest.raises(Unauthenticated):
        delivered(streams, "meadow-global-admin", occurrence)


def test_a_change_is_no_news_to_tenants_it_does_not_concern(api: Api) -> None:
    """R8: Alder serves Meadow, and Hazel is Cedar's reseller elsewhere; neither hears of this sale."""
    rename(api, "Phones", 1)

    assert len(news(api, "cedar-admin-agent")) == len(news(api, "meadow-global-admin")) == 1
    assert news(api, "alder-global-admin") == news(api, "hazel-sales-agent") == []


def test_what_was_refused_or_denied_is_no_event(api: Api) -> None:
    change = {"id": f"subscription_{PHONE}", "expectedVersion": 7, "friendlyName": "Phones"}
    api.ask("cedar-admin-agent", RENAME, input=change)
    api.ask("alder-admin-agent", RENAME, input=change)

    assert news(api, "cedar-admin-agent") == news(api, "alder-global-admin") == []


@pytest.mark.rule("R69", "R62")
def test_changes_of_a_support_case_reach_those_who_see_it_at_that_moment(
    api: Api, streams: EventStreams
) -> None:
    id = opened(api, "canyon-global-admin", "canyon-office-birch", comment="No mail")
    text = "subscription { supportCaseChanged { operation supportCase { id commentCount } } }"
    with api.world.store.reading(api.world.principal("alder-helpdesk-agent")) as work:
        feed = work.feed(SUPPORT_CASE)
        (occurrence,) = feed.after(feed.window_start())

    def heard(persona: str) -> Any:
        document = read_document(text, cache=True)
        return streams.response_to(occurrence, persona, document, GraphQLRequest(text, None, None))

    told = {"operation": "open_support_case", "supportCase": {"id": id, "commentCount": 1}}
    assert heard("alder-helpdesk-agent") == {"data": {"supportCaseChanged": told}}
    assert heard("cedar-admin-agent") is None
    change_row(api, "UPDATE reseller_relationships SET status = 'ended_by_customer' WHERE status = 'active'")
    assert heard("alder-helpdesk-agent") is None
