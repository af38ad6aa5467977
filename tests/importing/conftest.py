from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.importing.books import Books, opened


@pytest.fixture
def books(database_url: str, shipped_policy: Policy, tmp_path: Path) -> Iterator[Books]:
    """An empty database on each engine, with one direct-bill partner to import."""
    with opened(database_url, shipped_policy, tmp_path) as empty:
        empty.add_partner()
        yield empty


@pytest.fixture
def fresh(empty_sqlite: str, shipped_policy: Policy, tmp_path: Path) -> Iterator[Callable[[], Books]]:
    """Makes empty databases, each with one direct-bill partner to import."""
    with ExitStack() as databases:

        def make() -> Books:
            url = databases.enter_context(copy_of(empty_sqlite, tmp_path))
            books = databases.enter_context(opened(url, shipped_policy, tmp_path))
            books.add_partner()
            return books

        yield make
