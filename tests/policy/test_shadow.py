"""The shadow policy decides the same as the current one, reports differences, and delays nothing."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from multichannel.decision_log.encoding import Pseudonyms
from multichannel.demo.cast import ALDER, MEADOW
from multichannel.errors import NotPermitted
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.server.app import open_sinks
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.server.shadow_policy import (
    CHECK_INTERVAL,
    MAX_COUNTED_ROWS,
    CandidateFolder,
    Difference,
    ShadowPolicy,
)
from multichannel.settings import load_settings
from multichannel.store.decision_recorder import DecisionRecorder
from multichannel.store.read.list_query import ListQuery, ReadableColumn, Window
from multichannel.store.unit_of_work import UnitOfWork
from tests.world import World, one_engine

KEY = "k" * 32
AGENT, HELPER = "alder-sales-agent", "alder-helpdesk-agent"
NAMES = ListQuery(frozenset({ReadableColumn("company_name", Action.READ_SUMMARY)}), Window(100))
MANAGERS = '"relationship_holder", "{action}", _: Customer) if customer_manager(role);'

Changed = Callable[[str, str], Policy]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """The policy that ships with one text of the customers' file in the place of another."""

    def change(old: str, new: str) -> Policy:
        folder = tmp_path / "candidate"
        shutil.copytree(SHIPPED_POLICIES, folder)
        file = folder / "customer.polar"
        text = file.read_text("utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), "utf-8")
        return Policy.load(folder)

    return change


def without_sales_agents(action: str) -> tuple[str, str]:
    """That they may not do this to customers they have a relationship with."""
    old = MANAGERS.format(action=action)
    return old, old.replace("customer_manager(role)", 'role in ["global_admin", "admin_agent"]')


def work_with(world: World, principal: Principal, *use_cases: Callable[[UnitOfWork], Any]) -> list[Any]:
    """What each gives, or the reasons it is denied for."""
    found = []
    for use_case in use_cases:
        try:
            found.append(world.store.write(principal, use_case))
        except NotPermitted as denial:
            found.append(denial.reasons)
    return found


def update(work: UnitOfWork) -> str:
    """Fetch a customer to change it."""
    return work.customers.get(MEADOW.id, to=Action.UPDATE).id


def sell(work: UnitOfWork) -> str:
    """Fetch a customer to sell to it."""
    return work.customers.get(MEADOW.id, to=Action.CREATE_SUBSCRIPTION).id


def names(work: UnitOfWork) -> list[str]:
    """All customers that are seen."""
    return sorted(record.values["company_name"] for record in work.reader.page(CUSTOMER, NAMES).records)


def shadowed(
    world: World, candidate: Policy, *use_cases: Callable[[UnitOfWork], Any], persona: str = AGENT
) -> Any:
    """What use cases give in the shadow of a candidate, and the differences that were reported."""
    reported: list[Difference] = []
    principal = world.principal(persona)
    shadow = ShadowPolicy(lambda: candidate, world.store, KEY, reported.extend, sample=1)
    world.store.recorder = DecisionRecorder(world.store.clock, [shadow])
    with shadow:
        results = work_with(world, principal, *use_cases)
    world.store.recorder = None
    return results, reported


def test_the_same_policy_reports_no_difference(world: World) -> None:
    results, reported = shadowed(world, Policy.load(SHIPPED_POLICIES), update, sell, names)

    assert results == work_with(world, world.principal(AGENT), update, sell, names)
    assert reported == []


def test_a_different_verdict_is_reported_and_not_applied(
    world: World, shipped_policy: Policy, changed: Changed
) -> None:
    candidate = changed(*without_sales_agents("update"))
    results, reported = shadowed(world, candidate, update, sell)

    assert results == [MEADOW.id, MEADOW.id]
    [line] = reported
    assert (line["policy"], line["action"], line["allowed"]) == (shipped_policy.digest, "update", True)
    assert line["shadow"] == {"policy": candidate.digest, "allowed": False, "reasons": []}
    assert line["facts"]["id"] == Pseudonyms(KEY).of(MEADOW.id)
    assert ALDER.id not in json.dumps(line)


def test_a_different_reason_is_reported(world: World, changed: Changed) -> None:
    head = "# Vendor's REST surface"
    other = '# R0.\nforbid("HELP_SELLS_NOTHING", p: Principal, "create_subscription", _: Customer) if\n'
    never = f'{other}  p.kind = "partner";\n\n'
    results, reported = shadowed(world, changed(head, never + head), sell, persona=HELPER)

    assert results == [()]
    [line] = [line for line in reported if line["kind"] == "record"]
    assert line["shadow"]["reasons"] == ["HELP_SELLS_NOTHING"]


def test_a_list_with_other_rows_is_reported_with_their_number(world: World, changed: Changed) -> None:
    candidate = changed(*without_sales_agents("read"))
    results, reported = shadowed(world, candidate, names)

    assert results == work_with(world, world.principal(AGENT), names)
    [line] = reported
    assert (line["kind"], line["rows"]) == ("list", len(results[0]))
    assert line["shadow"].pop("predicate") != line["predicate"]
    assert line["shadow"] == {
        "policy": candidate.digest,
        "counted_to": MAX_COUNTED_ROWS,
        "rows_in_force": len(results[0]),
        "rows": 0,
    }


@one_engine
def test_a_failing_shadow_policy_is_logged_and_goes_on(
    world: World, changed: Changed, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = changed(*without_sales_agents("read"))

    def fail(*_arguments: Any) -> None:
        raise PolicyFault("the shadow is broken")

    monkeypatch.setattr(candidate, "decide", fail)
    results, reported = shadowed(world, candidate, update, update, names)

    assert results == work_with(world, world.principal(AGENT), update, update, names)
    assert [line["kind"] for line in reported] == ["list"]
    assert [record.getMessage() for record in caplog.records] == [
        "the shadow policy failed on 1 decisions; the last error:"
    ]


@one_engine
def test_a_shadow_policy_that_fails_on_a_list_is_logged_and_reports_nothing(
    world: World, changed: Changed, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = changed(*without_sales_agents("read"))

    def fail(*_arguments: Any) -> None:
        raise PolicyFault("the shadow is broken")

    monkeypatch.setattr(candidate, "translate", fail)
    results, reported = shadowed(world, candidate, names)

    assert (len(results[0]) > 0, reported) == (True, [])
    assert [record.getMessage() for record in caplog.records] == [
        "the shadow policy failed on 1 decisions; the last error:"
    ]


@one_engine
def test_no_request_waits_for_the_shadow_policy(
    world: World, shipped_policy: Policy, changed: Changed
) -> None:
    reported: list[Difference] = []
    may_go_on, is_asked = threading.Event(), threading.Event()

    def hold(differences: list[Difference]) -> None:
        is_asked.set()
        may_go_on.wait()
        reported.extend(differences)

    candidate = changed(*without_sales_agents("update"))
    shadow = ShadowPolicy(lambda: candidate, world.store, KEY, hold, sample=1)
    shadow._queue.maxsize = 2
    principal = world.principal(AGENT)
    world.store.recorder = DecisionRecorder(world.store.clock, [shadow])
    with shadow:
        world.store.write(principal, update)
        is_asked.wait()
        for _ in range(5):
            assert world.store.write(principal, update) == MEADOW.id
        may_go_on.set()

    assert [line["kind"] for line in reported] == ["record", "record", "dropped", "record"]
    assert [line["count"] for line in reported if line["kind"] == "dropped"] == [3]
    assert shipped_policy is world.policy


@one_engine
def test_a_shadow_policy_that_does_not_load_is_only_logged(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bad.polar").write_text("allow(", "utf-8")
    for folder in (tmp_path, tmp_path / "nowhere"):
        monkeypatch.setenv("MULTICHANNEL_SHADOW_DIR", str(folder))
        [shadow] = open_sinks(load_settings(demo=True), world.store)
        world.store.recorder = DecisionRecorder(world.store.clock, [shadow])
        with shadow:
            assert world.store.write(world.principal(AGENT), update) == MEADOW.id
        [record] = caplog.records
        assert record.levelno == logging.WARNING
        assert f"the shadow policy in {folder} does not load" in record.getMessage()
        caplog.clear()


def test_a_candidate_is_reloaded_when_its_folder_has_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "multichannel.server.shadow_policy")
    folder, clock = tmp_path / "candidate", [0.0]
    shutil.copytree(SHIPPED_POLICIES, folder)
    candidate = CandidateFolder(folder, lambda: clock[0])
    first = candidate()
    assert first is not None

    file = folder / "customer.polar"
    text = file.read_text("utf-8")
    found = []
    for change in ("", "allow(", "# a comment\n"):
        file.write_text(text + change, "utf-8")
        now = candidate()
        clock[0] += CHECK_INTERVAL
        found.append((now, candidate()))

    (unlooked, same), (kept, broken), (none, last) = found
    assert unlooked is same is kept is first
    assert broken is none is None
    assert last is not None
    assert last.digest == PolicySource.read(folder).digest != first.digest
    assert [(record.levelno, record.args[-1]) for record in caplog.records if isinstance(record.args, tuple)][
        ::2
    ] == [(logging.INFO, first.digest), (logging.INFO, last.digest)]
    assert [record.levelno for record in caplog.records] == [logging.INFO, logging.WARNING, logging.INFO]


def configured(world: World, candidate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an agent work in the shadow that the settings make."""
    monkeypatch.setenv("MULTICHANNEL_SHADOW_DIR", str(candidate))
    monkeypatch.setenv("MULTICHANNEL_SHADOW_SAMPLE", "1")
    principal = world.principal(AGENT)
    [shadow] = open_sinks(load_settings(demo=True), world.store)
    world.store.recorder = DecisionRecorder(world.store.clock, [shadow])
    with shadow:
        world.store.write(principal, update)


@one_engine
def test_differences_go_to_the_file_of_the_settings(
    world: World,
    changed: Changed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    candidate = changed(*without_sales_agents("update"))
    monkeypatch.setenv("MULTICHANNEL_SHADOW_LOG", str(tmp_path / "shadow.jsonl"))
    configured(world, tmp_path / "candidate", monkeypatch)

    line = json.loads((tmp_path / "shadow.jsonl").read_text("utf-8"))
    assert line["shadow"] == {"policy": candidate.digest, "allowed": False, "reasons": []}
    assert caplog.records == []


@one_engine
def test_without_a_file_differences_go_to_the_log_of_the_service(
    world: World,
    changed: Changed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    candidate = changed(*without_sales_agents("update"))
    configured(world, tmp_path / "candidate", monkeypatch)

    [message] = [record.getMessage() for record in caplog.records]
    assert "\n" not in message
    assert ALDER.id not in message
    line = json.loads(message.removeprefix("shadow policy: "))
    assert line["shadow"] == {"policy": candidate.digest, "allowed": False, "reasons": []}
