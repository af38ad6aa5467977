"""What mutations of subscriptions cost, and that repeating them costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from multichannel.demo.cast import (
    ALDER,
    CEDAR,
    HAZEL,
    MEADOW,
    fixed_id,
)
from multichannel.domain.base import new_id
from multichannel.domain.subscriptions import Subscription
from tests.graphql.conftest import Answer, Api
from tests.graphql.subscription_api import (
    ABSENT,
    EA,
    MUTATIONS,
    SEATS,
    agree,
    ask,
    done,
    everything,
    of,
    sell,
)
from tests.world import postgresql_later


def test_a_repeated_purchase_is_one_purchase(api: Api) -> None:
    agree(api, MEADOW, None)
    input = {"customer": MEADOW, **SEATS, "idempotencyKey": "one"}
    count = len(everything(api))

    answers = [ask(api, "alder-sales-agent", "createSubscription", **input).body for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(everything(api)) == count + 1


def _on_new(mutation: str, persona: str, **more: Any) -> Callable[[Api], Answer]:
    """A mutation of what was sold just before."""

    def run(api: Api) -> Answer:
        made = sell(api, persona)
        return ask(api, persona, mutation, shown="id", **of(made, **more))

    return run


def _reactivate(api: Api) -> Answer:
    held = done(api, "alder-sales-agent", "suspendSubscription", **of(sell(api), reason="FRAUD"))
    return ask(api, "alder-sales-agent", "reactivateSubscription", shown="id", **of(held))


def _cancel_service(api: Api) -> Answer:
    agree(api, MEADOW, None)
    done(api, "alder-sales-agent", "moveSubscriptionToCsp", id="meadow-azure-ea")
    input = {"id": "meadow-azure-ea", "expectedVersion": 1, "service": "storage"}
    return ask(api, "meadow-global-admin", "cancelService", shown="id", **input)


def _first(mutation: str, persona: str, **input: Any) -> Callable[[Api], Answer]:
    """A mutation after both chains have begun."""

    def run(api: Api) -> Answer:
        sell(api, offerName="Another")
        done(
            api,
            "cedar-admin-agent",
            "assignSupportContact",
            id="meadow-phone-cedar",
            expectedVersion=1,
            partner=CEDAR.id,
        )
        return ask(api, persona, mutation, shown="id", **input)

    return run


COSTS: dict[str, tuple[Callable[[Api], Answer], int]] = {
    "recordExternalSubscription": (
        _first("recordExternalSubscription", "alder-sales-agent", customer=MEADOW, **EA),
        10,
    ),
    "createSubscription": (_first("createSubscription", "alder-sales-agent", customer=MEADOW, **SEATS), 12),
    "updateSubscription": (_on_new("updateSubscription", "alder-sales-agent", quantity=6), 10),
    "suspendSubscription": (_on_new("suspendSubscription", "alder-sales-agent", reason="FRAUD"), 11),
    "reactivateSubscription": (_reactivate, 10),
    "cancelSubscription": (_on_new("cancelSubscription", "alder-sales-agent", reason="FRAUD"), 11),
    "cancelService": (_cancel_service, 10),
    "moveSubscriptionToCsp": (_first("moveSubscriptionToCsp", "alder-sales-agent", id="meadow-azure-ea"), 14),
    "assignSupportContact": (_on_new("assignSupportContact", "alder-admin-agent", partner=None), 10),
    "assignPartnerOfRecord": (_on_new("assignPartnerOfRecord", "cedar-admin-agent", partner=HAZEL.id), 15),
    "linkSubscription": (_on_new("linkSubscription", "alder-sales-agent", vendorId=ABSENT), 11),
    "completeVendorTask": (_on_new("completeVendorTask", "alder-sales-agent", vendorId=ABSENT), 11),
}


@postgresql_later
@pytest.mark.parametrize("mutation", COSTS)
def test_a_mutation_takes_as_many_statements_however_many_rows_there_are(api: Api, mutation: str) -> None:
    crowd(api)
    run, statements = COSTS[mutation]

    answer = run(api)

    assert answer.data[mutation]["userErrors"] == []
    assert len(answer.statements) == statements


def crowd(api: Api) -> None:
    """200 more subscriptions of Meadow's at Alder, and as many at Cedar."""
    template = next(
        each for each in everything(api) if each["id"] == fixed_id("meadow-phone-cedar.subscription")
    )
    status = template.pop("stored_status")
    rows = [
        {
            **template,
            "status": status,
            "id": new_id(),
            "vendor_id": None,
            "owner_id": owner,
            "billing_partner_id": owner,
        }
        for owner in (ALDER.id, CEDAR.id)
        for _ in range(200)
    ]
    with Session(api.world.store.engine) as session:
        session.execute(insert(Subscription.__table__), rows)  # type: ignore[arg-type]  # a mapped class has a table
        session.connection().commit()


def test_every_mutation_of_subscriptions_has_its_costs_written_down() -> None:
    assert tuple(COSTS) == MUTATIONS
