"""Mutations, compiled on one database and interpreted on its copy: equal answers, and equal rows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, PERSONAS, fixed_id
from multichannel.domain import base
from multichannel.domain.base import Base
from multichannel.domain.transfers import Initiator, TransferKind
from multichannel.domain.users import Role, RoleAssignment, User, UserState
from multichannel.graphql.compiled.compiled_execution import ExecutionPath
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.mutation import MUTATIONS
from multichannel.policy.decide.conditions import NEVER
from multichannel.policy.decide.policy import Policy
from multichannel.store.compiled.connection_pool import AnswerRow
from multichannel.store.compiled.postgresql import StatementFailed
from multichannel.store.compiled.runners import Values
from multichannel.store.compiled.statement import CompiledStatement
from multichannel.store.deadlines import Deadline
from multichannel.store.store import Store
from tests.graphql.both_executions import Both, both_of
from tests.graphql.case_api import opened
from tests.graphql.conftest import Answer
from tests.graphql.test_compiled_freshness import without
from tests.graphql.test_mutation_wiring import BY_CODE, least_input
from tests.graphql.transfer_api import Deals, customer
from tests.world import World, one_engine

AGENT, ADMIN = "alder-sales-agent", "alder-global-admin"
UPDATE = """mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { id version city }
  userErrors { code message path rule currentVersion lines { subscription } } } }"""


@dataclass
class Pair:
    """Both executions, each on a database of its own, with equal random ids."""

    both: Both
    twin: World
    policies: list[Policy]
    statements: list[str] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.both.world

    @property
    def of_twin(self) -> Pair:
        return replace(self, both=replace(self.both, world=self.twin))

    def ask(self, persona: str, query: str, **variables: Any) -> Answer:
        """Both answers, which are equal. So are all rows of the databases, but for what failed."""
        body = self.both.answers(persona, query, variables)
        assert body[0] == body[1]
        assert rows(self.world) == rows(self.twin)
        return Answer(httpx.Response(body[0][0], content=body[0][2]), [])

    def compiled(self, persona: str, query: str, **variables: Any) -> Any:
        """The body of both answers, the first of which was compiled."""
        before = self.both.paths[ExecutionPath.COMPILED]
        answer = self.ask(persona, query, **variables)
        assert self.both.paths[ExecutionPath.COMPILED] == before + 1
        return answer.body


def rows(world: World) -> dict[str, list[Any]]:
    """Every row there is."""
    with world.store.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture
def pair(world: World, twin: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """The two executions draw equal ids and codes."""
    rounds, drawn = count(), Random(0)  # noqa: S311  (ids of tests)

    def restart() -> None:
        drawn.seed(next(rounds) // 2)

    monkeypatch.setattr(base, "token_hex", lambda size: drawn.randbytes(size).hex())
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _bytes: f"code-{drawn.getrandbits(64)}")
    policies = [world.policy]
    worlds = [
        replace(each, store=Store(each.store.engine, lambda: policies[0], world.clock))
        for each in (world, twin)
    ]
    with both_of(*worlds) as both:
        both.before_each = restart
        yield Pair(both, worlds[1], policies)


def document(name: str, shown: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input"
    payload = f"__typename {shown} userErrors {{ code message path rule currentVersion }}"
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {payload} }} }}"


def record_of(name: str) -> str:
    resource = MUTATIONS[name].returns.name
    return f"{resource[0].lower()}{resource[1:]}"


FIRST = {"acceptTransfer", "consentToTransfer", "declineTransfer"}
"""Mutations that others take away, or take their personas' roles."""


def allowed(pair: Pair, name: str) -> tuple[str, str]:
    """A persona that may do it, and the record on which it may."""
    requires = MUTATIONS[name].requires
    for persona in PERSONAS:
        principal = pair.world.principal(persona.name)
        resource = requires.resource_for(principal.kind)
        with pair.world.store.reading(principal) as work, Session(pair.world.store.engine) as session:
            ids = session.scalars(select(resource.mapped.id).order_by(resource.mapped.id)).all()
            for row in work.repository(resource).find_permitted(ids, to=requires.action):
                return persona.name, prefix(resource) + row.id
    raise LookupError(name)


def with_more_records(pair: Pair) -> None:
    """A support case, a transfer and a manual switch, of which the demo world has none."""
    opened(pair, "canyon-global-admin", "canyon-office-birch")  # type: ignore[arg-type]  # it only asks
    for each in (pair, pair.of_twin):
        pair.both.before_each()
        deals = Deals(each)  # type: ignore[arg-type]  # it only writes to its world
        deals.agree(CEDAR)
        deals.transfer(
            "switch",
            kind=TransferKind.MANUAL_SWITCH,
            initiated_by=Initiator.SOURCE,
            owner_id=ALDER.id,
            source_partner_id=ALDER.id,
            target_partner_id=CEDAR.id,
        )
    deals = Deals(pair)  # type: ignore[arg-type]  # it only asks
    deals.done("cedar-admin-agent", "requestTransfer", customer=customer(MEADOW), sourcePartner=ALDER.id)


@pytest.mark.long
@one_engine
def test_every_mutation_is_executed_alike_and_denied_alike_without_its_action(pair: Pair) -> None:
    with_more_records(pair)
    shipped = pair.policies[0]
    for name in sorted(MUTATIONS.keys() - BY_CODE, key=lambda each: (each not in FIRST, each)):
        requires = MUTATIONS[name].requires
        persona, target = allowed(pair, name)
        query = document(name, f"{record_of(name)} {{ __typename id }}")
        resource = requires.resource_for(pair.world.principal(persona).kind)
        pair.policies[0] = without(shipped, {(requires.action, resource): NEVER})
        denied = pair.compiled(persona, query, input=least_input(name, target))
        assert [each["extensions"]["code"] for each in denied["errors"]] == ["FORBIDDEN"], name
        assert denied["data"] == {name: None}
        pair.policies[0] = shipped
        assert "errors" not in pair.compiled(persona, query, input=least_input(name, target)), name


MEADOW_ID = customer(MEADOW)


def change(expected: int, city: str = "Dover", **more: Any) -> dict[str, Any]:
    return {"id": MEADOW_ID, "expectedVersion": expected, "city": city, **more}


def test_a_payload_has_aliases_fragments_relations_and_lists(pair: Pair) -> None:
    query = """mutation Move($input: UpdateCustomerInput!, $first: Int = 2, $quiet: Boolean = true) {
      moved: updateCustomer(input: $input) {
        __typename again: customer { ...Shown } customer { viewerCan
          subscriptions(first: $first) { totalCount nodes { id status billingPartner { name } } } }
        userErrors @skip(if: $quiet) { code } nothing: userErrors { code lines { reasons { code } } } } }
    fragment Shown on Customer { __typename id version city createdAt ... @include(if: $quiet) { email } }"""

    moved = pair.compiled(ADMIN, query, input=change(1))["data"]["moved"]

    assert moved["again"]["city"] == "Dover"
    assert moved["customer"]["subscriptions"]["totalCount"] > 0
    assert "userErrors" not in moved


def test_mutations_of_an_operation_run_in_their_order_and_each_shows_its_own_result(pair: Pair) -> None:
    query = """mutation ($one: UpdateCustomerInput!, $two: UpdateCustomerInput!, $denied: CreateUserInput!,
        $left: Boolean!) {
      one: updateCustomer(input: $one) { ...Shown } two: updateCustomer(input: $two) { ...Shown }
      left: updateCustomer(input: $one) @skip(if: $left) { ...Shown }
      stale: updateCustomer(input: $one) { ...Shown } denied: createUser(input: $denied) { user { id } }
      three: updateCustomer(input: { id: "%s", expectedVersion: 3, city: "Deal" }) { ...Shown } }
    fragment Shown on UpdateCustomerPayload {
      customer { version city } userErrors { __typename code currentVersion path rule message } }"""
    user = {"objectId": fixed_id("newcomer"), "displayName": "Newcomer", "roles": []}

    body = pair.compiled(
        AGENT, query % MEADOW_ID, one=change(1), two=change(2, "Salem"), denied=user, left=True
    )

    shown = {key: each and each["customer"] for key, each in body["data"].items()}
    assert shown == {
        "one": {"version": 2, "city": "Dover"},
        "two": {"version": 3, "city": "Salem"},
        "stale": None,
        "denied": None,
        "three": {"version": 4, "city": "Deal"},
    }
    assert body["data"]["stale"]["userErrors"][0]["currentVersion"] == 3
    assert [each["path"] for each in body["errors"]] == [["denied"]]


def test_a_payload_has_computed_fields_and_the_invitation_that_is_shown_once(pair: Pair) -> None:
    query = """mutation ($input: RequestResellerRelationshipInput!) {
      requestResellerRelationship(input: $input) {
        resellerRelationship { id viewerCanNow link: invitation { __typename url text } ifAccepted { total } }
        userErrors { code } } }"""
    asked = {"customer": "newcomer.example", "includeDelegatedAdmin": True}

    body = pair.compiled(ADMIN, query, input=asked)["data"]["requestResellerRelationship"]

    assert body["userErrors"] == []
    made = body["resellerRelationship"]
    assert "/invitations/code-" in made["link"]["url"]
    shown = f'{{ node(id: "{made["id"]}") {{ ... on ResellerRelationship {{ invitation {{ url }} }} }} }}'
    assert pair.compiled(ADMIN, shown)["data"] == {"node": {"invitation": None}}


def test_the_interpreter_reads_an_invitation_that_a_statement_could_not(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = """mutation ($input: RequestResellerRelationshipInput!) {
      requestResellerRelationship(input: $input) {
        resellerRelationship { invitation { url } } userErrors { code } } }"""

    def refuse(*_arguments: Any) -> Any:
        raise StatementFailed("refused")

    monkeypatch.setattr("multichannel.store.session.run_in", refuse)
    body = pair.compiled(ADMIN, query, input={"customer": "newcomer.example"})["data"]

    made = body["requestResellerRelationship"]["resellerRelationship"]
    assert "/invitations/code-" in made["invitation"]["url"]


def test_a_repeated_call_is_answered_alike_and_done_once(pair: Pair) -> None:
    once = change(1, idempotencyKey="one")

    first = pair.compiled(AGENT, UPDATE, input=once)

    assert pair.compiled(AGENT, UPDATE, input=once) == first
    reused = pair.compiled(AGENT, UPDATE, input={**once, "city": "Salem"})
    assert reused["data"]["updateCustomer"]["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"
    stale = pair.compiled(AGENT, UPDATE, input=change(1, idempotencyKey="two"))
    assert (
        pair.compiled(AGENT, UPDATE, input=change(1, idempotencyKey="two"))["data"].keys()
        == stale["data"].keys()
    )


def test_a_subscription_is_suspended_and_reactivated(pair: Pair) -> None:
    persona, target = allowed(pair, "suspendSubscription")
    shown = "subscription { id status version suspensionReasons customer { companyName } }"
    for version, name in ((1, "suspendSubscription"), (2, "reactivateSubscription")):
        reason = {"reason": "CUSTOMER_REQUEST"} if version == 1 else {}
        body = pair.compiled(
            persona, document(name, shown), input={"id": target, "expectedVersion": version, **reason}
        )
        assert body["data"][name]["userErrors"] == []
        assert body["data"][name]["subscription"]["version"] == version + 1


def test_a_caller_who_changes_meanwhile_is_shown_the_payload_as_it_signed_in(pair: Pair) -> None:
    pair.compiled(AGENT, UPDATE, input=change(1))
    for each in (pair.world, pair.twin):
        with_role = partial(give_role, each, Role.GLOBAL_ADMIN)
        each.store.committed.append(with_role)

    body = pair.compiled(AGENT, UPDATE, input=change(2, "Salem"))

    assert body["data"]["updateCustomer"]["customer"]["version"] == 3


def give_role(world: World, role: Role) -> None:
    row = {"user_id": fixed_id(f"{AGENT}.user"), "tenant_id": ALDER.id, "role": role}
    with world.store.engine.begin() as connection:
        connection.execute(insert(RoleAssignment), row)


def test_a_caller_who_was_deactivated_changes_nothing(pair: Pair) -> None:
    pair.compiled(AGENT, UPDATE, input=change(1))
    for each in (pair.world, pair.twin):
        with each.store.engine.begin() as connection:
            whose = User.id == fixed_id(f"{AGENT}.user")
            connection.execute(update(User).where(whose).values(state=UserState.INACTIVE))

    answer = pair.ask(AGENT, UPDATE, input=change(2, "Salem"))

    assert (answer.response.status_code, answer.codes) == (401, ["UNAUTHENTICATED"])


def test_a_mutation_whose_payload_cannot_be_read_is_not_run_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner: Any = pair.both.compiled._runner
    really = runner.run

    async def fail(
        statement: CompiledStatement, values: Callable[[], Values], deadline: Deadline
    ) -> AnswerRow:
        if statement.decisions:
            raise StatementFailed("lost")
        row: AnswerRow = await really(statement, values, deadline)
        return row

    monkeypatch.setattr(runner, "run", fail)

    body = pair.compiled(AGENT, UPDATE, input=change(1))

    assert body["data"]["updateCustomer"]["customer"]["version"] == 2


@pytest.mark.parametrize(
    "query",
    [
        "mutation ($input: UpdateCustomerInput!) { __typename updateCustomer(input: $input) { __typename } }",
        """mutation ($input: UpdateCustomerInput!, $absent: Int!) { updateCustomer(input: $input) {
          customer { subscriptions(first: $absent) { totalCount } } } }""",
        """mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { __typename }
          bulkSetSubscriptionSharing(input: {items: []}) { results { __typename } } }""",
        """mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
          customer { id subscriptions(filter: {vendorId: {in: []}}, after: "forged") { totalCount } } } }""",
    ],
)
@one_engine
def test_what_no_plan_covers_is_interpreted_as_a_whole(pair: Pair, query: str) -> None:
    before = pair.both.paths[ExecutionPath.NOT_COVERED]

    pair.ask(AGENT, query, input=change(1))

    assert pair.both.paths[ExecutionPath.NOT_COVERED] == before + 1


@one_engine
def test_a_mutation_needs_post(pair: Pair) -> None:
    query = (
        f'mutation {{ updateCustomer(input: {{id: "{MEADOW_ID}", expectedVersion: 1}}) {{ __typename }} }}'
    )
    headers = {"Authorization": f"Bearer {AGENT}"}
    for client in (pair.both.compiling, pair.both.interpreting):
        response = pair.both.runner.run(client.get("/graphql", params={"query": query}, headers=headers))
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
