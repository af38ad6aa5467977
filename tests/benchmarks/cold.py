"""What the policy costs somebody it has not seen before: predicates made anew, for three roles at once."""

from __future__ import annotations

import time
from statistics import median
from uuid import uuid4

from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER, RELATIONSHIP, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from tests.benchmarks.world import principal

ROLES = ("admin_agent", "billing_admin", "sales_agent")
ASKED = (
    (SUBSCRIPTION, Action.READ_SUMMARY),
    (SUBSCRIPTION, Action.READ),
    (SUBSCRIPTION, Action.READ_BILLING),
    (CUSTOMER, Action.READ),
    (CUSTOMER, Action.UPDATE),
    (RELATIONSHIP, Action.READ),
)
MOST = 15.0
"""Milliseconds of CPU a cold predicate may take."""


def cold_predicates(policy: Policy, repeats: int) -> dict[str, float]:
    """Milliseconds of CPU of a first predicate, by what is asked: the middle of several strangers."""
    found: dict[str, list[float]] = {}
    for _ in range(repeats):
        stranger = principal(str(uuid4()), *ROLES)
        for resource, action in ASKED:
            started = time.thread_time()
            policy.predicate(stranger, action, resource)
            took = (time.thread_time() - started) * 1000
            found.setdefault(f"{action} {resource.name}", []).append(took)
    return {name: median(times) for name, times in found.items()}
