"""What failed underneath operations, told to operators: one line of the log and one count for each kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from multichannel.errors import DeadlineExceeded, FaultKind, MultichannelError, Unavailable
from multichannel.graphql.execution.documents import InvalidDocument
from multichannel.graphql.execution.errors import root_cause
from multichannel.graphql.execution.requests import InvalidRequest

log = logging.getLogger(__name__)
FAULT_CODES = {Unavailable.code, DeadlineExceeded.code}
NO_FAULT = (MultichannelError, InvalidDocument, InvalidRequest)
"""What clients did, or may not do."""


def _count_nothing(_kind: FaultKind) -> None:
    """Where nobody reads metrics."""


class Faults:
    """Reports the faults that operations meet."""

    def __init__(self, count: Callable[[FaultKind], None] = _count_nothing) -> None:
        self._count = count

    def report(self, causes: Iterable[BaseException]) -> None:
        """Report the causes of the errors of one operation, each kind once.

        An internal error was logged where its correlation id was made.
        """
        kinds: dict[FaultKind, BaseException] = {}
        for cause in causes:
            if isinstance(cause, Unavailable):
                kinds.setdefault(cause.kind, cause)
            elif not isinstance(cause, NO_FAULT):
                kinds.setdefault(FaultKind.INTERNAL, cause)
        for kind, cause in kinds.items():
            self._count(kind)
            if kind is FaultKind.ABANDONED:
                log.info("an operation was abandoned: %s", cause)
            elif kind is not FaultKind.INTERNAL:
                log.warning("an operation met a fault (%s): %s", kind, cause)

    def report_errors(self, errors: Collection[GraphQLError]) -> None:
        """Report the errors of a result; those of graphql-core itself are the client's."""
        self.report(cause for cause in map(root_cause, errors) if cause is not None)


def is_fault(response: Mapping[str, Any]) -> bool:
    """Whether something underneath failed, so that the client may try again."""
    errors = response.get("errors", ())
    return any(each["extensions"]["code"] in FAULT_CODES for each in errors)


def without_empty_data(response: dict[str, Any]) -> dict[str, Any]:
    """A response without `data` if there is none because of a fault: the operation failed as a whole.

    So nobody takes it for an answer, and it may have a status of its own.
    """
    data = response.get("data")
    if data is None or all(value is None for value in data.values()):
        return {"errors": response["errors"]} if is_fault(response) else response
    return response
