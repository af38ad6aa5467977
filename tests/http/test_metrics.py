"""What operators see of the policy: `/metrics`, `/readyz` and `/policy`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx
import orjson
import pytest
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request

from multichannel.errors import FaultKind
from multichannel.policy.decide.policy import Policy
from multichannel.server import health
from multichannel.server.metrics import SHARED, Metrics
from tests.policy.authoring import FAILS, HOLDS, Author

REQUEST = Request({"type": "http", "headers": []})
OF_THE_POLICY = "multichannel_policy_"

WORKER = """
import json, os, sys, signal
from datetime import UTC, datetime
from starlette.requests import Request
from multichannel.server.metrics import Metrics
from multichannel.policy.deployment.current_policy import CurrentPolicy, PolicyState, ReloadOutcome

class Named:
    def __init__(self, digest):
        self.digest = digest

live = CurrentPolicy(PolicyState(Named(sys.argv[1]), datetime.fromtimestamp(1_700_000_000, UTC)))
metrics = Metrics(live)
state = PolicyState(Named(sys.argv[2]), datetime.fromtimestamp(1_700_000_060, UTC))
live.replace_state(state, ReloadOutcome.SWAPPED)
if sys.argv[3] == "dies":
    os.kill(os.getpid(), signal.SIGKILL)
print(metrics.respond(Request({"type": "http"})).body.decode())
"""


@pytest.fixture
def author(tmp_path: Path) -> Author:
    author = Author(tmp_path)
    author.begins()
    return author


def samples(text: str) -> dict[str, float]:
    """What is told of the policy, by name and labels."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(OF_THE_POLICY))
    return {name.removeprefix(OF_THE_POLICY): float(value) for name, value in lines if "created" not in name}


def expected(digest: str, *, refused: int, swapped: int, is_refused: int, since: float) -> dict[str, float]:
    """All that there is to tell."""
    return {
        f'info{{digest="{digest}"}}': 1,
        'reloads_total{outcome="refused"}': refused,
        'reloads_total{outcome="swapped"}': swapped,
        'reloads_total{outcome="failed"}': 0,
        "refused": is_refused,
        "loaded_timestamp_seconds": since,
    }


def read(metrics: Metrics) -> dict[str, float]:
    return samples(bytes(metrics.respond(REQUEST).body).decode())


def test_metrics_follow_the_current_policy(author: Author) -> None:
    author.claims(HOLDS)
    first = author.digest
    reloader = author.serves()
    metrics, begun = Metrics(reloader.live), reloader.live.state.since.timestamp()
    assert read(metrics) == expected(first, refused=0, swapped=0, is_refused=0, since=begun)

    author.claims(FAILS)
    reloader.reload()
    assert read(metrics) == expected(first, refused=1, swapped=0, is_refused=1, since=begun)

    author.claims(HOLDS)
    second = author.edits("second")
    reloader.reload()
    since = reloader.live.state.since.timestamp()
    assert since > begun
    assert read(metrics) == expected(second, refused=1, swapped=1, is_refused=0, since=since)


def test_two_applications_of_one_process_have_metrics_of_their_own(author: Author) -> None:
    one, other = author.serves(), author.serves()
    of_one, of_other = Metrics(one.live), Metrics(other.live)

    author.edits("second")
    one.reload()

    assert read(of_one)['reloads_total{outcome="swapped"}'] == 1
    assert read(of_other)['reloads_total{outcome="swapped"}'] == 0


def test_several_processes_share_their_metrics_and_ended_ones_are_left_out(tmp_path: Path) -> None:
    def worker(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WORKER, *arguments],
            env={SHARED: str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert worker("old", "stale", "dies").returncode == -9
    alive = worker("old", "new", "lives")

    assert alive.stderr == ""
    assert samples(alive.stdout) == expected("new", refused=0, swapped=2, is_refused=0, since=1_700_000_060)


def test_a_rejected_policy_is_reported_with_its_position_and_the_service_stays_ready(author: Author) -> None:
    reloader = author.serves()
    author.breaks()
    reloader.reload()

    answer = orjson.loads(health.current_policy(reloader.live)(REQUEST).body)

    state, problem = reloader.live.state, reloader.live.state.problem
    assert problem is not None
    assert answer == {
        "policy": state.policy.digest,
        "policySince": "2026-01-01T00:01:00Z",
        "policyPinned": False,
        "policyUnchecked": None,
        "policyProblem": {
            "message": problem.message,
            "file": "user.polar",
            "line": 2,
            "digest": author.digest,
            "since": problem.since.isoformat().replace("+00:00", "Z"),
        },
        "files": {
            name: hashlib.sha256(text.encode()).hexdigest()
            for name, text in author.versions.read(author.versions.kept()[0].kept_as).texts
        },
    }


def test_browsers_get_a_page_of_the_policy(client: httpx.Client, shipped_policy: Policy) -> None:
    page = client.get("/policy", headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert shipped_policy.digest in page.text


def test_a_service_serves_the_state_of_its_policy(client: httpx.Client, shipped_policy: Policy) -> None:
    policy = client.get("/policy", headers={"Accept": "application/json"})
    metrics = client.get("/metrics")

    assert (policy.status_code, policy.json()["policy"]) == (200, shipped_policy.digest)
    assert datetime.fromisoformat(policy.json()["policySince"]).tzinfo is not None
    assert (metrics.status_code, metrics.headers["content-type"]) == (200, CONTENT_TYPE_LATEST)
    assert samples(metrics.text)[f'info{{digest="{shipped_policy.digest}"}}'] == 1
    assert "process_cpu_seconds_total" in metrics.text


def test_faults_are_counted_by_kind(author: Author) -> None:
    metrics = Metrics(author.serves().live)

    metrics.count_fault(FaultKind.DATABASE)
    metrics.count_fault(FaultKind.DATABASE)

    text = bytes(metrics.respond(REQUEST).body).decode()
    counts = {
        kind: f'multichannel_faults_total{{kind="{kind}"}} {2.0 * (kind == "database")}' for kind in FaultKind
    }
    assert [kind for kind, line in counts.items() if line not in text] == []
