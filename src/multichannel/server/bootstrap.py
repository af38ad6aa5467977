"""What commands and servers start with: the settings made into a policy, a database and a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import multichannel
from multichannel.errors import Misconfigured
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.reloader import Reloader
from multichannel.policy.deployment.versions import Versions
from multichannel.settings import Settings
from multichannel.store import migrations
from multichannel.store.engines import open_database
from multichannel.store.store import Store

SHIPPED_POLICIES = Path(multichannel.__file__).parent / "policies"


def driver_url(settings: Settings) -> str:
    """The database URL with its password, for drivers only."""
    return settings.database_url.render_as_string(hide_password=False)


def policy_folder(settings: Settings) -> Path:
    """Where the settings say the policy is, or where the one shipped with the product is."""
    return settings.policy_dir or SHIPPED_POLICIES


def open_policy(settings: Settings, *, or_former: bool = False) -> Reloader:
    """The policy a service starts with, pinned or not, its cases run; it is kept as a version.

    PolicyInvalid where there is none; with `or_former` the last version in force is taken then.
    """
    versions = Versions(settings.policy_versions)
    return Reloader(policy_folder(settings), versions, now, or_former=or_former)


def load_policy(settings: Settings) -> Policy:
    """The policy a command works under: what a service would, but its cases are not run."""
    versions = Versions(settings.policy_versions)
    return Reloader(policy_folder(settings), versions, now, serves=False).live.current()


def require_current(settings: Settings) -> None:
    """Misconfigured unless the database has this version's schema."""
    found = migrations.current(driver_url(settings))
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
    engine = open_database(driver_url(settings), connections=connections)
    try:
        yield Store(engine, lambda: policy, now)
    finally:
        engine.dispose()
