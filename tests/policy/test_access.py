"""R65: what `access` and `whoMay` say of a tenant and a role is what signing in with that role finds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from multichannel.domain.tenants import TenantKind
from multichannel.domain.users import Role
from multichannel.errors import NotPermitted, NotVisible
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.services.access import READS_ACCESS, access_of, who_may
from multichannel.store.access import Access
from multichannel.store.unit_of_work import UnitOfWork
from tests.policy.oracle import World
from tests.policy.test_agreement import Stored, asked, engines, stored
from tests.policy.worlds import worlds
from tests.policy.worlds.plain import KINDS

__all__ = ["engines"]

Said = dict[tuple[str, str, Role], set[Action]]
"""The actions by record, tenant and role."""


def people(world: World) -> list[Principal]:
    """A user without roles of every tenant."""
    kinds = (("Partner", TenantKind.PARTNER), ("Customer", TenantKind.CUSTOMER))
    return [
        Principal(
            tenant_id=row["id"],
            kind=kind,
            roles=(),
            cloud=row["cloud"],
            type=row.get("type"),
            status=row.get("status"),
            market=row["market"],
        )
        for name, kind in kinds
        for row in world.rows(name)
    ]


def found_by_signing_in(database: Stored, resource: Resource) -> Said:
    """What users of every tenant with each role find: `viewerCan` of the records."""
    found: Said = {}
    ids = [row["id"] for row in database.world.rows(resource.name)]
    for person in people(database.world):
        for role in Role:
            who = replace(person, roles=(role.value,))
            reader = database.reader(who)
            for row_id, actions in reader.permitted(resource, ids).items():
                if actions:
                    found[row_id, person.tenant_id, role] = set(actions)
    return found


def work_of(database: Stored, who: Principal) -> UnitOfWork:
    return UnitOfWork(Access(database.session, database.policy, who, database.world.now))


def said_to(work: UnitOfWork, resource: Resource, ids: list[str]) -> tuple[set[str], Said]:
    """The records of which a caller is told, and what it is told."""
    told: Said = defaultdict(set)
    accesses = access_of(work, resource, ids)
    for row_id, of_record in accesses.items():
        for access in of_record:
            assert access.because
            for role in access.roles:
                told[row_id, access.tenant.id, role] |= set(access.actions)
    return set(accesses), dict(told)


@pytest.mark.rule("R65")
@pytest.mark.parametrize("examples", [2, pytest.param(200, marks=pytest.mark.long)])
def test_access_tells_what_signing_in_finds_no_more_and_no_less(
    engines: list[Engine],
    policy: Policy,
    examples: int,
) -> None:
    tally: Counter[str] = Counter()
    kinds, turns = cycle(KINDS), count()

    @asked(examples, repeatable=examples < 200)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = data.draw(worlds(next(kinds)))
        with stored(engines, policy, world) as databases:
            for database in databases:
                for resource in (CUSTOMER, SUBSCRIPTION):
                    tally.update(_agreed(database, resource, turns))

    agree()
    assert {"customer", "partner", "who may", "denied"} <= set(tally)


def _agreed(database: Stored, resource: Resource, turns: Iterator[int]) -> Counter[str]:
    """Compare what everybody is told with what everybody finds; counts what was compared."""
    tally: Counter[str] = Counter()
    truth = found_by_signing_in(database, resource)
    ids = [row["id"] for row in database.world.rows(resource.name)]
    for person in people(database.world):
        for role in (Role.GLOBAL_ADMIN, Role.USER_MANAGEMENT_ADMIN, Role.SALES_AGENT):
            work = work_of(database, replace(person, roles=(role.value,)))
            may_read = {
                row_id
                for row_id in ids
                if truth.get((row_id, person.tenant_id, role), set()) & {*READS_ACCESS}
            }
            told_of, told = said_to(work, resource, ids)
            assert told_of == may_read
            is_partner = person.kind is TenantKind.PARTNER
            assert told == {
                (row_id, tenant_id, each): actions
                for (row_id, tenant_id, each), actions in truth.items()
                if row_id in may_read and (not is_partner or tenant_id == person.tenant_id)
            }
            tally[person.kind] += len(told)
            tally.update(_who_may(work, resource, ids, told_of, told, turns))
    return tally


def _who_may(  # noqa: PLR0913, PLR0917  (a caller, records, and what it is told of them)
    work: UnitOfWork,
    resource: Resource,
    ids: list[str],
    told_of: set[str],
    told: Said,
    turns: Iterator[int],
) -> Iterator[str]:
    """`whoMay` says by action what `access` says by tenant; it is denied where `access` is.

    Each record is asked about with one action, in turn; yields what was compared.
    """
    for row_id in ids:
        action = resource.actions[next(turns) % len(resource.actions)]
        if row_id not in told_of:
            is_visible = work.repository(resource).facts(row_id) is not None
            with pytest.raises(NotPermitted if is_visible else NotVisible):
                who_may(work, action, resource, row_id)
            yield "denied"
            continue
        expected = {
            (tenant_id, role)
            for (of, tenant_id, role), actions in told.items()
            if of == row_id and action in actions
        }
        answer = who_may(work, action, resource, row_id)
        assert {(tenant.id, role) for tenant, roles in answer for role in roles} == expected
        yield "who may"
