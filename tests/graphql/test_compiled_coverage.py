"""A plan covers every field that a query can select."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import GraphQLEnumType, GraphQLField, GraphQLNonNull, GraphQLObjectType, get_named_type

from multichannel.graphql.compiled.plan import Plan
from multichannel.graphql.execution.documents import read_document
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.statement import compile_statement

LEFT_TO_THE_INTERPRETER: dict[str, str] = {}
"""Fields of the schema that no plan covers, such as `Customer.email`, each with the reason."""
NOBODY = "customer_00000000-0000-4000-8000-000000000000"
PRINCIPAL = Principal(
    tenant_id="11111111-1111-4111-8111-111111111111",
    kind=cast("Any", "partner"),
    roles=("global_admin",),
    cloud=cast("Any", "public"),
    type=cast("Any", "direct_bill"),
    status=cast("Any", "active"),
    market="US",
)
AT_ONCE = 15
"""So many fields of one type are in one statement."""


def argument(kind: Any) -> str:
    """A value of an input type."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return str(next(iter(named.values)))
    return f'["{NOBODY}"]' if named is not getattr(kind, "of_type", kind) else f'"{NOBODY}"'


def selection(name: str, field: GraphQLField, below: str = "__typename") -> str:
    """A field with the arguments that it requires."""
    required = {
        key: argument(each.type)
        for key, each in field.args.items()
        if isinstance(each.type, GraphQLNonNull) and "default" not in key
    }
    given = f"({', '.join(f'{key}: {value}' for key, value in required.items())})" if required else ""
    composite = hasattr(get_named_type(field.type), "fields") or name in {"node", "nodes"}
    return f"{name}{given}{f' {{ {below} }}' if composite else ''}"


def object_types() -> dict[str, tuple[str, str]]:
    """Every object type that a query can reach, with the text of a query before and after its fields."""
    schema = build_schema()
    reached = {"Query": ("{ ", " }")}
    waiting = deque([schema.query_type])
    while waiting:
        parent: Any = waiting.popleft()
        before, after = reached[parent.name]
        for name, field in parent.fields.items():
            kind = get_named_type(field.type)
            if f"{parent.name}.{name}" in LEFT_TO_THE_INTERPRETER:
                continue
            if isinstance(kind, GraphQLObjectType) and kind.name not in reached:
                head, tail = selection(name, field, "|").split("|")
                reached[kind.name] = (before + head, tail + after)
                waiting.append(kind)
    return reached


TYPES = object_types()


def fields_of(type_name: str) -> Iterator[tuple[str, GraphQLField]]:
    kind: Any = build_schema().type_map[type_name]
    yield from kind.fields.items()


def is_covered(query: str, policy: Policy) -> str:
    """Why no plan covers a query; empty if one does."""
    try:
        plan = Plan(read_document(query, cache=False).ast, None)
        compile_statement(policy, PRINCIPAL, "sqlite", plan.select(plan.read({})[0]))
    except NotCovered as reason:
        return str(reason)
    return ""


@pytest.mark.parametrize("type_name", TYPES)
def test_every_field_is_covered_or_named_with_the_reason(shipped_policy: Policy, type_name: str) -> None:
    before, after = TYPES[type_name]
    left = {key.split(".")[1] for key in LEFT_TO_THE_INTERPRETER if key.startswith(f"{type_name}.")}
    selections = [selection(name, field) for name, field in fields_of(type_name) if name not in left]
    reasons = {}
    for start in range(0, len(selections), AT_ONCE):
        text = " ".join(selections[start : start + AT_ONCE])
        if reason := is_covered(f"{before}__typename {text}{after}", shipped_policy):
            reasons[text] = reason

    assert reasons == {}


def test_what_is_left_to_the_interpreter_exists_and_is_not_covered(shipped_policy: Policy) -> None:
    for key, reason in LEFT_TO_THE_INTERPRETER.items():
        type_name, _, name = key.partition(".")
        before, after = TYPES[type_name]
        assert reason
        assert is_covered(before + selection(name, dict(fields_of(type_name))[name]) + after, shipped_policy)


def test_the_walk_reaches_every_kind_of_field() -> None:
    """So that the test above is about all there are."""
    names = {"Query", "Viewer", "Capability", "PageInfo", "Subscription", "SupportOption", "SupportBlocker"}

    assert names | {"DecisionNearMiss", "FailedCondition", "AccessTenant", "BillingProfile"} <= TYPES.keys()
