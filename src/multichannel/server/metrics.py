"""`/metrics`: the current policy, its reloads, operations and faults, without data of any tenant."""

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

from multichannel.errors import FaultKind
from multichannel.graphql.compiled.compiled_execution import ExecutionPath
from multichannel.policy.deployment.current_policy import CurrentPolicy, ReloadOutcome

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the folder through which the processes of one service share their metrics."""
INFO = "multichannel_policy_info"


class Metrics:
    """The metrics of one application, or of all processes of a service that share a folder.

    Process metrics are left out for several processes: they would be those of whichever process answers.
    """

    def __init__(self, live: CurrentPolicy) -> None:
        self._live = live
        self._own = own = CollectorRegistry()
        if SHARED not in os.environ:
            ProcessCollector(registry=own)
        self._info = Gauge(INFO, "The current policy.", ["digest"], registry=own, multiprocess_mode="livemax")
        self._reloads = Counter(
            "multichannel_policy_reloads", "Policy reloads, by outcome.", ["outcome"], registry=own
        )
        self._refused = Gauge(
            "multichannel_policy_refused",
            "1 while the latest policy is rejected, else 0.",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._loaded = Gauge(
            "multichannel_policy_loaded_timestamp_seconds",
            "When the current policy was loaded; the latest time of all processes.",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._operations = Counter(
            "multichannel_graphql_operations",
            "Operations with a token, by how they were executed: compiled, or interpreted because they are "
            "not covered, are observed by a decision log or a shadow policy, or failed when compiled.",
            ["execution"],
            registry=own,
        )
        self._counters = {path: self._operations.labels(execution=path.value) for path in ExecutionPath}
        self._faults = Counter(
            "multichannel_faults",
            "What failed underneath operations, by kind; an operation counts once for each kind that it met.",
            ["kind"],
            registry=own,
        )
        for kind in FaultKind:
            self._faults.labels(kind=kind.value)
        self._digest: str | None = None
        for outcome in ReloadOutcome:
            self._reloads.labels(outcome=outcome.value)
        live.listeners.append(self._count)
        self._update()

    def respond(self, _request: Request) -> Response:
        """The metrics in Prometheus' format."""
        exposed = CollectorRegistry()
        exposed.register(_CurrentPolicies(self._own))
        return Response(generate_latest(exposed), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def count_operation(self, path: ExecutionPath) -> None:
        """Count an operation."""
        self._counters[path].inc()

    def count_fault(self, kind: FaultKind) -> None:
        """Count a fault."""
        self._faults.labels(kind=kind.value).inc()

    def _count(self, outcomes: tuple[ReloadOutcome, ...]) -> None:
        for outcome in outcomes:
            self._reloads.labels(outcome=outcome.value).inc()
        self._update()

    def _update(self) -> None:
        state = self._live.state
        if self._digest is not None:
            self._info.labels(digest=self._digest).set(0)
        self._digest = state.policy.digest
        self._info.labels(digest=self._digest).set(1)
        self._refused.set(state.problem is not None)
        self._loaded.set(state.since.timestamp())


class _CurrentPolicies(Collector):
    """All metrics, less those of former policies: a shared label cannot be removed."""

    def __init__(self, own: CollectorRegistry) -> None:
        self._own = own

    def collect(self) -> Iterable[Metric]:
        """The metrics of all live processes, or of this one."""
        for metric in self._all():
            if metric.name == INFO:
                metric.samples = [sample for sample in metric.samples if sample.value]
            yield metric

    def _all(self) -> Iterable[Metric]:
        if (shared := os.environ.get(SHARED)) is None:
            return self._own.collect()
        for pid in {path.stem.rpartition("_")[2] for path in Path(shared).glob("gauge_live*.db")}:
            if not _is_running(int(pid)):
                mark_process_dead(int(pid), shared)
        metrics: Iterable[Metric] = MultiProcessCollector(None, shared).collect()
        return metrics


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
