"""Bulk operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from multichannel.domain.bulk_operations import BulkItemStatus
from multichannel.errors import BadInput
from multichannel.graphql.framework.connections import MAX_PAGE_SIZE
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.policy.schema.resources import BULK_OPERATION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.bulk_operations import read_results
from multichannel.store.unit_of_work import UnitOfWork

READ = Action.READ
RESULTS_PATH = "/bulk-operations/{id}/results.jsonl"

object_type(
    "BulkItemError",
    "Why an item of a bulk operation was not done.",
    {
        "code": Field("str", "The code of the refusal, of the denial or of the error."),
        "message": Field("str", "The reason as a sentence for people."),
        "path": Field("list[str]", "The path of the input field that caused it; empty if none did."),
        "rule": Field("str | None", "The business rule behind a refusal; null if none."),
        "reasons": Field("list[str]", "The reasons of a denial; empty if there are none."),
    },
)
object_type(
    "BulkItemResult",
    "What came of an item of a bulk operation.",
    {
        "number": Field("int", "The place of the item, from 1."),
        "status": Field("BulkItemStatus", "What came of it."),
        "record": Field("ID | None", "The id of what was changed or made; null if nothing was."),
        "errors": Field("list[BulkItemError]", "Why it was not done; empty if it succeeded."),
    },
)


def _results(
    work: UnitOfWork, ids: Collection[str], first: int | None = None, after: int | None = None
) -> Mapping[str, list[dict[str, Any]]]:
    """The results of the operations that may be read."""
    size, begin = MAX_PAGE_SIZE if first is None else first, after or 0
    if not 0 <= size <= MAX_PAGE_SIZE or begin < 0:
        raise BadInput(f"first must be 0 to {MAX_PAGE_SIZE}, and after 0 or the number of an item.")
    readable = work.bulk_operations.find_permitted(ids, to=READ)
    return {
        each.id: [_shown(result) for result in read_results(work, each, after=begin, first=size)]
        for each in readable
    }


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    blank: dict[str, Any] = {"path": [], "rule": None, "reasons": []}
    return {
        "number": result["number"],
        "status": BulkItemStatus(result["status"]),
        "record": result.get("id"),
        "errors": [blank | error for error in result.get("errors", ())],
    }


def _results_urls(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, str]:
    return {each: f"{work.public_url}{RESULTS_PATH.format(id=f'bulk_operation_{each}')}" for each in ids}


@resource_type(BULK_OPERATION)
class BulkOperation:
    """A mutation for many items, which the service runs on behalf of the user who started it.

    Each item is a transaction of its own, decided for the user as it is at that moment.
    """

    mutation = Column("The mutation, such as `moveSubscriptionToCsp`.", READ, filter=True)
    status = Column("The state of the operation.", READ, filter=True, order=True)
    user = ToOne("The user who started it; null if you cannot see that user.", "User", READ)
    item_count = Column("The number of its items.", READ)
    succeeded_count = Column("The number of items that succeeded so far.", READ)
    refused_count = Column("The number of items that were refused so far.", READ)
    denied_count = Column("The number of items that were denied so far.", READ)
    invalid_count = Column("The number of items so far whose input is invalid.", READ)
    failed_count = Column("The number of items so far that can be tried again.", READ)
    results = Computed(
        "The results so far, in the order of the items.",
        "list[BulkItemResult]",
        READ,
        _results,
        absent=(),
        arguments={
            "first": ("int | None", f"At most so many, 0 to {MAX_PAGE_SIZE}. Default: {MAX_PAGE_SIZE}."),
            "after": ("int | None", "Only results of items after this number."),
        },
    )
    results_url = Computed(
        "Where all results are downloaded, with your bearer token: a JSON object per line.",
        "str",
        READ,
        _results_urls,
    )
    ended_at = Column("When it ended; null until then.", READ, filter=True, order=True)
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    version = version()
