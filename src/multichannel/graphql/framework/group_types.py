"""The GraphQL types of groups of lists; `groups` resolves them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import EnumMeta, StrEnum

from multichannel.graphql.framework.filter_inputs import NULL_TEXT, value_input
from multichannel.graphql.framework.groups import MAX_GROUPS, MAX_KEYS, GroupsDeclaration, groups_resolver
from multichannel.graphql.framework.strawberry_types import Field, input_type, object_type, register_enum
from multichannel.store.read.groups import COUNT


def groups_field(declared: GroupsDeclaration) -> Field:
    """The field of `Query` for the groups of a list, with its types."""
    name = declared.type
    _key_enum(declared)
    _order_enum(declared)
    _having_input(declared)
    _group_type(declared)
    return Field(
        f"list[{name}Group]",
        declared.description,
        groups_resolver(declared),
        {
            "by": (f"list[{name}GroupKey]", f"What to group by, 1 to {MAX_KEYS} keys."),
            "filter": (f"{name}Filter | None", "Only records that match."),
            "having": (f"{name}GroupHaving | None", "Only groups that match."),
            "order_by": (
                f"list[{name}GroupOrder] | None",
                "The sort order. Default, and among equal groups: by their keys, in the order of `by`.",
            ),
            "first": (
                "int | None",
                f"The number of groups, 1 to {MAX_GROUPS}. Default: all; BAD_INPUT if there are more.",
            ),
        },
    )


def _key_enum(declared: GroupsDeclaration) -> None:
    fields = declared.declaration.fields
    texts = {
        name: f"By the month in UTC. {fields[attribute].description}"
        if name in declared.months
        else fields[attribute].description
        for name, attribute in declared.attributes().items()
    }
    _enum(f"{declared.type}GroupKey", f"What {declared.type} records can be grouped by.", texts)


def _order_enum(declared: GroupsDeclaration) -> None:
    texts = {
        f"{name}{ending}": f"{'Descending' if ending else 'Ascending'}: {text}"
        for name, text in declared.measures.items()
        for ending in ("", "_desc")
    }
    _enum(
        f"{declared.type}GroupOrder",
        f"Sort orders of groups of {declared.type} records; null counts as 0.",
        texts,
    )


def _enum(name: str, description: str, texts: Mapping[str, str]) -> None:
    words = StrEnum(name, {word.upper(): word for word in texts})  # type: ignore[misc]  # made from data
    register_enum(words, description, {word.upper(): text for word, text in texts.items()})


def _having_input(declared: GroupsDeclaration) -> None:
    input_type(
        f"{declared.type}GroupHaving",
        f"Conditions on groups of {declared.type} records; all of them must match. {NULL_TEXT}",
        {name: (f"{value_input(int)} | None", text) for name, text in declared.measures.items()},
    )


def _group_type(declared: GroupsDeclaration) -> None:
    fields = {}
    for name, attribute in declared.attributes().items():
        text = declared.declaration.fields[attribute].description
        shown = f"The month in UTC, such as `2026-01`. {text}" if name in declared.months else text
        fields[name] = Field(f"{_annotation(declared, name)} | None", shown)
    for name, text in declared.measures.items():
        fields[name] = Field("int" if name == COUNT or name in declared.counted else "int | None", text)
    object_type(
        f"{declared.type}Group",
        f"{declared.type} records with equal keys. A key is null if it is not in `by`, if the records have "
        "none, or if you cannot read it.",
        fields,
    )


def _annotation(declared: GroupsDeclaration, name: str) -> str:
    target = declared.target(name)
    if target is not None:
        return target.name
    if name in declared.months:
        return "str"
    attribute = declared.declaration.readable(declared.attributes()[name]).name
    kind: type = declared.declaration.resource.column(attribute).type.python_type
    return kind.__name__ if isinstance(kind, EnumMeta) or kind is not object else "str"
