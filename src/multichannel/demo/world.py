"""Stores the demo world in an empty database; an existing one is kept, other data is never touched."""

from __future__ import annotations

from multichannel.demo.cast import ALDER
from multichannel.demo.rows import rows_of_world
from multichannel.errors import Refused
from multichannel.policy.schema.resources import PARTNER
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

SEEDER = system_principal(SystemRole.SEEDER)


def seed(store: Store) -> bool:
    """Create the world in an empty database; False if it exists. Refused if there is other data."""
    return store.write(SEEDER, _seed)


def require_no_other_data(store: Store) -> None:
    """Raise Refused unless the database is empty or holds the demo world, and so may be deleted."""
    with store.reading(SEEDER) as work:
        _exists(work)


def _seed(work: UnitOfWork) -> bool:
    if _exists(work):
        return False
    service = work.service(to=Action.SEED)
    for rows in rows_of_world(work.now):
        work.add_under(service, *rows)
    return True


def _exists(work: UnitOfWork) -> bool:
    """Whether the world exists: its first partner has an id that no real tenant has."""
    if work.reader.records(PARTNER, (), "id", [ALDER.id]):
        return True
    if work.reader.count(PARTNER):
        raise Refused(
            "The database holds other data than the demo world, which was not changed. "
            "Use a separate database for the demo: multichannel demo --database-url URL"
        )
    return False
