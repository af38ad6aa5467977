"""Principals and records that the options of a command name, from test cases, files or a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.settings import load_settings
from multichannel.workbench.explain.targets import Database, TargetResolver

RECORD_HELP = "Record: name in the test cases, API id, or JSON or YAML file."
AS_HELP = "Principal: <tenant>_<role> of the test cases, demo persona, or JSON or YAML file."


@contextmanager
def target_resolver(folder: Path, policy: Policy, url: str | None) -> Iterator[TargetResolver]:
    """The resolver for the test cases of a folder, and for a database under the policy."""
    with ExitStack() as stack:
        yield TargetResolver(folder, partial(_database, policy, stack, url))


def _database(policy: Policy, stack: ExitStack, url: str | None) -> Database:
    """The database of the option or of the settings, under the policy to explain."""
    # Most questions are about test cases, which need none of this.
    from multichannel.demo.cast import PERSONAS  # noqa: PLC0415
    from multichannel.graphql.framework.global_ids import prefix, read_id  # noqa: PLC0415
    from multichannel.server.bootstrap import driver_url, now, require_current  # noqa: PLC0415
    from multichannel.store.engines import open_database  # noqa: PLC0415
    from multichannel.store.store import Store  # noqa: PLC0415

    settings = load_settings(database_url=url)
    at = settings.database_url
    if at.get_backend_name() == "sqlite" and at.database and not Path(at.database).is_file():
        raise BadInput(f"there is no database at {at.database}. Name one with --database-url.")
    require_current(settings)
    engine = open_database(driver_url(settings), connections=1)
    stack.callback(engine.dispose)
    people = {persona.name: (persona.organisation.id, persona.id) for persona in PERSONAS}
    return Database(
        Store(engine, lambda: policy, now),
        people,
        read_id,
        lambda resource, row_id: prefix(resource) + row_id,
        open_to_operator=url is not None,
    )
