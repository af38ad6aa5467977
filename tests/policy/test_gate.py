"""A service puts no policy in force that the gate refuses, unless it is set to; then it says so."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.explorer.policy_page import page
from multichannel.policy.deployment.gate import Gate
from multichannel.server.health import policy_status
from multichannel.workbench.serving_gate import problems
from tests.policy.authoring import FAILS, HOLDS, Author
from tests.workbench.suites import USERS, edited, users

UNRESTRICTED = "no restriction keeps anything on a User within one national cloud"
INVARIANTS = "invariants: [{never: %s, what: User, may: update_roles, who: {kind: %s}}]\n"


def asks_for_invariants(folder: Path) -> tuple[str, ...]:
    """A gate that is quick, as the one of a service is not."""
    return () if (folder / "invariants.yaml").exists() else ("there is no invariants.yaml",)


@pytest.fixture
def strict(author: Author) -> Author:
    """The author of a policy for services that ask for invariants."""
    author.claims(HOLDS)
    author.gate = Gate(asks_for_invariants)
    return author


def lenient(author: Author) -> Gate:
    return Gate(author.gate.problems, lets_pass=True)


def test_a_service_does_not_start_with_what_the_gate_refuses(strict: Author) -> None:
    with pytest.raises(PolicyInvalid, match=r"^there is no invariants\.yaml$"):
        strict.serves()


def test_a_change_of_invariants_alone_is_looked_at(strict: Author) -> None:
    path = strict.folder / "invariants.yaml"
    path.write_text("invariants: []\n", "utf-8")
    reloader = strict.serves()
    begun = reloader.live.state

    path.unlink()
    reloader.reload()

    state = reloader.live.state
    assert state.policy is begun.policy
    assert state.problem is not None
    assert state.problem.message == "there is no invariants.yaml"


def test_a_service_that_lets_it_pass_says_so(strict: Author, caplog: pytest.LogCaptureFixture) -> None:
    strict.gate = lenient(strict)
    state = strict.serves().live.state

    assert policy_status(state)["policyUnchecked"] == "there is no invariants.yaml"
    assert "there is no invariants.yaml" in bytes(page(state).body).decode()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("served although it would be refused: there is no invariants.yaml")


def test_what_was_let_pass_once_is_not_in_order_for_a_strict_service(strict: Author) -> None:
    gate = strict.gate
    strict.gate = lenient(strict)
    strict.serves()
    assert strict.serves().live.state.unchecked

    strict.gate = gate
    with pytest.raises(PolicyInvalid, match=r"no invariants\.yaml"):
        strict.serves(fall_back_to_last_good=True)

    strict.gate = Gate()
    assert not strict.serves().live.state.unchecked
    strict.gate = gate
    assert not strict.serves().live.state.unchecked


def test_what_is_mended_is_told_of_no_longer(strict: Author) -> None:
    strict.gate = lenient(strict)
    reloader = strict.serves()

    (strict.folder / "invariants.yaml").write_text("invariants: []\n", "utf-8")
    reloader.reload()

    assert policy_status(reloader.live.state)["policyUnchecked"] is None


def test_a_policy_whose_cases_fail_is_never_let_pass(strict: Author) -> None:
    strict.gate = lenient(strict)
    strict.claims(FAILS)

    with pytest.raises(PolicyInvalid, match="expected NOT_GRANTED"):
        strict.serves()


def asked(folder: Path) -> list[str]:
    """What a service finds wrong, but that the little policy grants nothing on most kinds of records."""
    return [each for each in problems(folder) if "[ungranted-action]" not in each]


def test_a_service_asks_for_what_check_calls_an_error_and_for_cases_and_invariants(tmp_path: Path) -> None:
    wall = USERS[USERS.index("# R52") :]
    folder = users(tmp_path / "policy", policy=edited(USERS, wall, ""))
    (folder / "user.cases.yaml").unlink()

    assert asked(folder) == [
        f"user.polar:1: {UNRESTRICTED} [missing-cross-cloud]",
        "there are no cases: no file *.cases.yaml",
        "there is no invariants.yaml",
    ]


@pytest.mark.parametrize(
    ("invariants", "problem"),
    [
        (INVARIANTS % ("a partner gives roles", "partner"), "[violated-invariant]"),
        (INVARIANTS % ("the service gives roles", "system"), None),
        (INVARIANTS % ("x", "nobody"), "[invalid-invariant]"),
        ("invariants: []\n", "invariants.yaml has no invariants"),
        (
            "invariants: [{never: x, what: User, where: 'resource.cloud != resource.cloud'}]\n",
            "[vacuous-invariant]",
        ),
        ("invariants: [{never: x, what: User, standing: slef}]\n", "[vacuous-invariant]"),
        (
            "invariants: [{never: x, what: User, who: {kind: partner, roles: sweeper}}]\n",
            "[vacuous-invariant]",
        ),
    ],
)
def test_a_service_asks_for_invariants_that_hold_and_could_fail(
    tmp_path: Path, invariants: str, problem: str | None
) -> None:
    folder = users(tmp_path / "policy")
    (folder / "invariants.yaml").write_text(invariants, "utf-8")

    found = asked(folder)
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0]
