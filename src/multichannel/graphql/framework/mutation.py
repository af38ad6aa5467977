"""The pattern of every mutation: one input, one use case in one transaction, one payload read anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from multichannel.domain.refusals import MUTATION_REFUSALS, Refusal
from multichannel.domain.tenants import TenantKind
from multichannel.errors import BadInput, Refused
from multichannel.graphql.framework.context import Operation, ResolveInfo
from multichannel.graphql.framework.fields import DECLARATIONS, Declaration, camel
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.framework.inputs import MutationInput, once_of
from multichannel.graphql.framework.refusal_codes import refusal_codes
from multichannel.graphql.framework.registry import NAMESPACE
from multichannel.graphql.framework.selected_columns import columns_at
from multichannel.graphql.framework.type_builder import field_with_arguments, made_type, plain_field
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.audit.mutation_context import Act
from multichannel.store.read.query import Record, Shown
from multichannel.store.unit_of_work import Work

UseCase = Callable[[Work, Any], str]
"""Does what an input asks and gives the id of the object to show, which it changed or made."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The action a mutation decides on, and of which resource; creating is an action on the parent.

    For callers of customers' tenants it may be another resource, `of_customers`.
    """

    action: Action
    on: str
    of_customers: str | None = None

    def asked_of(self, kind: TenantKind) -> str:
        """The resource that is decided about for a caller of such a tenant."""
        return self.of_customers if self.of_customers and kind is TenantKind.CUSTOMER else self.on

    def __str__(self) -> str:
        """For the documentation of the mutation."""
        told = f"Needs {self.action.name} on the {self.on}."
        return f"{told} In a customer's tenant: on the {self.of_customers}." if self.of_customers else told


MUTATIONS: dict[str, StrawberryField] = {}
"""Every mutation by its attribute name, in the order of declaration."""

GATES: dict[str, Gate] = {}
"""The gate of every mutation by its GraphQL name; there is no mutation without one."""


def writes(  # noqa: PLR0913  (a mutation is all of this)
    name: str,
    description: str,
    *,
    action: Action,
    on: str,
    input_type: type[MutationInput],
    use_case: UseCase,
    shows: str | None = None,
    of_customers: str | None = None,
) -> None:
    """Declare a mutation that does `action` on one `on`, and shows it, or what it made of kind `shows`."""
    declaration = DECLARATIONS[shows or on]
    shown = declaration.name[0].lower() + declaration.name[1:]
    gate = GATES[camel(name)] = Gate(action, on, of_customers)
    payload = _payload(name, declaration, shown)
    NAMESPACE[input_type.__name__] = input_type

    def resolve(info: strawberry.Info, input: Any) -> dict[str, Any]:
        operation: Operation = info.context
        raw: ResolveInfo = info._raw_info  # noqa: SLF001  (Strawberry has no public way to it)
        asked_of = gate.asked_of(operation.principal.kind)
        act = Act(name, asked_of, _asked_of(input), once=once_of(input))
        try:
            row_id = operation.act(act, lambda work: use_case(work, input))
        except Refused as refusal:
            return {shown: None, "user_errors": [_user_error(operation, input, refusal)]}
        columns = columns_at(raw, shown, declaration)
        return {shown: _record(operation, declaration, row_id, columns), "user_errors": []}

    told = f"{description} {gate}"
    arguments = {"input": (input_type.__name__, "What to do.")}
    MUTATIONS[name] = field_with_arguments(name, f"{payload} | None", told, resolve, arguments)


def _payload(name: str, declaration: Declaration, shown: str) -> str:
    payload = f"{name[0].upper()}{camel(name)[1:]}Payload"
    now = f"The {declaration.name} as it is now; null when refused or not visible."
    fields = {
        shown: plain_field(shown, f"{declaration.name} | None", now),
        "user_errors": plain_field("user_errors", "list[UserError]", "Refusals; empty when it was done."),
    }
    made_type(payload, f"What became of `{camel(name)}`.", fields)
    return payload


def user_error_types() -> None:
    """Make `UserError` and the enum of its codes."""
    by_code = sorted(MUTATION_REFUSALS, key=lambda refusal: refusal.code)
    refusal_codes("UserErrorCode", "Why a mutation is not possible in the current state.", by_code)
    made_type(
        "UserError",
        "Why the mutation is not possible in the current state. Nothing was changed.",
        {
            "code": plain_field("code", "UserErrorCode", "The reason, for programs."),
            "message": plain_field("message", "str", "The reason, for people."),
            "path": plain_field("path", "list[str]", "The input field it is about, outermost first."),
            "rule": plain_field("rule", "str | None", "The business rule behind it, such as R17."),
            "current_version": plain_field(
                "current_version",
                "int | None",
                "With STALE_VERSION, the version to read again, where you may read it.",
            ),
        },
    )


def _record(
    operation: Operation, declaration: Declaration, row_id: str, columns: frozenset[Shown]
) -> Record | None:
    return operation.reader.records(declaration.resource, columns, "id", [row_id]).get(row_id)


def _asked_of(input: Any) -> str | None:
    """The row that an input is about, for the books of what is denied; None where it makes one."""
    try:
        return read_id(input.id)[1]
    except (AttributeError, BadInput):
        return None


def _user_error(operation: Operation, input: Any, refusal: Refused) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "message": refusal.message,
        "path": list(refusal.path),
        "rule": refusal.rule,
        "current_version": _current_version(operation, input)
        if refusal.code == Refusal.STALE_VERSION.code
        else None,
    }


def _current_version(operation: Operation, input: Any) -> int | None:
    """The version in force of what an input is about, to those who may read it."""
    resource, row_id = read_id(input.id)
    record = _record(
        operation, DECLARATIONS[resource.name], row_id, frozenset({Shown("version", Action.READ)})
    )
    found = record.values["version"] if record else None
    return found if isinstance(found, int) else None
