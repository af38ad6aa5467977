"""What commands and servers start with: the settings made into a policy, a database and a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import multichannel
from multichannel.errors import Misconfigured
from multichannel.policy.policy import Policy
from multichannel.settings import Settings
from multichannel.store import migrations
from multichannel.store.engines import open_database
from multichannel.store.transactions import Store

SHIPPED_POLICIES = Path(multichannel.__file__).parent / "policies"


def url_of(settings: Settings) -> str:
    """The database URL with its password, for drivers only."""
    return settings.database_url.render_as_string(hide_password=False)


def load_policy(settings: Settings) -> Policy:
    """The policy the settings name, or the one shipped with the product."""
    return Policy.load(settings.policy_dir or SHIPPED_POLICIES)


def require_current(settings: Settings) -> None:
    """Misconfigured unless the database has this version's schema."""
    found = migrations.current(url_of(settings))
    if found != migrations.head():
        raise Misconfigured(
            f"The database {settings.database_url} is at {found or 'no version'}, and this needs "
            f"{migrations.head()}. Run: multichannel db upgrade"
        )


def now() -> datetime:
    """The clock of a running service."""
    return datetime.now(UTC)


@contextmanager
def open_store(settings: Settings, *, connections: int = 2) -> Iterator[Store]:
    """The store, on a database that has this version's schema."""
    require_current(settings)
    policy = load_policy(settings)
    engine = open_database(url_of(settings), connections=connections)
    try:
        yield Store(engine, lambda: policy, now)
    finally:
        engine.dispose()
