"""Replay: what a candidate makes of logged decisions, and how much of the log that is."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from multichannel.cli.policy import app
from multichannel.decision_log.decisions import Decision, ListDecision, RecordDecision
from multichannel.decision_log.encoding import DecisionLines, Pseudonyms
from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.facts import CustomerFacts, ResellerRelationshipFacts
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.replay import ABSENT, CUT, FOREIGN, DecisionChange, DecisionKind, replay
from tests.store.conftest import ALDER, BIRCH, MEADOW, agent

KEY = "k" * 32
AT = datetime(2026, 1, 1, tzinfo=UTC)
UPDATE = DecisionKind(DecisionChange.NEWLY_DENIED, "update", "Customer")
HASHED = Pseudonyms(KEY).of

Edit = Callable[..., Path]


def customer(partner: str, *, cloud: str = "public") -> CustomerFacts:
    """Meadow, served by a partner."""
    link = ResellerRelationshipFacts(
        id=f"link of {partner}",
        partner_id=partner,
        customer_id=MEADOW,
        associated_partner_id=None,
        is_extension=False,
        status="active",
        market="US",
        cloud=cloud,
    )
    return CustomerFacts(id=MEADOW, market="US", cloud=cloud, relationships=[link], delegated_admin_grants=[])


def decided(policy: Policy, who: Principal, facts: CustomerFacts | None) -> RecordDecision:
    """What the policy says to somebody who wants to update a customer."""
    allowed = facts is not None and policy.check(who, Action.UPDATE, facts).allowed
    return RecordDecision(
        time=AT,
        policy=policy,
        operation="get",
        principal=who,
        resource=CUSTOMER,
        microseconds=1,
        action=Action.UPDATE,
        facts=facts,
        allowed=allowed,
    )


def listed(policy: Policy, who: Principal, *actions: Action) -> ListDecision:
    """A list of customers."""
    return ListDecision(
        time=AT,
        policy=policy,
        operation="page",
        principal=who,
        resource=CUSTOMER,
        microseconds=1,
        actions=actions,
        rows=3,
    )


@pytest.fixture
def log(shipped_policy: Policy, tmp_path: Path) -> Path:
    """Two sales agents and a helpdesk agent who may, one who may not, a list, and what cannot be replayed."""
    decisions = (
        decided(shipped_policy, agent(), customer(ALDER)),
        decided(shipped_policy, agent(BIRCH), customer(BIRCH)),
        decided(shipped_policy, agent(ALDER, "helpdesk_agent"), customer(ALDER)),
        decided(shipped_policy, agent(BIRCH), customer(ALDER)),
        decided(shipped_policy, agent(), customer(ALDER, cloud="china")),
        decided(shipped_policy, agent(), None),
        listed(shipped_policy, agent(), *CUSTOMER.reads),
        listed(shipped_policy, agent(), Action.UPDATE),
    )
    return written(tmp_path, decisions, {"kind": "dropped", "count": 5})


def written(folder: Path, decisions: Sequence[Decision], *others: dict[str, Any]) -> Path:
    """A log of decisions, and of other lines."""
    line = DecisionLines(KEY).line
    log = folder / "decisions.jsonl"
    lines = [*map(line, decisions), *others]
    log.write_text("".join(f"{json.dumps(each)}\n" for each in lines), "utf-8")
    return log


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Makes a candidate: the policies that ship, with one text in the place of another."""

    def edit(old: str, new: str, name: str = "customer.polar") -> Path:
        folder = tmp_path / "candidate"
        shutil.copytree(SHIPPED_POLICIES, folder)
        text = (folder / name).read_text("utf-8")
        assert text.count(old) == 1
        (folder / name).write_text(text.replace(old, new), "utf-8")
        return folder

    return edit


UPDATING = 'grant(role, "relationship_holder", "update", _: Customer) if '
NO_SALES = (
    f"{UPDATING}customer_manager(role);",
    f'{UPDATING}role in ["global_admin", "admin_agent", "helpdesk_agent"];',
)


def no_one(_digest: str) -> Policy | None:
    """No policy is at hand."""
    return None


def test_the_same_policy_changes_nothing(shipped_policy: Policy, log: Path) -> None:
    found = replay([log], shipped_policy, lambda _digest: shipped_policy)

    assert (found.logged, found.replayed, found.dropped) == (8, 7, 5)
    assert found.skipped == Counter({ABSENT: 1})
    assert {kind.change for kind in found.groups} == {DecisionChange.SAME}
    assert found.count(DecisionChange.SAME) == 7
    assert found.disagreements is None


def test_what_a_candidate_takes_away_is_told_by_action_and_tenant(log: Path, edited: Edit) -> None:
    found = replay([log], Policy.load(edited(*NO_SALES)), no_one)

    group = found.groups[UPDATE]
    assert group.tenants == {HASHED(ALDER): 1, HASHED(BIRCH): 1}
    assert group.place == f"{log}:1"
    assert group.example == json.loads(log.read_text("utf-8").splitlines()[0])["id"]
    assert (group.logged_reasons, group.reasons, group.rules) == ((), (), ())
    changed = found.groups[DecisionKind(DecisionChange.FILTER, "update", "Customer")]
    assert changed.tenants == {HASHED(ALDER): 1}
    assert found.count(DecisionChange.SAME) == 4
    assert sum(found.count(change) for change in DecisionChange) == found.replayed == 7


def test_what_a_candidate_gives_is_told_with_the_rules_that_give_it(
    shipped_policy: Policy, tmp_path: Path, edited: Edit
) -> None:
    narrow = Policy.load(edited(*NO_SALES))
    log = written(tmp_path, [decided(narrow, agent(), customer(ALDER))])
    found = replay([log], shipped_policy, no_one)

    [(kind, group)] = found.groups.items()
    assert kind == DecisionKind(DecisionChange.NEWLY_ALLOWED, "update", "Customer")
    texts = {rule.position: rule.text for rule in shipped_policy.source.rules}
    assert any(texts[position].startswith(UPDATING) for position in group.rules)


def test_another_reason_for_the_same_verdict_is_told(shipped_policy: Policy, log: Path, edited: Edit) -> None:
    candidate = Policy.load(edited('forbid("CROSS_CLOUD"', 'forbid("ELSEWHERE"', "main.polar"))
    found = replay([log], candidate, lambda _digest: shipped_policy)

    [(kind, group)] = found.of(DecisionChange.REASON)
    assert (kind.action, group.count) == ("update", 1)
    assert (group.logged_reasons, group.reasons) == (("CROSS_CLOUD",), ("ELSEWHERE",))
    [position] = group.rules
    assert position.startswith("main.polar:")
    assert found.count(DecisionChange.REASON) + found.count(DecisionChange.SAME) == 7
    assert found.disagreements is None


def test_a_log_that_says_what_its_policy_does_not_is_told(shipped_policy: Policy, tmp_path: Path) -> None:
    truth = decided(shipped_policy, agent(), customer(ALDER))
    log = written(tmp_path, [truth, replace(truth, allowed=False)])
    found = replay([log], shipped_policy, lambda _digest: shipped_policy)

    assert found.disagreements is not None
    assert (found.disagreements.count, found.disagreements.place) == (1, f"{log}:2")
    assert replay([log], shipped_policy, no_one).disagreements is None


def test_decisions_of_another_version_of_the_program_are_left_out(
    shipped_policy: Policy, tmp_path: Path
) -> None:
    line = DecisionLines(KEY).line(decided(shipped_policy, agent(), customer(ALDER)))
    others = [
        line | {"action": "fly"},
        line | {"facts": {**line["facts"], "colour": "red"}},
        line | {"resource": "Planet"},
    ]
    found = replay([written(tmp_path, [], line, *others)], shipped_policy, no_one)

    assert (found.logged, found.replayed) == (4, 1)
    assert found.skipped == Counter({FOREIGN: 3})


def test_a_line_that_is_no_decision_ends_the_replay(shipped_policy: Policy, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("{}\n", "utf-8")

    with pytest.raises(BadInput, match=":1: not a decision"):
        replay([log], shipped_policy, no_one)


def test_lines_that_are_cut_off_are_counted_and_the_rest_is_decided_again(
    shipped_policy: Policy, tmp_path: Path
) -> None:
    log = written(tmp_path, [decided(shipped_policy, agent(), customer(ALDER))] * 2)
    with log.open("a", encoding="utf-8") as end:
        end.write('{"kind": "rec')
    found = replay([log], shipped_policy, no_one)

    assert (found.logged, found.replayed, found.skipped) == (3, 2, Counter({CUT: 1}))


def test_a_file_without_a_line_of_json_is_no_log(shipped_policy: Policy, tmp_path: Path) -> None:
    log, other = written(tmp_path, [decided(shipped_policy, agent(), customer(ALDER))]), tmp_path / "notes"
    other.write_text("some\nnotes\n", "utf-8")

    with pytest.raises(BadInput, match="notes is not a decision log: no line is valid JSON"):
        replay([log, other], shipped_policy, no_one)


def test_an_empty_log_says_nothing_about_the_candidate(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    arguments = ["replay", "--log", str(log), "--candidate", str(SHIPPED_POLICIES), "--fail-on", "changed"]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Replayed 0 of 0 decisions.",
        "No decision was replayed: nothing is known about the candidate.",
    ]


def test_what_is_alike_is_asked_once_and_what_differs_in_whose_it_is_is_not_alike(
    shipped_policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    check = Policy.check

    def count(policy: Policy, *arguments: Any) -> Any:
        asked.append(arguments)
        return check(policy, *arguments)

    decisions = [
        decided(shipped_policy, agent(one), customer(other))
        for one in (ALDER, BIRCH)
        for other in (ALDER, BIRCH)
        for _ in range(50)
    ]
    log = written(tmp_path, decisions)
    monkeypatch.setattr(Policy, "check", count)
    found = replay([log, log], shipped_policy, no_one)

    assert found.count(DecisionChange.SAME) == found.logged == 400
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [(None, 0), ("newly-allowed", 0), ("changed", 1)],
    ids=["never", "given", "any"],
)
def test_the_command_tells_its_share_first_and_fails_on_what_it_was_told_to(
    log: Path, edited: Edit, fail_on: str | None, code: int
) -> None:
    arguments = ["replay", "--log", str(log), "--candidate", str(edited(*NO_SALES))]
    result = CliRunner().invoke(app, [*arguments, *(["--fail-on", fail_on] if fail_on else [])])

    lines = result.stdout.splitlines()
    assert result.exit_code == code
    assert lines[0] == "Replayed 7 of 8 decisions (87.5%)."
    assert lines[1] == f"  Not replayed: 1 ({ABSENT})."
    assert "  Not logged: 5 (the service was too busy)." in lines
    at = lines.index("Newly denied: 2")
    assert lines[at + 1] == "  update Customer: 2"
    assert "      logged: allowed" in lines
    assert "      now:    denied, not granted" in lines
    assert lines.index("Unchanged: 4") > lines.index("Lists with another filter: 1") > at
    assert "\x1b" not in result.stdout
    assert ALDER not in result.stdout


def test_the_command_fails_on_what_is_newly_allowed(
    shipped_policy: Policy, tmp_path: Path, edited: Edit
) -> None:
    narrow = Policy.load(edited(*NO_SALES))
    log = written(tmp_path, [decided(narrow, agent(), customer(ALDER))])
    shipped = ["replay", "--log", str(log), "--candidate", str(SHIPPED_POLICIES)]

    result = CliRunner().invoke(app, [*shipped, "--fail-on", "newly-allowed", "--format", "json"])
    body = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (body["schema_version"], body["command"]) == (1, "policy replay")
    assert body["policy_sha256"] == shipped_policy.digest
    assert (body["decisions"], body["replayed"], body["logged_under"]) == (1, 1, {narrow.digest: 1})
    [group] = body["changes"]["newly_allowed"]
    assert (group["action"], group["resource"], group["count"]) == ("update", "Customer", 1)
    assert group["tenants"] == {HASHED(ALDER): 1}
    assert {name: body["changes"][name] for name in ("newly_denied", "reason_changed", "same")} == {
        "newly_denied": [],
        "reason_changed": [],
        "same": [],
    }


def test_a_log_of_which_nothing_can_be_replayed_says_so(shipped_policy: Policy, tmp_path: Path) -> None:
    log = written(tmp_path, [decided(shipped_policy, agent(), None)])
    result = CliRunner().invoke(
        app, ["replay", "--log", str(log), "--candidate", str(SHIPPED_POLICIES)], env={"COLUMNS": "80"}
    )

    lines = result.stdout.splitlines()
    assert lines[0] == "Replayed 0 of 1 decisions (0.0%)."
    assert lines[-1] == "No decision was replayed: nothing is known about the candidate."
    assert max(map(len, lines)) <= 80
    assert result.exit_code == 0
