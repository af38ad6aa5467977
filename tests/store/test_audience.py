"""The audience of changes: tenants that are alike share a statement, and each sees what the policy says."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.store.audit.audience import ChangeAudience, select_visible_ids
from multichannel.store.change_tracker import TRACKED, RowChange
from multichannel.store.compiled.sharing import shared_visibility
from multichannel.store.engines import READING
from tests.world import World

SWEEPER = system_principal(SystemRole.SWEEPER)


def test_tenants_that_are_alike_see_what_each_sees_by_itself(shared_world: World) -> None:
    store, policy = shared_world.store, shared_world.policy
    shared, seen = 0, 0
    with Session(store.engine) as session, store.transaction(SWEEPER, READING) as access:
        for model, resource in TRACKED.items():
            rows = session.scalars(select(model)).all() if model.parties else ()
            changes = [RowChange(resource, row, created=False) for row in rows]
            audience = ChangeAudience(access)
            together = audience.of(changes, SWEEPER.tenant_id)
            for tenant_id, principal in audience._principals.items():
                statement = select_visible_ids(policy.visibility(principal, resource))
                named = [change for change in changes if tenant_id in change.parties]
                ids = [change.row.id for change in named]
                alone = {row.id for row in access.run(statement, {"ids": ids})}
                assert {change.row.id for change in named if tenant_id in together[id(change)]} == alone
                shared += shared_visibility(policy, principal, resource) is not None
                seen += len(alone)

    assert shared > 50
    assert seen > 100


@pytest.mark.long
def test_a_tenant_that_the_policy_names_is_asked_for_itself(
    shared_world: World, shipped_policy: Policy
) -> None:
    alder, birch = (shared_world.principal(f"{name}-sales-agent") for name in ("alder", "birch"))
    texts = shipped_policy.source.texts
    rule = f'# Written by hand: "{alder.tenant_id.upper()}" gets no exception yet.\n'
    policy = Policy(PolicySource((*texts, ("zz_named.polar", rule))))
    subscription = next(each for each in TRACKED.values() if each.name == "Subscription")

    assert shared_visibility(policy, alder, subscription) is None
    assert shared_visibility(policy, birch, subscription) is not None
