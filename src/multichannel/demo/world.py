"""The demo world in a database: made where it is empty, kept where it is there, never put on other data."""

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
    """Make the world in an empty database; False if it is there already. Refused where other data is."""
    return store.write(SEEDER, _seed)


def require_no_other_data(store: Store) -> None:
    """Refused unless the database is empty or holds the demo world: what may be wiped."""
    with store.reading(SEEDER) as work:
        _is_made(work)


def _seed(work: UnitOfWork) -> bool:
    if _is_made(work):
        return False
    service = work.service(to=Action.SEED)
    for row in rows_of_world(work.now):
        work.add_under(service, row)
    return True


def _is_made(work: UnitOfWork) -> bool:
    """Whether the world is there: its first partner, with an id that no real tenant has, tells."""
    if work.reader.records(PARTNER, (), "id", [ALDER.id]):
        return True
    if work.reader.count(PARTNER):
        raise Refused(
            "This database holds data that is not the demo world, and none of it was touched. "
            "Give the demo a database of its own: multichannel demo --database-url URL"
        )
    return False
