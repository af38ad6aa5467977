"""What the policy takes away is gone from every field, list and count, compiled and interpreted alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from multichannel.graphql.compiled.operations import ROOT_LISTS
from multichannel.graphql.framework.fields import (
    DECLARATIONS,
    Column,
    Computed,
    ToMany,
    ToOne,
    TypeDeclaration,
    camel,
)
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.conditions import NEVER, Conditions, Predicate
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.store import Store
from tests.graphql.both_executions import Both, both_of
from tests.graphql.test_compiled_coverage import selection
from tests.graphql.test_compiled_freshness import without
from tests.world import World, one_shared_engine

EVERYBODY = Predicate(frozenset({Conditions()}), frozenset())
"""Every record: what remains after an action is taken away is not taken away by something else."""
AGENT = "alder-global-admin"


@pytest.fixture(scope="module")
def opened(shared_world: World) -> Iterator[tuple[Both, list[Any]]]:
    """Both executions under a policy that can be exchanged."""
    current: list[Any] = [shared_world.policy]
    store = Store(shared_world.store.engine, lambda: current[0], shared_world.clock)
    with both_of(replace(shared_world, store=store)) as both:
        yield both, current


def selected(declaration: TypeDeclaration) -> str:
    """Every field of a type; relations with an id, lists with a count."""
    fields = ["id", "viewerCan", "viewerCanNow", computed(declaration)]
    for name, item in declaration.fields.items():
        if isinstance(item, Column):
            fields.append(camel(name))
        elif isinstance(item, ToOne):
            fields.append(f"{camel(name)} {{ id }}")
        elif isinstance(item, ToMany):
            fields.append(f"{camel(name)}(first: 2) {{ totalCount nodes {{ id }} edges {{ cursor }} }}")
    return " ".join(fields)


def computed(declaration: TypeDeclaration) -> str:
    """Every computed field of a type."""
    kind: Any = build_schema().type_map[declaration.name]
    names = [camel(name) for name, item in declaration.fields.items() if isinstance(item, Computed)]
    return " ".join(selection(name, kind.fields[name]) for name in names)


def listing(name: str, declaration: TypeDeclaration) -> str:
    return f"{{ {name}(first: 5) {{ totalCount nodes {{ {selected(declaration)} }} }} }}"


@pytest.mark.parametrize("name", ROOT_LISTS)
def test_a_read_level_that_is_taken_away_denies_its_fields_and_no_others(
    opened: tuple[Both, list[Any]], name: str
) -> None:
    both, current = opened
    declaration = ROOT_LISTS[name]
    resource = declaration.resource
    everything = {(action, resource): EVERYBODY for action in (*resource.reads, Action.READ_ACCESS)}
    for taken in resource.reads:
        current[0] = without(both.world.policy, {**everything, (taken, resource): NEVER})
        body = orjson.loads(both.same(AGENT, listing(name, declaration)))
        denied = {error["path"][-1] for error in body.get("errors", []) if len(error["path"]) == 4}
        others = [action for action in resource.reads if action is not taken]
        nodes = body["data"][name]["nodes"]
        assert bool(nodes) is bool(others) or not nodes
        if nodes:
            assert denied == set(gated_by(declaration, taken))
            assert all(node[field] is None for node in nodes for field in denied)


def gated_by(declaration: TypeDeclaration, action: Action) -> Iterator[str]:
    for name, item in declaration.fields.items():
        if isinstance(item, Column | ToOne | Computed) and item.read is action:
            yield camel(name)


@pytest.mark.parametrize("name", ROOT_LISTS)
def test_a_list_and_its_count_are_empty_when_nothing_may_be_read(
    opened: tuple[Both, list[Any]], name: str
) -> None:
    both, current = opened
    declaration = ROOT_LISTS[name]
    current[0] = without(
        both.world.policy, {(action, declaration.resource): NEVER for action in declaration.resource.reads}
    )

    body = orjson.loads(both.same(AGENT, listing(name, declaration)))

    assert body == {"data": {name: {"totalCount": 0, "nodes": []}}}


@pytest.mark.parametrize("name", ROOT_LISTS)
def test_an_action_that_is_taken_away_is_gone_from_viewer_can(
    opened: tuple[Both, list[Any]], name: str
) -> None:
    both, current = opened
    resource = ROOT_LISTS[name].resource
    granted = {(action, resource): EVERYBODY for action in resource.actions}
    query = f"{{ {name}(first: 2) {{ nodes {{ viewerCan viewerCanNow }} }} }}"
    for taken in resource.actions:
        current[0] = without(both.world.policy, {**granted, (taken, resource): NEVER})
        nodes = orjson.loads(both.same(AGENT, query))["data"][name]["nodes"]
        others = [each.name for each in resource.actions if each is not taken]
        assert all(node["viewerCan"] == others for node in nodes)
        assert all(set(node["viewerCanNow"]) <= set(others) for node in nodes)


@pytest.mark.long
@one_shared_engine
@pytest.mark.parametrize("target", DECLARATIONS)
def test_computed_fields_follow_every_action_that_is_taken_away(
    opened: tuple[Both, list[Any]], target: str
) -> None:
    """Whatever type the action is of: support options follow actions on partners, for example."""
    both, current = opened
    computing = {name: text for name, item in ROOT_LISTS.items() if (text := computed(item))}
    query = " ".join(
        f"{name}(first: 3) {{ nodes {{ viewerCanNow {text} }} }}" for name, text in computing.items()
    )
    query += " subscriptionGroups(by: [CHANNEL, CUSTOMER]) { channel customer { id } count quantity }"
    for taken in DECLARATIONS[target].resource.actions:
        current[0] = without(both.world.policy, {(taken, DECLARATIONS[target].resource): NEVER})
        both.same(AGENT, f"{{ {query} viewer {{ capabilities {{ type actions }} }} }}")


@pytest.mark.parametrize("target", DECLARATIONS)
def test_a_list_below_a_record_is_empty_when_its_records_may_not_be_read(
    opened: tuple[Both, list[Any]], target: str
) -> None:
    both, current = opened
    resource = DECLARATIONS[target].resource
    current[0] = without(both.world.policy, {(action, resource): NEVER for action in resource.reads})
    for name, declaration in ROOT_LISTS.items():
        below = list(lists_of(declaration, target))
        if not below or declaration.name == target:
            continue
        lists = " ".join(f"{each} {{ totalCount nodes {{ id }} }}" for each in below)
        body = orjson.loads(both.same(AGENT, f"{{ {name} {{ nodes {{ {lists} }} }} }}"))
        for node in body["data"][name]["nodes"]:
            assert all(node[each] == {"totalCount": 0, "nodes": []} for each in below)


def lists_of(declaration: TypeDeclaration, target: str) -> Iterator[str]:
    for name, item in declaration.fields.items():
        if isinstance(item, ToMany) and item.target == target:
            yield camel(name)
