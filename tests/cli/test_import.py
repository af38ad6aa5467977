from __future__ import annotations

import json
import os
import pty
import resource
import sqlite3
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import make_url

from multichannel.store import engines
from multichannel.store.database_faults import BUSY
from tests.cli.shell import COMMAND, Run, Shell
from tests.databases import sqlite_first
from tests.importing.books import ALDER, customer, guid, subscription
from tests.importing.test_import_faults import write_subscriptions

pytestmark = pytest.mark.usefixtures("loaded_policy")


def test_json_is_the_report_and_nothing_else(shell: Shell) -> None:
    path = shell.write("export.json", customer("meadow"), subscription("mail", of="quarry"))

    code, out, err = shell.load(path, "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "files": [
            {
                "path": str(path),
                "kinds": {"Customer": 1, "Subscription": 1},
                "created": 2,
                "updated": 0,
                "unchanged": 0,
                "inferred": 1,
                "rejected": [],
            }
        ],
        "stored": True,
    }


def test_a_refused_import_says_what_to_mend_and_exits_1(shell: Shell) -> None:
    path = shell.write("export.json", customer("meadow"), customer("quarry") | {"id": "{id}"})

    for_people, for_programs = shell.load(path), shell.load(path, "--json")

    assert for_people[0] == for_programs[0] == 1
    assert "items[1].id  NOT_A_GUID  '{id}' is not a valid GUID." in for_people[1]
    assert "Nothing was stored. Fix the one problem listed above" in for_people[1]
    report = json.loads(for_programs[1])
    assert report["stored"] is False
    assert [each["code"] for each in report["files"][0]["rejected"]] == ["NOT_A_GUID"]


def test_an_invalid_guid_is_a_usage_error(sqlite_url: str, run: Run) -> None:
    shell = Shell(sqlite_url, Path.cwd(), run)
    zeros = "00000000-0000-0000-0000-000000000000"
    path = shell.write("export.json")

    for arguments in (["--partner", "alder"], ["--partner", ALDER, "--customer", zeros], []):
        code, out, err = shell.run("import", "partner-center", path, *arguments)
        assert (code, out) == (2, "")
        assert "Traceback" not in err


def test_an_unknown_partner_is_one_line(shell: Shell) -> None:
    path = shell.write("export.json", customer("meadow"))

    code, out, err = shell.run("import", "partner-center", path, "--partner", guid("nobody"))

    assert (code, out) == (1, "")
    assert err == f"Partner {guid('nobody')} not found. Add it first: multichannel partner add\n"


def test_files_that_cannot_be_read_are_reported(shell: Shell) -> None:
    code, out, err = shell.load("absent.json", shell.folder, "--json")

    assert (code, err) == (1, "")
    rejected = [file["rejected"][0]["code"] for file in json.loads(out)["files"]]
    assert rejected == ["FILE_MISSING", "IS_A_DIRECTORY"]


def test_a_database_that_is_busy_is_one_line(
    sqlite_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", sqlite_url)
    monkeypatch.setattr(engines, "PRAGMAS", (*engines.PRAGMAS, "busy_timeout=100"))
    shell = Shell(sqlite_url, Path.cwd(), run)
    path = shell.write("export.json", customer("meadow"))
    holder = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    code, out, err = shell.load(path)

    holder.close()
    assert (code, out, err) == (1, "", f"{BUSY}\n")


@sqlite_first
def test_rejected_items_are_written_to_a_file_that_can_be_imported(shell: Shell) -> None:
    uk = customer("uk", profile={"address": {"country": "UK"}})
    path = shell.write("export.json", customer("meadow"), uk)
    rejects = shell.folder / "rejects.json"

    code, out, _ = shell.load(path, "--keep-going", "--rejects", rejects)

    assert code == 1
    assert "1 rejected: fix" in out
    content = json.loads(rejects.read_text())
    content["items"][0]["companyProfile"]["address"]["country"] = "GB"
    rejects.write_text(json.dumps(content))
    code, out, _ = shell.load(rejects, "--keep-going", "--rejects", rejects, "--json")
    assert (code, json.loads(out)["files"][0]["created"]) == (0, 1)


@sqlite_first
def test_a_dry_run_prints_a_table_json_or_a_page(shell: Shell) -> None:
    path = shell.write("export.json", customer("meadow", profile={"companyName": "<Meadow>"}))
    page = shell.folder / "page.html"

    table = shell.load(path, "--dry-run", "--html", page)
    report = shell.load(path, "--dry-run", "--json")
    misplaced = shell.load(path, "--html", page)

    assert (table[0], report[0], misplaced[0]) == (0, 0, 2)
    assert "1 ResellerRelationship new: not stored yet" in table[1]
    assert "this was a dry run" in table[1]
    assert json.loads(report[1])["differences"]["counts"] == [
        {"change": "new", "kind": "ResellerRelationship", "number": 1}
    ]
    assert "ResellerRelationship" in page.read_text()
    assert "<script" not in page.read_text()


def test_an_answer_that_links_nothing_is_a_usage_error(sqlite_url: str, run: Run) -> None:
    shell = Shell(sqlite_url, Path.cwd(), run)

    for answer in ("mail=new", guid("mail"), f"{guid('mail')}=old"):
        code, out, err = shell.load("export.json", "--link", answer)
        assert (code, out) == (2, "")
        assert "VENDOR_ID=ID" in err


@sqlite_first
def test_a_customers_list_is_imported(shell: Shell) -> None:
    shell.load(shell.write("export.json", customer("meadow")))
    table = shell.folder / "list.csv"
    table.write_text("Offer;Seats;Expires\nOffice;1.000;31.12.2027\n")
    arguments = ("import", "inventory", str(table), "--customer", guid("meadow"), "--channel", "ea")

    refused = shell.run(*arguments)
    code, out, err = shell.run(*arguments, "--dates", "dmy", "--numbers", "comma", "--json")

    assert (refused[0], "line 2, end  NOT_A_DATE" in refused[1]) == (1, True)
    assert (code, err, json.loads(out)["files"][0]["created"]) == (0, "", 1)


@sqlite_first
def test_progress_is_shown_on_a_terminal_and_not_on_stdout(shell: Shell) -> None:
    path = shell.write("export.json", *(subscription(f"s{n}", of="meadow") for n in range(500)))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "import", "partner-center", path, "--partner", ALDER, "--json"],
        env=shell.environment() | {"TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        output, _ = process.communicate(timeout=100)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)

    assert json.loads(output)["stored"] is True
    assert "Checking" in shown


@pytest.mark.long
def test_a_hundred_thousand_subscriptions_are_stored_in_bounded_memory(shell: Shell) -> None:
    path = shell.folder / "many.json"
    write_subscriptions(path, 100_000)
    load = ("import", "partner-center", path, "--partner", ALDER, "--json")

    reports = [json.loads(shell.spawn(*load).stdout)["files"][0] for _ in range(2)]

    assert (reports[0]["created"], reports[0]["inferred"]) == (100_000, 20_000)
    assert reports[1]["unchanged"] == 100_000
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 300 * 1024
