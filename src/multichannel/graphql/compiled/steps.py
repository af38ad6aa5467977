"""Steps: what is computed once the statement has run, in its snapshot, for all records of a place at once.

A step fills the holes of one field at one place of the document. It has the same `compute` as the resolver of
the field, so that both mean the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from multichannel.errors import MultichannelError, Unavailable
from multichannel.graphql.compiled.completing import Complete
from multichannel.graphql.compiled.denials import Failure, failure_text, with_denials
from multichannel.graphql.framework.fields import Computed, ComputedRoot
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.possible_actions import possible_actions
from multichannel.store.compiled.json_text import HOLE, NotCovered
from multichannel.store.compiled.postgresql import StatementFailed
from multichannel.store.compiled.selection import Location
from multichannel.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from multichannel.graphql.compiled.callers import KnownCaller
    from multichannel.policy.decide.policy import Policy
    from multichannel.store.compiled.statement import CompiledStatement
    from multichannel.store.deadlines import Deadline
    from multichannel.store.store import Store

Batch = Mapping[str, Sequence[Action]]
"""The ids of records, with the actions granted on each if the step takes these."""
Arguments = Mapping[str, Any]
Compute = Callable[[UnitOfWork, Batch, Arguments], Mapping[str, Any]]
"""The values by id."""
Values = Sequence[Sequence[Any]]
ROOT = ""
"""In place of an id, in a hole at the root."""


@dataclass(frozen=True, slots=True)
class Step:
    """Computes a field."""

    field: Hashable
    """Steps with the same field, arguments and ids compute the same."""
    compute: Compute
    complete: Complete
    locations: tuple[Location, ...]
    place: int | None = None
    """The input with the arguments; None if there are none."""
    absent: Any = None
    """The value of a record that has none."""
    is_required: bool = False
    """A required value that fails makes what is around it null, which is left to the interpreter."""

    def arguments(self, values: Values) -> Arguments:
        """Its arguments among the values of a request."""
        return {} if self.place is None else values[self.place][0]


def compute_declared(item: Computed) -> Compute:
    """Computes a declared field."""
    return lambda work, batch, arguments: item.compute(work, list(batch), **arguments)


def compute_root(item: ComputedRoot) -> Compute:
    """Computes a declared field of `Query`."""
    return lambda work, _batch, arguments: {ROOT: item.compute(work, **arguments)}


def compute_possible(resource: Resource) -> Compute:
    """Computes `viewerCanNow`."""
    return lambda work, batch, _arguments: possible_actions(work, resource, batch)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an operation with steps runs."""

    store: Store
    policy: Policy
    deadline: Deadline
    codes: Mapping[str, str]
    """Those of invitations that the operation has made."""


def answer_with_steps(
    within: Surroundings, caller: KnownCaller, statement: CompiledStatement, values: Values
) -> bytes | None:
    """The answer of a statement with holes; None if caller or policy have changed. In a worker thread."""
    store, user_id = within.store, caller.caller.user_id
    with (
        store.operation((), within.deadline),
        store.reading(caller.principal, user_id=user_id, codes=within.codes) as work,
    ):
        if work.policy is not within.policy:
            return None
        answer, text = work.answer(statement, [caller.context(work.now), *values])
        if answer is None or text != caller.text:
            return None
        try:
            failures: list[Failure] = []
            filled = fill(answer, statement.steps, work, values, failures)
        except SQLAlchemyError as cause:
            raise StatementFailed(str(cause)) from cause
    if failures or (statement.denials and statement.denied in filled):
        return with_denials(filled, statement.denied, statement.denials, failures)
    return filled


def fill(
    answer: bytes, steps: Sequence[Step], work: UnitOfWork, values: Values, failures: list[Failure]
) -> bytes:
    """The answer with the values of steps in its holes, or marks in place of values that failed."""
    parts = HOLE.split(answer)
    holes = [orjson.loads(each) for each in parts[1::2]]
    texts = _Texts(work, values, failures)
    batches: defaultdict[int, dict[str, Sequence[Action]]] = defaultdict(dict)
    for number, row_id, *actions in holes:
        batches[number][row_id] = [Action[name] for name in actions[0]] if actions else ()
    written = {number: texts.of(steps[number], batch) for number, batch in batches.items()}
    parts[1::2] = [written[number][row_id] for number, row_id, *_ in holes]
    return b"".join(parts)


class _Texts:
    """Computes and writes the values of one answer."""

    def __init__(self, work: UnitOfWork, values: Values, failures: list[Failure]) -> None:
        self._work, self._values, self._failures = work, values, failures
        self._computed: dict[Hashable, Mapping[str, Any]] = {}

    def of(self, step: Step, batch: Batch) -> dict[str, bytes]:
        """The texts of a step by id."""
        computed = self._values_of(step, batch)
        return {row_id: self._text(step, computed.get(row_id, step.absent)) for row_id in batch}

    def _values_of(self, step: Step, batch: Batch) -> Mapping[str, Any]:
        arguments = step.arguments(self._values)
        key = (step.field, tuple(sorted(arguments.items())), frozenset(batch))
        if key not in self._computed:
            try:
                self._computed[key] = step.compute(self._work, batch, arguments)
            except Unavailable:
                raise
            except MultichannelError as error:
                self._computed[key] = dict.fromkeys(batch, error)
        return self._computed[key]

    def _text(self, step: Step, value: Any) -> bytes:
        if isinstance(value, MultichannelError):
            if step.is_required:
                raise NotCovered("a required value that has failed")
            self._failures.append((value, step.locations))
            return failure_text(len(self._failures))
        return orjson.dumps(step.complete(value))
