"""A service for callers at once, which the modules about races share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.stateful.racing import THREADS
from tests.stateful.service import Service, opened


@pytest.fixture(scope="session")
def contended(
    empty_postgresql: str, tmp_path_factory: pytest.TempPathFactory, shipped_policy: Policy
) -> Iterator[Service]:
    """The service over one database, with a connection for each thread."""
    folder: Path = tmp_path_factory.mktemp("races")
    with (
        copy_of(empty_postgresql, folder) as url,
        opened(url, shipped_policy, connections=THREADS) as service,
    ):
        yield service
