"""The service in process, over a database that can be put back to the beginning quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from graphql import GraphQLNonNull, GraphQLObjectType
from sqlalchemy import Engine, delete, insert, select

from multichannel.domain.base import Base
from multichannel.domain.tenants import Tenant
from multichannel.graphql.execution.documents import read_document
from multichannel.graphql.execution.interpreter import execute_document
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import AuthMode
from multichannel.store.engines import WRITING, execution_options, open_database
from multichannel.store.store import Store
from multichannel.store.users import SIGNING_IN, Caller
from tests.policy.oracle import Row
from tests.stateful import cast
from tests.stateful.organisations import BEGIN
from tests.world import Clock

REFUSED = "refused"


@dataclass(frozen=True)
class Answer:
    """What came back of a mutation: `done`, `refused`, or the code of the error at its field."""

    outcome: str
    row_id: str | None = None
    """The object that is shown, if one is."""
    codes: tuple[str, ...] = ()
    """Why it was refused."""


@dataclass(frozen=True)
class Service:
    """The endpoint's executor over a store, at a time that stands still."""

    engine: Engine
    store: Store
    policy: Callable[[], Policy]
    clock: Clock

    def reset(self) -> None:
        """The small world, and nothing else."""
        with self.engine.connect() as connection:
            connection.execution_options(**execution_options(self.engine, WRITING))
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
            for name, rows in cast.rows().items():
                connection.execute(insert(Base.metadata.tables[name]), rows)
            connection.commit()
        self.clock.now = BEGIN

    def caller(self, user: Row) -> Caller:
        """A user as it signs in."""
        with self.store.reading(SIGNING_IN) as work:
            caller = work.sign_in.caller(
                directory_id=self._directory_of(user["tenant_id"]),
                object_id=user["object_id"],
                auth_mode=AuthMode.APP_USER,
            )
        assert caller is not None
        return caller

    def _directory_of(self, tenant_id: str) -> str:
        with self.engine.connect() as connection:
            found = connection.execute(select(Tenant.directory_id).where(Tenant.id == tenant_id))
            return str(found.scalar_one())

    def at(self, now: datetime) -> Service:
        """The same service at another time."""
        clock = Clock(now)
        return Service(self.engine, Store(self.engine, self.policy, clock), self.policy, clock)

    def ask(self, caller: Caller, query: str, **variables: Any) -> dict[str, Any]:
        """The response to a query or mutation."""
        document = read_document(query, cache=True)
        return execute_document(self.store, caller, document, GraphQLRequest(query, variables, None))

    def change(self, caller: Caller, mutation: str, told: Any) -> Answer:
        """What comes of a mutation."""
        shown, document = document_of(mutation)
        body = self.ask(caller, document, input=told)
        payload = (body.get("data") or {}).get(mutation)
        if payload is None:
            assert len(body["errors"]) == 1, body
            return Answer(body["errors"][0]["extensions"]["code"])
        assert "errors" not in body, body
        if payload["userErrors"]:
            assert payload[shown] is None
            return Answer(REFUSED, codes=tuple(each["code"] for each in payload["userErrors"]))
        row = payload[shown]
        return Answer("done", row and row["id"].rpartition("_")[2])


@cache
def document_of(mutation: str) -> tuple[str, str]:
    """The field that shows the object of a mutation, and the document that calls it."""
    mutations = build_schema().mutation_type
    assert mutations is not None
    payload = mutations.fields[mutation].type
    payload = payload.of_type if isinstance(payload, GraphQLNonNull) else payload
    assert isinstance(payload, GraphQLObjectType)
    (shown,) = set(payload.fields) - {"userErrors"}
    name = f"{mutation[0].upper()}{mutation[1:]}Input"
    answer = f"{{ {shown} {{ id }} userErrors {{ code }} }}"
    return shown, f"mutation($input: {name}!) {{ {mutation}(input: $input) {answer} }}"


@contextmanager
def opened(url: str, policy: Policy, *, connections: int = 2) -> Iterator[Service]:
    """The service over a migrated database."""
    build_schema()  # before any thread asks for it, as the application does
    engine = open_database(url, connections=connections)
    clock = Clock(BEGIN)
    yield Service(engine, Store(engine, lambda: policy, clock), lambda: policy, clock)
    engine.dispose()
