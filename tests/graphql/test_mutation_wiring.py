"""Every mutation is decided by the action that it requires. The cases beside the policy hold the verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLScalarType, is_required_input_field
from sqlalchemy import select
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, PERSONAS, fixed_id
from multichannel.domain.base import Base
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.mutation import MUTATIONS, MutationDeclaration
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.conditions import Predicate
from multichannel.policy.schema.resources import CUSTOMER, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from tests.graphql.case_api import opened
from tests.graphql.conftest import Api
from tests.graphql.transfer_api import Deals, customer
from tests.world import one_shared_engine

SCHEMA = build_schema()
AUDIT = {"audit_records", "audit_chains", "idempotency_keys"}
"""The tables that a denial may change."""
ABSENT = fixed_id("absent")
BY_CODE = {name for name, declared in MUTATIONS.items() if declared.for_newcomers}
"""Open to any valid token with the code of an invitation."""
WITHOUT_READER = {"updateUserRoles", "cancelBulkOperation"}
"""Every persona that can read a user may change its roles; of a bulk operation, may cancel it."""
VALUES = {
    "email": "office@absent.example",
    "domain": "absent.example",
    "agreedAt": "2026-01-01T00:00:00Z",
    "roles": ["SALES_AGENT"],
    "rights": ["SUPPORT"],
    "autoExtend": True,
    "mutation": "labelCustomer",
    "items": "{}",
}
"""The values of required fields that do not follow from their type."""


def input_fields(name: str) -> dict[str, Any]:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    fields: dict[str, Any] = mutation.fields[name].args["input"].type.of_type.fields
    return fields


def least_input(name: str, target: str) -> dict[str, Any]:
    """The required fields of a mutation's input, about one record."""
    fields = input_fields(name)
    required = {key: field.type.of_type for key, field in fields.items() if is_required_input_field(field)}
    nobody = {"partner": None} if "partner" in fields else {}
    return nobody | {key: _value(key, kind, target) for key, kind in required.items()}


def _value(key: str, kind: Any, target: str) -> Any:
    if key == "subscriptionIds":
        return [target]
    if key in VALUES:
        return VALUES[key]
    if isinstance(kind, GraphQLScalarType) and kind.name == "ID":
        named = key in {"id", "subscription"} or target.startswith("customer_")
        return target if named else f"customer_{ABSENT}"
    if isinstance(kind, GraphQLEnumType):
        return next(value for value in kind.values if value not in {"NONE", "CSP"})
    return 1 if kind.name == "Int" else ABSENT


def situations(api: Api, declared: MutationDeclaration, name: str) -> Iterator[tuple[str, str, Any]]:
    """Who might send a mutation about what: persona, record, and the verdict; None if it cannot see it."""
    requires, policy = declared.requires, api.world.policy
    fields = set(input_fields(name))
    of_record = fields & {"id", "subscription", "subscriptionIds"} or (
        requires.resource is CUSTOMER and "customer" in fields
    )
    for persona in PERSONAS:
        principal = api.world.principal(persona.name)
        resource = requires.resource_for(principal.kind)
        with api.world.store.reading(principal) as work:
            for row_id in _ids(api, resource) if of_record else [principal.tenant_id]:
                facts = work.repository(resource).facts(row_id)
                verdict = None if facts is None else policy.check(principal, requires.action, facts)
                yield persona.name, prefix(resource) + row_id, verdict


def _ids(api: Api, resource: Resource) -> list[str]:
    with Session(api.world.store.engine) as session:
        return sorted(session.scalars(select(resource.mapped.id)))


def rows(api: Api) -> dict[str, list[Any]]:
    """Every stored row but those of the audit log and of the answers that are kept for repeated calls."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in AUDIT]
    with api.world.store.engine.connect() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}


def send(api: Api, persona: str, name: str, target: str) -> tuple[str, list[str]]:
    """Code and reasons of the denial."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    document = f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
    body = api.ask(persona, document, input=least_input(name, target)).body
    assert body["data"] == {name: None}
    (error,) = body["errors"]
    return error["extensions"]["code"], sorted(error["extensions"].get("reasons", []))


@pytest.fixture
def decided(shared_api: Api, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Action, Resource]]:
    """The actions that the policy is asked for, each with its resource."""
    decisions: list[tuple[Action, Resource]] = []
    really = shared_api.world.policy.predicate

    def listening(principal: Principal, action: Action, resource: Resource) -> Predicate:
        decisions.append((action, resource))
        return really(principal, action, resource)

    monkeypatch.setattr(shared_api.world.policy, "predicate", listening)
    return decisions


@pytest.fixture(autouse=True, scope="module")
def transfer(shared_api: Api) -> None:
    """A transfer and a support case, of which the demo world has none."""
    opened(shared_api, "canyon-global-admin", "canyon-office-birch")
    shared_api.ask(
        "alder-admin-agent",
        'mutation { startBulkOperation(input: {mutation: "labelCustomer", items: "{}"}) {'
        " userErrors { code } } }",
    )
    deals = Deals(shared_api)
    deals.agree(CEDAR)
    deals.done("cedar-admin-agent", "requestTransfer", customer=customer(MEADOW), sourcePartner=ALDER.id)


@one_shared_engine
@pytest.mark.parametrize("name", [name for name in MUTATIONS if name not in WITHOUT_READER | BY_CODE])
def test_a_reader_without_the_grant_is_forbidden_with_the_reasons(
    shared_api: Api, decided: list[tuple[Action, Resource]], name: str
) -> None:
    declared = MUTATIONS[name]
    persona, target, verdict = next(
        (persona, target, verdict)
        for persona, target, verdict in situations(shared_api, declared, name)
        if verdict is not None and not verdict.allowed
    )
    before = rows(shared_api)
    decided.clear()

    assert send(shared_api, persona, name, target) == ("FORBIDDEN", sorted(verdict.reasons))

    resource = declared.requires.resource_for(shared_api.world.principal(persona).kind)
    assert (declared.requires.action, resource) in decided
    assert rows(shared_api) == before


@one_shared_engine
@pytest.mark.parametrize("name", [name for name in MUTATIONS if name not in BY_CODE])
def test_a_stranger_gets_not_found(
    shared_api: Api, decided: list[tuple[Action, Resource]], name: str
) -> None:
    declared = MUTATIONS[name]
    persona, target = next(
        (persona, target)
        for persona, target, verdict in situations(shared_api, declared, name)
        if verdict is None
    )
    before = rows(shared_api)
    decided.clear()

    assert send(shared_api, persona, name, target) == ("NOT_FOUND", [])

    resource = declared.requires.resource_for(shared_api.world.principal(persona).kind)
    assert (declared.requires.action, resource) in decided
    assert rows(shared_api) == before
