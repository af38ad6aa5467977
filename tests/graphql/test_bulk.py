"""Bulk mutations: each item has a transaction and a result of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, fixed_id
from multichannel.domain.audit import AuditRecord, Event, IdempotencyKey
from multichannel.domain.subscriptions import Subscription
from multichannel.graphql.framework import bulk_fields
from multichannel.store.deadlines import Deadline
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.graphql.subscription_api import EA, agree, done, id_of
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


@pytest.mark.parametrize("count", [0, 1_001])
def test_there_are_1_to_1000_items(api: Api, count: int) -> None:
    answer = share(api, *[item(OFFICE)] * count)
    assert answer.codes == ["BAD_INPUT"]
    assert answer.body["data"] == {"bulkSetSubscriptionSharing": None}


def test_there_are_so_many_in_all_fields_of_an_operation(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_fields, "MOST_ITEMS", 100)
    field = "bulkSetSubscriptionSharing(input: $input) { results { userErrors { code } } }"
    twice = f"mutation ($input: BulkSetSubscriptionSharingInput!) {{ one: {field} two: {field} }}"
    answer = api.ask("meadow-global-admin", twice, input={"items": [item(OFFICE, expectedVersion=9)] * 60})
    assert answer.errors == [(["two"], "BAD_INPUT")]
    assert len(answer.body["data"]["one"]["results"]) == 60


RECORD = {"customer": f"customer_{MEADOW.id}", **EA}
USAGE = {**RECORD, "billingType": "USAGE", "quantity": 1}
SIGNED = {"firstName": "A", "lastName": "B", "email": "a@meadow.example", "agreedAt": "2026-01-01T00:00:00Z"}


def recorded(api: Api, count: int) -> list[str]:
    """So many records of the customer's own."""
    return [
        done(api, "meadow-global-admin", "recordExternalSubscription", **USAGE)["id"] for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("persona", "name", "item_of"),
    [
        (
            "meadow-global-admin",
            "setSubscriptionSharing",
            lambda row_id: {
                "id": row_id,
                "expectedVersion": 1,
                "sharing": "SELECTED",
                "partners": [CEDAR.id],
            },
        ),
        ("alder-sales-agent", "recordExternalSubscription", lambda _: RECORD),
        ("alder-sales-agent", "moveSubscriptionToCsp", lambda row_id: {"id": row_id}),
        ("alder-admin-agent", "confirmCustomerAgreement", lambda _: {"id": RECORD["customer"], **SIGNED}),
    ],
    ids=["sharing", "recordings", "moves", "agreements"],
)
def test_an_item_takes_as_many_statements_as_any_other(
    api: Api, persona: str, name: str, item_of: Callable[[str], dict[str, Any]]
) -> None:
    agree(api, MEADOW, None)
    first, *records = recorded(api, 7)
    bulk = f"Bulk{name[0].upper()}{name[1:]}"
    query = f"""mutation ($input: {bulk}Input!) {{ b{bulk[1:]}(input: $input) {{
      results {{ userErrors {{ code }} }} }} }}"""

    def statements(*ids: str, **more: Any) -> int:
        answer = api.ask(persona, query, input={"items": [item_of(each) for each in ids], **more})
        assert [each["userErrors"] for each in answer.data[f"b{bulk[1:]}"]["results"]] == [[]] * len(ids)
        return len(answer.statements)

    statements(first)  # which begins the audit chains of tenants that had none
    dry = [statements(*ids, dryRun=True) for ids in (records[:1], records[:2], records[:3])]
    assert dry[1] - dry[0] == dry[2] - dry[1]
    one, two, three = statements(records[0]), statements(*records[1:3]), statements(*records[3:])
    assert two - one == three - two <= 16


def dry_run(api: Api, persona: str, name: str, *items: dict[str, Any], **more: Any) -> Any:
    """The results of a bulk mutation, with what each would change."""
    kind = f"Bulk{name[0].upper()}{name[1:]}Input"
    document = f"""mutation ($input: {kind}!) {{ bulk{kind[4:-5]}(input: $input) {{ results {{
      userErrors {{ code path }} plannedChanges {{ resourceType id changes {{ field old new }} }} }} }} }}"""
    answer = api.ask(persona, document, input={"items": list(items), **more})
    return answer.body["data"][f"bulk{kind[4:-5]}"]["results"], answer.errors


def test_a_dry_run_tells_what_each_item_would_do_and_changes_nothing(api: Api) -> None:
    tables = (Subscription, AuditRecord, Event, IdempotencyKey)
    before = [len(stored(api, each)) for each in tables]
    items = (
        item(OFFICE),
        item(AZURE, expectedVersion=7),
        item("quarry-office-direct"),
        item(AZURE, sharing="SELECTED"),
    )

    told, errors = dry_run(
        api, "meadow-global-admin", "setSubscriptionSharing", *items, dryRun=True, idempotencyKey="dry"
    )

    office, stale, other, nobody = told
    assert office == {
        "userErrors": [],
        "plannedChanges": [
            {
                "resourceType": "Subscription",
                "id": id_of(OFFICE),
                "changes": [{"field": "sharing", "old": "all_partners", "new": "none"}],
            }
        ],
    }
    assert stale == {
        "userErrors": [{"code": "STALE_VERSION", "path": ["expectedVersion"]}],
        "plannedChanges": [],
    }
    assert (other, nobody) == (None, None)
    assert sorted(code for _, code in errors) == ["BAD_INPUT", "NOT_FOUND"]
    assert [len(stored(api, each)) for each in tables] == before
    # The real run meets the same.
    real, real_errors = dry_run(
        api, "meadow-global-admin", "setSubscriptionSharing", *items, idempotencyKey="dry"
    )
    assert [each and each["userErrors"] for each in real] == [each and each["userErrors"] for each in told]
    assert real_errors == errors
    assert [each and each["plannedChanges"] for each in real] == [None] * 4


def test_a_dry_run_names_no_id_of_what_it_would_create(api: Api) -> None:
    ((result,), errors) = dry_run(
        api,
        "meadow-global-admin",
        "recordExternalSubscription",
        RECORD,
        dryRun=True,
    )
    (planned,) = result["plannedChanges"]
    fields = {each["field"]: (each["old"], each["new"]) for each in planned["changes"]}
    assert (errors, planned["resourceType"], planned["id"]) == ([], "Subscription", None)
    assert fields["channel"] == (None, "ea")
    assert "id" not in fields


def test_a_dry_run_of_what_was_done_with_the_key_would_change_nothing(api: Api) -> None:
    once = item(OFFICE)
    dry_run(api, "meadow-global-admin", "setSubscriptionSharing", once, idempotencyKey="k")
    ((result,), _) = dry_run(
        api, "meadow-global-admin", "setSubscriptionSharing", once, idempotencyKey="k", dryRun=True
    )
    assert result == {"userErrors": [], "plannedChanges": []}


def test_a_call_is_repeated_by_its_key_and_does_what_is_new(api: Api) -> None:
    def call(*items: dict[str, Any]) -> Any:
        query = """mutation ($input: BulkRecordExternalSubscriptionInput!) {
          bulkRecordExternalSubscription(input: $input) {
            results { subscription { id } userErrors { code } } } }"""
        answer = api.ask("meadow-global-admin", query, input={"items": items, "idempotencyKey": "all"})
        return answer.data["bulkRecordExternalSubscription"]["results"]

    first = call(RECORD, RECORD)
    assert first[0]["subscription"]["id"] != first[1]["subscription"]["id"]
    again = call(RECORD, RECORD, RECORD)
    assert again[:2] == first
    other = call({**RECORD, "offerName": "Another"}, RECORD)
    assert other == [{"subscription": None, "userErrors": [{"code": "IDEMPOTENCY_KEY_REUSED"}]}, first[1]]


@pytest.mark.parametrize("key", ["", "a\tb", "k" * 256])
def test_the_key_of_a_call_is_of_the_same_form_as_any(api: Api, key: str) -> None:
    answer = api.ask("meadow-global-admin", SHARE, input={"items": [item(OFFICE)], "idempotencyKey": key})
    assert answer.codes == ["BAD_INPUT"]


def test_items_for_which_no_time_is_left_are_not_begun_and_done_by_a_repeated_call(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([False, True])
    monkeypatch.setattr(Deadline, "is_closing", property(lambda _: next(looks)))
    both = {"items": [item(OFFICE), item(AZURE)], "idempotencyKey": "both"}
    answer = api.ask("meadow-global-admin", SHARE, input=both)
    done, late = results(answer)
    assert (done["subscription"]["sharing"], late) == ("NONE", None)
    assert answer.codes == ["DEADLINE_EXCEEDED"]
    assert "same idempotencyKey" in answer.body["errors"][0]["message"]

    monkeypatch.undo()
    again = results(api.ask("meadow-global-admin", SHARE, input=both))
    assert [each["subscription"]["version"] for each in again] == [2, 2]
