"""Everything the API can do, in any order, held against a plain model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from multichannel.graphql.framework.mutation import MUTATIONS as DECLARED
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.stateful.machine import EVERYTHING, machine_of
from tests.stateful.model import MUTATIONS
from tests.stateful.runs import runs
from tests.stateful.service import Service, opened


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path, shipped_policy: Policy) -> Iterator[Service]:
    """The service over an empty database, on each engine."""
    template: str = request.getfixturevalue(f"empty_{request.param}")
    with copy_of(template, tmp_path) as url, opened(url, shipped_policy) as service:
        yield service


def test_the_model_and_the_machine_know_every_mutation() -> None:
    mutations = build_schema().mutation_type
    assert mutations is not None
    by_code = {name for name, declared in DECLARED.items() if declared.for_newcomers}
    in_bulk = {f"bulk{name[0].upper()}{name[1:]}" for name, declared in DECLARED.items() if declared.in_bulk}
    assert set(mutations.fields) - by_code - in_bulk == set(MUTATIONS) == set(EVERYTHING)


def test_every_answer_is_what_the_model_says(service: Service) -> None:
    machine, _ = machine_of(service)
    examples = 5 if service.engine.name == "sqlite" else 3

    run_state_machine_as_test(machine, settings=runs(examples, 20, repeatable=True))


@pytest.mark.long
def test_every_answer_is_what_the_model_says_wherever_one_looks(service: Service) -> None:
    machine, tally = machine_of(service)

    run_state_machine_as_test(machine, settings=runs(200, 30, repeatable=False))

    assert [name for name in MUTATIONS if not tally.get((name, "done"))] == []


OF_SUBSCRIPTIONS = ("buy", "change", "begin_transfer", "decide_transfer", "settle_transfer", "manage")


@pytest.mark.long
def test_relationships_begin_and_end_as_the_model_says(service: Service) -> None:
    machine, tally = machine_of(service, without=OF_SUBSCRIPTIONS)

    run_state_machine_as_test(machine, settings=runs(60, 30, repeatable=True))

    assert tally["endResellerRelationship", "done"]
    assert tally["detachReseller", "done"]
