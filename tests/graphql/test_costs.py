"""The cost of an operation is known, and refused with its numbers, before any statement."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from multichannel.errors import TooComplex
from multichannel.graphql.execution.cost import MAX_TERMS, MAX_TEXT, OperationCost
from multichannel.graphql.execution.limits import values_of
from tests.graphql.conftest import Api
from tests.world import one_shared_engine

AGENT = "alder-sales-agent"
NAMED = {"companyName": {"contains": "n"}}
DEEP = {"subscriptions": {"customer": {"subscriptions": {"friendlyName": {"contains": "n"}}}}}


def cost_of(query: str, variables: dict[str, Any] | None = None) -> int:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return OperationCost(document, operation, values_of(document, operation)).check(variables)


def filtered(aliases: int = 1) -> str:
    lists = (f"a{each}: customers(filter: $filter) {{ totalCount }}" for each in range(aliases))
    return f"query ($filter: CustomerFilter) {{ {' '.join(lists)} }}"


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ customers { totalCount } }", 1_020),
        ("{ customers(first: 10) { nodes { id domain } } }", 20),
        ('{ customers(filter: {domain: {eq: "a"}}) { totalCount } }', 1_120),
        ('{ customers(filter: {domain: {in: ["a", "b", "c"]}}) { totalCount } }', 1_120),
        ('{ customers(filter: {domain: {startsWith: "a", contains: "b"}}) { totalCount } }', 1_220),
        ('{ customers(filter: {subscriptions: {offerName: {eq: "a"}}}) { totalCount } }', 2_020),
        ('{ customers(filter: {subscriptions: {none: {offerName: {eq: "a"}}}}) { totalCount } }', 2_020),
        ('{ customers(filter: {not: {or: [{domain: {eq: "a"}}]}}) { totalCount } }', 1_120),
        ('{ explainDecision(action: READ, id: "a") { allowed } }', 2_001),
        ("{ subscriptionGroups(by: [STATUS]) { count } }", 2_000),
        ("{ ...F ...F } fragment F on Query { customers { totalCount } }", 2_040),
    ],
)
def test_the_cost_of_an_operation(query: str, cost: int) -> None:
    assert cost_of(query) == cost


BULK = """mutation ($input: BulkLabelCustomerInput!) {
  bulkLabelCustomer(input: $input) { results { customer { id alias } } } }"""


def test_an_item_of_a_bulk_mutation_costs_as_much_as_an_operation_of_its_own() -> None:
    def of(count: int) -> int:
        return cost_of(BULK, {"input": {"items": [{"id": "a"}] * count}})

    assert of(2) - of(1) == 12
    assert of(1_000) - of(1) == 999 * 12
    assert of(0) < of(1) == cost_of(BULK, {"input": {"items": {"id": "a"}}})
    literal = BULK.replace("($input: BulkLabelCustomerInput!)", "").replace("$input", '{items: [{id: "a"}]}')
    assert cost_of(literal) == of(1)
    with pytest.raises(TooComplex, match="its cost is"):
        of(20_000)


def test_variables_and_their_defaults_cost_as_much_as_literals() -> None:
    literal = cost_of('{ customers(filter: {or: [{companyName: {contains: "n"}}]}) { totalCount } }')
    variable = "query ($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }"
    nested = "query ($part: CustomerFilter!) { customers(filter: {or: [$part]}) { totalCount } }"
    default = variable.replace("CustomerFilter)", 'CustomerFilter = {companyName: {contains: "n"}})')
    assert cost_of(variable, {"filter": {"or": [NAMED]}}) == literal
    assert cost_of(nested, {"part": NAMED}) == literal
    assert cost_of(default) == literal
    assert cost_of(default, {"filter": None}) == literal - 100


@one_shared_engine
@pytest.mark.parametrize("path", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("aliases", "filter", "words"),
    [
        (1, {"or": [NAMED] * (MAX_TERMS + 1)}, f"51 conditions in filters; the limit is {MAX_TERMS}"),
        (2, {"or": [NAMED] * 26}, f"52 conditions in filters; the limit is {MAX_TERMS}"),
        (1, {"or": [DEEP] * 3}, "its cost is 301"),
        (1, {"companyName": {"contains": "n" * 513}}, f"513 characters in a filter; the limit is {MAX_TEXT}"),
        (1, {"domain": {"in": ["a", "n" * 513]}}, f"513 characters in a filter; the limit is {MAX_TEXT}"),
    ],
)
def test_what_is_over_a_limit_is_refused_with_the_numbers_before_any_statement(
    shared_api: Api, aliases: int, filter: dict[str, Any], words: str, path: str
) -> None:
    query = filtered(aliases)
    if path == "interpreted":
        query = query.replace(") { a0", ") { viewer { tenantId } a0")
    answer = shared_api.ask(AGENT, query, filter=filter)

    assert answer.codes == ["QUERY_TOO_COMPLEX"]
    assert words in answer.body["errors"][0]["message"]
    assert "data" not in answer.body
    assert answer.statements == []


@one_shared_engine
def test_what_is_within_the_limits_is_answered(shared_api: Api) -> None:
    within: list[tuple[int, dict[str, Any]]] = [
        (1, {"or": [NAMED] * MAX_TERMS}),
        (2, {"or": [NAMED] * 25}),
        (1, DEEP),
        (1, {"companyName": {"contains": "n" * MAX_TEXT}}),
        (1, {"domain": {"in": [f"{each}.example" for each in range(100)]}}),
    ]
    for aliases, filter in within:
        assert shared_api.ask(AGENT, filtered(aliases), filter=filter).response.status_code == 200
        assert "errors" not in shared_api.ask(AGENT, filtered(aliases), filter=filter).body


def test_a_chain_of_fragments_is_measured_at_once() -> None:
    chain = "".join(f"fragment F{each} on Query {{ ...F{each + 1} ...F{each + 1} }}" for each in range(45))
    last = "fragment F45 on Query { customers { totalCount } }"
    began = time.thread_time()
    with pytest.raises(TooComplex, match="its cost is"):
        cost_of("{ ...F0 }" + chain + last)
    assert time.thread_time() - began < 0.05
