"""A policy that fails decides nothing for as long as it fails, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from multichannel.domain.tenants import Cloud, PartnerStatus, PartnerType, TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.visibility import ReadCoverage
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.server.bootstrap import SHIPPED_POLICIES

AGENT = Principal(
    tenant_id="11111111-0000-4000-8000-00000000fa17",
    kind=TenantKind.PARTNER,
    roles=("sales_agent",),
    cloud=Cloud.PUBLIC,
    type=PartnerType.DIRECT_BILL,
    status=PartnerStatus.ACTIVE,
    market="US",
)


def test_after_a_fault_the_next_question_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Policy.load(SHIPPED_POLICIES)
    with monkeypatch.context() as broken:
        broken.setattr(policy._engine, "ask_in_part", _fail)
        with pytest.raises(PolicyFault):
            policy.visibility(AGENT, CUSTOMER)
        with pytest.raises(PolicyFault):
            policy.predicate(AGENT, Action.UPDATE, CUSTOMER)

    assert policy.visibility(AGENT, CUSTOMER).coverage(Action.READ_SUMMARY) is ReadCoverage.ALL
    assert policy.predicate(AGENT, Action.UPDATE, CUSTOMER).allowed


def test_grants_are_asked_for_at_load_also_of_a_policy_that_was_loaded_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Policy.load(SHIPPED_POLICIES)
    policy = Policy.load(SHIPPED_POLICIES)

    def fails(*_arguments: object, **_options: object) -> Iterator[Any]:
        raise PolicyFault("asked too late")

    monkeypatch.setattr("multichannel.policy.decide.oso_engine.Engine.ask_in_part", fails)
    assert policy.derivations.grants(CUSTOMER, trace=False)


def test_a_construct_that_only_one_market_meets_is_refused_at_load() -> None:
    texts = dict(PolicySource.read(SHIPPED_POLICIES).texts)
    texts["customer.polar"] += (
        'forbid("GERMAN", p: Principal, _action: String, c: Customer) if'
        ' p.market = "DE" and forall(r in c.relationships, r.status = "active");\n'
    )
    with pytest.raises(PolicyInvalid):
        Policy(PolicySource(tuple(sorted(texts.items()))))


def test_principals_that_differ_in_one_fact_are_told_apart() -> None:
    policy = Policy.load(SHIPPED_POLICIES)
    inactive = replace(AGENT, status=PartnerStatus.INACTIVE)
    assert policy.predicate(AGENT, Action.UPDATE, CUSTOMER) != policy.predicate(
        inactive, Action.UPDATE, CUSTOMER
    )


def _fail(*_arguments: Any, **_options: Any) -> Iterator[Any]:
    raise PolicyFault("out of time")
