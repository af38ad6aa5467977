"""No small edit of a rule survives the cases, unless it is proved to change no verdict."""

from __future__ import annotations

import random
from functools import cache

import pytest

from multichannel.domain.tenants import Cloud
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.testing.case_files import read_cases
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.policy_version import PolicyVersion
from tests.workbench.mutants.conditions import EVERYWHERE
from tests.workbench.mutants.meaning import same
from tests.workbench.mutants.mutant import Mutant
from tests.workbench.mutants.operators import in_force, mutants
from tests.workbench.mutants.trial import LOADING, NO_FAULT, Trial

SOURCE = PolicySource.read(SHIPPED_POLICIES)
FILES = [name for name, _ in SOURCE.texts]
SAMPLED, SEED = 12, 20260
OPERATORS = {
    "drop the rule",
    "drop a condition",
    "turn a comparison",
    "another constant",
    "one more constant",
    "one item less",
    "one more item",
    "another fact",
    "another's fact",
    "another code",
    "another role",
    "one more role",
    "another standing",
    "one more standing",
    "another action",
    "one more action",
    "spare an action",
    "rename a helper",
}


@cache
def _all() -> tuple[Mutant, ...]:
    return tuple(mutants(SOURCE))


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial(read_cases(SHIPPED_POLICIES))


def test_every_rule_has_mutants_and_every_operator_makes_some() -> None:
    assert {mutant.rule for mutant in _all()} == {*in_force(SOURCE)} - _types()
    assert {mutant.operator for mutant in _all()} == OPERATORS


def _types() -> set[object]:
    return {rule for rule in SOURCE.rules if rule.text.startswith("type ")}


def test_mutants_differ_from_the_policy_and_from_each_other() -> None:
    said = [(mutant.rule.mark, mutant.text) for mutant in _all()]
    assert len(said) > 3000
    assert len({*said, *((rule.mark, rule.text) for rule in SOURCE.rules)}) == len(said) + len(SOURCE.rules)


@pytest.mark.parametrize("number", range(4))
def test_no_mutant_of_a_sample_survives(trial: Trial, number: int) -> None:
    sample = random.Random(SEED).sample(_all(), SAMPLED)[number::4]  # noqa: S311  (nothing is secret)
    assert [str(mutant) for mutant in sample if trial.caught(mutant) is None] == []


def test_what_is_proved_to_be_no_fault_is_none() -> None:
    """Of each kind: a grant inside another, and a standing within another."""
    proved = [mutant for mutant in _all() if str(mutant.rule.position) in PROVED]
    found = [mutant for mutant in proved if mutant.kind and same(mutant.kind, SOURCE, mutant.source)]
    assert {mutant.rule.position.partition(":")[0] for mutant in found} == {
        "customer.polar",
        "relationship.polar",
    }


PROVED = {
    rule.position
    for rule in SOURCE.rules
    if rule.text.startswith(
        (
            'grant(role, "relationship_holder", "read", _: Customer)',
            'grant("admin_agent", "relationship_holder", "extend"',
        )
    )
}


def test_proofs_may_take_for_granted_that_every_national_cloud_has_multichannel_support() -> None:
    listed = {word for rule in SOURCE.rules if rule.name == "multichannel" for word in rule.words}
    assert EVERYWHERE
    assert listed == {*Cloud, "MULTICHANNEL_IN_US_GOVERNMENT_CLOUD"}


@pytest.mark.long
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("half", [0, 1])
def test_no_mutant_survives(trial: Trial, file: str, half: int) -> None:
    """Whatever is excused by a proof allows and denies as before in every case, and `diff` says so, too."""
    found = {mutant: trial.caught(mutant) for mutant in [*_of(file)][half::2]}
    assert [str(mutant) for mutant, by in found.items() if by is None] == []
    excused = [mutant for mutant, by in found.items() if by == NO_FAULT]
    assert len(excused) < len(found) / 5
    for mutant in excused[::10]:
        assert mutant.kind is not None
        assert trial.allowed(mutant.source, mutant.kind) == trial.allowed(SOURCE, mutant.kind), mutant
        versions = PolicyVersion(Policy(SOURCE)), PolicyVersion(Policy(mutant.source))
        changes = PolicyComparison(*versions).diff()
        assert not changes.of(Direction.ALLOWED), mutant
        assert not changes.of(Direction.DENIED), mutant
    assert LOADING not in {by for mutant, by in found.items() if mutant.operator == "one more item"}


def _of(file: str) -> list[Mutant]:
    return [mutant for mutant in _all() if mutant.rule.file == file]
