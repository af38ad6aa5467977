"""Eight at once: of all who would decide one thing exactly one does, and the others are told why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from multichannel.demo.cast import fixed_id
from multichannel.services.audit import verify
from tests.stateful import cast
from tests.stateful.calls import global_id
from tests.stateful.checks import check_chains, check_lines, read
from tests.stateful.organisations import ALDER, BIRCH, CANYON, CEDAR, DOGWOOD, MEADOW
from tests.stateful.racing import SECOND, THREADS, Race, Runner, mixed
from tests.stateful.service import Answer, Service

ROUNDS = [*range(4), *(pytest.param(each, marks=pytest.mark.long) for each in range(4, 10))]
"""Of each kind of race; each begins in another order."""
LAPSED = Answer("swept")


@pytest.fixture
def service(contended: Service) -> Service:
    """The service with a connection for each thread."""
    return contended


def won(race: Race, answers: Sequence[Answer], losing: set[str]) -> Answer:
    """The one answer that something was done; of all others, that it was refused for one of these reasons."""
    found = read(race.service.engine, race.service.clock.now + 2 * SECOND)
    row = found.by_id(race.resource)[race.row_id]
    lapsed = [LAPSED] if row["status"] == "expired" else []
    winners = [*lapsed, *(answer for answer in answers if answer.outcome == "done")]
    assert len(winners) == 1, (row["status"], answers)
    assert {answer.codes[0] if answer.codes else answer.outcome for answer in answers} - {"done"} <= losing
    check_chains(found)
    check_lines(found)
    assert [str(each) for each in verify(race.service.store) if each.flaw] == []
    events = [each for each in found.tables["Event"] if each["resource_id"] == race.row_id]
    assert len(events) == 1
    records = [each for each in found.tables["AuditRecord"] if each["resource_id"] == race.row_id]
    done = Counter(each["tenant_id"] for each in records if each["status"] == "succeeded")
    columns = ("partner_id", "customer_id", "source_partner_id", "target_partner_id")
    parties = {row.get(name) for name in columns}
    assert done == Counter(parties - {None}), done
    failed = [each for each in records if each["status"] == "failed"]
    assert len(failed) == sum(answer.outcome == "refused" for answer in answers)
    return winners[0]


def at_the_last_second(service: Service, resource: str, key: str) -> Race:
    """The small world, one second before a row lapses."""
    service.reset()
    row_id = fixed_id(key)
    table = {
        "Transfer": "transfers",
        "ResellerRelationship": "reseller_relationships",
        "DelegatedAdminGrant": "delegated_admin_grants",
    }[resource]
    row = next(each for each in cast.rows()[table] if each["id"] == row_id)
    service.clock.now = row["expires_at"] - SECOND
    return Race(service, resource, row_id)


@pytest.mark.rule("R39")
@pytest.mark.parametrize("number", ROUNDS)
def test_a_requested_transfer_is_decided_once(service: Service, number: int) -> None:
    race = at_the_last_second(service, "Transfer", "asked")
    mail = [global_id("Subscription", fixed_id("mail.sold"))]
    runners = [
        race.by("alder admin_agent", "acceptTransfer", subscriptionIds=mail),
        race.by("alder admin_agent", "acceptTransfer", subscriptionIds=mail),
        race.by("alder admin_agent", "declineTransfer"),
        race.by("alder admin_agent", "declineTransfer"),
        race.by("cedar admin_agent", "cancelTransfer"),
        race.by("cedar admin_agent", "cancelTransfer"),
        race.by_sweeper(),
        race.by_sweeper(),
    ]

    won(race, race.run(mixed(number, runners)), {"TRANSFER_ALREADY_DECIDED"})


@pytest.mark.rule("R39")
@pytest.mark.parametrize("number", ROUNDS)
def test_an_offered_transfer_is_decided_once(service: Service, number: int) -> None:
    race = at_the_last_second(service, "Transfer", "offered")
    runners = [
        race.by("cedar sales_agent", "acceptTransfer"),
        race.by("cedar admin_agent", "acceptTransfer"),
        race.by("cedar admin_agent", "acceptTransfer"),
        race.by("cedar sales_agent", "declineTransfer"),
        race.by("birch admin_agent", "cancelTransfer"),
        race.by("birch admin_agent", "cancelTransfer"),
        race.by_sweeper(),
        race.by_sweeper(late=False),
    ]

    won(race, race.run(mixed(number, runners)), {"TRANSFER_ALREADY_DECIDED"})


@pytest.mark.rule("SM1")
@pytest.mark.parametrize("number", ROUNDS)
def test_a_request_is_answered_once(service: Service, number: int) -> None:
    race = at_the_last_second(service, "ResellerRelationship", f"{BIRCH}.{MEADOW}")
    runners = [
        race.by("meadow global_admin", "acceptResellerRelationship"),
        race.by("meadow global_admin", "acceptResellerRelationship"),
        race.by("meadow global_admin", "declineResellerRelationship"),
        race.by("meadow global_admin", "declineResellerRelationship"),
        race.by("birch admin_agent", "cancelResellerRelationshipRequest"),
        race.by("birch global_admin", "cancelResellerRelationshipRequest"),
        race.by_sweeper(),
        race.by_sweeper(),
    ]

    won(race, race.run(mixed(number, runners)), {"REQUEST_CLOSED", "REQUEST_EXPIRED", "ALREADY_RELATED"})


@pytest.mark.rule("SM7")
@pytest.mark.parametrize("number", ROUNDS)
def test_a_request_for_delegated_admin_is_answered_once(service: Service, number: int) -> None:
    race = at_the_last_second(service, "DelegatedAdminGrant", f"{ALDER}.{CANYON}.grant")
    runners = [
        race.by("canyon global_admin", "approveDelegatedAdmin"),
        race.by("canyon global_admin", "approveDelegatedAdmin"),
        race.by("canyon global_admin", "approveDelegatedAdmin", rights=["SUPPORT"]),
        race.by("canyon global_admin", "declineDelegatedAdmin"),
        race.by("canyon global_admin", "declineDelegatedAdmin"),
        race.by_sweeper(),
        race.by_sweeper(),
        race.by_sweeper(late=False),
    ]

    won(race, race.run(mixed(number, runners)), {"GRANT_CLOSED", "GRANT_EXPIRED"})


@pytest.mark.rule("SM7")
@pytest.mark.parametrize("number", ROUNDS)
def test_what_is_ended_stays_ended_whoever_approves_at_that_moment(service: Service, number: int) -> None:
    race = at_the_last_second(service, "DelegatedAdminGrant", f"{ALDER}.{CANYON}.grant")
    approving = [race.by("canyon global_admin", "approveDelegatedAdmin")] * 4
    ending = [race.by("alder admin_agent", "terminateDelegatedAdmin")] * 4

    answers = race.run(mixed(number * 4, [*approving, *ending]))

    done = sum(answer.outcome == "done" for answer in answers)
    codes = Counter(code for answer in answers for code in answer.codes)
    assert codes == {"GRANT_ENDED": 3, "GRANT_CLOSED": 5 - done}
    found = read(service.engine, service.clock.now)
    assert found.by_id("DelegatedAdminGrant")[race.row_id]["status"] == "terminated"
    assert len(found.tables["Event"]) == done


@pytest.mark.rule("R36")
@pytest.mark.parametrize("number", ROUNDS)
def test_a_subscription_is_offered_in_one_transfer(service: Service, number: int) -> None:
    service.reset()
    race = Race(service, "Subscription", fixed_id("metered.sold"))
    told = {
        "customer": global_id("Customer", CANYON),
        "subscriptionIds": [global_id("Subscription", race.row_id)],
        "kind": "MANUAL_SWITCH",
    }
    caller = service.caller(
        next(row for row in cast.rows()["users"] if row["display_name"] == "birch admin_agent")
    )
    targets = [CEDAR, ALDER, DOGWOOD, fixed_id("nobody")] * 2

    def offering(target: str) -> Runner:
        return lambda: service.change(caller, "offerTransfer", {**told, "targetPartner": target})

    answers = race.run(mixed(number, [offering(target) for target in targets]))

    assert Counter((answer.outcome, answer.codes) for answer in answers) == {
        ("done", ()): 1,
        ("refused", ("LINES_NOT_ELIGIBLE",)): THREADS - 1,
    }
    check_lines(read(service.engine, service.clock.now))


@pytest.mark.parametrize("number", ROUNDS)
def test_one_key_makes_one_change_however_often_it_comes_at_once(service: Service, number: int) -> None:
    race = at_the_last_second(service, "ResellerRelationship", f"{BIRCH}.{MEADOW}")
    runner = race.by("meadow global_admin", "acceptResellerRelationship", idempotencyKey=f"key {number}")

    answers = race.run([runner] * THREADS)

    assert set(answers) == {Answer("done", race.row_id)}
    found = read(service.engine, service.clock.now)
    check_chains(found)
    assert [each["resource_id"] for each in found.tables["Event"]] == [race.row_id]
    assert Counter(each["tenant_id"] for each in found.tables["AuditRecord"]) == {
        BIRCH: 1,
        MEADOW: 1,
    }
