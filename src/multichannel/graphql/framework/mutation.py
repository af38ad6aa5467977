"""Mutations: `@mutation` makes a function a field with one input, one transaction and one payload.

There is no other way to make a mutation, so each has a required action, an idempotency key and a payload
that is read again, by the reader's own rights, after the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, get_type_hints

from multichannel.domain.eligibility import IneligibleLine, LinesNotEligible
from multichannel.domain.refusals import MUTATION_REFUSALS, Refusal
from multichannel.domain.tenants import TenantKind
from multichannel.errors import BadInput, Refused
from multichannel.graphql.framework.context import OperationContext, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, TypeDeclaration, camel
from multichannel.graphql.framework.global_ids import prefix, read_id_of
from multichannel.graphql.framework.inputs import idempotency_of
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.strawberry_types import (
    Field,
    object_type,
    register,
    register_refusal_codes,
)
from multichannel.policy.schema.resources import SUBSCRIPTION, Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import VerifiedToken

UseCase = Callable[[UnitOfWork, Any], Any]
"""Does what an input asks for and returns the domain object that it changed or made."""

Redeem = Callable[[Store, VerifiedToken, Any], str]
"""Redeems the invitation of an input and returns the id of what it is for."""


@dataclass(frozen=True, slots=True)
class RequiredAction:
    """The action that a mutation is authorized for, and on which resource; creating is one on the parent.

    For callers of customer tenants the parent may be another resource.
    """

    action: Action
    resource: Resource
    for_customers: Resource | None = None

    def resource_for(self, kind: TenantKind) -> Resource:
        """The resource that is decided on for a caller of a tenant of this kind."""
        return self.for_customers if self.for_customers and kind is TenantKind.CUSTOMER else self.resource

    def __str__(self) -> str:
        """A sentence for the mutation's description."""
        for_customers = (
            f", or on the {self.for_customers.name} in a customer tenant" if self.for_customers else ""
        )
        return f"Requires {self.action.name} on the {self.resource.name}{for_customers}."


@dataclass(frozen=True, slots=True)
class MutationDeclaration:
    """A declared mutation; `returns` is the resource that its payload shows."""

    attribute: str
    description: str
    requires: RequiredAction
    returns: Resource
    input_type: type[Any]
    use_case: Callable[..., Any]
    for_newcomers: bool = False
    """Whether it needs a token and an invitation in place of a user."""


MUTATIONS: dict[str, MutationDeclaration] = {}
"""Every mutation by its GraphQL name, in the order of declaration."""


def mutation(
    action: Action, *, on: Resource, returns: Resource | None = None, on_for_customers: Resource | None = None
) -> Callable[[UseCase], UseCase]:
    """Declare a mutation that needs `action` on a record of `on` and shows it, or one of `returns`.

    The function below takes the unit of work and the input; its docstring is the field's description.
    """

    def declare(use_case: UseCase) -> UseCase:
        attribute = use_case.__name__
        requires = RequiredAction(action, on, on_for_customers)
        description = f"{' '.join((use_case.__doc__ or '').split())} {requires}"
        input_type = get_type_hints(use_case)["input"]
        MUTATIONS[camel(attribute)] = MutationDeclaration(
            attribute, description, requires, returns or on, input_type, use_case
        )
        return use_case

    return declare


def redeems(on: Resource) -> Callable[[Redeem], Redeem]:
    """Declare a mutation that redeems an invitation, for callers with a token of any tenant.

    The function below takes the store, the token and the input, and gives the id of the record of `on`.
    """

    def declare(redeem: Redeem) -> Redeem:
        attribute = redeem.__name__
        requires = RequiredAction(Action.REDEEM, on)
        description = f"{' '.join((redeem.__doc__ or '').split())} {requires}"
        MUTATIONS[camel(attribute)] = MutationDeclaration(
            attribute,
            description,
            requires,
            on,
            get_type_hints(redeem)["input"],
            redeem,
            for_newcomers=True,
        )
        return redeem

    return declare


def mutation_type() -> Any:
    """Make `Mutation` of all declared mutations, with the types of their payloads."""
    user_error_types()
    return object_type(
        "Mutation",
        "The mutations. Each field runs in its own transaction; the fields of an operation run and commit in "
        "the order in which they are written.",
        {each.attribute: _field(each) for each in MUTATIONS.values()},
    )


def _field(declared: MutationDeclaration) -> Field:
    declaration = DECLARATIONS[declared.returns.name]
    record_field = declaration.name[0].lower() + declaration.name[1:]
    register(declared.input_type)
    return Field(
        f"{_payload(declared.attribute, declaration, record_field)} | None",
        declared.description,
        (_redeemer if declared.for_newcomers else _resolver)(declared, declaration, record_field),
        {"input": (declared.input_type.__name__, "The input of the mutation.")},
    )


def _resolver(
    declared: MutationDeclaration, declaration: TypeDeclaration, record_field: str
) -> Callable[..., Any]:
    """Runs the use case in its transaction, then reads the record as the caller may see it."""

    def resolve(_root: object, info: ResolveInfo, input: Any) -> dict[str, Any]:
        operation = info.context
        resource = declared.requires.resource_for(operation.principal.kind)
        target_id = _target_id(resource, input)
        act = MutationContext(declared.attribute, resource.name, target_id, idempotency=idempotency_of(input))
        try:
            row_id = operation.act(act, lambda work: str(declared.use_case(work, input).id))
        except Refused as refusal:
            version = _current_version(operation, resource, target_id, refusal)
            return {record_field: None, "user_errors": [_user_error(refusal, version)]}
        columns = columns_at(info, record_field, declaration)
        return {record_field: operation.record(declaration.resource, row_id, columns), "user_errors": []}

    return resolve


def _redeemer(
    declared: MutationDeclaration, declaration: TypeDeclaration, record_field: str
) -> Callable[..., Any]:
    """Redeems an invitation, then reads the record as the person may see it who has redeemed it."""

    def resolve(_root: object, info: ResolveInfo, input: Any) -> dict[str, Any]:
        operation = info.context
        try:
            row_id = operation.redeem(lambda store, token: declared.use_case(store, token, input))
        except Refused as refusal:
            return {record_field: None, "user_errors": [_user_error(refusal, None)]}
        columns = columns_at(info, record_field, declaration)
        return {record_field: operation.record(declaration.resource, row_id, columns), "user_errors": []}

    return resolve


def _payload(attribute: str, declaration: TypeDeclaration, record_field: str) -> str:
    name = camel(attribute)
    payload = f"{name[0].upper()}{name[1:]}Payload"
    now = f"The {declaration.name} after the mutation; null if it was refused or you cannot see the result."
    fields = {
        record_field: Field(f"{declaration.name} | None", now),
        "user_errors": Field("list[UserError]", "Why the mutation was refused; empty if it succeeded."),
    }
    object_type(payload, f"The result of `{name}`.", fields)
    return payload


def user_error_types() -> None:
    """Make `UserError`, the enum of its codes, and the lines of LINES_NOT_ELIGIBLE."""
    object_type(
        "IneligibleLine",
        "A chosen subscription that cannot be transferred.",
        {
            "subscription": Field("ID", "The id of the subscription."),
            "reasons": Field("list[TransferReason]", "Every reason why it cannot be transferred."),
        },
    )
    by_code = sorted(MUTATION_REFUSALS, key=lambda refusal: refusal.code)
    register_refusal_codes("UserErrorCode", "Why a mutation was refused.", by_code)
    object_type(
        "UserError",
        "Why a mutation is not possible in the current state. Nothing was changed.",
        {
            "code": Field("UserErrorCode", "The reason as a code."),
            "message": Field("str", "The reason as a sentence for people."),
            "path": Field(
                "list[str]",
                "The path of the input field that caused the refusal; empty if none did.",
            ),
            "rule": Field("str | None", "The business rule behind it, such as `R17`; null if none."),
            "current_version": Field(
                "int | None",
                "With STALE_VERSION: the current version of the record; null if you cannot read it.",
            ),
            "lines": Field(
                "list[IneligibleLine]",
                "With LINES_NOT_ELIGIBLE: every subscription that cannot be transferred; else empty.",
            ),
        },
    )


def _target_id(resource: Resource, input: Any) -> str | None:
    """The record that the action is on, for the audit log; None where the input does not name it."""
    named = (getattr(input, name, "") for name in ("id", "customer", "subscription"))
    try:
        return read_id_of(resource, next(filter(None, named), ""))
    except BadInput:
        return None


def _user_error(refusal: Refused, current_version: int | None) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "message": refusal.message,
        "path": list(refusal.path),
        "rule": refusal.rule,
        "current_version": current_version,
        "lines": _ineligible_lines(refusal.lines if isinstance(refusal, LinesNotEligible) else ()),
    }


def _ineligible_lines(lines: Iterable[IneligibleLine]) -> list[dict[str, Any]]:
    head = prefix(SUBSCRIPTION)
    return [{"subscription": head + line.subscription_id, "reasons": line.reasons} for line in lines]


def _current_version(
    operation: OperationContext, resource: Resource, row_id: str | None, refusal: Refused
) -> int | None:
    """The version that a stale one was compared with, for callers who may read it."""
    if refusal.code != Refusal.STALE_VERSION.code or row_id is None:
        return None
    wanted = frozenset({ReadableColumn("version", Action.READ)})
    record = operation.record(resource, row_id, wanted)
    version = record.values["version"] if record else None
    return version if isinstance(version, int) else None
