"""Makes a policy, a database and a store of the settings, for commands and servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import multichannel
from multichannel.errors import Misconfigured
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.gate import Gate
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
    """The policy folder of the settings, or the one shipped with the product."""
    return settings.policy_dir or SHIPPED_POLICIES


def open_policy(settings: Settings, *, fall_back_to_last_good: bool = False) -> Reloader:
    """The policy a service starts with, rolled back or not, when it has passed the gate; it is kept.

    PolicyInvalid if it does not load or pass, unless the service may fall back to the last good version.
    """
    from multichannel.workbench.serving_gate import problems  # noqa: PLC0415  (most commands serve nothing)

    versions = Versions(settings.policy_versions)
    gate = Gate(problems, lets_pass=settings.policy_unchecked)
    folder = policy_folder(settings)
    return Reloader(folder, versions, now, fall_back_to_last_good=fall_back_to_last_good, gate=gate)


def load_policy(settings: Settings) -> Policy:
    """The policy of a command: the same as a service would use, without checking it."""
    return Reloader(policy_folder(settings), Versions(settings.policy_versions), now).live.current()


def require_current(settings: Settings) -> None:
    """Misconfigured unless the database is at this release's schema version."""
    version = migrations.current(driver_url(settings))
    if version != migrations.head():
        raise Misconfigured(
            f"The database {settings.database_url} is at schema version {version or 'none'}; "
            f"{migrations.head()} is required. Run: multichannel db upgrade"
        )


def now() -> datetime:
    """The clock of a running service."""
    return datetime.now(UTC)


@contextmanager
def open_store(settings: Settings, *, connections: int = 2) -> Iterator[Store]:
    """The store, on a database at this release's schema version."""
    require_current(settings)
    policy = load_policy(settings)
    engine = open_database(driver_url(settings), connections=connections)
    try:
        yield Store(engine, lambda: policy, now)
    finally:
        engine.dispose()
