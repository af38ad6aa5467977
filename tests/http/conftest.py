from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest

from tests.serving import DemoServer


@pytest.fixture
def client(demo_server: DemoServer) -> Iterator[httpx.Client]:
    """A connection to the demo that says nothing of its own accord but what HTTP needs."""
    with httpx.Client(base_url=demo_server.url, timeout=30) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After every test: nothing went wrong inside the server, but what the test cleared away as expected."""
    caplog.set_level(logging.WARNING)
    yield
    faults = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert faults == []
