"""The decision log of a running service: whole operations in whole lines, and nobody's name."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from multichannel.decision_log.decisions import Decision, ListDecision, read_log
from multichannel.decision_log.encoding import Pseudonyms
from multichannel.decision_log.log_file import (
    LOG_INTERVAL,
    BackgroundWorker,
    DecisionLog,
    LineFile,
    ThrottledLogger,
)
from multichannel.demo.cast import ALDER, MEADOW, find_persona
from multichannel.demo.issuer import DemoIssuer, token
from multichannel.errors import Misconfigured
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER
from multichannel.server.app import check_log_files, open_sinks
from multichannel.settings import load_settings
from multichannel.store.users import SIGNING_IN
from tests.databases import copy_of
from tests.serving import demo_app, now, running
from tests.world import World, one_engine

KEY = "a key of tests that is long enough"
CUSTOMERS = "{ customers(first: 5) { nodes { id companyName } } }"
AGREE = """mutation ($id: ID!) { confirmCustomerAgreement(input: {id: $id, firstName: "Sam",
  lastName: "Field", email: "sam@meadow.example", agreedAt: "2026-01-01T00:00:00Z"}) {
  userErrors { code } } }"""

Ask = Callable[..., Any]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the decisions of services that begin now are logged."""
    path = tmp_path / "logs" / "decisions.jsonl"
    monkeypatch.setenv("MULTICHANNEL_DECISION_LOG", str(path))
    monkeypatch.setenv("MULTICHANNEL_DECISION_KEY", KEY)
    return path


@contextmanager
def service(world: str, folder: Path, policy: Policy) -> Iterator[Ask]:
    """Asks a service as a persona, while the block lasts; its log is whole afterwards."""
    issuer = DemoIssuer(folder)
    with copy_of(world, folder) as database, running(demo_app(database, issuer, policy)) as url:

        def ask(persona: str, query: str, **variables: Any) -> Any:
            headers = {"Authorization": f"Bearer {token(issuer, find_persona(persona), now())}"}
            body = {"query": query, "variables": variables}
            return httpx.post(f"{url}/graphql", json=body, headers=headers, timeout=30).json()

        yield ask


def listed(policy: Policy) -> Decision:
    """Some decision."""
    return ListDecision(
        time=now(),
        policy=policy,
        operation="count",
        principal=SIGNING_IN,
        resource=CUSTOMER,
        microseconds=1,
        actions=CUSTOMER.reads,
        rows=1,
    )


def lines_of(path: Path) -> list[Any]:
    """What a log holds."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_decision_of_a_request_is_logged_without_ids(
    sqlite_world: str, tmp_path: Path, shipped_policy: Policy, log: Path
) -> None:
    with service(sqlite_world, tmp_path, shipped_policy) as ask:
        shown = ask("alder-sales-agent", CUSTOMERS)
        denied = ask("alder-helpdesk-agent", AGREE, id=f"customer_{MEADOW.id}")

    assert shown["data"]["customers"]["nodes"]
    assert [each["extensions"]["code"] for each in denied["errors"]] == ["FORBIDDEN"]
    found = [
        (line["operation"], line["kind"], line["resource"], line.get("action"), line.get("allowed"))
        for line in lines_of(log)
    ]
    assert found == [
        ("sign_in", "record", "User", "read", True),
        ("page", "list", "Customer", None, None),
        ("sign_in", "record", "User", "read", True),
        ("facts", "list", "Customer", None, None),
        ("get", "record", "Customer", "confirm_agreement", False),
    ]
    text = log.read_text("utf-8")
    people = [find_persona("alder-sales-agent").id, ALDER.id, MEADOW.id, "Meadow", "Sam", "Field", KEY]
    assert [each for each in people if each in text] == []
    assert Pseudonyms(KEY).of(MEADOW.id) == lines_of(log)[-1]["facts"]["id"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_logged_decisions_can_be_decided_again(
    sqlite_world: str, tmp_path: Path, shipped_policy: Policy, log: Path
) -> None:
    with service(sqlite_world, tmp_path, shipped_policy) as ask:
        ask("alder-sales-agent", AGREE, id=f"customer_{MEADOW.id}")
        ask("birch-sales-agent", AGREE, id=f"customer_{MEADOW.id}")

    records = [line for line in read_log(log) if line.record is not None]
    again = [shipped_policy.check(line.principal, line.action, line.record) for line in records]
    assert [(each.allowed, each.reasons) for each in again] == [
        (line.allowed, line.reasons) for line in records
    ]
    assert len(records) == 4


def test_a_service_without_a_decision_log_has_no_sink(
    sqlite_world: str, tmp_path: Path, shipped_policy: Policy
) -> None:
    with service(sqlite_world, tmp_path, shipped_policy) as ask:
        assert ask("alder-sales-agent", CUSTOMERS)["data"]["customers"]["nodes"]

    assert list(tmp_path.glob("**/*.jsonl")) == []


def test_lines_of_concurrent_writers_stay_whole(tmp_path: Path, shipped_policy: Policy) -> None:
    path = tmp_path / "log"
    logs = [DecisionLog(path, KEY, sample=1) for _ in range(3)]

    def hear(log: DecisionLog) -> None:
        for _ in range(50):
            log.submit([listed(shipped_policy)] * 4)

    for log in logs:
        log.__enter__()
    threads = [threading.Thread(target=hear, args=[log]) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in logs:
        log.__exit__()

    lines = lines_of(path)
    assert len(lines) == 600
    assert len({line["id"] for line in lines}) == 600


def test_a_rotated_log_is_created_again(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "log")
    file.add([{"number": 1}])
    (tmp_path / "log").rename(tmp_path / "log.1")
    file.add([{"number": 2}, {"number": 3}])
    file.close()

    assert lines_of(tmp_path / "log.1") == [{"number": 1}]
    assert lines_of(tmp_path / "log") == [{"number": 2}, {"number": 3}]


@pytest.mark.parametrize("stands", ["a folder", "nothing, nor its folder"])
def test_a_log_whose_path_is_occupied_is_created_when_it_is_free(tmp_path: Path, stands: str) -> None:
    path = tmp_path / "logs" / "log"
    file = LineFile(path)
    file.add([{"number": 1}])
    path.rename(tmp_path / "log.1")
    if stands == "a folder":
        path.mkdir()
    else:
        path.parent.rmdir()
        path.parent.touch()
    descriptors = {each.name for each in Path("/dev/fd").iterdir()}
    for _ in range(3):
        with pytest.raises(OSError, match=r"directory|exists"):
            file.add([{"number": 2}])
    assert {each.name for each in Path("/dev/fd").iterdir()} == descriptors

    if stands == "a folder":
        path.rmdir()
    else:
        path.parent.unlink()
    file.add([{"number": 3}])
    file.close()
    assert lines_of(tmp_path / "log.1") == [{"number": 1}]
    assert lines_of(path) == [{"number": 3}]


@pytest.mark.parametrize("has_reader", [False, True])
def test_a_pipe_is_refused_without_blocking(tmp_path: Path, *, has_reader: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) if has_reader else None

    with pytest.raises(Misconfigured, match=f"{pipe} cannot be written: "):
        LineFile(pipe)
    if reader is not None:
        os.close(reader)


def test_a_line_cut_off_by_a_full_disk_affects_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, space, write = LineFile(tmp_path / "log"), [20], os.write

    def write_while_there_is_space(descriptor: int, text: bytes) -> int:
        if not space[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(descriptor, text[: space[0]])
        space[0] -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write_while_there_is_space)
        for number in (1, 2, 3):
            with suppress(OSError):
                file.add([{"number": number}])
    file.add([{"number": 4}])
    file.add([{"number": 5}])
    file.close()

    assert (tmp_path / "log").read_text("utf-8").splitlines() == [
        '{"number":1}',
        '{"numbe',
        '{"number":4}',
        '{"number":5}',
    ]


def test_decisions_dropped_by_a_full_queue_are_counted_in_the_log(
    tmp_path: Path, shipped_policy: Policy
) -> None:
    log = DecisionLog(tmp_path / "log", KEY, sample=1)
    log._queue.maxsize = 2
    for _ in range(4):
        log.submit([listed(shipped_policy)] * 3)
    with log:
        pass

    lines = lines_of(tmp_path / "log")
    assert [line for line in lines if line["kind"] == "dropped"] == [{"kind": "dropped", "count": 6}]
    assert len(lines) == 7


def test_after_a_failure_the_worker_handles_the_next_decisions(
    shipped_policy: Policy, caplog: pytest.LogCaptureFixture
) -> None:
    handled: list[tuple[int, int]] = []

    def handle(batch: Sequence[Decision], dropped: int) -> None:
        if len(batch) == 1:
            raise OSError("no space left")
        handled.append((len(batch), dropped))

    worker = BackgroundWorker(handle, sample=1)
    for size in (1, 1, 2, 2):
        worker.submit([listed(shipped_policy)] * size)
    with worker:
        pass

    assert handled == [(2, 2), (2, 0)]
    [record] = caplog.records
    assert record.getMessage() == "1 decisions could not be handled"
    caplog.clear()  # the fault was expected


def test_decisions_dropped_at_the_end_are_reported_by_the_service(
    shipped_policy: Policy, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(_batch: Sequence[Decision], _dropped: int) -> None:
        raise OSError("no space left")

    worker = BackgroundWorker(handle, sample=1)
    worker.submit([listed(shipped_policy)] * 3)
    with worker:
        pass

    assert [record.getMessage() for record in caplog.records] == [
        "3 decisions could not be handled",
        "3 decisions were dropped and not logged",
    ]
    caplog.clear()  # the fault was expected


def test_a_lasting_failure_is_logged_once_a_minute_with_its_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = [0.0]
    faults = ThrottledLogger("%d failed", lambda: clock[0])
    for seconds in (0, 1, LOG_INTERVAL - 2, 1, 1, LOG_INTERVAL):
        clock[0] += seconds
        faults.log(2, OSError("no space left"))

    assert [record.getMessage() for record in caplog.records] == ["2 failed", "6 failed", "4 failed"]
    assert all(record.exc_info for record in caplog.records)
    caplog.clear()  # the faults were expected


@pytest.mark.parametrize("key", [None, "too short to be a secret"], ids=["missing", "short"])
def test_a_log_without_a_valid_key_is_refused_and_the_key_is_not_shown(
    log: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("MULTICHANNEL_DECISION_KEY")
    if key:
        monkeypatch.setenv("MULTICHANNEL_DECISION_KEY", key)

    with pytest.raises(Misconfigured) as refused:
        load_settings(demo=True)
    assert refused.value.message.startswith("MULTICHANNEL_DECISION_KEY is invalid: ")
    assert "a secret of at least 32 characters" in refused.value.message
    assert "too short to be a secret" not in refused.value.message
    assert not log.exists()


def test_a_valid_key_is_not_shown(log: Path) -> None:
    settings = load_settings(demo=True)

    assert settings.decision_log == log
    assert KEY not in repr(settings)
    assert KEY not in settings.model_dump_json()


@pytest.mark.parametrize("sample", ["0", "1.1", "-1", "half"])
def test_an_invalid_share_is_refused(monkeypatch: pytest.MonkeyPatch, sample: str) -> None:
    for name in ("DECISION_SAMPLE", "SHADOW_SAMPLE"):
        with monkeypatch.context() as patched:
            patched.setenv(f"MULTICHANNEL_{name}", sample)
            with pytest.raises(Misconfigured, match=f"MULTICHANNEL_{name} is invalid: .* above 0 up to 1"):
                load_settings(demo=True)


@one_engine
def test_a_log_that_cannot_be_written_is_refused_at_the_start(
    world: World, log: Path, tmp_path: Path
) -> None:
    log.mkdir(parents=True)
    settings = load_settings(demo=True)

    with pytest.raises(Misconfigured, match=r"decisions\.jsonl cannot be written: Is a directory"):
        check_log_files(settings)
    with pytest.raises(Misconfigured, match=r"decisions\.jsonl cannot be written"):
        open_sinks(settings, world.store)
    assert [path.name for path in tmp_path.glob("logs/*")] == ["decisions.jsonl"]
