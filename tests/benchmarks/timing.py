"""Fair times on a machine that is never quite still: variants take turns, and the middle round counts."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

ROUND = 0.1
"""Seconds a round of one variant lasts, about."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds for one answer, one figure for each round: by the clock, and of this process's CPU."""

    wall: list[float]
    cpu: list[float]

    @property
    def figures(self) -> dict[str, float]:
        """The middle round and the best."""
        return {
            "cpu": median(self.cpu),
            "cpu_best": min(self.cpu),
            "wall": median(self.wall),
            "wall_best": min(self.wall),
        }


def interleaved(variants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Times of each; every round runs all, in turns forwards and backwards, with the collector at rest."""
    repeats = {name: _repeats(run) for name, run in variants.items()}
    times = {name: Times([], []) for name in variants}
    order = list(variants)
    with _collector_at_rest():
        for _ in range(rounds):
            for name in order:
                wall, cpu = _timed(variants[name], repeats[name])
                times[name].wall.append(wall)
                times[name].cpu.append(cpu)
                gc.collect()
            order.reverse()
    return times


def ratio(first: Times, second: Times) -> float:
    """How many times the CPU of the second the first takes: of the middle of the rounds' own ratios."""
    return median(one / other for one, other in zip(first.cpu, second.cpu, strict=True))


def wall_ratio(first: Times, second: Times) -> float:
    """The same by the clock, which counts a database server in."""
    return median(one / other for one, other in zip(first.wall, second.wall, strict=True))


def _repeats(run: Callable[[], object]) -> int:
    for _ in range(3):
        run()
    wall, _ = _timed(run, 3)
    return max(3, round(ROUND * 1000 / wall))


def _timed(run: Callable[[], object], repeats: int) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        run()
    used = time.process_time() - cpu
    return (time.perf_counter() - wall) * 1000 / repeats, used * 1000 / repeats


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
