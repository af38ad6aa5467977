"""Garbage is searched for seldom, and not among what lives as long as the process.

Imported modules, cached policies and compiled statements grow to more than a million objects, of which a full
collection takes a second; a reload of a policy makes one. With Python's own thresholds the search takes a
tenth of the time of the tests.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

gc.set_threshold(200_000, 10, 10)


def pytest_collection_finish() -> None:
    """Before the first test: what has been imported."""
    _freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """After the last test of a file: what it leaves in caches and in fixtures of the session."""
    yield
    if nextitem is not None and nextitem.path != item.path:
        _freeze()


def _freeze() -> None:
    gc.collect()  # frozen garbage would never be freed
    gc.freeze()
