"""Compiled answers are those of the interpreter, byte by byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, MEADOW, PERSONAS
from multichannel.domain.customers import Customer
from multichannel.domain.subscriptions import Subscription
from multichannel.graphql.compiled.compiled_execution import ExecutionPath
from multichannel.graphql.compiled.operations import ROOT_LISTS
from multichannel.graphql.execution.limits import MAX_ROOT_FIELDS
from multichannel.graphql.schema import build_schema
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.store.users import VerifiedToken
from tests.graphql.both_executions import Both, both_of
from tests.graphql.generated_documents import DocumentMaker, Known
from tests.world import World, bearer_of

NASTY = ('quo"te', "back\\slash", "t\tab\nnl\r\b\f", "\x01\x02\x1f\x7f", "ünï ☃ 𝄞", "", "</script>")
NASTIER = ("a%b_c/d", "\u2028\u2029", '{"\\u0001":0}', "{", "\x01", "'", "''||'")
HOLES = ('{"\\u0002":[0,"x"]}', '{"\x02":[0,"x"]}', '"},{"\\u0002":[0,"x"]}')
AGENT = "alder-sales-agent"
EVERYBODY = [persona.name for persona in PERSONAS]
SOME = [AGENT, "meadow-global-admin", "cedar-sales-and-billing"]
"""Asking the policy about a persona for the first time takes longer than many answers."""
UNKNOWN = bearer_of(VerifiedToken(MEADOW.id, ALDER.id, AuthMode.APP_USER))
"""The token of a user whom the service does not know."""
LIST = "{ edges { cursor node { id } } }"


@pytest.fixture(scope="module")
def both(shared_world: World) -> Iterator[Both]:
    """The demo world with texts that are hard to write as JSON."""
    spoil(shared_world)
    with both_of(shared_world) as both:
        yield both


def spoil(world: World) -> None:
    """Put hard texts into records."""
    texts = [*NASTY, *NASTIER, *HOLES]
    with Session(world.store.engine) as session:
        for model, names in (
            (Customer, ("city", "state", "region")),
            (Subscription, ("unit_type", "offer_name")),
        ):
            for number, row_id in enumerate(session.scalars(select(model.id)).all()):
                values = {name: texts[(number + place) % len(texts)] for place, name in enumerate(names)}
                session.execute(update(model).where(model.id == row_id).values(values))
        session.commit()


@pytest.fixture(scope="module")
def known(both: Both) -> Known:
    """Ids and cursors that some personas were given."""
    known = Known()
    ids: set[str] = set()
    for persona, (name, declaration) in product(SOME[:2], ROOT_LISTS.items()):
        kind: Any = build_schema().type_map[f"{declaration.name}Order"]
        orders = list(kind.values)
        several = [f"{one} {other}" for one, other in zip(orders[2:8:2], orders[5:], strict=False)]
        for some in batched([*orders, *several], MAX_ROOT_FIELDS):
            lists = [
                f"o{place}: {name}(first: 4, orderBy: [{by}]) {{ ...L }}" for place, by in enumerate(some)
            ]
            query = f"{{ {' '.join(lists)} }} fragment L on {declaration.name}Connection {LIST}"
            connections = orjson.loads(both.interpreted(persona, query))["data"].values()
            for by, connection in zip(some, connections, strict=True):
                for edge in connection["edges"]:
                    ids.add(edge["node"]["id"])
                    known.cursors.setdefault((declaration.name, by), []).append(edge["cursor"])
    known.ids = sorted(ids)
    return known


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def compare(both: Both, known: Known, seeds: range, people: Sequence[str]) -> None:
    """Ask documents of personas in turn, and compare the answers."""
    different = []
    for seed in seeds:
        query, variables = DocumentMaker(seed, known).make()
        for persona in (people[seed % len(people)], people[(seed * 7 + 3) % len(people)]):
            compiled, interpreted = both.answers(persona, query, variables)
            if compiled != interpreted:
                where = _first_difference(compiled[2], interpreted[2])
                different.append((seed, persona, query, variables, *where))
    assert different == []


def _first_difference(one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """Both texts around the place where they begin to differ."""
    pairs = zip(one, other, strict=False)
    place = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
    return one[max(place - 80, 0) : place + 80], other[max(place - 80, 0) : place + 80]


def test_generated_documents_are_answered_alike(both: Both, known: Known) -> None:
    before = Counter(both.paths)
    compare(both, known, range(12), SOME)
    paths = both.paths - before
    assert paths[ExecutionPath.COMPILED] >= 0.95 * paths.total()
    assert paths[ExecutionPath.FAILED] == 0


@pytest.mark.long
def test_thousands_of_generated_documents_are_answered_alike(both: Both, known: Known) -> None:
    before = Counter(both.paths)
    compare(both, known, range(1_000, 3_000), EVERYBODY)
    paths = both.paths - before
    assert paths[ExecutionPath.COMPILED] >= 0.95 * paths.total()
    assert paths[ExecutionPath.FAILED] <= 0.005 * paths.total()  # SQLite: statements nested too deeply


@pytest.mark.parametrize(
    "variables", [None, {}, {"first": 3}, {"first": "3"}, {"first": None}, {"first": 2**40}]
)
def test_variables_mean_the_same(both: Both, variables: Any) -> None:
    query = "query Q($first: Int = 2) { customers(first: $first) { nodes { id } pageInfo { endCursor } } }"
    compiled, interpreted = both.answers(AGENT, query, variables)
    assert compiled == interpreted


@pytest.mark.parametrize(
    "query",
    [
        "{ __typename }",
        "{ a: __typename b: __typename @skip(if: true) }",
        "{ customers(first: 0) { nodes { id } } }",
        "{ customers(first: -1) { nodes { id } } }",
        "{ customers(first: 1, last: 1) { nodes { id } } }",
        '{ customers(after: "bm9uZQ") { nodes { id } } }',
        '{ node(id: "customer_00000000-0000-4000-8000-000000000000") { id } }',
        '{ node(id: "nobody") { id } }',
        "{ nothing }",
        "{ customers { nodes { id } ",
        "query A { __typename } query B { __typename }",
        "subscription { transferChanged { operation } }",
        "{ __schema { queryType { name } } customers { totalCount } }",
        "{ viewer { tenantId } customers { nodes { viewerCanNow } } }",
        "{ customers(filter: {and: [{}, {or: []}]}) { totalCount } }",
        "{ customers(filter: {companyName: null}) { totalCount } }",
        '{ subscriptions(filter: {vendorId: {contains: "A"}}) { totalCount } }',
        '{ subscriptions(filter: {vendorId: {eq: "none"}, entitlementId: {in: []}}) { totalCount } }',
        '{ subscriptions(filter: {or: [{vendorId: {ne: "x"}}, {offerName: {in: []}}]}) { totalCount } }',
        f'{{ transfers(filter: {{customerId: {{eq: "customer_{MEADOW.id}"}}}}) {{ totalCount }} }}',
        "{ auditRecords(first: 3) { nodes { customerId actorTenantId resourceId reasons } } }",
        "{ transfers { nodes { customerId sourcePartnerId targetPartnerId } } }",
    ],
)
@pytest.mark.parametrize("persona", [AGENT, "meadow-global-admin", "nobody-at-all"])
def test_documents_at_the_edges_are_answered_alike(both: Both, query: str, persona: str) -> None:
    token = persona if persona != "nobody-at-all" else UNKNOWN
    compiled, interpreted = both.answers(token, query)
    assert compiled == interpreted


def test_an_operation_is_chosen_by_its_name(both: Both) -> None:
    query = "query A { a: customers { totalCount } } query B { b: customers { totalCount } }"
    for name in ("A", "B"):
        assert f'"{name.lower()}":'.encode() in both.same(AGENT, query, operationName=name)
    compiled, interpreted = both.answers(AGENT, query, operationName="C")
    assert compiled == interpreted
