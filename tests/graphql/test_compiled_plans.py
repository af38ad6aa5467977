"""How PostgreSQL finds the rows of a page: from the caller's own, in the order of the page where it can."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from multichannel.demo.cast import find_persona
from tests.benchmarks.rows_read import Asked, pages, rows_read
from tests.graphql.conftest import Api
from tests.graphql.test_statements import crowd

PERSONAS = ["birch-global-admin", "cedar-global-admin", "dogwood-sales-agent", "meadow-global-admin"]
"""They have a few customers, or are one, where Alder has thousands."""
MANY = "alder-sales-agent"
PAGES = [
    "{ customers(first: 10) { nodes { id companyName email } } }",
    "{ customers(last: 10) { totalCount nodes { id } pageInfo { hasPreviousPage startCursor } } }",
    "{ customers(first: 5) { nodes { id subscriptions(first: 5) { totalCount nodes { id status } } } } }",
    *(query for name, query in pages(10) if name.endswith((" by ID", "FRIENDLY_NAME", "COMPANY_NAME"))),
]
OF_MANY = [
    *PAGES[:1],
    "{ customers(last: 10) { nodes { id email } } }",
    "{ customers(first: 5) { nodes { id subscriptions(first: 5) { nodes { id status } } } } }",
    *(query for name, query in pages(10) if name in {"customers by ID_DESC", "resellerRelationships by ID"}),
]
"""Pages in an order that an index has."""
MOST_ROWS = 150
"""The rows of the page and of the caller, and those of the conditions on each."""
NO_SCANS = ("SET enable_seqscan = off",)
"""Tables of this size are best read whole, unless there is no way to do without."""
UNSUPPORTED = "UPDATE subscriptions SET support_contact_id = NULL"
"""Where one partner supports nearly everything, walking all of it is as good as its index to a planner."""


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_page_reads_few_rows_however_many_customers_its_caller_and_others_have(api: Api) -> None:
    with Session(api.world.store.engine) as session:
        for model, rows in crowd(api, 4_000):
            session.execute(insert(model), rows)
        session.connection().exec_driver_sql(UNSUPPORTED)
        session.connection().commit()
    with api.world.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")

    asked = [(persona, page) for persona in PERSONAS for page in PAGES]
    asked += [(MANY, page) for page in OF_MANY]
    read = {(persona, page): _rows_read(api, persona, page) for persona, page in asked}

    assert {page: rows for page, rows in read.items() if rows > MOST_ROWS} == {}


def _rows_read(api: Api, name: str, query: str) -> float:
    persona, principal = find_persona(name), api.world.principal(name)
    context = (principal.tenant_id, api.world.clock(), persona.organisation.id, persona.id, None)
    return rows_read(api.world.store.engine, api.world.policy, Asked(principal, context), query, *NO_SCANS)
