from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Executable, insert, select, update

from multichannel.domain.audit import AuditRecord
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud, Partner, PartnerType, Tenant
from multichannel.domain.users import RoleAssignment, User, UserState
from multichannel.store.engines import open_database
from tests.cli.shell import Run
from tests.databases import sqlite_first

pytestmark = pytest.mark.usefixtures("loaded_policy")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAPLE, PERSON = "7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10", "0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11"
ADD_PARTNER = ("partner", "add", "--id", MAPLE, "--name", "Maple", "--type", "direct_bill")
ORCHARD, OTHER = "5b6f1f0e-8f7e-4f5c-9d0a-2f9c7c1f4d22", "1c0f7a52-8a55-4f1c-8b63-0c1c1d2b8a77"
ADD_CUSTOMER = ("customer", "add", "--id", ORCHARD, "--name", "Orchard", "--domain", "Orchard.Example")
ADD_USER = ("user", "add", "--tenant", MAPLE, "--object-id", PERSON, "--name", "Maple admin")


def stored(url: str, statement: Executable) -> set[tuple[Any, ...]]:
    """What the database holds, read around the service."""
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            return {tuple(row) for row in connection.execute(statement)}
    finally:
        engine.dispose()


@pytest.fixture
def url(database_url: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database in which Maple is a partner."""
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", database_url)
    code, out, err = run(*ADD_PARTNER, "--market", "us", "--cloud", "us_government")
    assert (code, err) == (0, "")
    assert out.startswith("Added partner Maple. ")
    return database_url


@sqlite_first
def test_a_partner_is_stored_as_it_was_given(url: str) -> None:
    columns = select(Partner.id, Partner.name, Partner.type, Partner.market, Partner.cloud)

    assert stored(url, columns) == {(MAPLE, "Maple", PartnerType.DIRECT_BILL, "US", Cloud.US_GOVERNMENT)}


@sqlite_first
@pytest.mark.parametrize(
    ("options", "roles"),
    [
        ((), {"global_admin"}),
        (
            ("--role", "sales_agent", "--role", "billing_admin", "--role", "sales_agent"),
            {"sales_agent", "billing_admin"},
        ),
    ],
)
def test_a_user_is_stored_with_its_roles(
    url: str, run: Run, options: tuple[str, ...], roles: set[str]
) -> None:
    code, _, err = run(*ADD_USER, *options)

    assert (code, err) == (0, "")
    assert stored(url, select(User.tenant_id, User.object_id, User.display_name, User.cloud)) == {
        (MAPLE, PERSON, "Maple admin", Cloud.US_GOVERNMENT)
    }
    assert {role for (role,) in stored(url, select(RoleAssignment.role))} == roles


@sqlite_first
def test_a_partner_that_is_there_is_one_line_and_stays_as_it_is(url: str, run: Run) -> None:
    code, out, err = run(*ADD_PARTNER, "--market", "DE")

    assert (code, out) == (1, "")
    assert err == f"Tenant {MAPLE} already exists; nothing was changed.\n"
    assert stored(url, select(Partner.market)) == {("US",)}


@sqlite_first
def test_a_user_that_is_there_is_one_line_and_gets_no_role(url: str, run: Run) -> None:
    run(*ADD_USER)

    code, out, err = run(*ADD_USER, "--role", "sales_agent")

    assert (code, out) == (1, "")
    assert err == f"User {PERSON} of {MAPLE} already exists; nothing was changed.\n"
    assert stored(url, select(RoleAssignment.role)) == {("global_admin",)}


@sqlite_first
def test_a_user_of_an_unknown_tenant_is_one_line(url: str, run: Run) -> None:
    code, out, err = run(*ADD_USER, "--tenant", PERSON)

    assert (code, out) == (1, "")
    assert err == (
        f"Tenant {PERSON} not found. Add it first: multichannel partner add, multichannel customer add\n"
    )
    assert stored(url, select(User.id)) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        (*ADD_PARTNER, "--market", "USA"),
        (*ADD_PARTNER, "--market", "US", "--id", "maple"),
        (*ADD_PARTNER, "--market", "US", "--type", "reseller"),
        (*ADD_USER, "--role", "owner"),
    ],
)
def test_what_has_no_meaning_is_a_mistake_of_usage(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        (ADD_PARTNER, "--name", ""),
        (ADD_PARTNER, "--name", "   "),
        (ADD_PARTNER, "--name", "bad\x1b[31mname"),
        (ADD_PARTNER, "--id", "00000000-0000-0000-0000-000000000000"),
        (ADD_USER, "--name", ""),
        (ADD_USER, "--object-id", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_what_nobody_could_use_is_a_usage_error(
    run: Run, command: tuple[str, ...], option: str, value: str
) -> None:
    market = ("--market", "US") if command is ADD_PARTNER else ()
    code, out, _ = run(*command, *market, option, value)

    assert (code, out) == (2, "")


@sqlite_first
@pytest.mark.rule("R55")
def test_a_customer_is_added_as_a_partner_is_and_its_first_user_as_well(url: str, run: Run) -> None:
    code, out, err = run(*ADD_CUSTOMER, "--market", "us")
    assert (code, err) == (0, "")
    assert out.startswith("Added customer Orchard. ")
    columns = select(Customer.id, Customer.company_name, Customer.domain, Customer.market, Customer.cloud)
    assert stored(url, columns) == {(ORCHARD, "Orchard", "orchard.example", "US", Cloud.PUBLIC)}
    assert stored(url, select(Tenant.id, Tenant.directory_id)) == {(MAPLE, MAPLE), (ORCHARD, ORCHARD)}

    code, _, err = run(*ADD_USER, "--tenant", ORCHARD)

    assert (code, err) == (0, "")
    assert stored(url, select(User.tenant_id, User.cloud)) == {(ORCHARD, Cloud.PUBLIC)}
    assert stored(url, select(AuditRecord.tenant_id, AuditRecord.operation)) == {(ORCHARD, "create_user")}


@sqlite_first
def test_a_tenant_is_added_once_whatever_its_kind(url: str, run: Run) -> None:
    code, out, err = run(*ADD_CUSTOMER, "--market", "US", "--id", MAPLE)

    assert (code, out) == (1, "")
    assert err == f"Tenant {MAPLE} already exists; nothing was changed.\n"
    assert stored(url, select(Customer.id)) == set()


@sqlite_first
@pytest.mark.rule("R54", "R55")
def test_a_user_is_added_to_a_customer_by_its_directory_and_not_by_its_own_id(url: str, run: Run) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        row = {"id": OTHER, "kind": "customer", "cloud": "public", "directory_id": ORCHARD, "created_at": NOW}
        connection.execute(insert(Tenant), row)
        customer = {"id": OTHER, "market": "US", "cloud": "public", "custom_domains": [], "created_at": NOW}
        connection.execute(insert(Customer), customer)
    engine.dispose()

    assert run(*ADD_USER, "--tenant", OTHER)[0] == 1
    assert run(*ADD_USER, "--tenant", ORCHARD)[0] == 0
    assert stored(url, select(User.tenant_id)) == {(OTHER,)}


@pytest.mark.rule("R55")
def test_tenants_are_listed_with_kind_name_and_place(url: str, run: Run) -> None:
    assert url
    run(*ADD_CUSTOMER, "--market", "US")

    maple = {
        "directory_id": MAPLE,
        "kind": "partner",
        "name": "Maple",
        "cloud": "us_government",
        "market": "US",
    }
    orchard = {
        "directory_id": ORCHARD,
        "kind": "customer",
        "name": "Orchard",
        "cloud": "public",
        "market": "US",
    }
    assert json.loads(run("tenant", "list", "--json")[1]) == [maple, orchard]
    assert json.loads(run("tenant", "list", "--kind", "customer", "--json")[1]) == [orchard]
    assert f"{MAPLE} partner Maple us_government US" in " ".join(run("tenant", "list")[1].split())


@pytest.mark.rule("R55")
def test_customers_are_listed_with_tenant_id_domain_and_place(url: str, run: Run) -> None:
    assert json.loads(run("customer", "list", "--json")[1]) == []
    run(*ADD_CUSTOMER, "--market", "US")
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(update(Tenant).where(Tenant.id == ORCHARD).values(directory_id=None))
    engine.dispose()
    run(*ADD_CUSTOMER, "--id", OTHER, "--domain", "other.example", "--name", "Øther", "--market", "DE")

    unlinked = {
        "directory_id": None,
        "name": "Orchard",
        "domain": "orchard.example",
        "cloud": "public",
        "market": "US",
    }
    other = unlinked | {"directory_id": OTHER, "name": "Øther", "domain": "other.example", "market": "DE"}
    by_name = {each["name"]: each for each in json.loads(run("customer", "list", "--json")[1])}
    assert by_name == {"Orchard": unlinked, "Øther": other}
    assert json.loads(run("customer", "list", "--cloud", "us_government", "--json")[1]) == []
    text = " ".join(run("customer", "list")[1].split())
    assert text.startswith("Directory id Name Domain Cloud Market ")
    assert "- Orchard orchard.example public US" in text
    assert f"{OTHER} Øther other.example public DE" in text


@pytest.mark.rule("R55")
def test_users_are_listed_disabled_and_enabled_and_one_global_admin_stays(url: str, run: Run) -> None:
    run(*ADD_USER)
    change = ("--tenant", MAPLE, "--object-id", PERSON)

    code, out, err = run("user", "disable", *change)
    assert (code, out) == (1, "")
    assert err.startswith("The tenant must keep an active global admin. ")

    run(*ADD_USER, "--object-id", OTHER, "--role", "global_admin")
    assert run("user", "disable", *change)[0] == 0
    states = {each["object_id"]: each["state"] for each in json.loads(_users(run)[1])}
    assert states == {PERSON: "inactive", OTHER: "active"}
    assert run("user", "disable", *change)[2] == "The user is already disabled.\n"
    assert run("user", "enable", *change)[0] == 0
    assert stored(url, select(User.state)) == {(UserState.ACTIVE,)}
    operations = {row[0] for row in stored(url, select(AuditRecord.operation))}
    assert operations == {"create_user", "disable_user", "enable_user"}


def _users(run: Run) -> tuple[int, str, str]:
    return run("user", "list", "--tenant", MAPLE, "--json")


@sqlite_first
@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("user", "list", "--tenant", OTHER), f"Tenant {OTHER} not found. "),
        (
            ("user", "enable", "--tenant", MAPLE, "--object-id", OTHER),
            f"User {OTHER} of tenant {MAPLE} not found. ",
        ),
    ],
)
def test_whoever_is_not_there_is_one_line(url: str, run: Run, command: tuple[str, ...], message: str) -> None:
    assert url
    code, out, err = run(*command)

    assert (code, out) == (1, "")
    assert err.startswith(message)


def test_every_user_of_a_large_tenant_is_listed(url: str, run: Run) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        common = {"tenant_id": MAPLE, "cloud": "us_government", "created_at": NOW, "updated_at": NOW}
        ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(201)]
        users = [{"id": each, "object_id": each, "display_name": each, **common} for each in ids]
        connection.execute(insert(User), users)
    engine.dispose()

    assert [each["object_id"] for each in json.loads(_users(run)[1])] == ids
