"""A policy that cannot be evaluated is an error that says so: never an empty list, a zero or a denial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from multichannel.domain.tenants import TenantKind
from multichannel.policy.decide.oso_engine import PolicyFault
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import NewRows

PERSONA = "alder-sales-agent"
WORDS = "Query timeout in customer.polar"


@pytest.fixture
def failing(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The endpoint while the policy fails for partners; the service itself can sign people in."""
    policy = api.world.policy

    def fails_for_partners(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any, **options: Any) -> Any:
            if any(getattr(each, "kind", None) is TenantKind.PARTNER for each in arguments):
                raise PolicyFault(WORDS)
            return ask(*arguments, **options)

        return asked

    monkeypatch.setattr(policy, "translate", fails_for_partners(policy.translate))
    monkeypatch.setattr(policy, "_visible", fails_for_partners(policy._see))
    for name in ("ask", "ask_in_part"):
        monkeypatch.setattr(policy._engine, name, fails_for_partners(getattr(policy._engine, name)))
    return api


@pytest.mark.parametrize(
    "query",
    [
        "{ customers { totalCount } }",
        "{ customers(first: 1) { nodes { id } } }",
        "{ subscriptions(filter: {status: {eq: ACTIVE}}) { totalCount } }",
        '{ node(id: "CUSTOMER") { id } }',
        '{ node(id: "CUSTOMER") { ... on Customer { viewerCan } } }',
        '{ explainDecision(action: READ, id: "CUSTOMER") { allowed } }',
    ],
)
def test_a_read_ends_with_a_retryable_error(failing: Api, query: str) -> None:
    answer = failing.ask(PERSONA, query.replace("CUSTOMER", _customer(failing)))
    assert set(answer.codes) == {"UNAVAILABLE"}
    assert "data" not in answer.body
    assert (answer.response.status_code, answer.response.headers["Retry-After"]) == (503, "10")
    assert WORDS not in answer.response.text


def test_a_mutation_ends_with_a_retryable_error_and_writes_nothing(failing: Api) -> None:
    new = NewRows(failing)
    changed = f'id: "{_customer(failing)}", expectedVersion: 1, companyName: "Other"'
    answer = failing.ask(
        PERSONA, f"mutation {{ updateCustomer(input: {{{changed}}}) {{ customer {{ id }} }} }}"
    )
    assert answer.codes == ["UNAVAILABLE"]
    assert not new.records()
    assert not new.events()


def _customer(api: Api) -> str:
    return f"customer_{api.world.principal('meadow-global-admin').tenant_id}"
