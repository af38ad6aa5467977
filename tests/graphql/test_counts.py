"""Counts are exact up to a bound, and told to be lower bounds beyond it; no row is counted beyond it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from multichannel.store.read import visible_rows
from tests.graphql.both_executions import both_of
from tests.world import World

AGENT = "alder-sales-agent"
ROOT = "{ subscriptions { totalCount totalCountIsAtLeast } }"
NESTED = "{ customers { nodes { subscriptions { totalCount totalCountIsAtLeast } } } }"
FILTERED = "{ subscriptions(filter: {quantity: {lt: -1}}) { totalCount totalCountIsAtLeast } }"


def told(answer: bytes) -> Any:
    return json.loads(answer)["data"]


def counts(world: World, *queries: str) -> list[Any]:
    """What both executions tell, which is the same."""
    with both_of(world) as both:
        return [told(both.same(AGENT, query)) for query in queries]


def test_counts_are_exact_up_to_the_bound_and_at_least_the_bound_beyond_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [exact] = counts(world, ROOT)
    number = exact["subscriptions"]["totalCount"]
    assert number > 3
    assert not exact["subscriptions"]["totalCountIsAtLeast"]

    for bound, expected in ((number, (number, False)), (number - 1, (number - 1, True)), (1, (1, True))):
        monkeypatch.setattr(visible_rows, "EXACT_COUNT", bound)
        found, nothing = counts(world, ROOT, FILTERED)
        assert tuple(found["subscriptions"].values()) == expected
        assert tuple(nothing["subscriptions"].values()) == (0, False)


def test_counts_of_nested_lists_have_the_same_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    [exact] = counts(world, NESTED)
    numbers = [each["subscriptions"]["totalCount"] for each in exact["customers"]["nodes"]]
    assert max(numbers) > 1

    monkeypatch.setattr(visible_rows, "EXACT_COUNT", 1)
    [capped] = counts(world, NESTED)

    assert [tuple(each["subscriptions"].values()) for each in capped["customers"]["nodes"]] == [
        (min(number, 1), number > 1) for number in numbers
    ]


def test_the_bound_is_ten_thousand() -> None:
    assert visible_rows.capped_count(10_000) == 10_000
    assert not visible_rows.is_exceeded(10_000)
    assert visible_rows.capped_count(10_001) == 10_000
    assert visible_rows.is_exceeded(10_001)
