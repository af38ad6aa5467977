"""Consent that is given and taken back at once: whatever comes first, nothing is left open."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from multichannel.demo.cast import fixed_id
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.support_cases import SupportCaseComment
from multichannel.store.users import Caller
from tests.stateful import cast
from tests.stateful.calls import SIGNER, global_id
from tests.stateful.checks import check_chains, check_lines, read
from tests.stateful.organisations import ALDER, CANYON, CEDAR, MEADOW
from tests.stateful.racing import Race, Runner, mixed
from tests.stateful.service import Service

FEW = 3
"""Rounds of each kind of race: each kind of call comes first in one."""


@pytest.fixture
def service(contended: Service) -> Service:
    """The service with a connection for each thread."""
    contended.reset()
    return contended


def person(service: Service, who: str) -> Caller:
    """Somebody of the small world by name."""
    return service.caller(next(row for row in cast.rows()["users"] if row["display_name"] == who))


def stored_rows(service: Service, resource: str, **equal: Any) -> list[dict[str, Any]]:
    """The rows that are stored now; the audit chains are whole."""
    found = read(service.engine, service.clock.now)
    check_chains(found)
    return [row for row in found.tables[resource] if all(row[name] == each for name, each in equal.items())]


@pytest.mark.rule("R62", "SM1")
@pytest.mark.parametrize("number", range(FEW))
def test_a_relationship_that_is_ended_does_not_go_on_with_a_request_that_is_accepted_at_once(
    service: Service, number: int
) -> None:
    held = fixed_id(f"{ALDER}.{CANYON}")
    (row,) = stored_rows(service, "ResellerRelationship", id=held)
    asked = {**row, "id": fixed_id("asked again"), "status": "requested", "addressed_to": "canyon.example"}
    with service.engine.begin() as connection:
        connection.execute(insert(ResellerRelationship.__table__), asked)  # type: ignore[arg-type]  # a table
    race = Race(service, "ResellerRelationship", held)
    again = Race(service, "ResellerRelationship", asked["id"])
    ending = race.by("canyon global_admin", "endResellerRelationship", reason="Another supplier")
    accepting = again.by("canyon global_admin", "acceptResellerRelationship", agreement=SIGNER)

    answers = race.run(mixed(number * 3, [ending] * 3 + [accepting] * 3))

    states = {
        each["id"]: str(each["status"])
        for each in stored_rows(service, "ResellerRelationship", partner_id=ALDER, customer_id=CANYON)
    }
    accepted = states[asked["id"]] == "active"
    assert states == {held: "ended_by_customer", asked["id"]: "active" if accepted else "requested"}
    assert sum(answer.outcome == "done" for answer in answers) == 1 + accepted
    codes = {code for answer in answers for code in answer.codes}
    assert codes <= {"RELATIONSHIP_NOT_ACTIVE", "ALREADY_RELATED", "REQUEST_CLOSED"}
    (grant,) = stored_rows(service, "DelegatedAdminGrant", relationship_id=held)
    assert grant["status"] == "terminated"


@pytest.mark.rule("R63")
@pytest.mark.parametrize("number", range(FEW))
def test_of_two_ways_to_share_a_record_one_is_chosen(service: Service, number: int) -> None:
    race = Race(service, "Subscription", fixed_id("agreement.sold"))
    (row,) = stored_rows(service, "Subscription", id=race.row_id)
    chosen: list[dict[str, Any]] = [
        {"sharing": "SELECTED", "partners": [ALDER]},
        {"sharing": "SELECTED", "partners": [CEDAR, ALDER]},
        {"sharing": "NONE"},
    ]
    runners = [
        race.by("meadow global_admin", "setSubscriptionSharing", expectedVersion=row["version"], **each)
        for each in chosen
    ]

    answers = race.run(mixed(number, runners * 2))

    assert Counter((answer.outcome, answer.codes) for answer in answers) == {
        ("done", ()): 1,
        ("refused", ("STALE_VERSION",)): 5,
    }
    (after,) = stored_rows(service, "Subscription", id=race.row_id)
    stored = {"sharing": str(after["sharing"]).upper(), "partners": after["shared_with"]}
    assert stored in [
        {"sharing": each["sharing"], "partners": set(each.get("partners", ()))} for each in chosen
    ]


@pytest.mark.rule("R62", "R63")
@pytest.mark.parametrize("number", range(FEW))
def test_a_partner_that_is_selected_as_its_relationship_ends_is_not_selected_afterwards(
    service: Service, number: int
) -> None:
    race = Race(service, "Subscription", fixed_id("agreement.sold"))
    (row,) = stored_rows(service, "Subscription", id=race.row_id)
    selecting = race.by(
        "meadow global_admin",
        "setSubscriptionSharing",
        expectedVersion=row["version"],
        sharing="SELECTED",
        partners=[ALDER],
    )
    held = Race(service, "ResellerRelationship", fixed_id(f"{ALDER}.{MEADOW}"))
    ending = held.by("meadow global_admin", "endResellerRelationship", reason="Another supplier")

    answers = race.run(mixed(number, [selecting, ending]))

    assert {code for answer in answers for code in answer.codes} <= {"NOT_SHARED_WITH_STRANGERS"}
    assert stored_rows(service, "SubscriptionShare") == []


@pytest.mark.rule("SM8")
@pytest.mark.parametrize("number", range(FEW))
def test_nobody_comments_on_a_case_that_is_closed_at_that_moment(service: Service, number: int) -> None:
    customer = person(service, "canyon global_admin")
    about = {"subscription": global_id("Subscription", fixed_id("phone.sold")), "subject": "No calls"}
    case = service.change(customer, "openSupportCase", {**about, "severity": "B"})
    race = Race(service, "SupportCase", str(case.row_id))
    service.change(customer, "resolveSupportCase", {"id": global_id("SupportCase", race.row_id)})
    closing = race.by("canyon global_admin", "closeSupportCase")
    reopening = race.by("cedar admin_agent", "reopenSupportCase")
    commenting = race.by("cedar admin_agent", "commentOnSupportCase", comment="Calls work again")

    answers = race.run(mixed(number, [closing, reopening, commenting, commenting, closing, commenting]))

    (row,) = stored_rows(service, "SupportCase", id=race.row_id)
    with service.engine.connect() as connection:
        comments = connection.execute(select(func.count()).select_from(SupportCaseComment)).scalar_one()
    done = Counter(answer.outcome for answer in answers)["done"]
    assert row["comment_count"] == comments
    assert (str(row["status"]), comments, done) in {
        ("closed", 0, 1),
        *(("open" if each == 0 else "in_progress", each, 1 + each) for each in range(4)),
    }
    codes = {code for answer in answers for code in answer.codes}
    assert codes <= {"SUPPORT_CASE_CLOSED", "SUPPORT_CASE_RESOLVED", "SUPPORT_CASE_NOT_RESOLVED"}


@pytest.mark.rule("R73", "R36")
@pytest.mark.parametrize("number", range(FEW))
def test_a_customer_begins_a_switch_once(service: Service, number: int) -> None:
    customer = person(service, "canyon global_admin")
    metered = global_id("Subscription", fixed_id("metered.sold"))

    def asking(target: str) -> Runner:
        told = {"id": metered, "targetPartner": target, "notice": "We would like to switch."}
        return lambda: service.change(customer, "requestSwitch", told)

    race = Race(service, "Subscription", fixed_id("metered.sold"))
    answers = race.run(mixed(number, [asking(target) for target in (CEDAR, ALDER) * 2]))

    assert Counter((answer.outcome, answer.codes) for answer in answers) == {
        ("done", ()): 1,
        ("refused", ("LINES_NOT_ELIGIBLE",)): 3,
    }
    check_lines(read(service.engine, service.clock.now))
