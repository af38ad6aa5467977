"""How the stories are told: over real HTTP, as the personas of the demo, on a database of the story's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine, insert, text, update
from sqlalchemy.pool import NullPool

from multichannel.demo.cast import Organisation, find_persona, fixed_id
from multichannel.demo.issuer import DemoIssuer
from multichannel.domain.users import Role, RoleAssignment
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.kept_plans import take_kept_plans
from tests.serving import DemoServer, Server, demo_app, running
from tests.world import Clock

TABLES = (
    "reseller_relationships",
    "customer_agreements",
    "billing_profiles",
    "subscriptions",
    "transfers",
    "transfer_lines",
)
SIGNER = {"firstName": "Ada", "lastName": "Reed", "email": "ada@customer.example"}
SIGNED = {**SIGNER, "agreedAt": "2025-06-02T09:00:00Z"}
OPTIONS = "supportOptions { kind available availableFrom blockedBy { code } }"
NAMES = "{ subscriptions(first: 100) { totalCount nodes { friendlyName } } }"
TRAIL = "{ auditRecords(last: 50, orderBy: NUMBER) { nodes { operation status } } }"
WHY = """query ($action: Action!, $id: ID!) { explainDecision(action: $action, id: $id) {
  allowed grants { standing } restrictions { code } } }"""


def subscription(key: str) -> str:
    """The id of a subscription of the demo world."""
    return f"subscription_{fixed_id(f'{key}.subscription')}"


def customer(organisation: Organisation) -> str:
    """The id of a customer of the demo world."""
    return f"customer_{organisation.id}"


@dataclass(frozen=True)
class Story:
    """The demo while a story goes on."""

    server: Server
    client: httpx.Client
    engine: Engine
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)

    def answer(self, persona: str, query: str, **variables: Any) -> httpx.Response:
        """Whatever a persona is answered."""
        if persona not in self.tokens:
            self.tokens[persona] = self.server.token(persona)
        headers = {"Authorization": f"Bearer {self.tokens[persona]}"}
        return self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    def ask(self, persona: str, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        body = self.answer(persona, query, **variables).json()
        assert "errors" not in body, body
        return body["data"]

    def node(self, persona: str, global_id: str, shown: str = "id") -> Any:
        """An object by its id as a persona sees it; None if it does not."""
        kind = "".join(word.title() for word in global_id.rpartition("_")[0].split("_"))
        query = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {shown} }} }} }}"
        return self.ask(persona, query, id=global_id)["node"]

    def may(self, persona: str, global_id: str) -> set[str]:
        """What a persona may do with an object it sees."""
        return set(self.node(persona, global_id, "viewerCan")["viewerCan"])

    def done(self, persona: str, mutation: str, shown: str, **given: Any) -> Any:
        """What a mutation shows that was done; `shown` is such as `transfer { id status }`."""
        payload = self.ask(persona, _document(mutation, shown), input=given)[mutation]
        assert payload["userErrors"] == []
        return payload[shown.split(maxsplit=1)[0]]

    def refused(self, persona: str, mutation: str, shown: str, **given: Any) -> str:
        """The code by which the state of things refused a mutation, which changed nothing."""
        before = self.books()
        payload = self.ask(persona, _document(mutation, shown), input=given)[mutation]
        assert payload[shown.split(maxsplit=1)[0]] is None
        assert self.books() == before
        (error,) = payload["userErrors"]
        return str(error["code"])

    def denied(self, persona: str, mutation: str, shown: str, **given: Any) -> tuple[str, list[str]]:
        """The code and the reasons by which the policy denied a mutation, which changed nothing."""
        before = self.books()
        body = self.answer(persona, _document(mutation, shown), input=given).json()
        assert body["data"] == {mutation: None}
        assert self.books() == before
        (error,) = body["errors"]
        return error["extensions"]["code"], error["extensions"].get("reasons", [])

    def options(self, persona: str, subscription_id: str) -> dict[str, Any]:
        """The table of multichannel support for a persona: the codes against each way, or `open`."""
        found = self.node(persona, subscription_id, OPTIONS)["supportOptions"]
        return {each["kind"]: [by["code"] for by in each["blockedBy"]] or "open" for each in found}

    def sees(self, persona: str) -> set[str]:
        """The names of all subscriptions a persona sees, which are as many as it is told."""
        found = self.ask(persona, NAMES)["subscriptions"]
        names = [node["friendlyName"] for node in found["nodes"]]
        assert found["totalCount"] == len(names)
        return set(names)

    def trail(self, persona: str) -> list[str]:
        """Each audit record a persona may read, such as `accept_transfer SUCCEEDED`."""
        records = self.ask(persona, TRAIL)["auditRecords"]["nodes"]
        return [f"{each['operation']} {each['status']}" for each in records]

    def why(self, persona: str, action: str, global_id: str) -> tuple[bool, list[str], list[str]]:
        """Whether a persona may, by which standings, and what takes it away."""
        found = self.ask(persona, WHY, action=action, id=global_id)["explainDecision"]
        standings = sorted(each["standing"] for each in found["grants"])
        return found["allowed"], standings, [each["code"] for each in found["restrictions"]]

    def books(self) -> dict[str, list[Any]]:
        """Everything that is sold, and agreed between the parties, as it is stored."""
        with self.engine.connect() as connection:
            return {
                table: sorted(connection.execute(text(f"SELECT * FROM {table}")).all(), key=str)  # noqa: S608  (names of tables)
                for table in TABLES
            }

    def set_scene(self, model: type[Any], row_id: str, **values: Any) -> None:
        """Change a row past every guard, before the story begins."""
        with self.engine.begin() as connection:
            connection.execute(update(model).where(model.id == row_id).values(**values))

    def give_role(self, persona: str, role: Role) -> None:
        """One more role for a persona, before the story begins."""
        found = find_persona(persona)
        user_id = fixed_id(f"{found.name}.user")
        row = {"user_id": user_id, "tenant_id": found.organisation.id, "role": role}
        with self.engine.begin() as connection:
            connection.execute(insert(RoleAssignment).values(**row))


@contextmanager
def told(template: str, folder: Path, issuer: DemoIssuer, policy: Policy) -> Iterator[Story]:
    """A story on a copy of the demo world, with a clock to be moved on."""
    clock = Clock()
    with copy_of(template, folder) as database:
        engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
        app: Any = demo_app(database, issuer, policy, clock)
        take_kept_plans(app.view._execution, policy, among="stories")
        with (
            running(app) as url,
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            yield Story(DemoServer(url, issuer), client, engine, clock)


def _document(mutation: str, shown: str) -> str:
    kind = mutation[0].upper() + mutation[1:]
    return (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input)"
        f" {{ {shown} userErrors {{ code message path }} }} }}"
    )
