"""A budget for the cost of operations: a bucket for each user and one for each tenant, filled by the second.

Every process has its own, in memory.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import OperationType

from multichannel.errors import RateLimited
from multichannel.graphql.execution.cost import MAX_COST
from multichannel.store.users import Caller

SECONDS = 20
"""A full bucket holds what fills it in so many seconds, and the largest operation at least."""
BASE_COST = 10
"""Every operation costs so much besides what it reads."""
MAX_BUCKETS = 20_000
"""The bucket used least recently is dropped first: it is full again, unless very many are in use."""
CheckKind = Callable[[OperationType | None], None]
"""Raises if a request must not execute an operation of a type."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What fills the buckets of one kind: of users, or of tenants."""

    name: str
    per_second: float

    @property
    def capacity(self) -> float:
        """The most that a bucket holds."""
        return max(self.per_second * SECONDS, MAX_COST + BASE_COST)


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left in a bucket."""

    allowance: Allowance
    left: float


@dataclass(frozen=True, slots=True)
class Charge:
    """What an operation cost, and what its caller has left for others."""

    cost: int
    balances: tuple[Balance, ...]

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit` and `RateLimit-Policy`, with the quota `q` for `w` seconds and the rest `r`."""
        if not self.balances:
            return []
        policy = ", ".join(
            f'"{each.allowance.name}";q={each.allowance.capacity:.0f};w={SECONDS}' for each in self.balances
        )
        left = ", ".join(f'"{each.allowance.name}";r={each.left:.0f}' for each in self.balances)
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]

    def extensions(self) -> dict[str, Any]:
        """`extensions.cost` of a response."""
        left = {each.allowance.name: math.floor(each.left) for each in self.balances}
        return {"cost": {"operation": self.cost, "limit": MAX_COST, "left": left}}


class CostBudget:
    """The buckets of all callers; safe to use from any thread."""

    def __init__(
        self, per_user: float, per_tenant: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """What fills a bucket in a second; 0 for no limit."""
        allowances = (Allowance("user", per_user), Allowance("tenant", per_tenant))
        self._allowances = tuple(each for each in allowances if each.per_second)
        self._clock, self._lock = clock, threading.Lock()
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def charge(self, caller: Caller, cost: int) -> Charge:
        """Take the cost of an operation from the buckets of its caller, or RateLimited."""
        cost += BASE_COST
        if not self._allowances:
            return Charge(cost, ())
        keys = {"user": caller.user_id, "tenant": caller.principal.tenant_id}
        now = self._clock()
        with self._lock:
            levels = [(each, (each.name, keys[each.name])) for each in self._allowances]
            balances = [Balance(each, self._level(each, key, now)) for each, key in levels]
            for each in balances:
                if each.left < cost:
                    raise _limited(each, cost)
            for (_, key), each in zip(levels, balances, strict=True):
                self._buckets[key] = (each.left - cost, now)
                self._buckets.move_to_end(key)
            while len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        return Charge(cost, tuple(Balance(each.allowance, each.left - cost) for each in balances))

    def _level(self, allowance: Allowance, key: tuple[str, str], now: float) -> float:
        level, at = self._buckets.get(key, (allowance.capacity, now))
        return min(allowance.capacity, level + (now - at) * allowance.per_second)


def _limited(balance: Balance, cost: int) -> RateLimited:
    seconds = math.ceil((cost - balance.left) / balance.allowance.per_second)
    return RateLimited(
        f"Too many operations: this one costs {cost}, and your {balance.allowance.name} has "
        f"{math.floor(balance.left)} left of {balance.allowance.capacity:.0f}. Try again in {seconds} s.",
        seconds,
    )


NO_BUDGET = CostBudget(0, 0)


class Admission:
    """Admits one operation: its kind, and its cost to its caller, which is charged once."""

    __slots__ = ("_budget", "_check_kind", "charged")

    def __init__(self, check_kind: CheckKind, budget: CostBudget) -> None:
        self._check_kind, self._budget = check_kind, budget
        self.charged: Charge | None = None

    def check_kind(self, kind: OperationType | None) -> None:
        """Raises if the request must not execute an operation of this type."""
        self._check_kind(kind)

    def charge(self, caller: Caller, cost: int) -> None:
        """Take its cost from the budget, unless that was done before; raises RateLimited."""
        if self.charged is None:
            self.charged = self._budget.charge(caller, cost)
