"""Computed fields of compiled answers: holes in the text, filled in the statement's snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy.exc import ProgrammingError

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, PERSONAS
from multichannel.errors import DatabaseUnavailable, TooComplex
from multichannel.graphql.compiled import arguments, introspection, selecting
from multichannel.graphql.compiled.compiled_execution import ExecutionPath
from multichannel.graphql.compiled.completing import completion
from multichannel.graphql.compiled.steps import Surroundings, answer_with_steps
from multichannel.graphql.framework import groups
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.schema import build_schema
from multichannel.store.compiled.json_text import HOLE
from tests.graphql.both_executions import Both, both_of
from tests.world import World, one_shared_engine

AGENT = "alder-global-admin"
COMPUTED = (
    "{ subscriptions(first: 9) { nodes { supportOptions { kind available blockedBy { code rule } } } } }"
)
VIEWER = """{ viewer { __typename tenantId tenantKind cloud market roles authMode
  partner { id name type viewerCanNow } customer { id companyName domains { name } }
  capabilities { actions type } } }"""


@pytest.fixture(scope="module")
def both(shared_world: World) -> Iterator[Both]:
    build_schema()  # before a test exchanges a declaration, which resolvers keep
    with both_of(shared_world) as both:
        yield both


@one_shared_engine
@pytest.mark.parametrize("persona", [each.name for each in PERSONAS])
def test_everybody_sees_the_same_of_themselves(both: Both, persona: str) -> None:
    assert b'"tenantId"' in both.same(persona, VIEWER)


def test_values_denials_and_failures_of_a_page_stand_in_their_places(both: Both) -> None:
    query = """query ($nobody: ID) { subscriptions(first: 6) { nodes {
      a: supportOptions(for: "nobody") { kind }
      offerName orderId
      b: supportOptions(for: $nobody) { ... on SupportOption { x: kind __typename } }
      ...Moves
      access { because tenant { id name } roles }
      billingCycle transferEligibility(kind: LEGACY) { eligible reasons { code } }
    } } viewer { roles } }
    fragment Moves on Subscription {
      leftToMove { whole } csp: cspConflicts { partner { name } } viewerCanNow }"""
    for persona in (AGENT, "meadow-global-admin", "cedar-sales-and-billing"):
        body = orjson.loads(both.same(persona, query, {"nobody": f"partner_{CEDAR.id}"}))
        keys = [each["path"][2:] for each in body["errors"]]
        assert [key[0] for key in keys] == sorted(key[0] for key in keys)
        assert {key[1] for key in keys} >= {"a"}
        assert {each["locations"][0]["line"] for each in body["errors"] if each["path"][-1] == "a"} == {2}


def test_a_computed_value_is_computed_once_however_often_it_is_selected(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Sequence[str]] = []
    field: Any = DECLARATIONS["Customer"].fields["domains"]

    def compute(_work: Any, ids: Sequence[str]) -> dict[str, Any]:
        calls.append(ids)
        return {row_id: [{"name": row_id, "is_verified": True}] for row_id in ids}

    monkeypatch.setitem(DECLARATIONS["Customer"].fields, "domains", replace(field, compute=compute))
    query = """{ customers(first: 5) {
      nodes { a: domains { name } b: domains { isVerified name } }
      edges { node { domains { isVerified } } } } }"""
    answer, _ = both.answers(AGENT, query)

    rows = orjson.loads(answer[2])["data"]["customers"]
    assert len(calls[0]) == len(rows["nodes"]) > 1
    assert rows["nodes"][1]["b"] == [{"isVerified": True, "name": calls[0][1]}]
    assert rows["edges"][1]["node"] == {"domains": [{"isVerified": True}]}
    assert len(calls) == 1


@pytest.mark.parametrize(
    "fault", [RuntimeError("broken"), ProgrammingError("SELECT", {}, Exception("wrong"))]
)
def test_a_step_that_breaks_is_left_to_the_interpreter(
    both: Both, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    field: Any = DECLARATIONS["Customer"].fields["domains"]

    def compute(*_arguments: Any) -> Any:
        raise fault

    monkeypatch.setitem(DECLARATIONS["Customer"].fields, "domains", replace(field, compute=compute))
    failed = both.paths[ExecutionPath.FAILED]

    compiled, interpreted = both.answers(
        AGENT, "{ customers(first: 1) { nodes { broken: domains { name } } } }"
    )

    assert compiled == interpreted
    assert both.paths[ExecutionPath.FAILED] == failed + 1


def test_a_required_value_that_fails_is_left_to_the_interpreter(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any) -> Any:
        raise TooComplex("too much")

    for module in ("compiled.steps", "framework.resolvers"):
        monkeypatch.setattr(f"multichannel.graphql.{module}.possible_actions", refuse)
    before = both.paths[ExecutionPath.NOT_COVERED]

    compiled, interpreted = both.answers(AGENT, "{ customers(first: 2) { nodes { now: viewerCanNow } } }")

    assert compiled == interpreted
    assert b"too much" in compiled[2]
    assert both.paths[ExecutionPath.NOT_COVERED] == before + 1


def test_a_fault_underneath_a_step_ends_the_operation(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    field: Any = DECLARATIONS["Customer"].fields["domains"]

    def compute(*_arguments: Any) -> Any:
        raise DatabaseUnavailable("lost")

    monkeypatch.setitem(DECLARATIONS["Customer"].fields, "domains", replace(field, compute=compute))
    compiled, _ = both.answers(AGENT, "{ customers(first: 1) { nodes { unreadable: domains { name } } } }")

    assert compiled[0] == 503
    assert [each["extensions"] for each in orjson.loads(compiled[2])["errors"]] == [{"code": "UNAVAILABLE"}]


def test_steps_and_statement_are_of_one_policy(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that is exchanged in between decides all of the answer."""
    both.same(AGENT, COMPUTED)
    seen: list[Any] = []

    def with_other_policy_first(within: Surroundings, *rest: Any) -> Any:
        other: Any = object()
        answer = answer_with_steps(within if seen else replace(within, policy=other), *rest)
        seen.append(answer)
        return answer

    monkeypatch.setattr(
        "multichannel.graphql.compiled.compiled_execution.answer_with_steps", with_other_policy_first
    )
    both.same(AGENT, COMPUTED)

    assert seen[0] is None
    assert seen[1] is not None


def test_a_hole_is_found_and_nothing_that_looks_like_one_in_a_string() -> None:
    text = rb'{"a":{"\u0002":[0,"x"]},"b":"{\"\\u0002\":[0,\"x\"]}","c":{"\u0002":[1,"",["READ","LINK"]]}}'

    assert HOLE.split(text)[1::2] == [b'[0,"x"]', b'[1,"",["READ","LINK"]]']


@pytest.mark.parametrize(
    "ids",
    [
        [],
        [f"customer_{MEADOW.id}", f"partner_{CEDAR.id}", f"customer_{MEADOW.id}"],
        [f"customer_{CEDAR.id}", f"partner_{ALDER.id}", f"subscription_{MEADOW.id}"],
        [f"customer_{MEADOW.id}"] * 100,
        [f"customer_{MEADOW.id}"] * 101,
        [f"customer_{MEADOW.id}", "nobody"],
    ],
)
def test_nodes_are_in_the_order_of_their_ids(both: Both, ids: list[str]) -> None:
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
      id __typename
      ... on Customer { companyName domains { name } version }
      ... on Partner { name type } } }"""
    compiled, interpreted = both.answers("alder-sales-agent", query, {"ids": ids})

    assert compiled == interpreted


@pytest.mark.parametrize(
    "query",
    [
        "{ subscriptionGroups(by: CHANNEL) { channel count } }",
        """query ($by: [SubscriptionGroupKey!]! = [PARTNER, MONTH_OF_TERM_END], $most: Int = 2) {
          subscriptionGroups(by: $by, orderBy: [COUNT_DESC, CUSTOMER_COUNT], first: $most,
              filter: {quantity: {gt: 1}}, having: {count: {gte: 1}, quantity: {in: [1, 5, 25, 50]}}) {
            __typename monthOfTermEnd channel quantity customerCount
            partner { name type viewerCanNow
              some: resellerRelationships(first: 1) { totalCount } } } }""",
        """{ customerGroups(by: [MARKET, QUALIFICATION, MONTH_OF_CREATION]) { ...G } }
          fragment G on CustomerGroup { market qualification monthOfCreation count quantity }""",
        "{ transferGroups(by: [CUSTOMER, STATUS]) { status customer { id domains { name } } count } }",
    ],
)
def test_groups_are_answered_alike(both: Both, query: str) -> None:
    for persona in (AGENT, "alder-sales-agent", "meadow-global-admin"):
        assert b"errors" not in both.same(persona, query) or persona == "alder-sales-agent"


def test_filters_by_ids_of_tenants_are_answered_alike(both: Both) -> None:
    query = """query ($ids: [String!], $one: String) {
      known: auditRecords(first: 9, filter: {actorTenantId: {in: $ids}}) { ...A }
      others: auditRecords(first: 9, filter: {actorTenantId: {ne: $one}}) { ...A }
      transfers(filter: {customerId: {eq: $one}}) { totalCount nodes { customerId } } }
      fragment A on AuditRecordConnection { totalCount nodes { actorTenantId } }"""
    ids = [ALDER.id, CEDAR.id.upper(), f"customer_{MEADOW.id}", "nobody"]
    for one in ids:
        both.same(AGENT, query, {"ids": ids, "one": one})
    both.same("meadow-global-admin", query, {"ids": ids, "one": CEDAR.id})


def test_more_groups_than_may_be_shown_are_left_to_the_interpreter(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (arguments, groups):
        monkeypatch.setattr(module, "MAX_GROUPS", 1)
    before = both.paths[ExecutionPath.NOT_COVERED]

    compiled, interpreted = both.answers(AGENT, "{ subscriptionGroups(by: STATUS) { status } }")

    assert compiled == interpreted
    assert b"more than 1 groups" in compiled[2]
    assert both.paths[ExecutionPath.NOT_COVERED] == before + 1


@one_shared_engine
def test_explanations_and_who_may_do_something_are_answered_alike(both: Both) -> None:
    rules = "rules { file line text }"
    for action in ("READ", "UPDATE", "READ_BILLING", "CANCEL"):
        for row in (f"customer_{MEADOW.id}", f"partner_{CEDAR.id}", f"customer_{CEDAR.id}"):
            given = f'action: {action}, id: "{row}"'
            query = f"""{{ explainDecision({given}) {{ allowed grants {{ roles standing {rules} }}
              restrictions {{ code {rules} }} policyDigest
              nearMisses {{ standing standingHeld rolesNeeded failedConditions {{ condition value }} }} }}
              whoMay({given}) {{ roles tenant {{ id kind name }} }} }}"""
            for persona in ("alder-sales-agent", AGENT, "meadow-global-admin"):
                both.same(persona, query)


def test_the_schema_is_described_once_for_all_callers(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    query = """query ($name: String!, $old: Boolean = true) { __typename
      one: __type(name: $name) { ...T } __schema { types { ...T } directives { name } } }
      fragment T on __Type { name fields(includeDeprecated: $old) { name type { kind name } } }"""
    for name in ("Customer", "Nothing", "Customer"):
        both.same(AGENT, query, {"name": name})
    monkeypatch.setattr(introspection, "execute_sync", None)

    assert b'"one":null' in both.same("meadow-global-admin", query, {"name": "Nothing"})


def test_a_value_that_its_type_does_not_allow_is_a_fault() -> None:
    """Then the interpreter answers, and tells of it."""
    kind: Any = selecting.type_of("CustomerDomain", "name")
    complete = completion(None, kind, [])  # type: ignore[arg-type]

    assert complete("a") == "a"
    with pytest.raises(ValueError, match="null"):
        complete(None)
