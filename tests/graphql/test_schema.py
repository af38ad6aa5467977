"""The contract: what `schema.graphql` holds, that all of it is described, and that all of it is gated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_introspection_query,
    graphql_sync,
    is_specified_directive,
    is_specified_scalar_type,
)

import multichannel
from multichannel.domain.base import DescribedEnum
from multichannel.domain.refusals import Refusal
from multichannel.graphql.execution.documents import read_document
from multichannel.graphql.framework.fields import DECLARATIONS, ToMany, camel
from multichannel.graphql.framework.mutation import MUTATIONS, MutationDeclaration
from multichannel.graphql.schema import LISTS, build_schema, sdl
from multichannel.graphql.types.groups import GROUPS

COMMITTED = Path(__file__).parents[2] / "schema.graphql"
# Object types that show no row: who asks, what was decided, what was worked out of a row, frames around rows.
ROWLESS = {
    "AcceptanceEffect",
    "AccessTenant",
    "CspConflict",
    "CustomerDomain",
    "Events",
    "DelegatedAdminGrantChange",
    "TransferChange",
    "ResellerRelationshipChange",
    "SubscriptionChange",
    "SupportCaseChange",
    "SupportCaseComment",
    "AuditChange",
    "LeftToMove",
    "InvitationLink",
    "SupportBlocker",
    "SupportOption",
    "VendorChange",
    "TransferEffect",
    "TransferEligibility",
    "TransferLine",
    "TransferReason",
    "Query",
    "Mutation",
    "PageInfo",
    "PartnerName",
    "Viewer",
    "Capability",
    "UserError",
    "IneligibleLine",
    "DecisionExplanation",
    "DecisionGrant",
    "DecisionRestriction",
    "DecisionNearMiss",
    "FailedCondition",
    "PolicyRule",
    "PlannedChange",
    "BulkItemError",
    "BulkItemResult",
    "RolesOfTenant",
    "TenantAccess",
}


def mutations() -> dict[str, MutationDeclaration]:
    """What each mutation does, by its name; one in bulk does what the single one does."""
    in_bulk = {
        f"bulk{name[0].upper()}{name[1:]}": declared
        for name, declared in MUTATIONS.items()
        if declared.in_bulk
    }
    return {**MUTATIONS, **in_bulk}


def own_types() -> list[GraphQLNamedType]:
    return [
        kind
        for name, kind in build_schema().type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(kind)
    ]


def test_the_committed_schema_is_what_the_code_prints() -> None:
    assert COMMITTED.read_text() == sdl(), "Run: multichannel schema print > schema.graphql"


def test_the_roots_are_printed_because_a_subscription_is_no_root() -> None:
    roots = "schema {\n  query: Query\n  mutation: Mutation\n  subscription: Events\n}\n"
    assert sdl().startswith(roots)
    assert isinstance(build_schema().type_map["Subscription"], GraphQLObjectType)


def undescribed() -> Iterator[str]:
    for kind in own_types():
        if not kind.description:
            yield kind.name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                if not field.description:
                    yield f"{kind.name}.{name}"
                for argument, taken in field.args.items():
                    if not taken.description:
                        yield f"{kind.name}.{name}({argument})"
        if isinstance(kind, GraphQLInputObjectType):
            yield from (f"{kind.name}.{name}" for name, field in kind.fields.items() if not field.description)
        if isinstance(kind, GraphQLEnumType) and not kind.name.endswith("Order"):
            yield from (f"{kind.name}.{name}" for name, value in kind.values.items() if not value.description)


def test_every_type_field_argument_and_value_is_described() -> None:
    assert list(undescribed()) == []
    assert [each.name for each in build_schema().directives if not is_specified_directive(each)] == []


def test_descriptions_name_no_rule_by_number_but_as_an_example() -> None:
    prose = re.sub(r"such as `R\d+`", "", sdl())

    assert re.findall(r"\b(?:R\d+|SM\d\w?|C\d)\b", prose) == []


def test_every_description_of_an_enum_is_used() -> None:
    kinds = build_schema().type_map
    values = {name: kind.values for name, kind in kinds.items() if isinstance(kind, GraphQLEnumType)}

    for words in DescribedEnum.__subclasses__():
        assert set(values[words.__name__]) == set(words.__members__)


def test_values_are_words_in_upper_case() -> None:
    words = [name for kind in own_types() if isinstance(kind, GraphQLEnumType) for name in kind.values]

    assert words
    assert [word for word in words if word != word.upper()] == []


def test_every_object_type_is_declared_or_shows_no_row() -> None:
    around = {f"{name}{frame}" for name in DECLARATIONS for frame in ("Connection", "Edge")}
    payloads = {
        f"{name[0].upper()}{name[1:]}{frame}" for name in mutations() for frame in ("Payload", "Result")
    }
    objects = {kind.name for kind in own_types() if isinstance(kind, GraphQLObjectType)}

    groups = {f"{declared.type}Group" for declared in GROUPS.values()}
    assert objects - set(DECLARATIONS) - around - payloads - groups == ROWLESS


@pytest.mark.parametrize("name", DECLARATIONS)
def test_every_field_of_a_resource_comes_from_a_declaration_with_a_read_level(name: str) -> None:
    declaration = DECLARATIONS[name]
    kind = build_schema().type_map[name]
    assert isinstance(kind, GraphQLObjectType)

    assert set(kind.fields) == {"id", "viewerCan", "viewerCanNow"} | {
        camel(field) for field in declaration.fields
    }
    for field, item in declaration.fields.items():
        if isinstance(item, ToMany):
            assert set(kind.fields[camel(field)].args) >= {"first", "after", "last", "before", "filter"}
        else:
            assert item.read in declaration.resource.reads
            assert f"Requires {item.read.name}." in (kind.fields[camel(field)].description or "")


def test_every_list_at_the_root_is_of_a_declared_kind() -> None:
    query = build_schema().query_type
    assert query is not None

    assert set(query.fields) == {"viewer", "node", "nodes", "explainDecision", "whoMay"} | {
        camel(each) for each in (*LISTS, *GROUPS)
    }
    for name, declared in GROUPS.items():
        assert str(query.fields[camel(name)].type) == f"[{declared.type}Group!]!"
    for name, (target, _) in LISTS.items():
        assert str(query.fields[camel(name)].type) == f"{target}Connection!"


def test_every_mutation_requires_an_action_that_its_description_names() -> None:
    mutation = build_schema().mutation_type
    assert mutation is not None

    assert set(mutation.fields) == set(mutations())
    for name, field in mutation.fields.items():
        requires = mutations()[name].requires
        assert requires.action in requires.resource.actions
        assert str(requires) in (field.description or "")
        assert list(field.args) == ["input"]


def test_introspection_is_within_the_limits() -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )

    assert read_document(query, cache=False).ast
    assert graphql_sync(build_schema(), query).errors is None


def test_every_refusal_names_a_field_that_some_input_has() -> None:
    kinds = build_schema().type_map.values()
    fields = {name for kind in kinds if isinstance(kind, GraphQLInputObjectType) for name in kind.fields}
    source = "".join(path.read_text("utf-8") for path in Path(multichannel.__file__).parent.rglob("*.py"))
    elsewhere = set(re.findall(r'\.error\([^()]*path="(\w+)"', source))

    assert {"agreement", "parentId"} <= elsewhere
    assert elsewhere | {refusal.value.path for refusal in Refusal} - {None} <= fields


NEEDED = {
    "requestResellerRelationship",
    "confirmCustomerAgreement",
    "recordExternalSubscription",
    "setSubscriptionSharing",
    "moveSubscriptionToCsp",
    "requestTransfer",
    "offerTransfer",
    "acceptTransfer",
    "assignSupportContact",
    "cancelSubscription",
    "updateSubscription",
    "createUser",
    "updateUserRoles",
    "disableUser",
    "createCustomer",
}


def test_what_people_need_in_bulk_can_be_done_in_bulk() -> None:
    assert {name for name, declared in MUTATIONS.items() if declared.in_bulk} >= NEEDED
