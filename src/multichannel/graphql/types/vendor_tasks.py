"""The work list of what is to do in the vendor's portal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multichannel.domain.vendor_tasks import instruction, vendor_roles
from multichannel.graphql.framework.fields import Column, Computed, ToOne, resource_type
from multichannel.graphql.framework.strawberry_types import Field, object_type
from multichannel.policy.schema.resources import VENDOR_TASK
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

READ = Action.READ
OF_TASK = frozenset(
    ReadableColumn(name, READ)
    for name in (
        *("kind", "changes", "vendor_id", "name", "offer_id", "offer_name", "quantity", "term_duration"),
        *("billing_cycle", "billing_type"),
    )
)

object_type(
    "VendorChange",
    "A value that differs at the vendor.",
    {
        "field": Field("str", "The field, such as `quantity`."),
        "vendor": Field("str | None", "The vendor's value, as text."),
        "here": Field("str | None", "The value that the vendor is to have, as text."),
    },
)


def _of_each(tell: Callable[[Mapping[str, Any]], Any]) -> Callable[[UnitOfWork, Sequence[str]], Any]:
    """Tells something of all tasks that may be read."""

    def compute(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, Any]:
        records = work.reader.records(VENDOR_TASK, OF_TASK, "id", ids)
        return {row_id: tell(record.values) for row_id, record in records.items()}

    return compute


def _changes(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"field": _camel(name), "vendor": _text(there), "here": _text(here)}
        for name, (there, here) in (task["changes"] or {}).items()
    ]


def _camel(name: str) -> str:
    return {"auto_renew_enabled": "autoRenewEnabled"}.get(name, name)


def _text(value: Any) -> str | None:
    """Statuses and flags as the API writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value).upper()


@resource_type(VENDOR_TASK)
class VendorTask:
    """Something to do in the vendor's portal, Partner Center, for a subscription or a customer.

    It is open until an import shows that it is done, or somebody tells so with `completeVendorTask` or, of a
    customer, `linkCustomer`.
    """

    kind = Column("What is to be done.", READ, filter=True, order=True)
    state = Column(
        "TO_DO, or DIFFERS if an export since then does not show it.", READ, filter=True, order=True
    )
    since = Column("Since when it is to be done.", READ, filter=True, order=True)
    instruction = Computed(
        "What to do, in the words of Partner Center.",
        "str",
        READ,
        _of_each(instruction),
        witness="kind",
    )
    changes = Computed(
        "For changes: what is to be changed, from what to what.",
        "list[VendorChange]",
        READ,
        _of_each(_changes),
        witness="kind",
        absent=(),
    )
    roles = Computed(
        "The roles with which people may do it in Partner Center.",
        "list[Role]",
        READ,
        _of_each(lambda task: vendor_roles(task["kind"])),
        witness="kind",
        absent=(),
    )
    partner = ToOne("The partner whose people do it.", "Partner", READ)
    customer = ToOne("The customer; null if you cannot see it.", "Customer", READ)
    subscription = ToOne(
        "The subscription; null if it is about the customer, or you cannot see it.",
        "Subscription",
        READ,
    )
    cloud = Column("The national cloud of the customer's tenant.", READ, filter=True)
