from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Executable, select

from multichannel.domain.tenants import Cloud, Partner, PartnerType
from multichannel.domain.users import RoleAssignment, User
from multichannel.store.engines import open_database
from tests.cli.shell import Run

pytestmark = pytest.mark.usefixtures("loaded_policy")
MAPLE, PERSON = "7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10", "0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11"
ADD_PARTNER = ("partner", "add", "--id", MAPLE, "--name", "Maple", "--type", "direct_bill")
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


def test_a_partner_is_stored_as_it_was_given(url: str) -> None:
    columns = select(Partner.id, Partner.name, Partner.type, Partner.market, Partner.cloud)

    assert stored(url, columns) == {(MAPLE, "Maple", PartnerType.DIRECT_BILL, "US", Cloud.US_GOVERNMENT)}


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


def test_a_partner_that_is_there_is_one_line_and_stays_as_it_is(url: str, run: Run) -> None:
    code, out, err = run(*ADD_PARTNER, "--market", "DE")

    assert (code, out) == (1, "")
    assert err == f"Tenant {MAPLE} already exists; nothing was changed.\n"
    assert stored(url, select(Partner.market)) == {("US",)}


def test_a_user_that_is_there_is_one_line_and_gets_no_role(url: str, run: Run) -> None:
    run(*ADD_USER)

    code, out, err = run(*ADD_USER, "--role", "sales_agent")

    assert (code, out) == (1, "")
    assert err == f"User {PERSON} of {MAPLE} already exists; nothing was changed.\n"
    assert stored(url, select(RoleAssignment.role)) == {("global_admin",)}


def test_a_user_of_an_unknown_partner_is_one_line(url: str, run: Run) -> None:
    code, out, err = run(*ADD_USER, "--tenant", PERSON)

    assert (code, out) == (1, "")
    assert err == f"Partner {PERSON} not found. Add it first: multichannel partner add\n"
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
