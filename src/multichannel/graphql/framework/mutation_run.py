"""Runs declared mutations: the use case in its transaction, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from multichannel.domain.refusals import Refusal
from multichannel.errors import BadInput, Refused
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import idempotency_of
from multichannel.graphql.framework.mutation import MutationDeclaration
from multichannel.graphql.framework.user_errors import user_error
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.mutations import DryRun
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

Outcome = str | DryRun | dict[str, Any] | Exception
"""The id of what was changed or made, what would be, the refusal for clients, or an error."""


@dataclass(frozen=True, slots=True)
class MutationOutcome:
    """What came of a mutation that has been run."""

    value: Outcome
    codes: Mapping[str, str] = field(default_factory=dict)
    """Those of invitations that it has made, by the id of what they are for."""


def run_mutation(declared: MutationDeclaration, operation: OperationContext, input: Any) -> Outcome:
    """Run the use case in its transaction."""
    return run_item(declared, operation, input, audit_context(declared, operation))


def audit_context(declared: MutationDeclaration, operation: OperationContext) -> MutationContext:
    """What the audit records of all items of a call share."""
    resource = declared.requires.resource_for(operation.principal.kind)
    return MutationContext(declared.attribute, resource.name)


def run_item(  # noqa: PLR0913  (what the items of a call share, and what is of one)
    declared: MutationDeclaration,
    operation: OperationContext,
    input: Any,
    context: MutationContext,
    *,
    key: str | None = None,
    is_dry_run: bool = False,
) -> Outcome:
    """What came of an input; `key` is the idempotency key of one that has none."""
    try:
        resource = declared.requires.resource_for(operation.principal.kind, input)
        target_id = _target_id(resource, input)
        act = replace(
            context,
            resource_type=resource.name,
            resource_id=target_id,
            idempotency=idempotency_of(input, key),
        )
        run: Callable[[MutationContext, Callable[[UnitOfWork], str]], str | DryRun]
        run = operation.dry_run if is_dry_run else operation.act
        try:
            return run(act, lambda work: str(declared.use_case(work, input).id))
        except Refused as refusal:
            return user_error(refusal, _current_version(operation, resource, target_id, refusal))
    except Exception as error:  # noqa: BLE001  (of one item, which hides nothing of what was done with others)
        return error


def _target_id(resource: Resource, input: Any) -> str | None:
    """The record that the action is on, for the audit log; None where the input does not name it."""
    named = (getattr(input, name, "") for name in ("id", "customer", "subscription"))
    try:
        return read_id_of(resource, next(filter(None, named), ""))
    except BadInput:
        return None


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
