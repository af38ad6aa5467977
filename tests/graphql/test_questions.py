"""The everyday questions of the explorer, each one query, with answers that were worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, parse, print_ast
from sqlalchemy import update
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, CANYON, CEDAR, MEADOW, QUARRY, fixed_id
from multichannel.domain.agreements import AgreementKind, CustomerAgreement
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Initiator, Transfer, TransferKind, TransferLine, TransferStatus
from multichannel.explorer import build
from tests.graphql.both_executions import Both, both_of
from tests.world import World

SOURCE = (Path(build.__file__).parent / "web" / "questions.graphql").read_text()
QUESTIONS = {
    each.name.value: print_ast(each)
    for each in parse(SOURCE).definitions
    if isinstance(each, OperationDefinitionNode) and each.name
}
DAY = timedelta(days=1)
PARTNER = "alder-admin-agent"
MAIL, OFFICE = (
    f"subscription_{fixed_id(f'{key}.subscription')}" for key in ("meadow-mail-alder", "canyon-office-birch")
)
SEEING = {"customer", "relationship_holder"}
EVERY_RIGHT = ["SUPPORT", "MANAGE_SUBSCRIPTIONS", "MANAGE_USERS", "READ_DIRECTORY"]
RENAMED = "Mail of all of Meadow"


@pytest.fixture(scope="module")
def both(shared_world: World) -> Iterator[Both]:
    """The demo world, in which something ends soon, failed, was signed, waits, is a trial or was not paid."""
    now = shared_world.clock.now
    with Session(shared_world.store.engine) as session:
        for key, values in subscriptions_of(now).items():
            row_id = fixed_id(f"{key}.subscription")
            session.execute(update(Subscription).where(Subscription.id == row_id).values(values))
        session.execute(
            update(ResellerRelationship)
            .where(ResellerRelationship.id == fixed_id("alder.quarry.relationship"))
            .values(requested_at=now - 8 * DAY, expires_at=now + 82 * DAY)
        )
        session.add(agreement(now))
        session.add_all(failed_transfer(now))
        session.commit()
    with both_of(shared_world) as both:
        rename = """mutation ($input: UpdateSubscriptionInput!) {
          updateSubscription(input: $input) { userErrors { code } } }"""
        changed = {"id": MAIL, "expectedVersion": 1, "friendlyName": RENAMED}
        answer = orjson.loads(both.interpreted(PARTNER, rename, {"input": changed}))
        assert answer == {"data": {"updateSubscription": {"userErrors": []}}}
        yield both


def subscriptions_of(now: Any) -> dict[str, dict[str, Any]]:
    """What differs from the demo world."""
    suspended = {"stored_status": "suspended"}
    return {
        "meadow-mail-alder": {"commitment_end_date": now + 10 * DAY},
        "canyon-office-birch": {"commitment_end_date": now + 20 * DAY, "auto_renew_enabled": False},
        "meadow-phone-cedar": {
            "commitment_end_date": now + 12 * DAY,
            "auto_renew_enabled": False,
            "suspension_reasons": ["customer_request"],
            **suspended,
        },
        "meadow-archive-alder": {"commitment_end_date": now + 30 * DAY},
        "quarry-mail-cedar": {"is_trial": True, "commitment_end_date": now + 5 * DAY},
        "ember-mail-alder": {"suspension_reasons": ["fraud", "non_payment"]},
        "thistle-mail-birch": suspended,
        "thistle-office-open": suspended,
    }


def agreement(now: Any) -> CustomerAgreement:
    """Alder attests that Meadow signed last month."""
    return CustomerAgreement(
        customer_id=MEADOW.id,
        partner_id=ALDER.id,
        kind=AgreementKind.ATTESTATION,
        first_name="Mia",
        last_name="Meadow",
        email="mia@meadow.example",
        agreed_at=last_month(now) + 3 * DAY,
        cloud=Cloud.PUBLIC,
        created_at=now,
    )


def failed_transfer(now: Any) -> list[Any]:
    """Of two subscriptions, which Alder asked Cedar for, one stayed behind."""
    transfer = Transfer(
        id=fixed_id("failed.transfer"),
        owner_id=ALDER.id,
        kind=TransferKind.NEW_COMMERCE,
        stored_status=TransferStatus.COMPLETED_WITH_ERRORS,
        initiated_by=Initiator.TARGET,
        customer_id=MEADOW.id,
        source_partner_id=CEDAR.id,
        target_partner_id=ALDER.id,
        requested_at=now - 2 * DAY,
        market="US",
        cloud=Cloud.PUBLIC,
        created_at=now - 2 * DAY,
        updated_at=now,
    )
    lines = [("Telephony", "completed", None), ("Azure plan", "failed", "LICENSE_BASED_STAYS")]
    return [
        transfer,
        *(
            TransferLine(
                tenant_id=ALDER.id,
                transfer_id=transfer.id,
                number=number,
                friendly_name=name,
                quantity=number,
                status=status,
                error=error,
            )
            for number, (name, status, error) in enumerate(lines, 1)
        ),
    ]


def month_of(now: Any) -> Any:
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def last_month(now: Any) -> Any:
    return month_of(month_of(now) - DAY)


def variables(now: Any) -> dict[str, str]:
    """The variables that the explorer fills in."""
    evening = (now - DAY).replace(hour=18, minute=0)
    times = {
        "now": now,
        "inTwoWeeks": now + 14 * DAY,
        "inThirtyDays": now + 30 * DAY,
        "weekAgo": now - 7 * DAY,
        "monthStart": month_of(now),
        "lastMonthStart": last_month(now),
        "yesterdayEvening": evening,
    }
    return {name: time.isoformat() for name, time in times.items()}


def names(field: str, name: str) -> Callable[[Any], Any]:
    """The names of all nodes of a list, whose total is their number."""

    def read(data: Any) -> list[str]:
        assert data[field]["totalCount"] == len(data[field]["nodes"])
        return [each[name] for each in data[field]["nodes"]]

    return read


def rows(field: str, *keys: str) -> Callable[[Any], Any]:
    """The groups, each with these fields; of a record its name."""

    def named(value: Any) -> Any:
        return next(iter(value.values())) if isinstance(value, dict) else value

    return lambda data: [tuple(named(each[key]) for key in keys) for each in data[field]]


def standings(data: Any) -> set[tuple[str, str | None]]:
    return {(each["tenant"]["name"], each["standing"]) for each in data["node"]["access"]}


def options(data: Any) -> dict[str, list[str]]:
    """What stands against recreating each subscription in CSP."""
    return {
        each["friendlyName"]: [
            blocker["code"]
            for option in each["supportOptions"]
            if option["kind"] == "RECREATE_IN_CSP"
            for blocker in option["blockedBy"]
        ]
        for each in data["subscriptions"]["nodes"]
    }


def waiting(data: Any) -> dict[str, int]:
    return {name: each["totalCount"] for name, each in data.items() if each["totalCount"]}


ANSWERS: list[tuple[str, str, Callable[[Any], Any], Any]] = [
    (
        "EndsSoon",
        PARTNER,
        lambda data: [
            (each["friendlyName"], each["autoRenewEnabled"], each["customer"]["companyName"])
            for each in data["subscriptions"]["nodes"]
        ],
        [(RENAMED, True, "Meadow Dairy"), ("Canyon office birch", False, "Canyon Tools")],
    ),
    (
        "EndsSoonByPartner",
        "meadow-global-admin",
        lambda data: sorted(rows("subscriptionGroups", "partner", "autoRenewEnabled", "count")(data)),
        [("Alder", True, 1), ("Cedar", False, 1)],
    ),
    # CSP: mail 30, its archive 30, telephony 10.
    (
        "LicencesByChannel",
        "meadow-global-admin",
        lambda data: dict(rows("subscriptionGroups", "channel", "quantity")(data)),
        {"CSP": 70, "DIRECT": 25, "OPEN": 5, "ADVISOR": 25},
    ),
    (
        "ByChannelAndStatus",
        "canyon-global-admin",
        rows("subscriptionGroups", "channel", "status", "count"),
        [("CSP", "ACTIVE", 2), ("EA", "ACTIVE", 2)],
    ),
    ("NotSigned", PARTNER, names("customers", "companyName"), ["Canyon Tools"]),
    # Asked of Juniper yesterday; what was asked of Thistle has expired.
    ("PendingRequests", PARTNER, names("resellerRelationships", "addressedTo"), [QUARRY.id]),
    (
        "WhoMayAct",
        "canyon-global-admin",
        standings,
        {("Canyon Tools", "customer"), ("Birch", "billing_partner"), ("Alder", "support_contact")},
    ),
    (
        "WhoSees",
        "canyon-global-admin",
        lambda data: {(name, standing) for name, standing in standings(data) if standing in SEEING},
        {("Canyon Tools", "customer"), ("Birch", "relationship_holder"), ("Alder", "relationship_holder")},
    ),
    # Birch sees the name of Ember, which has ended their relationship, and none of its subscriptions.
    (
        "WithoutActiveSubscription",
        "birch-sales-agent",
        names("customers", "companyName"),
        ["Ember Glass", "Thistle Books"],
    ),
    ("CspAndElsewhere", PARTNER, names("customers", "companyName"), ["Canyon Tools", "Meadow Dairy"]),
    # Meadow has signed. What Birch recorded of Canyon is not for Alder to see.
    ("MoveToCsp", PARTNER, options, {"Canyon azure ea": ["AGREEMENT_REQUIRED"], "Meadow azure ea": []}),
    ("SuspendedForNonPayment", PARTNER, names("subscriptions", "friendlyName"), ["Ember mail alder"]),
    (
        "DelegatedAdmin",
        "meadow-global-admin",
        lambda data: {
            each["partner"]["name"]: each["rights"] for each in data["delegatedAdminGrants"]["nodes"]
        },
        {"Alder": EVERY_RIGHT, "Willow": ["SUPPORT"]},
    ),
    # Meadow: 25 direct, 30 mail, 30 archive, 5 open. Canyon: 15 that Alder supports. Of Ember, Alder bills 8,
    # and does not see the company any more.
    (
        "LargestCustomers",
        PARTNER,
        rows("subscriptionGroups", "customer", "quantity"),
        [("Meadow Dairy", 90), ("Canyon Tools", 15), (None, 8)],
    ),
    # Hazel: Azure of Meadow, which counts one, and 12 of Quarry. Dogwood: 10 of Meadow.
    (
        "ByReseller",
        "cedar-admin-agent",
        lambda data: sorted(
            rows("subscriptionGroups", "partnerOfRecord", "customerCount", "count", "quantity")(data)
        ),
        [("Dogwood", 1, 1, 10), ("Hazel", 2, 2, 13)],
    ),
    (
        "FailedTransfers",
        PARTNER,
        lambda data: [
            (line["number"], line["friendlyName"], line["status"])
            for each in data["transfers"]["nodes"]
            for line in each["lines"]
        ],
        [(1, "Telephony", "COMPLETED"), (2, "Azure plan", "FAILED")],
    ),
    (
        "ChangesOfSubscription",
        "alder-global-admin",
        lambda data: [
            (each["operation"], change["old"], change["new"])
            for each in data["auditRecords"]["nodes"]
            for change in each["changes"]
            if change["field"] == "friendlyName"
        ],
        [("update_subscription", "Meadow mail alder", RENAMED)],
    ),
    ("AgreementsOfLastMonth", PARTNER, names("customers", "companyName"), ["Meadow Dairy"]),
    ("TrialsThatEnd", "cedar-admin-agent", names("subscriptions", "friendlyName"), ["Quarry mail cedar"]),
    (
        "WithoutSupportContact",
        "canyon-global-admin",
        names("subscriptions", "friendlyName"),
        ["Canyon azure alder", "Canyon azure ea", "Canyon azure ea by birch"],
    ),
    ("SinceYesterday", PARTNER, names("auditRecords", "operation"), ["update_subscription"]),
    ("WaitsForMe", "quarry-global-admin", waiting, {"relationships": 1}),
    ("WaitsForMe", "canyon-global-admin", waiting, {"records": 1}),
]


def test_there_is_an_answer_to_each_of_the_questions() -> None:
    assert [*dict.fromkeys(name for name, *_ in ANSWERS)] == [*QUESTIONS]
    assert len(QUESTIONS) == 22


@pytest.mark.parametrize(
    ("name", "persona", "read", "expected"),
    ANSWERS,
    ids=[f"{number}-{name}" for number, (name, *_) in enumerate(ANSWERS, 1)],
)
def test_each_question_is_one_query(
    both: Both, name: str, persona: str, read: Callable[[Any], Any], expected: Any
) -> None:
    subscription = OFFICE if name == "WhoMayAct" else MAIL
    values = {"id": f"customer_{CANYON.id}", "subscription": subscription, **variables(both.world.clock.now)}
    asked = {key: value for key, value in values.items() if f"${key}:" in QUESTIONS[name]}

    answer = orjson.loads(both.interpreted(persona, QUESTIONS[name], asked))

    assert "errors" not in answer
    assert read(answer["data"]) == expected


@pytest.mark.long
def test_the_compiled_answers_to_the_questions_are_the_same(both: Both) -> None:
    times = variables(both.world.clock.now)
    for name, persona, *_ in ANSWERS:
        asked = {"id": f"customer_{CANYON.id}", "subscription": MAIL, **times}
        compiled, interpreted = both.answers(persona, QUESTIONS[name], asked)
        assert compiled == interpreted, name
