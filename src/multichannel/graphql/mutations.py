"""The pattern of every mutation: one input, one use case in one transaction, one payload read anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from multichannel.domain.customers import StaleVersion
from multichannel.errors import Refused
from multichannel.graphql.assembly import field_with_arguments, made_type, plain_field
from multichannel.graphql.declarations import DECLARATIONS, Declaration, camel
from multichannel.graphql.identifiers import read_id_of
from multichannel.graphql.operation import Operation, ResolveInfo
from multichannel.graphql.selections import columns_at
from multichannel.policy.vocabulary import Action
from multichannel.store.selection import Record, Shown
from multichannel.store.work import Work

UseCase = Callable[[Work, Any], str]
"""Does what an input asks and gives the id of the row it changed."""


@strawberry.enum(description="Why the state of things stands against a mutation.")
class UserErrorCode(StrEnum):
    """Codes of refusals."""

    STALE_VERSION = "STALE_VERSION"


@strawberry.type(description="A refusal by the state of things. Nothing was changed.")
class UserError:
    """One refusal."""

    code: UserErrorCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(description="The reason, for people.")
    path: list[str] = strawberry.field(description="The input field it is about, outermost first.")
    current_version: int | None = strawberry.field(
        default=None, description="With STALE_VERSION, the version to read again, where you may read it."
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """The action a mutation decides on, of which resource."""

    action: Action
    declaration: Declaration


GATES: dict[str, Gate] = {}
"""The gate of every mutation by its GraphQL name; there is no mutation without one."""


def writes(  # noqa: PLR0913  (a mutation is all of this)
    name: str, description: str, *, action: Action, on: str, input_type: str, use_case: UseCase
) -> StrawberryField:
    """Declare a mutation that does `action` on one `on`, and shows it again if it may be seen."""
    declaration = DECLARATIONS[on]
    shown = on[0].lower() + on[1:]
    payload = f"{name[0].upper()}{camel(name)[1:]}Payload"
    GATES[camel(name)] = Gate(action, declaration)
    made_type(
        payload,
        f"What became of `{camel(name)}`.",
        {
            shown: plain_field(
                shown, f"{on} | None", f"The {on} as it is now; null when refused or not visible."
            ),
            "user_errors": plain_field("user_errors", "list[UserError]", "Refusals; empty when it was done."),
        },
    )

    def resolve(info: strawberry.Info, input: Any) -> dict[str, Any]:
        operation: Operation = info.context
        raw: ResolveInfo = info._raw_info  # noqa: SLF001  (Strawberry has no public way to it)
        try:
            row_id = operation.write(lambda work: use_case(work, input))
        except Refused as refusal:
            return {shown: None, "user_errors": [_user_error(operation, declaration, input, refusal)]}
        columns = columns_at(raw, shown, declaration)
        return {shown: _record(operation, declaration, row_id, columns), "user_errors": []}

    told = f"{description} Needs {action.name} on the {on}."
    return field_with_arguments(
        name, f"{payload} | None", told, resolve, {"input": (input_type, "What to do.")}
    )


def _record(
    operation: Operation, declaration: Declaration, row_id: str, columns: frozenset[Shown]
) -> Record | None:
    return operation.reader.records(declaration.resource, columns, "id", [row_id]).get(row_id)


def _user_error(operation: Operation, declaration: Declaration, input: Any, refusal: Refused) -> UserError:
    current = None
    if isinstance(refusal, StaleVersion):
        version = Shown("version", Action.READ)
        row_id = read_id_of(declaration.resource, input.id)
        record = _record(operation, declaration, row_id, frozenset({version}))
        found = record.values["version"] if record else None
        current = found if isinstance(found, int) else None
    return UserError(
        code=UserErrorCode(refusal.code),
        message=refusal.message,
        path=list(refusal.path),
        current_version=current,
    )
