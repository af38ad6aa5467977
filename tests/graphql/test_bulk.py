"""Bulk mutations: each item has a transaction and a result of its own."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, fixed_id
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.graphql.subscription_api import EA, done, id_of
from tests.world import postgresql_later

pytestmark = postgresql_later

OFFICE, AZURE, SOLD = "meadow-office-direct", "meadow-azure-ea", "meadow-phone-cedar"
SHARE = """mutation ($input: BulkSetSubscriptionSharingInput!) {
  bulkSetSubscriptionSharing(input: $input) { results {
    subscription { id sharing version sharedWith { name } }
    userErrors { code path currentVersion } } } }"""


def item(key: str, **more: Any) -> dict[str, Any]:
    return {"id": id_of(key), "expectedVersion": 1, "sharing": "NONE", **more}


def share(api: Api, *items: dict[str, Any], persona: str = "meadow-global-admin") -> Answer:
    return api.ask(persona, SHARE, input={"items": list(items)})


def results(answer: Answer) -> Any:
    return answer.body["data"]["bulkSetSubscriptionSharing"]["results"]


@pytest.mark.rule("R63")
def test_each_item_is_done_refused_or_denied_by_itself_and_its_result_has_its_place(api: Api) -> None:
    new_rows = NewRows(api)
    stranger = fixed_id("nobody")
    chosen = {"sharing": "SELECTED", "partners": [CEDAR.id, ALDER.id]}

    answer = share(
        api,
        item(SOLD),
        item(OFFICE, **chosen),
        item(AZURE, expectedVersion=7),
        item("quarry-office-direct"),
        item(AZURE, sharing="SELECTED", partners=[stranger]),
        item(AZURE, sharing="SELECTED"),
        item(AZURE),
    )

    sold, office, stale, other, strangers, nobody, azure = results(answer)
    assert office["subscription"] == {
        "id": id_of(OFFICE),
        "sharing": "SELECTED",
        "version": 2,
        "sharedWith": [{"name": each.name} for each in sorted((ALDER, CEDAR), key=lambda each: each.id)],
    }
    assert (azure["subscription"]["sharing"], azure["userErrors"]) == ("NONE", [])
    assert stale == {
        "subscription": None,
        "userErrors": [{"code": "STALE_VERSION", "path": ["expectedVersion"], "currentVersion": 1}],
    }
    assert [each["code"] for each in strangers["userErrors"]] == ["NOT_SHARED_WITH_STRANGERS"]
    assert (sold, other, nobody) == (None, None, None)
    at = ["bulkSetSubscriptionSharing", "results"]
    assert sorted(answer.errors, key=str) == [
        ([*at, 0], "FORBIDDEN"),
        ([*at, 3], "NOT_FOUND"),
        ([*at, 5], "BAD_INPUT"),
    ]
    records = new_rows.records()
    assert {each.operation for each in records} == {"set_subscription_sharing"}
    assert len({each.correlation_id for each in records}) == 1
    assert sorted(each.status.value for each in records) == [
        "declined",
        "declined",
        "failed",
        "failed",
        "succeeded",
        "succeeded",
    ]


def test_the_same_record_twice_is_changed_in_the_order_of_the_items(api: Api) -> None:
    first, stale, second = results(
        share(
            api,
            item(OFFICE),
            item(OFFICE, sharing="ALL_PARTNERS"),
            item(OFFICE, sharing="ALL_PARTNERS", expectedVersion=2),
        )
    )
    assert [each["code"] for each in stale["userErrors"]] == ["STALE_VERSION"]
    # What is shown is read after all of them.
    assert first["subscription"] == second["subscription"]
    assert second["subscription"]["version"] == 3


def test_an_item_is_repeated_by_its_key(api: Api) -> None:
    once = item(OFFICE, idempotencyKey="one")
    first = results(share(api, once))
    new_rows = NewRows(api)
    assert results(share(api, once)) == first
    assert new_rows.records() == []


def test_a_fault_of_one_item_hides_nothing_of_the_others(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    really = Subscription.share

    def break_azure(self: Subscription, *arguments: Any, **more: Any) -> None:
        if self.id == fixed_id(f"{AZURE}.subscription"):
            raise RuntimeError("a fault")
        really(self, *arguments, **more)

    monkeypatch.setattr(Subscription, "share", break_azure)
    answer = share(api, item(OFFICE), item(AZURE))
    assert [each and each["subscription"]["sharing"] for each in results(answer)] == ["NONE", None]
    assert answer.codes == ["INTERNAL"]
    (kept,) = stored(api, Subscription, id=fixed_id(f"{AZURE}.subscription"))
    assert kept.sharing == "all_partners"


@pytest.mark.parametrize("count", [0, 101])
def test_there_are_1_to_100_items(api: Api, count: int) -> None:
    answer = share(api, *[item(OFFICE)] * count)
    assert answer.codes == ["BAD_INPUT"]
    assert answer.body["data"] == {"bulkSetSubscriptionSharing": None}


def test_there_are_so_many_in_all_fields_of_an_operation(api: Api) -> None:
    field = "bulkSetSubscriptionSharing(input: $input) { results { userErrors { code } } }"
    twice = f"mutation ($input: BulkSetSubscriptionSharingInput!) {{ one: {field} two: {field} }}"
    answer = api.ask("meadow-global-admin", twice, input={"items": [item(OFFICE, expectedVersion=9)] * 60})
    assert answer.errors == [(["two"], "BAD_INPUT")]
    assert len(answer.body["data"]["one"]["results"]) == 60


def test_an_item_takes_as_many_statements_as_any_other(api: Api) -> None:
    records = [
        done(api, "meadow-global-admin", "recordExternalSubscription", customer=MEADOW, **EA)["id"]
        for _ in range(6)
    ]
    chosen = {"expectedVersion": 1, "sharing": "SELECTED", "partners": [CEDAR.id]}

    def statements(*ids: str) -> int:
        answer = share(api, *({"id": each, **chosen} for each in ids))
        assert [each["userErrors"] for each in results(answer)] == [[]] * len(ids)
        return len(answer.statements)

    one, two, three = statements(records[0]), statements(*records[1:3]), statements(*records[3:])
    assert two - one == three - two <= 12
