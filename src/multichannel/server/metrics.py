"""What `/metrics` tells: the policy in force and what became of its changes; nothing of any tenant."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from multichannel.policy.deployment.current_policy import LivePolicy, Outcome

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder through which the processes of one service tell each other their metrics."""
INFO = "multichannel_policy_info"


class Metrics:
    """The metrics of one application, or of all processes of a service where they share a folder.

    Process metrics are those of the only process: of several they would be of whichever answers.
    """

    def __init__(self, live: LivePolicy) -> None:
        """Follow this policy."""
        self._live = live
        self._own = own = CollectorRegistry()
        if SHARED not in os.environ:
            ProcessCollector(registry=own)
        self._info = Gauge(
            INFO, "The policy in force.", ["digest"], registry=own, multiprocess_mode="livemax"
        )
        self._reloads = Counter(
            "multichannel_policy_reloads", "Changes of the policy, by outcome.", ["outcome"], registry=own
        )
        self._refused = Gauge(
            "multichannel_policy_refused",
            "1 while a policy that was refused waits to be mended.",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._loaded = Gauge(
            "multichannel_policy_loaded_timestamp_seconds",
            "When the policy in force was put there, where that was last.",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._told: str | None = None
        for outcome in Outcome:
            self._reloads.labels(outcome=outcome.value)
        live.told.append(self._note)
        self._show()

    def respond(self, _request: Request) -> Response:
        """The text that Prometheus reads."""
        exposed = CollectorRegistry()
        exposed.register(_InForce(self._own))
        return Response(generate_latest(exposed), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _note(self, outcomes: tuple[Outcome, ...]) -> None:
        for outcome in outcomes:
            self._reloads.labels(outcome=outcome.value).inc()
        self._show()

    def _show(self) -> None:
        state = self._live.state
        if self._told is not None:
            self._info.labels(digest=self._told).set(0)
        self._told = state.policy.digest
        self._info.labels(digest=self._told).set(1)
        self._refused.set(state.problem is not None)
        self._loaded.set(state.since.timestamp())


class _InForce(Collector):
    """All metrics, less the policies that are in force no longer: a shared label cannot be taken back."""

    def __init__(self, own: CollectorRegistry) -> None:
        self._own = own

    def collect(self) -> Iterable[Metric]:
        """Those of all processes that live, or of this one."""
        for metric in self._all():
            if metric.name == INFO:
                metric.samples = [sample for sample in metric.samples if sample.value]
            yield metric

    def _all(self) -> Iterable[Metric]:
        if (shared := os.environ.get(SHARED)) is None:
            return self._own.collect()
        for pid in {path.stem.rpartition("_")[2] for path in Path(shared).glob("gauge_live*.db")}:
            if not _lives(int(pid)):
                mark_process_dead(int(pid), shared)
        found: Iterable[Metric] = MultiProcessCollector(None, shared).collect()
        return found


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
