"""A policy that has proved itself takes the place of the current one; one that has not changes nothing."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment import reloader as reloading
from multichannel.policy.deployment.current_policy import ReloadOutcome
from multichannel.policy.deployment.reloader import Reloader
from multichannel.policy.deployment.versions import PolicyFiles
from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import open_policy
from multichannel.settings import load_settings
from tests.policy.authoring import FAILS, HOLDS, Author

REFUSED, SWAPPED, FAILED = (ReloadOutcome.REFUSED,), (ReloadOutcome.SWAPPED,), (ReloadOutcome.FAILED,)


def outcomes_of(reloader: Reloader) -> list[tuple[ReloadOutcome, ...]]:
    """What it tells from now on."""
    told: list[tuple[ReloadOutcome, ...]] = []
    reloader.live.listeners.append(told.append)
    return told


def test_another_policy_takes_the_place_of_the_one_in_force(
    author: Author, caplog: pytest.LogCaptureFixture
) -> None:
    first = author.digest
    reloader = author.serves()
    begun, told = reloader.live.state, outcomes_of(reloader)
    caplog.set_level(logging.INFO)

    second = author.edits("another")
    reloader.reload()

    state = reloader.live.state
    assert (begun.policy.digest, reloader.live.current().digest) == (first, second)
    assert (state.problem, state.pinned) == (None, False)
    assert state.since > begun.since
    assert told == [SWAPPED]
    assert caplog.messages == [f"policy {second[:12]} is current, replacing {first[:12]}"]


def test_what_is_the_same_is_not_loaded_again(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    reloader = author.serves()
    state, told = reloader.live.state, outcomes_of(reloader)
    monkeypatch.setattr(reloading, "Policy", None)

    author.folder.joinpath("main.polar").touch()
    author.folder.joinpath(".main.polar.swp").write_bytes(b"\xff")
    reloader.reload()

    assert reloader.live.state is state
    assert told == []


def drop_all(author: Author) -> None:
    for path in author.folder.iterdir():
        path.unlink()


def not_text(author: Author) -> None:
    author.folder.joinpath("user.polar").write_bytes(b"\xff")


def unknown_word(author: Author) -> None:
    text = '# Users.\ngrant("sales_agnet", "self", "read", _: User);\n'
    author.folder.joinpath("user.polar").write_text(text)


BROKEN = [
    pytest.param(Author.breaks, ("user.polar", 2), "unexpectedly", id="syntax"),
    pytest.param(unknown_word, ("user.polar", 2), '"sales_agnet" is not a role', id="a word"),
    pytest.param(
        lambda author: author.claims(FAILS), ("service.cases.yaml", 5), "expected NOT_GRANTED", id="case"
    ),
    pytest.param(
        lambda author: author.claims("may: [ad_partner]"), ("service.cases.yaml", 5), "ad_partner", id="cases"
    ),
    pytest.param(drop_all, None, "there is no .polar file", id="empty"),
    pytest.param(lambda author: shutil.rmtree(author.folder), None, "No such file", id="gone"),
    pytest.param(not_text, None, "not UTF-8", id="no text"),
]


@pytest.mark.parametrize(("harm", "place", "words"), BROKEN)
def test_a_policy_that_does_not_prove_itself_changes_nothing_and_is_told_of_until_it_is_mended(
    author: Author,
    caplog: pytest.LogCaptureFixture,
    harm: Callable[[Author], None],
    place: tuple[str, int] | None,
    words: str,
) -> None:
    saved = author.root / "saved"
    shutil.copytree(author.folder, saved)
    reloader = author.serves()
    begun, told = reloader.live.state, outcomes_of(reloader)

    harm(author)
    reloader.reload()
    reloader.reload()

    state, problem = reloader.live.state, reloader.live.state.problem
    assert (state.policy, state.since, state.files) == (begun.policy, begun.since, begun.files)
    assert problem is not None
    assert words in problem.message
    assert (problem.file, problem.line) == (place or (None, None))
    assert told == [REFUSED]
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert f"is refused, {begun.policy.digest[:12]} stays current: " in record.getMessage()
    assert problem.message in record.getMessage()

    shutil.rmtree(author.folder, ignore_errors=True)
    shutil.copytree(saved, author.folder)
    reloader.reload()

    assert reloader.live.state == begun
    assert told == [REFUSED, ()]


class Stalling:
    """The engine while it fails so many times, in place of the class of policies."""

    def __init__(self, times: int, fault: Exception) -> None:
        self.times, self.fault, self.loads = times, fault, 0

    def __call__(self, source: PolicySource) -> Policy:
        self.loads += 1
        if self.loads <= self.times:
            raise self.fault
        return Policy(source)


def converted(fault: PolicyFault) -> PolicyInvalid:
    """As a policy says that its grants cannot be evaluated."""
    refusal = PolicyInvalid(f"the grants cannot be evaluated: {fault}")
    refusal.__cause__ = fault
    return refusal


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(converted(PolicyFault("out of time")), id="at load"),
        pytest.param(PolicyFault("out of time"), id="at check"),
        pytest.param(MemoryError("no room"), id="anything else"),
    ],
)
def test_a_policy_that_met_a_fault_is_tried_again_after_a_while(
    author: Author, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    reloader = author.serves()
    told, first = outcomes_of(reloader), reloader.live.state.policy.digest
    stalling = Stalling(2, fault)
    monkeypatch.setattr(reloading, "Policy", stalling)
    second = author.edits("another")
    begun = author.clock()
    reloader._clock = lambda: author.clock.now

    for seconds, loads in ((0, 1), (1, 1), (2, 2), (3, 2), (5, 2), (6, 3), (900, 3)):
        author.clock.now = begun + timedelta(seconds=seconds)
        reloader.reload()
        assert stalling.loads == loads

    assert told == [FAILED, FAILED, SWAPPED]
    assert (reloader.live.current().digest, reloader.live.state.problem) == (second, None)
    assert f"policy {second[:12]} met a fault and is tried again at 00:0" in caplog.text
    assert f"{first[:12]} stays current" in caplog.text


def test_a_policy_that_is_refused_again_for_the_same_cause_has_the_problem_since_then(author: Author) -> None:
    author.claims(HOLDS)
    reloader = author.serves()
    author.edits("another")
    author.claims(FAILS)
    reloader.reload()
    first = reloader.live.state.problem

    author.folder.joinpath("cast.yaml").write_text("operator: {kind: system}\n# and nobody else\n")
    reloader.reload()

    assert first is not None
    assert reloader.live.state.problem == first


def test_a_fault_of_the_loader_is_a_refusal(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    reloader = author.serves()
    begun = reloader.live.state

    def fail(_source: PolicySource) -> Policy:
        raise RecursionError("too deep")

    monkeypatch.setattr(reloading, "Policy", fail)
    author.edits("another")
    reloader.reload()

    state = reloader.live.state
    assert state.policy is begun.policy
    assert state.problem is not None
    assert state.problem.message == "the policy cannot be loaded: RecursionError: too deep"


def test_cases_alone_prove_the_policy_in_force_anew_without_a_swap(author: Author) -> None:
    author.claims(HOLDS)
    reloader = author.serves()
    begun, told = reloader.live.state, outcomes_of(reloader)

    author.claims(HOLDS.replace("[add_partner]", "[ add_partner ]"))
    reloader.reload()

    state = reloader.live.state
    assert (state.policy, state.since, state.problem) == (begun.policy, begun.since, None)
    assert state.files != begun.files
    assert told == [()]


def test_a_folder_that_is_written_while_it_is_read_is_read_again(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader = author.serves()
    loaded: list[str] = []

    def write_on(source: PolicySource) -> Policy:
        loaded.append(source.digest)
        if len(loaded) == 1:
            author.edits("whole")
        return Policy(source)

    monkeypatch.setattr(reloading, "Policy", write_on)
    half = author.edits("half")
    told = outcomes_of(reloader)
    reloader.reload()

    assert loaded == [half, author.digest]
    assert reloader.live.current().digest == author.digest
    assert told == [SWAPPED]


def test_a_folder_that_does_not_come_to_rest_is_left_for_the_next_look(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader = author.serves()
    begun = reloader.live.state
    writing = iter(range(100))

    def write_on(source: PolicySource) -> Policy:
        author.edits(f"still {next(writing)}")
        return Policy(source)

    author.edits("begun")
    with monkeypatch.context() as patched:
        patched.setattr(reloading, "Policy", write_on)
        reloader.reload()
    assert reloader.live.state is begun

    reloader.reload()
    assert reloader.live.current().digest == author.digest


def test_a_link_that_points_to_another_folder_is_another_policy(author: Author) -> None:
    other = author.root / "other"
    author.folder.rename(author.root / "one")
    shutil.copytree(author.root / "one", other)
    author.folder.symlink_to(author.root / "one")
    reloader = author.serves()
    other.joinpath("main.polar").write_text(other.joinpath("main.polar").read_text() + "# the other\n")

    new = author.root / "new"
    new.symlink_to(other)
    new.replace(author.folder)
    reloader.reload()

    assert reloader.live.current().digest == PolicyFiles.read(other).source.digest


def test_two_reloads_at_once_load_once(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    reloader = author.serves()
    both, loaded = threading.Barrier(2, timeout=30), list[str]()

    def count(source: PolicySource) -> Policy:
        loaded.append(source.digest)
        return Policy(source)

    def at_once() -> None:
        both.wait()
        reloader.reload()

    monkeypatch.setattr(reloading, "Policy", count)
    digest = author.edits("another")
    other = threading.Thread(target=at_once)
    other.start()
    at_once()
    other.join()

    assert loaded == [digest]
    assert reloader.live.current().digest == digest


def test_a_service_does_not_start_under_a_policy_that_does_not_prove_itself(author: Author) -> None:
    author.serves()
    author.claims(FAILS)

    with pytest.raises(PolicyInvalid, match=r"^service\.cases\.yaml:5: "):
        author.serves()


def test_a_process_that_takes_the_place_of_another_starts_under_the_last_version_in_force(
    author: Author, caplog: pytest.LogCaptureFixture
) -> None:
    author.serves()
    last = author.edits("last")
    author.serves()
    author.breaks()

    reloader = author.serves(fall_back_to_last_good=True)

    state = reloader.live.state
    assert state.policy.digest == last
    assert state.problem is not None
    assert (state.problem.file, state.problem.line) == ("user.polar", 2)
    assert len(caplog.records) == 1


def test_a_process_that_takes_the_place_of_another_starts_while_the_folder_is_gone(
    author: Author, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    last = author.serves().live.current().digest
    monkeypatch.setenv("MULTICHANNEL_POLICY_DIR", str(author.folder))
    monkeypatch.setenv("MULTICHANNEL_POLICY_VERSIONS", str(author.versions.folder))
    shutil.rmtree(author.folder)
    settings = load_settings(demo=True)

    state = open_policy(settings, fall_back_to_last_good=True).live.state

    assert state.policy.digest == last
    assert state.problem is not None
    assert state.problem.message == f"{author.folder}: No such file or directory"
    assert len(caplog.records) == 1
    with pytest.raises(PolicyInvalid, match="No such file or directory"):
        open_policy(settings)


def test_without_a_former_version_it_does_not_start(author: Author) -> None:
    author.breaks()

    with pytest.raises(PolicyInvalid, match="unexpectedly"):
        author.serves(fall_back_to_last_good=True)


def test_what_does_not_serve_runs_no_cases_and_keeps_nothing(author: Author, tmp_path: Path) -> None:
    author.claims(FAILS)

    reloader = Reloader(author.folder, author.versions, author.clock)

    assert reloader.live.current().digest == author.digest
    assert not (tmp_path / "versions").exists()
