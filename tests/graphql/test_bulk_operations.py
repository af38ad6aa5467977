"""Bulk operations: run page by page on behalf of their starter, once each, whoever runs them (SM9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.routing import Route

from multichannel.demo.cast import MEADOW, find_persona
from multichannel.domain.bulk_operations import LEASE, PAGE
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.users import RoleAssignment, User, UserState
from multichannel.errors import Busy
from multichannel.graphql.bulk.items import BulkMutation
from multichannel.graphql.types.bulk_operations import RESULTS_PATH
from multichannel.policy.schema.vocabulary import Action
from multichannel.server.bulk_results import results_file
from multichannel.server.bulk_runner import BulkRunner
from multichannel.services import bulk_operations
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import NewRows
from tests.graphql.subscription_api import EA
from tests.world import postgresql_later

pytestmark = postgresql_later

ADMIN = "meadow-global-admin"
RECORD = {"customer": f"customer_{MEADOW.id}", **EA, "offerName": "Many"}
COUNTS = "status itemCount succeededCount refusedCount deniedCount invalidCount failedCount endedAt"
START = f"""mutation ($input: StartBulkOperationInput!) {{ startBulkOperation(input: $input) {{
  bulkOperation {{ id mutation {COUNTS} user {{ displayName }} }} userErrors {{ code }} }} }}"""
CANCEL = """mutation ($id: ID!) { cancelBulkOperation(input: {id: $id}) {
  bulkOperation { status } userErrors { code } } }"""
READ = f"""query ($id: ID!, $first: Int, $after: Int) {{ node(id: $id) {{ ... on BulkOperation {{
  {COUNTS} resultsUrl viewerCan viewerCanNow
  results(first: $first, after: $after) {{ number status record errors {{ code path }} }} }} }} }}"""


def start(api: Api, *items: Any, persona: str = ADMIN, mutation: str = "recordExternalSubscription") -> str:
    """The id of a new operation."""
    lines = "\n".join(json.dumps(item) for item in items)
    answer = api.ask(persona, START, input={"mutation": mutation, "items": lines})
    operation = answer.data["startBulkOperation"]["bulkOperation"]
    assert (operation["status"], operation["itemCount"]) == ("QUEUED", len(items))
    row_id: str = operation["id"]
    return row_id


def run(api: Api) -> int:
    """Run all that waits: the number of pages."""
    runner, pages = BulkRunner(api.world.store), 0
    while runner.run_page():
        pages += 1
    return pages


def read(api: Api, row_id: str, persona: str = ADMIN, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.ask(persona, READ, id=row_id, **arguments).data["node"]
    return found


def recorded(api: Api) -> int:
    with Session(api.world.store.engine) as session:
        statement = select(func.count()).where(Subscription.offer_name == "Many")
        return session.scalars(statement).one()


@pytest.mark.rule("SM9")
def test_each_item_has_a_result_and_the_end_is_told(api: Api) -> None:
    new_rows = NewRows(api)
    row_id = start(api, RECORD, {**RECORD, "quantity": 0}, {**RECORD, "customer": "customer_x"}, {"a": 1})

    assert run(api) == 1

    operation = read(api, row_id)
    assert [each["status"] for each in operation["results"]] == ["SUCCEEDED", "REFUSED", "INVALID", "INVALID"]
    done, refused, invalid, unknown = operation["results"]
    assert done["record"].startswith("subscription_")
    assert [each["path"] for each in refused["errors"]] == [["quantity"]]
    assert [each["code"] for each in invalid["errors"]] == ["BAD_INPUT"]
    assert ("BAD_INPUT", []) in [(each["code"], each["path"]) for each in unknown["errors"]]
    counts = [operation[f"{each}Count"] for each in ("item", "succeeded", "refused", "denied", "invalid")]
    assert (operation["status"], counts) == ("COMPLETED", [4, 1, 1, 0, 2])
    assert operation["endedAt"] is not None
    assert (operation["viewerCan"], operation["viewerCanNow"]) == (["READ", "CANCEL"], ["READ"])
    assert recorded(api) == 1
    told = [(each.operation, each.resource_type, each.status.value) for each in new_rows.records()]
    assert ("start_bulk_operation", "BulkOperation", "succeeded") in told
    assert told.count(("run_bulk_operation", "BulkOperation", "succeeded")) == 2  # it began, and ended
    assert ("record_external_subscription", "Customer", "failed") in told


def test_results_come_in_pages_and_as_a_file(api: Api) -> None:
    row_id = start(api, *[RECORD] * (PAGE + 2))
    assert run(api) == 2

    some = read(api, row_id, first=3, after=PAGE - 1)["results"]
    assert [each["number"] for each in some] == [PAGE, PAGE + 1, PAGE + 2]
    assert [each["number"] for each in read(api, row_id, first=2)["results"]] == [1, 2]
    assert read(api, row_id, after=PAGE + 2)["results"] == []
    assert api.ask(ADMIN, READ, id=row_id, first=101).codes == ["BAD_INPUT"]

    endpoint = results_file(api.world.store, api.world.caller_of_token)
    transport = httpx.ASGITransport(Starlette(routes=[Route(RESULTS_PATH, endpoint)]))
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def download(persona: str | None, path: str = RESULTS_PATH.format(id=row_id)) -> Any:
        headers = {"Authorization": f"Bearer {persona}"} if persona else {}
        return api.runner.run(client.get(path, headers=headers))

    lines = [json.loads(line) for line in download(ADMIN).text.splitlines()]
    assert [each["number"] for each in lines] == [*range(1, PAGE + 3)]
    assert read(api, row_id)["resultsUrl"].endswith(RESULTS_PATH.format(id=row_id))
    assert download("alder-global-admin").status_code == 404
    assert download(None).status_code == 401
    assert download(ADMIN, "/bulk-operations/x/results.jsonl").status_code == 400


def test_a_page_whose_runner_was_killed_is_done_by_another_and_nothing_twice(api: Api) -> None:
    row_id = start(api, *[RECORD] * 3)
    killed, other = BulkRunner(api.world.store), BulkRunner(api.world.store)
    with (
        patch("multichannel.server.bulk_runner.record_page", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        killed.run_page()
    assert recorded(api) == 3
    assert read(api, row_id)["status"] == "RUNNING"

    assert not other.run_page()  # it has a lease
    api.world.clock.now += LEASE
    assert other.run_page()

    operation = read(api, row_id)
    assert (operation["status"], operation["succeededCount"], recorded(api)) == ("COMPLETED", 3, 3)
    assert len({each["record"] for each in operation["results"]}) == 3


def test_a_runner_that_has_lost_its_page_stores_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = start(api, RECORD, RECORD)
    slow, fast = BulkRunner(api.world.store), BulkRunner(api.world.store)
    really = BulkMutation.run
    passed: list[bool] = []

    def overtaken(self: BulkMutation, *arguments: Any, **more: Any) -> Any:
        result = really(self, *arguments, **more)
        if not passed:
            passed.append(True)
            api.world.clock.now += LEASE + timedelta(seconds=1)
            assert fast.run_page()
        return result

    monkeypatch.setattr(BulkMutation, "run", overtaken)
    assert not slow.run_page()
    operation = read(api, row_id)
    assert (operation["status"], operation["succeededCount"], recorded(api)) == ("COMPLETED", 2, 2)


def test_operations_take_turns(api: Api) -> None:
    first, second = (start(api, *[RECORD] * (PAGE + 1)) for _ in range(2))
    runner = BulkRunner(api.world.store)
    assert runner.run_page()
    assert runner.run_page()
    assert [read(api, each)["succeededCount"] for each in (first, second)] == [PAGE, PAGE]


@pytest.mark.parametrize(
    ("lose", "status"),
    [
        (lambda user: delete(RoleAssignment).where(RoleAssignment.user_id == user), "DENIED"),
        (
            lambda user: update(User).where(User.id == user).values(state=UserState.INACTIVE),
            "DENIED",
        ),
    ],
    ids=["role", "access"],
)
def test_what_the_starter_loses_in_the_middle_denies_the_rest(
    api: Api, lose: Callable[[Any], Any], status: str
) -> None:
    row_id, starter = start(api, *[RECORD] * (PAGE + 2)), api.world.principal(ADMIN)
    runner = BulkRunner(api.world.store)
    assert runner.run_page()
    with Session(api.world.store.engine) as session:
        user = session.scalars(select(User.id).where(User.object_id == find_persona(ADMIN).id)).one()
        session.execute(lose(user))
        session.commit()
    assert runner.run_page()
    assert recorded(api) == PAGE
    with api.world.store.reading(starter) as work:
        operation = work.bulk_operations.read(row_id.removeprefix("bulk_operation_"), to=Action.READ)
        told = bulk_operations.read_results(work, operation, after=PAGE)
    assert [each["status"] for each in told] == [status.lower()] * 2


def test_a_canceled_operation_goes_no_further(api: Api) -> None:
    row_id = start(api, *[RECORD] * (PAGE + 1))
    runner = BulkRunner(api.world.store)
    assert runner.run_page()
    canceled = api.ask(ADMIN, CANCEL, id=row_id).data["cancelBulkOperation"]
    assert canceled == {"bulkOperation": {"status": "CANCELED"}, "userErrors": []}
    assert run(api) == 0
    assert recorded(api) == PAGE
    again = api.ask(ADMIN, CANCEL, id=row_id).data["cancelBulkOperation"]
    assert again == {"bulkOperation": None, "userErrors": [{"code": "BULK_OPERATION_ENDED"}]}


def test_a_page_that_is_being_done_when_it_is_canceled_keeps_its_results(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_id = start(api, RECORD, RECORD)
    really = BulkMutation.run

    def canceling(self: BulkMutation, *arguments: Any, **more: Any) -> Any:
        api.ask(ADMIN, CANCEL, id=row_id)
        return really(self, *arguments, **more)

    monkeypatch.setattr(BulkMutation, "run", canceling)
    assert BulkRunner(api.world.store).run_page()
    operation = read(api, row_id)
    assert (operation["status"], operation["succeededCount"]) == ("CANCELED", 2)


def test_others_neither_see_nor_cancel_it(api: Api) -> None:
    row_id = start(api, RECORD)
    for persona in ("alder-global-admin", "quarry-global-admin"):
        assert api.ask(persona, READ, id=row_id).data["node"] is None
        assert api.ask(persona, CANCEL, id=row_id).codes == ["NOT_FOUND"]
        assert api.ask(persona, "{ bulkOperations { totalCount } }").data["bulkOperations"]["totalCount"] == 0
    own = api.ask(ADMIN, "{ bulkOperations { nodes { id } } }").data["bulkOperations"]["nodes"]
    assert own == [{"id": row_id}]


@pytest.mark.parametrize(
    ("mutation", "items"),
    [
        ("removeEverything", "{}"),
        ("acceptResellerRelationship", "{}"),
        ("labelCustomer", ""),
        ("labelCustomer", "{}\n{oops"),
    ],
)
def test_what_cannot_be_run_is_not_started(api: Api, mutation: str, items: str) -> None:
    assert api.ask(ADMIN, START, input={"mutation": mutation, "items": items}).codes == ["BAD_INPUT"]


def test_so_many_wait_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_operations, "MOST_WAITING", 1)
    start(api, RECORD)
    answer = api.ask(ADMIN, START, input={"mutation": "labelCustomer", "items": "{}"})
    assert answer.data["startBulkOperation"] == {
        "bulkOperation": None,
        "userErrors": [{"code": "TOO_MANY_BULK_OPERATIONS"}],
    }
    run(api)
    start(api, RECORD)


def test_a_fault_is_told_once_and_tried_again_later(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row_id = start(api, RECORD)
    with monkeypatch.context() as patched:
        patched.setattr(
            "multichannel.server.bulk_runner.lease_page", lambda *_: (_ for _ in ()).throw(Busy("busy"))
        )
        runner = BulkRunner(api.world.store)
        assert not runner.run_page()
        assert not runner.run_page()
    assert [each.message for each in caplog.records] == [
        "bulk operations cannot be run now, the runner tries again: busy"
    ]
    assert run(api) == 1
    assert read(api, row_id)["status"] == "COMPLETED"
