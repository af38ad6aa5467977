"""A process that is stopped, or gets little of the processor, decides the same and refuses no policy."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from multichannel.policy.deployment.current_policy import ReloadOutcome
from multichannel.policy.deployment.gate import Gate
from multichannel.policy.deployment.reloader import Reloader
from multichannel.policy.deployment.versions import Versions
from multichannel.server.bootstrap import SHIPPED_POLICIES, now
from tests.policy.authoring import Author

STALL = 3.0
"""Longer than what the engine is allowed of the clock by default in other products, and of CPU time here."""
PRINCIPALS = 100
TENANT = "11111111-1111-4111-8111-111111111111"
DECIDING = f"""
import sys
from pathlib import Path
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import USER
from multichannel.policy.schema.vocabulary import Action, Principal

policy = Policy.load(Path(sys.argv[1]))
for number in range({PRINCIPALS}):
    market = chr(65 + number // 26) + chr(65 + number % 26)
    who = Principal(tenant_id="{TENANT}", kind="partner", roles=("global_admin",), market=market)
    print(bool(policy.predicate(who, Action.READ, USER).allowed), flush=True)
"""
BUSY = "while True: pass"


def test_a_process_that_is_stopped_while_it_decides_decides_the_same(tmp_path: Path) -> None:
    author = Author(tmp_path)
    author.begins()
    command = [sys.executable, "-c", DECIDING, str(author.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        time.sleep(STALL)
        process.send_signal(signal.SIGCONT)
        others = process.stdout.read().splitlines()
        problems = process.stderr.read()

    assert problems == ""
    assert [first.strip(), *others] == ["True"] * PRINCIPALS


@pytest.mark.long
def test_reloads_of_the_shipped_policy_are_not_refused_on_a_busy_machine(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED_POLICIES, tmp_path / "policies")
    reloader = Reloader(folder, Versions(tmp_path / "versions"), now, gate=Gate())
    outcomes: list[tuple[ReloadOutcome, ...]] = []
    reloader.live.listeners.append(outcomes.append)
    text = (folder / "user.polar").read_text()

    with starved():
        for number in range(50):
            (folder / "user.polar").write_text(f"{text}# {number}\n")
            reloader.reload()
            assert reloader.live.state.problem is None

    assert outcomes == [(ReloadOutcome.SWAPPED,)] * 50


@contextmanager
def starved() -> Iterator[None]:
    """While others use every processor several times over."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(8)]
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()
