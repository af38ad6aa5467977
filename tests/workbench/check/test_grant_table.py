"""What the check reads off grants is what the engine derives from them."""

from __future__ import annotations

import pytest

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.grants import read_grants
from tests.policy.groups import grouped
from tests.workbench.check.seeding import SHIPPED


@pytest.mark.parametrize("source", [SHIPPED, grouped()], ids=["shipped", "groups"])
def test_the_check_reads_the_grants_that_the_engine_derives(source: PolicySource) -> None:
    read = {
        (grant.kind, *words)
        for grant in read_grants(source.rules)
        for words in grant.triples
        if words[-1] in RESOURCES[grant.kind].actions
    }
    derivations = Policy(source).derivations
    derived = {
        (name, each.role, each.standing, each.action)
        for name, resource in RESOURCES.items()
        for each in derivations.grants(resource)
    }

    assert read == derived
