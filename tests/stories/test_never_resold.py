"""What one CSP partner sells: no second one resells it, nor learns that it is there (R8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from multichannel.demo.cast import CANYON, CEDAR, MEADOW, fixed_id
from multichannel.domain.base import new_id
from tests.stories.telling import SIGNED, Story, customer, subscription

AGENT, ADMIN = "alder-admin-agent", "alder-global-admin"
SOLD, PHONE = subscription("meadow-azure-cedar"), subscription("meadow-phone-cedar")
MAIL = subscription("meadow-mail-alder")
ABSENT = f"subscription_{new_id()}"
CUSTOMER = """query ($id: ID!) { node(id: $id) { ... on Customer {
  subscriptions(first: 100) { totalCount nodes { friendlyName } }
  channels: subscriptions(filter: {channel: {eq: CSP}}) { totalCount } } } }"""
BY_NAME = """query ($name: String!) {
  subscriptions(filter: {friendlyName: {eq: $name}}) { totalCount edges { cursor } } }"""
HEARD = """subscription ($id: ID, $after: ID) {
  subscriptionChanged(id: $id, after: $after) { operation subscription { id friendlyName } } }"""
LAST_EVENT = "{ auditRecords(last: 1, orderBy: NUMBER) { nodes { eventId } } }"

READS = (
    "query ($id: ID!) { node(id: $id) { id __typename } }",
    "query ($id: ID!) { nodes(ids: [$id]) { id } }",
    "query ($id: ID!) { explainDecision(action: MOVE_TO_CSP, id: $id) { allowed } }",
    "query ($id: ID!) { explainDecision(action: READ, id: $id) { nearMisses { standing } } }",
    "mutation ($id: ID!) { moveSubscriptionToCsp(input: {id: $id}) { subscription { id } } }",
    """mutation ($id: ID!) { cancelSubscription(
         input: {id: $id, expectedVersion: 1, reason: CUSTOMER_REQUEST}
       ) { subscription { id } userErrors { code } } }""",
    """mutation ($id: ID!) { assignSupportContact(input: {id: $id, expectedVersion: 1, partner: null}) {
         subscription { id } userErrors { code } } }""",
)


@pytest.fixture
def bound(story: Story) -> Story:
    """Alder lacks nothing else: Meadow Dairy is its customer, and has signed with it."""
    signed = {"id": customer(MEADOW), **SIGNED}
    story.done(AGENT, "confirmCustomerAgreement", "customerAgreement { kind }", **signed)
    return story


@pytest.mark.rule("R8")
def test_no_answer_tells_it_from_what_does_not_exist(bound: Story) -> None:
    for query in READS:
        there = bound.answer(AGENT, query, id=SOLD)
        absent = bound.answer(AGENT, query, id=ABSENT)
        assert (there.status_code, there.text) == (absent.status_code, absent.text.replace(ABSENT, SOLD))
        assert "Cedar" not in there.text


@pytest.mark.rule("R8")
def test_no_list_and_no_count_holds_it(bound: Story) -> None:
    seen = bound.ask(AGENT, CUSTOMER, id=customer(MEADOW))["node"]

    assert {node["friendlyName"] for node in seen["subscriptions"]["nodes"]} == {
        "Meadow office direct",
        "Meadow azure ea",
        "Meadow records open",
        "Meadow mail alder",
        "Meadow archive alder",
    }
    assert (seen["subscriptions"]["totalCount"], seen["channels"]["totalCount"]) == (5, 2)
    found = bound.ask(AGENT, BY_NAME, name="Meadow azure cedar")["subscriptions"]
    assert found == {"totalCount": 0, "edges": []}
    assert (
        bound.ask("cedar-admin-agent", BY_NAME, name="Meadow azure cedar")["subscriptions"]["totalCount"] == 1
    )


@pytest.mark.rule("R8")
def test_a_request_and_a_record_of_it_are_answered_like_those_of_anything(bound: Story) -> None:
    shown = "transfer { status sourcePartner { name } sourcePartnerName lines { number } }"
    answers = []
    for source in (CEDAR.id, new_id()):
        asked = {"customer": customer(MEADOW), "sourcePartner": source}
        mutation = f"""mutation ($input: RequestTransferInput!) {{
          requestTransfer(input: $input) {{ {shown} userErrors {{ code }} }} }}"""
        answers.append(bound.answer(AGENT, mutation, input=asked).json())
    assert answers[0] == answers[1]
    assert answers[0]["data"]["requestTransfer"]["transfer"]["sourcePartnerName"] is None

    note = {
        "customer": customer(MEADOW),
        "channel": "DIRECT",
        "offerName": "Azure plan",
        "billingType": "USAGE",
        "entitlementId": fixed_id("meadow-azure-cedar.entitlement"),
    }
    written = bound.done(
        AGENT, "recordExternalSubscription", "subscription { version continues { id } }", **note
    )
    assert written == {"version": 1, "continues": None}


def rename(story: Story, persona: str, row_id: str, version: int) -> str:
    """A change of no consequence; the event of it that the last audit record of the partner names."""
    change = {"id": row_id, "expectedVersion": version, "friendlyName": f"Version {version}"}
    story.done(persona, "updateSubscription", "subscription { version }", **change)
    (last,) = story.ask(persona, LAST_EVENT)["auditRecords"]["nodes"]
    return str(last["eventId"])


@pytest.mark.rule("R8")
def test_neither_event_nor_audit_record_tells_of_it(bound: Story) -> None:
    """Alder hears of its own changes, and of nothing that Cedar did between them."""
    own = rename(bound, AGENT, MAIL, 1)
    trail = bound.trail(ADMIN)
    rename(bound, "cedar-admin-agent", PHONE, 1)
    assert bound.trail(ADMIN) == trail
    assert bound.trail("meadow-global-admin").count("update_subscription SUCCEEDED") == 2

    rename(bound, AGENT, MAIL, 2)
    assert next(_heard(bound, after=own))["data"]["subscriptionChanged"] == {
        "operation": "update_subscription",
        "subscription": {"id": MAIL, "friendlyName": "Version 2"},
    }
    (refused,) = next(_heard(bound, id=PHONE))["errors"]
    (absent,) = next(_heard(bound, id=ABSENT))["errors"]
    assert refused == {**absent, "message": refused["message"]}
    assert refused["message"] == absent["message"].replace(ABSENT, PHONE)


def _heard(story: Story, **variables: Any) -> Iterator[Any]:
    """What Alder is told by server-sent events."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {story.server.token(ADMIN)}"}
    body = {"query": HEARD, "variables": variables}
    url = f"{story.server.url}/graphql"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


@pytest.mark.rule("R8")
def test_a_support_contact_sees_it_and_does_not_resell_it(story: Story) -> None:
    """Birch has named Alder, which is let see what it supports."""
    office, moved = subscription("canyon-office-birch"), "subscription { id }"
    signed = {"id": customer(CANYON), **SIGNED}
    story.done(AGENT, "confirmCustomerAgreement", "customerAgreement { kind }", **signed)

    code, reasons = story.denied(AGENT, "moveSubscriptionToCsp", moved, id=office)

    assert (code, set(reasons)) == ("FORBIDDEN", {"ALREADY_CSP", "ONLY_USAGE_IS_RECREATED"})
    given = {"customer": customer(CANYON), "targetPartner": CEDAR.id, "subscriptionIds": [office]}
    assert story.denied(AGENT, "offerTransfer", "transfer { id }", **given) == ("FORBIDDEN", [])
