"""`multichannel policy who-can` and `what-can`: whose people may do it, and what somebody may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from multichannel.demo.cast import fixed_id
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER, RESOURCES, SUBSCRIPTION, TRANSFER
from multichannel.policy.schema.vocabulary import Action
from multichannel.policy.testing.case_files import read_cases
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.services.access import who_may
from tests.world import World, one_engine

Run = Callable[..., tuple[int, str, str]]
MEADOW = fixed_id("meadow")
AZURE = fixed_id("meadow-azure-cedar.subscription")


@pytest.fixture
def policy(run: Run, shipped_policy: Policy, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of the workbench; the shipped policy is loaded once for all tests."""
    monkeypatch.setattr(Policy, "load", lambda _folder: shipped_policy)
    return lambda *arguments: run("policy", *arguments)


def as_data(policy: Run, *arguments: str) -> dict[str, Any]:
    code, out, err = policy(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    data: dict[str, Any] = json.loads(out)
    return data


def test_the_subjects_of_a_record_of_the_cases(policy: Run) -> None:
    data = as_data(policy, "who-can", "CANCEL", "subscription", "alder_seats")

    assert (data["resource"], data["action"], data["record"]) == (
        "Subscription",
        "cancel",
        "subscription:alder_seats",
    )
    (subject,) = data["subjects"]
    assert subject["tenant"] == {"id": "alder", "name": "alder", "kind": "partner"}
    assert (subject["standing"], subject["roles"]) == (
        "billing_partner",
        ["global_admin", "admin_agent", "sales_agent"],
    )
    assert subject["because"].startswith("What a partner sells is its own")


def test_a_record_that_nobody_may_do_it_with(policy: Run) -> None:
    assert policy("who-can", "accept", "Transfer", "completed")[0] == 2
    code, out, _ = policy("who-can", "cancel", "Subscription", "cedar_azure")
    assert (code, "dogwood" in out) == (0, False)


@one_engine
@pytest.mark.parametrize(("resource", "row_id"), [(CUSTOMER, MEADOW), (SUBSCRIPTION, AZURE)])
def test_the_subjects_of_a_row_are_those_of_who_may(
    policy: Run, world: World, resource: Any, row_id: str
) -> None:
    record_id = f"{resource.name.lower()}_{row_id}"
    with world.store.reading(world.principal("meadow-global-admin")) as work:
        for action in [Action.READ_SUMMARY, Action.LABEL, Action.UPDATE]:
            expected = {
                (tenant.id, role.value)
                for tenant, roles in who_may(work, action, resource, row_id)
                for role in roles
            }
            data = as_data(policy, "who-can", action, resource.name, record_id, "--database-url", world.url)
            subjects = data["subjects"]
            assert expected
            assert {(each["tenant"]["id"], role) for each in subjects for role in each["roles"]} == expected


@one_engine
def test_a_row_is_the_operators_alone(policy: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", world.url)
    code, out, err = policy("who-can", "read", "Customer", f"customer_{MEADOW}")

    assert (code, out) == (2, "")
    assert "use --database-url" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("who-can", "cancel", "Customer", "alder_seats"), "'cancel' is not an action on Customer."),
        (("who-can", "read", "Customer", "alder_seats"), "is a Subscription, not a Customer"),
        (("who-can", "read", "Subscription", "alder_seat"), "Did you mean alder_seats?"),
        (("who-can", "read", "Subscripton", "alder_seats"), "Unknown resource type: Subscripton."),
        (("what-can", "--as", "aldr_sales_agent"), "Did you mean alder?"),
        (("what-can", "--as", "alder_sales_agent", "--action", "cancell"), "Did you mean cancel?"),
        (("what-can", "--as", "alder_sales_agent", "--limit", "0"), "Invalid value for '--limit'"),
    ],
)
def test_a_wrong_question_is_told(policy: Run, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = policy(*arguments)

    assert (code, out) == (2, "")
    assert message in " ".join(err.split())


def test_what_a_principal_may_do_is_what_the_policy_allows_of_each_record(
    policy: Run, shipped_policy: Policy
) -> None:
    data = as_data(policy, "what-can", "--as", "alder_sales_agent", "--kind", "transfer", "--limit", "999")
    found = {
        (each["resource"], each["action"], name) for each in data["permitted"] for name in each["records"]
    }

    cases = read_cases(SHIPPED_POLICIES)
    principal = next(
        each.principal
        for each in cases
        if each.principal.tenant_id == "alder" and each.principal.roles == ("sales_agent",)
    )
    transfers = [each for each in cases if each.resource is TRANSFER]
    for case in {each.what: each for each in transfers}.values():
        name = f"{case.file.partition('.')[0]}:{case.what}"
        for action in case.resource.actions:
            allowed = shipped_policy.check(principal, action, case.record).allowed
            assert ((case.resource.name, action, name) in found) is allowed
    assert all(each["count"] == len(each["records"]) for each in data["permitted"])


@one_engine
def test_what_a_user_may_do_is_counted_by_the_rows_that_it_may_do_it_with(policy: Run, world: World) -> None:
    arguments = ("what-can", "--as", "cedar-admin-agent", "--limit", "2", "--database-url", world.url)
    permitted = as_data(policy, *arguments)["permitted"]

    with world.store.reading(world.principal("cedar-admin-agent")) as work:
        for each in permitted:
            resource = RESOURCES[each["resource"]]
            count = work.reader.reach(resource, (Action(each["action"]),), most=1000)
            assert (each["count"], len(each["records"])) == (count, min(count, 2))
    told = {(each["resource"], each["action"]) for each in permitted}
    assert {("Customer", "read"), ("Subscription", "cancel")} <= told
    only = as_data(policy, *arguments, "--kind", "subscription", "--action", "cancel")["permitted"]
    assert only == [
        each for each in permitted if (each["resource"], each["action"]) == ("Subscription", "cancel")
    ]


def test_a_principal_that_may_do_nothing(policy: Run) -> None:
    code, out, _ = policy("what-can", "--as", "alder", "--action", "cancel")

    assert (code, out) == (0, "alder may do nothing with these records.\n")
