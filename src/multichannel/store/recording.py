"""Decorators that record what a method decides, where the operation is sampled.

A decorated method gives the same result by the same statements; the facts of a record take further ones.
The class has an `_access`, and gives the decision to record as `_pending(operation, *arguments)`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import select

from multichannel.errors import Denied

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action
    from multichannel.store.decision_recorder import PendingDecision

Method = TypeVar("Method", bound=Callable[..., Any])
Actions = Callable[["Resource", Mapping[str, Any]], Collection["Action"]]


def read_levels(resource: Resource, _options: Mapping[str, Any]) -> Collection[Action]:
    """The list holds what may be read at any level."""
    return resource.reads


def requested_action(_resource: Resource, options: Mapping[str, Any]) -> Collection[Action]:
    """The list holds the rows on which the action in the argument `to` is granted."""
    return (options["to"],)


def records_list(actions: Actions, rows: Callable[[Any], int] = len) -> Callable[[Method], Method]:
    """Record a call as one list, filtered by these actions; `rows` counts the rows of the result."""

    def decorate(method: Method) -> Method:
        @wraps(method)
        def decide(self: Any, *arguments: Any, **options: Any) -> Any:
            if not self._access.is_recorded:
                return method(self, *arguments, **options)
            pending = self._pending(method.__name__, *arguments)
            result = method(self, *arguments, **options)
            pending.listed(actions(pending.resource, options), rows(result))
            return result

        return cast("Method", decide)

    return decorate


def records_rows(method: Method) -> Method:
    """Record the verdict on each row that is fetched by id."""

    @wraps(method)
    def decide(self: Any, row_ids: str | Collection[str], *, to: Action) -> Any:
        if not self._access.is_recorded:
            return method(self, row_ids, to=to)
        pending = self._pending(method.__name__)
        ids = [row_ids] if isinstance(row_ids, str) else row_ids
        try:
            rows = method(self, row_ids, to=to)
        except Denied:
            granted = set() if isinstance(row_ids, str) else _granted(pending, to, ids)
            pending.rows(to, {row_id: row_id in granted for row_id in ids})
            raise
        pending.rows(to, dict.fromkeys(ids, True))
        return rows

    return cast("Method", decide)


def _granted(pending: PendingDecision, action: Action, ids: Collection[str]) -> set[str]:
    access, identity = pending.access, pending.resource.mapped.id
    granted = access.granted(action, pending.resource)
    return {row[0] for row in access.run(select(identity).where(identity.in_(sorted(ids)), granted))}
