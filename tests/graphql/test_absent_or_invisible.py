"""What one may not see answers, to the byte, like what does not exist."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from multichannel.demo.cast import fixed_id
from multichannel.graphql.framework.global_ids import prefix
from multichannel.policy.schema.resources import CUSTOMER, RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action
from tests.graphql.case_api import opened
from tests.graphql.conftest import Answer, Api
from tests.world import postgresql_later, shared_postgresql_later

ABSENT = fixed_id("absent")
KINDS = [resource for resource in RESOURCES.values() if resource.model is not None and resource.reads]
PERSONAS = ["hazel-sales-agent", "laurel-admin-agent", "prairie-global-admin"]
NODE = "query ($id: ID!) { node(id: $id) { __typename id } nodes(ids: [$id, $id]) { __typename id } }"
AT_ONCE = 20
"""How many records one document may explain."""
UPDATE = """mutation ($id: ID!) {
  updateCustomer(input: {id: $id, expectedVersion: 1, city: "x"}) { customer { id } userErrors { code } }
}"""

RENEW_NOT = """mutation ($id: ID!) {
  updateSubscription(input: {id: $id, expectedVersion: 1, autoRenewEnabled: false}) { userErrors { code } }
}"""
START = """mutation { startBulkOperation(input: {mutation: "labelCustomer", items: "{}"}) {
  userErrors { code } } }"""
CONFIRM = """mutation ($id: ID!) {
  confirmCustomerAgreement(input: {
    id: $id, firstName: "Sam", lastName: "Field", email: "office@meadow.example"
    agreedAt: "2026-01-01T00:00:00Z"
  }) { userErrors { code } }
}"""
ASK = """mutation ($id: ID!, $source: String!) {
  requestTransfer(input: {customer: $id, sourcePartner: $source}) { userErrors { code } } }"""

kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
personas = pytest.mark.parametrize("persona", PERSONAS)


def invisible(api: Api, persona: str, kind: Resource) -> list[str]:
    """The global ids of this kind that are there and that the persona does not see."""
    model: Any = kind.model
    with Session(api.world.store.engine) as session:
        ids = [prefix(kind) + row_id for row_id in session.scalars(select(model.id))]
    assert ids
    found = api.ask(persona, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids).data["nodes"]
    return [id for id, node in zip(ids, found, strict=True) if node is None]


@pytest.fixture(scope="module")
def recorded(shared_api: Api) -> Api:
    """The API over the demo world with records of every kind, for tests that change nothing."""
    record_history(shared_api)
    return shared_api


def record_history(api: Api) -> None:
    """Make what the demo world has none of, such as a transfer, a vendor task and a bulk operation."""
    api.ask("alder-admin-agent", RENEW_NOT, id=f"subscription_{fixed_id('meadow-mail-alder.subscription')}")
    opened(api, "canyon-global-admin", "canyon-office-birch")
    api.ask("alder-admin-agent", CONFIRM, id=f"customer_{fixed_id('meadow')}")
    api.ask("alder-admin-agent", ASK, id=f"customer_{fixed_id('meadow')}", source=fixed_id("cedar"))
    api.ask("alder-admin-agent", START)


def client_view(answer: Answer) -> tuple[Any, ...]:
    """All that a client sees of an answer, and how many statements it took.

    But for the chain that begins with a tenant's first record.
    """
    response = answer.response
    statements = [each for each in answer.statements if not each.startswith("INSERT INTO audit_chains")]
    return response.status_code, response.headers.multi_items(), response.content, len(statements)


@shared_postgresql_later
@kinds
@personas
def test_by_node_and_nodes(recorded: Api, persona: str, kind: Resource) -> None:
    absent = client_view(recorded.ask(persona, NODE, id=prefix(kind) + ABSENT))

    for id in invisible(recorded, persona, kind):
        assert client_view(recorded.ask(persona, NODE, id=id)) == absent


@shared_postgresql_later
@kinds
@personas
@pytest.mark.parametrize("every_action", [False, pytest.param(True, marks=pytest.mark.long)])
def test_by_explanation(recorded: Api, persona: str, kind: Resource, *, every_action: bool) -> None:
    """Every record for every action; in each run, every record and every action at least once."""
    concealed = invisible(recorded, persona, kind)
    for number, action in enumerate(kind.actions):
        some = concealed[number % len(concealed or [0]) :: len(kind.actions)]
        hidden = concealed if every_action else some
        for start in range(0, len(hidden), AT_ONCE):
            ids = hidden[start : start + AT_ONCE]
            absent = explained(recorded, persona, action, [prefix(kind) + fixed_id(id) for id in ids])
            assert absent.errors == [([f"d{place}"], "NOT_FOUND") for place in range(len(ids))]

            assert client_view(explained(recorded, persona, action, ids)) == client_view(absent)


def explained(api: Api, persona: str, action: Action, ids: list[str]) -> Answer:
    """The answer to a document that asks for an explanation of each of these records."""
    variables = {f"i{place}": id for place, id in enumerate(ids)}
    fields = " ".join(
        f"d{place}: explainDecision(action: {action.name}, id: $i{place}) {{ allowed policyDigest }}"
        for place in range(len(ids))
    )
    head = ", ".join(f"${name}: ID!" for name in variables)
    return api.ask(persona, f"query ({head}) {{ {fields} }}", **variables)


@postgresql_later
@personas
def test_by_a_mutation(api: Api, persona: str) -> None:
    record_history(api)
    absent = api.ask(persona, UPDATE, id=prefix(CUSTOMER) + ABSENT)
    assert absent.errors == [(["updateCustomer"], "NOT_FOUND")]

    for id in invisible(api, persona, CUSTOMER):
        assert client_view(api.ask(persona, UPDATE, id=id)) == client_view(absent)


def written(mark: str, row_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([mark, None, row_id]).encode()).decode()


@shared_postgresql_later
@pytest.mark.parametrize("direction", ["after", "before"])
@personas
def test_by_a_cursor(recorded: Api, persona: str, direction: str) -> None:
    """A cursor at an invisible row is a place like one next to it where nothing is."""
    query = f"""query ($cursor: String) {{
      customers({direction}: $cursor, first: 3) {{
        nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage }}
      }}
    }}"""
    cursor = recorded.ask("alder-sales-agent", "{ customers { pageInfo { endCursor } } }").data["customers"]
    mark = json.loads(base64.urlsafe_b64decode(cursor["pageInfo"]["endCursor"] + "=="))[0]

    for id in invisible(recorded, persona, CUSTOMER):
        there = id.removeprefix(prefix(CUSTOMER))
        beside = there[:-1] + ("1" if there[-1] == "0" else "0")  # no other row is that near
        first, second = (recorded.ask(persona, query, cursor=written(mark, at)) for at in (there, beside))
        assert client_view(first) == client_view(second)


@shared_postgresql_later
def test_for_nobody(recorded: Api) -> None:
    there = recorded.ask(None, NODE, id=prefix(CUSTOMER) + fixed_id("meadow"))

    assert client_view(there) == client_view(recorded.ask(None, NODE, id=prefix(CUSTOMER) + ABSENT))
    assert there.codes == ["UNAUTHENTICATED", "UNAUTHENTICATED"]
