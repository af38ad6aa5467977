from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from multichannel.cli import table_files
from multichannel.cli.table_files import TableFormat, open_table
from multichannel.demo.cast import CANYON, MEADOW, find_persona, fixed_id
from multichannel.demo.issuer import FOLDER, DemoIssuer, token
from multichannel.domain.audit import AuditRecord
from multichannel.domain.base import Base
from multichannel.domain.subscriptions import Subscription
from multichannel.errors import Refused
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.engines import open_database
from tests.cli.shell import Run, Shell, one_line
from tests.databases import sqlite_first
from tests.importing.books import ALDER, customer, guid, subscription
from tests.world import World, one_engine

pytestmark = pytest.mark.usefixtures("loaded_policy")

Export = Callable[..., tuple[int, str, str]]
MAIL = fixed_id("meadow-mail-alder.subscription")


@pytest.fixture
def export(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Run `multichannel export`, or another command of a signed-in user, as a persona of the demo."""
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", world.url)
    issuer = DemoIssuer(FOLDER)

    def command(persona: str, *arguments: str | Path, name: str = "export") -> tuple[int, str, str]:
        monkeypatch.setenv("MULTICHANNEL_TOKEN", token(issuer, find_persona(persona), datetime.now(UTC)))
        return run(name, *arguments)

    return command


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def rename(world: World, **values: Any) -> None:
    with Session(world.store.engine) as session:
        session.execute(update(Subscription).where(Subscription.id == MAIL).values(values))
        session.commit()


def test_a_file_has_what_the_user_sees_and_says_what_is_withheld(export: Export, world: World) -> None:
    code, out, err = export(
        "alder-helpdesk-agent", "subscriptions", "--columns", "id,status,customer.companyName,orderId"
    )

    assert code == 0
    rows = rows_of(out)
    with world.store.reading(world.principal("alder-helpdesk-agent")) as work:
        seen = work.subscriptions.find_permitted(
            [row["id"].removeprefix("subscription_") for row in rows], to=Action.READ_SUMMARY
        )
    assert {row["id"] for row in rows} == {f"subscription_{each.id}" for each in seen}
    assert len(rows) > 3
    assert {row["status"] for row in rows} >= {"active"}
    assert {row["orderId"] for row in rows} == {""}
    assert err == f"Withheld by the policy: {len(rows)} values of orderId\n"


@one_engine
def test_another_tenant_gets_other_rows(export: Export) -> None:
    lists = {
        persona: {row["id"] for row in rows_of(export(persona, "subscriptions", "--columns", "id")[1])}
        for persona in ("alder-admin-agent", "birch-sales-agent", "meadow-global-admin")
    }

    assert f"subscription_{MAIL}" in lists["alder-admin-agent"] & lists["meadow-global-admin"]
    assert f"subscription_{MAIL}" not in lists["birch-sales-agent"]


@one_engine
@pytest.mark.parametrize(
    "condition",
    ["{channel: {in: [OPEN, EA]}}", '{"channel": {"in": ["OPEN", "EA"]}}'],
    ids=["as in a query", "JSON"],
)
def test_a_filter_is_that_of_the_api(export: Export, condition: str) -> None:
    out = export("meadow-global-admin", "subscriptions", "--columns", "channel", "--filter", condition)[1]

    assert {row["channel"] for row in rows_of(out)} == {"open", "ea"}


@one_engine
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--filter", "{status: {eq: GONE}}"], "GONE"),
        (["--filter", "{} ) { secret }"], "The filter is invalid"),
        (["--filter", "3"], "The filter is invalid"),
        (["--columns", "nmae"], "nmae is not a column: Customer has no field nmae."),
        (["--columns", "subscriptions"], "subscriptions is a list of records: export it by itself."),
        (["--columns", "inventory"], "The columns of an inventory are those of subscriptions."),
        (["--columns", ","], "Name at least one column."),
        (["--format", "jsonl", "--bom"], "--bom is for CSV."),
    ],
)
def test_a_wrong_argument_is_one_line_before_anything_is_written(
    export: Export, arguments: list[str], message: str, tmp_path: Path
) -> None:
    code, out, err = export(
        "alder-admin-agent", "customers", *arguments, "--output", tmp_path / "customers.csv"
    )

    assert (code, out) == (2, "")
    assert message in one_line(err)
    assert not list(tmp_path.glob("*customers*"))


def test_all_rows_are_of_one_moment_and_of_all_pages(export: Export, world: World) -> None:
    copy_mail(world, 250)

    code, out, _ = export("alder-admin-agent", "subscriptions", "--format", "jsonl", "--columns", "id")

    ids = [json.loads(line)["id"] for line in out.splitlines()]
    assert code == 0
    assert len(set(ids)) == len(ids)
    assert {f"subscription_{fixed_id(f'copy {number}')}" for number in range(250)} <= set(ids)


@one_engine
def test_no_cell_is_a_formula_and_reading_gives_the_text_again(export: Export, world: World) -> None:
    rename(world, friendly_name="=HYPERLINK(1)", offer_name="'quoted", suspension_reasons=["a;b", "-c"])

    out = export(
        "alder-admin-agent",
        *("subscriptions", "--columns", "friendlyName,offerName,suspensionReasons,quantity"),
        *("--filter", '{friendlyName: {startsWith: "="}}'),
    )[1]

    assert out.splitlines()[1] == '\'=HYPERLINK(1),\'\'quoted,"[""a;b"",""-c""]",30'


@one_engine
def test_a_file_is_there_once_it_is_complete(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    code, out, _ = export("alder-admin-agent", "customers", "--output", file, "--bom")

    assert (code, out) == (0, "")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfid,companyName,")
    assert {row["companyName"] for row in rows_of(file.read_text("utf-8-sig"))} >= {MEADOW.name, CANYON.name}
    assert [each.name for each in tmp_path.glob("*customers*")] == ["customers.csv"]


@one_engine
def test_audit_records_and_relationships_are_exported_with_their_changes(
    export: Export, world: World
) -> None:
    lines = export("alder-admin-agent", "audit", "--format", "jsonl")[1].splitlines()
    relationships = rows_of(export("alder-admin-agent", "relationships")[1])

    with Session(world.store.engine) as session:
        stored = session.scalars(
            select(AuditRecord.number).where(
                AuditRecord.tenant_id == find_persona("alder-admin-agent").organisation.id
            )
        ).all()
    assert sorted(json.loads(line)["number"] for line in lines) == sorted(stored)
    assert {row["status"] for row in relationships} >= {"active", "requested"}


@one_engine
def test_without_a_valid_token_nothing_is_exported(export: Export, run: Run, tmp_path: Path) -> None:
    export("alder-admin-agent", "customers")
    token_file = tmp_path / "token"
    token_file.write_text("a.b.c")

    code, out, err = run("export", "customers", "--token-file", token_file)
    assert (code, out) == (1, "")
    assert "The token is not a signed JWT" in one_line(err)

    token_file.write_text("\n")
    code, out, err = run("export", "customers", "--token-file", token_file)
    assert (code, out) == (2, "")
    assert "the user who acts is missing" in err


@one_engine
def test_a_persona_of_the_demo_needs_no_token(export: Export, run: Run) -> None:
    out = export("alder-admin-agent", "customers")[1]

    assert run("export", "customers", "--as", "alder-admin-agent") == (0, out, "")


USER = "0d2e7c0e-3f0f-4d0c-9a39-5a0c1c1f7d11"
FULL = {
    "offerName": "-Mail",
    "unitType": "Licenses",
    "commitmentEndDate": "2027-01-25T00:00:00Z",
    "effectiveStartDate": "2024-01-25T00:00:00.5Z",
    "autoRenewEnabled": False,
    "isTrial": True,
    "termDuration": "P1Y",
    "productType": {"id": "OnlineServicesNCE", "displayName": "Online services"},
    "suspensionReasons": ["CustomerCancellation", "a; b"],
    "status": "suspended",
    "partnerId": "4847383",
}


@sqlite_first
@pytest.mark.parametrize("made_as", ["csv", "jsonl", "xlsx"])
def test_what_was_imported_is_exported_and_imported_again_without_a_change(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, made_as: str
) -> None:
    address = {"country": "US", "city": "Øre; 'by", "addressLine1": "+1", "phoneNumber": "+45 1"}
    profile = {"address": address, "email": "a@meadow.example"}
    files = shell.write(
        "first.json",
        customer("meadow", profile=profile, customDomains=["m.example", "n.example"]),
        customer("quarry"),
        subscription("mail", of="meadow", **FULL),
        subscription("archive", of="meadow", parentSubscriptionId=guid("mail"), quantity=7),
        subscription("=office", of="quarry", billingCycle="one_time"),
    )
    assert shell.load(files)[0] == 0
    sign_in(shell, monkeypatch)
    exported = [shell.folder / f"{name}.{made_as}" for name in ("customers", "subscriptions")]
    for file in exported:
        arguments = (file.stem, "--format", made_as, "--columns", "vendor", "--output", file)
        assert shell.run("export", *arguments) == (0, "", "")
    before = dump(shell)

    code, out, _ = shell.load(*exported, "--json")

    assert code == 0, out
    report = json.loads(out)
    assert [file["kinds"] for file in report["files"]] == [{"Customer": 2}, {"Subscription": 3}]
    assert [file["unchanged"] for file in report["files"]] == [2, 3]
    assert dump(shell) == before


@sqlite_first
def test_a_cell_that_was_changed_in_a_spreadsheet_is_what_changes(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        shell.load(shell.write("first.json", customer("meadow"), subscription("mail", of="meadow")))[0] == 0
    )
    sign_in(shell, monkeypatch)
    file = shell.folder / "s.csv"
    shell.run("export", "subscriptions", "--columns", "vendor", "--output", file)
    as_excel_saves_it = file.read_text().replace(",", ";").replace(";5;", ";9;").replace("true", "TRUE")
    file.write_text(as_excel_saves_it, encoding="utf-16")

    report = json.loads(shell.load(file, "--json")[1])

    assert report["files"][0]["updated"] == 1
    assert [row["quantity"] for row in dump(shell)["subscriptions"]] == [9]


@sqlite_first
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("attributes.objectType,id,id\nCustomer,1,2", "names a column twice: id"),
        ("attributes.objectType,id,id.x\nCustomer,1,2", "names id and also a part of it"),
        ('attributes.objectType,id\nCustomer,"1', "is not a line of a table"),
        ("attributes.objectType,id,quantity\nSubscription,1,many", "WRONG_TYPE"),
    ],
)
def test_a_table_that_is_none_is_refused(shell: Shell, text: str, message: str) -> None:
    file = shell.folder / "table.csv"
    file.write_text(text)

    code, out, _ = shell.load(file, "--json")

    assert code == 1
    assert message in out


@one_engine
def test_what_a_customer_recorded_is_imported_again_without_a_change(export: Export, run: Run) -> None:
    bought = Path("bought.csv")
    bought.write_text("product,channel,quantity,end,renews\n=Maps,ea,5,2031-04-03,no\nMail,open,7,,\n")
    arguments = ("import", "inventory", bought, "--customer", MEADOW.id)
    assert run(*arguments)[0] == 0
    code, _, err = export(
        "meadow-global-admin", "subscriptions", "--columns", "inventory", "--output", bought
    )
    assert (code, err) == (0, "")

    code, out, _ = run(*arguments, "--json")

    report = json.loads(out)
    assert code == 0
    assert report["files"][0]["unchanged"] == len(rows_of(bought.read_text())) > 2
    assert "\n'=Maps," in bought.read_text()


def sign_in(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Act as an admin agent and billing admin of the importing partner from now on."""
    roles = ("--role", "admin_agent", "--role", "billing_admin", "--role", "global_admin")
    assert shell.run("user", "add", "--tenant", ALDER, "--object-id", USER, "--name", "Ada", *roles)[0] == 0
    lifetime = timedelta(hours=1)
    bearer = DemoIssuer(FOLDER).token(ALDER, USER, now=datetime.now(UTC), lifetime=lifetime)
    monkeypatch.setenv("MULTICHANNEL_TOKEN", bearer)


def dump(shell: Shell) -> dict[str, list[dict[str, Any]]]:
    engine = open_database(shell.url, connections=1)
    with engine.connect() as connection:
        tables = {
            name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for name, table in Base.metadata.tables.items()
        }
    engine.dispose()
    return tables


@pytest.mark.long
@one_engine
def test_twenty_thousand_rows_take_no_more_memory_than_a_few(export: Export, world: World) -> None:
    export("alder-admin-agent", "customers", "--output", "customers.csv")
    few = largest_size_of("export", "subscriptions", "--output", "few.csv")
    copy_mail(world, 20_000)

    many = largest_size_of("export", "subscriptions", "--output", "many.csv")

    with Path("many.csv").open("rb") as file:
        assert sum(1 for _ in file) > 20_000
    assert many < few + 40_000


def largest_size_of(*arguments: str) -> int:
    """The most memory that a command has taken itself, in KiB; not that of the process which began it."""
    program = (
        "import re, sys; from pathlib import Path; from multichannel.cli import main\n"
        "try: main()\n"
        "finally: print(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def copy_mail(world: World, number: int) -> None:
    """Add so many subscriptions that are like Meadow's mail."""
    table = Base.metadata.tables["subscriptions"]
    with world.store.engine.begin() as connection:
        row = connection.execute(select(table).where(table.c.id == MAIL)).mappings().one()
        copies = [{**row, "id": fixed_id(f"copy {each}"), "vendor_id": None} for each in range(number)]
        connection.execute(table.insert(), copies)


@one_engine
def test_renewals_are_grouped_by_partner_and_what_was_bought_elsewhere_stands_apart(
    export: Export, world: World
) -> None:
    soon = world.clock.now + timedelta(days=10)
    rename(world, commitment_end_date=soon, auto_renew_enabled=False, friendly_name="<Mail>")
    with Session(world.store.engine) as session:
        elsewhere = fixed_id("meadow-office-direct.subscription")
        session.execute(
            update(Subscription).where(Subscription.id == elsewhere).values(commitment_end_date=soon)
        )
        session.commit()

    table, rows, page, later = (
        export("alder-admin-agent", *arguments, name="renewals")
        for arguments in (["--days", "11"], ["--format", "csv"], ["--format", "html"], ["--days", "9"])
    )

    assert [each[0] for each in (table, rows, page, later)] == [0] * 4
    assert "Alder: 1 in all, 0 renewing, quantity 30" in table[1]
    assert table[1].index("Alder: 1") < table[1].index("Bought elsewhere: 1 in all, 1 renewing, quantity 25")
    assert [(row["partner"], row["channel"], row["renews"]) for row in rows_of(rows[1])] == [
        ("Alder", "csp", "false"),
        ("", "direct", "true"),
    ]
    assert "<h2>Bought elsewhere</h2>" in page[1]
    assert "&lt;Mail&gt;" in page[1]
    assert later[1].startswith("Terms that end by")
    assert "none" in later[1]


@one_engine
def test_renewals_are_written_to_a_file(export: Export, tmp_path: Path) -> None:
    for made_as in ("table", "csv", "html"):
        file = tmp_path / f"renewals.{made_as}"
        arguments = ("--days", "3650", "--format", made_as, "--output", file)
        assert export("meadow-global-admin", *arguments, name="renewals") == (0, "", "")
        assert "Meadow mail alder" in file.read_text()


@one_engine
def test_a_workbook_has_text_numbers_and_no_formula(export: Export, world: World) -> None:
    rename(world, friendly_name="=1+1", offer_name="x" * 300)
    arguments = ("--columns", "friendlyName,quantity,autoRenewEnabled,offerName", "--output", "s.xlsx")
    condition = ("--filter", '{friendlyName: {startsWith: "="}}')

    done = export("alder-admin-agent", "subscriptions", "--format", "xlsx", *arguments, *condition)

    assert done == (0, "", "")
    header, row = load_workbook("s.xlsx").active.iter_rows()
    assert [cell.value for cell in header] == ["friendlyName", "quantity", "autoRenewEnabled", "offerName"]
    assert [(cell.data_type, cell.value) for cell in row] == [
        ("s", "=1+1"),
        ("n", 30),
        ("b", True),
        ("s", "x" * 300),
    ]


def test_what_does_not_fit_into_a_workbook_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "MOST_ROWS", 2)
    path = tmp_path / "s.xlsx"
    for rows, message in (([["x" * 40_000]], "does not fit"), ([["1"], ["2"]], "at most 2 rows")):
        with pytest.raises(Refused, match=message):
            write_workbook(path, rows)
    assert not list(tmp_path.iterdir())


def write_workbook(path: Path, rows: list[list[str]]) -> None:
    with open_table(path, TableFormat.XLSX, ["a"]) as write:
        for row in rows:
            write(row)


@sqlite_first
def test_another_workbook_is_refused(shell: Shell) -> None:
    book = Workbook()
    book.active.append(["Name", "Quantity"])
    book.save(shell.folder / "other.xlsx")
    (shell.folder / "damaged.xlsx").write_bytes((shell.folder / "other.xlsx").read_bytes()[:2000])

    other, damaged = (shell.load(f"{name}.xlsx", "--json")[1] for name in ("other", "damaged"))

    assert "names no column attributes.objectType" in other
    assert "which cannot be read" in damaged
