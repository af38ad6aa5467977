"""Idempotency keys: however often a call is repeated, it is done once and answered alike."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select

from multichannel.demo.cast import ALDER, MEADOW, find_persona, fixed_id
from multichannel.demo.issuer import DemoIssuer, token
from multichannel.domain.audit import AuditRecord, Event
from multichannel.domain.customers import Customer
from multichannel.domain.users import RoleAssignment, User
from multichannel.services.audit import verify
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored
from tests.serving import demo_app, now, running
from tests.world import World

EDIT = """mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { city email version } userErrors { code message path rule currentVersion } } }"""
USER = """mutation($input: CreateUserInput!) { createUser(input: $input) {
  user { id displayName roles } userErrors { code } } }"""


def edit(api: Api, persona: str = "alder-sales-agent", **more: Any) -> Answer:
    input = {"id": f"customer_{MEADOW.id}", "expectedVersion": 1, "city": "Dover", "idempotencyKey": "one"}
    return api.ask(persona, EDIT, input={**input, **more})


def user(api: Api, persona: str, key: str = "one", **more: Any) -> Answer:
    input = {"objectId": fixed_id("newcomer"), "displayName": "Newcomer", "roles": [], "idempotencyKey": key}
    return api.ask(persona, USER, input={**input, **more})


def error_codes(answer: Answer) -> list[str]:
    return [each["code"] for payload in answer.data.values() for each in payload["userErrors"]]


def test_the_same_call_again_is_answered_alike_and_done_once(api: Api) -> None:
    new_rows = NewRows(api)

    first, second, third = edit(api), edit(api), edit(api)

    assert first.data == second.data == third.data
    assert first.data["updateCustomer"]["customer"]["version"] == 2
    assert len(new_rows.events()) == 1
    assert sorted(each.tenant_id for each in new_rows.records()) == sorted([ALDER.id, MEADOW.id])


def test_the_same_key_with_another_input_is_refused_and_does_nothing(api: Api) -> None:
    edit(api)
    new_rows = NewRows(api)

    answer = edit(api, city="Salem")

    assert answer.data["updateCustomer"]["customer"] is None
    assert error_codes(answer) == ["IDEMPOTENCY_KEY_REUSED"]
    assert answer.data["updateCustomer"]["userErrors"][0]["path"] == ["idempotencyKey"]
    assert stored(api, Customer, id=MEADOW.id)[0].city == "Dover"
    assert new_rows.events() == []
    assert error_codes(edit(api)) == []


def test_what_is_left_out_and_what_is_null_are_two_inputs(api: Api) -> None:
    edit(api)

    assert error_codes(edit(api, email=None)) == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize("persona", ["alder-admin-agent", "cedar-admin-agent", "meadow-global-admin"])
def test_a_key_is_its_users_own(api: Api, persona: str) -> None:
    edit(api)

    answer = edit(api, persona, expectedVersion=2, city="Salem")

    assert answer.data["updateCustomer"]["customer"]["version"] == 3


def test_a_key_is_for_one_operation(api: Api) -> None:
    edit(api, "alder-global-admin")

    assert error_codes(user(api, "alder-global-admin")) == []
    assert len(stored(api, User, object_id=fixed_id("newcomer"))) == 1


def test_a_refusal_is_replayed_even_if_the_mutation_would_succeed_now(api: Api) -> None:
    first = edit(api, expectedVersion=2)
    assert error_codes(first) == ["STALE_VERSION"]
    edit(api, idempotencyKey="another")
    new_rows = NewRows(api)

    again = edit(api, expectedVersion=2)

    fields = ("code", "message", "path", "rule")
    errors = [each.data["updateCustomer"]["userErrors"][0] for each in (first, again)]
    assert [errors[0][name] for name in fields] == [errors[1][name] for name in fields]
    assert stored(api, Customer, id=MEADOW.id)[0].version == 2
    assert (new_rows.events(), new_rows.records()) == ([], [])


def test_a_denial_is_not_remembered(api: Api) -> None:
    assert user(api, "alder-sales-agent").codes == ["FORBIDDEN"]
    give = {"user_id": fixed_id("alder-sales-agent.user"), "tenant_id": ALDER.id, "role": "account_admin"}
    with api.world.store.engine.begin() as connection:
        connection.execute(insert(RoleAssignment), give)

    assert error_codes(user(api, "alder-sales-agent")) == []


def test_events_show_records_under_the_current_policy(api: Api) -> None:
    assert user(api, "alder-account-admin").data["createUser"]["user"]["displayName"] == "Newcomer"
    new_rows = NewRows(api)
    with api.world.store.engine.begin() as connection:
        whose = fixed_id("alder-account-admin.user")
        connection.execute(delete(RoleAssignment).where(RoleAssignment.user_id == whose))

    again = user(api, "alder-account-admin")

    assert again.data["createUser"] == {"user": None, "userErrors": []}
    assert (new_rows.events(), new_rows.records()) == ([], [])


def test_events_show_the_current_state_of_records(api: Api) -> None:
    edit(api)
    edit(api, idempotencyKey="another", expectedVersion=2, city="Salem")

    assert edit(api).data["updateCustomer"]["customer"]["city"] == "Salem"


@pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak"])
def test_an_invalid_key_is_bad_input(api: Api, key: str) -> None:
    assert edit(api, idempotencyKey=key).codes == ["BAD_INPUT"]
    assert stored(api, Customer, id=MEADOW.id)[0].version == 1


CALLS = 50


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[tuple[str, DemoIssuer]]:
    """The world over HTTP, with a thread for every few of many callers."""
    issuer = DemoIssuer(tmp_path / "issuer")
    with running(demo_app(world.url, issuer, world.policy)) as url:
        yield url, issuer


def test_many_calls_at_once_with_one_key_are_one_effect_and_equal_answers(
    world: World, server: tuple[str, DemoIssuer]
) -> None:
    url, issuer = server
    signed = token(issuer, find_persona("alder-global-admin"), now())
    headers = {"Authorization": f"Bearer {signed}", "Content-Type": "application/json"}
    input = {
        "objectId": fixed_id("newcomer"),
        "displayName": "Newcomer",
        "roles": ["SALES_AGENT"],
        "idempotencyKey": "one for all",
    }
    body = json.dumps({"query": USER, "variables": {"input": input}}).encode()

    def call(_number: int) -> bytes:
        request = urllib.request.Request(f"{url}/graphql", body, headers)  # noqa: S310  (it is http, to this test's own server)
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  (as above)
            answer: bytes = response.read()
            return answer

    with ThreadPoolExecutor(CALLS) as pool:
        answers = set(pool.map(call, range(CALLS)))

    assert len(answers) == 1
    answer = json.loads(answers.pop())
    assert answer["data"]["createUser"]["userErrors"] == []
    assert answer["data"]["createUser"]["user"]["roles"] == ["SALES_AGENT"]
    with world.store.engine.connect() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(model)) for model in (Event, AuditRecord)
        ]
        created = connection.scalar(select(func.count()).where(User.object_id == input["objectId"]))
    assert (counts, created) == ([1, 1], 1)
    assert [found for found in verify(world.store) if found.flaw] == []
