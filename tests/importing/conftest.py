from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from tests.importing.books import Books, opened


@pytest.fixture
def books(database_url: str, shipped_policy: Policy, tmp_path: Path) -> Iterator[Books]:
    """An empty database on each engine, with one direct-bill partner to import."""
    with opened(database_url, shipped_policy, tmp_path) as empty:
        empty.add_partner()
        yield empty
