from __future__ import annotations

import json
import shlex
import socket
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Executable, insert, select, text, update

from multichannel.cli.demo import prepare
from multichannel.demo.cast import ALDER, NEWCOMERS, ORGANISATIONS, PERSONAS
from multichannel.demo.issuer import DemoIssuer
from multichannel.domain.base import new_id
from multichannel.domain.tenants import Cloud, Partner, PartnerType, Tenant, TenantKind
from multichannel.errors import Refused
from multichannel.identity.keys import KeySource
from multichannel.identity.tokens import TokenVerifier
from multichannel.settings import Settings, load_settings
from multichannel.store.engines import open_database
from tests.cli.shell import COMMAND, Run, one_line

pytestmark = pytest.mark.usefixtures("run", "loaded_policy")  # `run` changes into an empty folder


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Demo mode on an empty database of the test's own."""
    return load_settings(demo=True, database_url=database_url)


def execute(settings: Settings, *statements: Executable) -> list[Any]:
    """Run statements around the service; what the last one gives."""
    engine = open_database(settings.database_url.render_as_string(hide_password=False))
    try:
        with engine.begin() as connection:
            for statement in statements:
                result = connection.execute(statement)
            return list(result.scalars()) if result.returns_rows else []
    finally:
        engine.dispose()


def names_of_partners(settings: Settings) -> set[str]:
    return set(execute(settings, select(Partner.name)))


def test_a_second_start_keeps_the_world_and_a_fresh_one_starts_over(settings: Settings) -> None:
    assert prepare(settings)
    execute(settings, update(Partner).where(Partner.id == ALDER.id).values(name="Renamed"))

    assert not prepare(settings)
    assert "Renamed" in names_of_partners(settings)

    assert prepare(settings, fresh=True)
    assert names_of_partners(settings) == {each.name for each in ORGANISATIONS if each.partner_type}


def test_the_world_is_never_put_on_other_data_and_wipes_none(settings: Settings) -> None:
    maple = new_id()
    now = datetime.now(UTC)
    execute(
        settings,
        insert(Tenant).values(id=maple, kind=TenantKind.PARTNER, cloud=Cloud.PUBLIC, created_at=now),
        insert(Partner).values(
            id=maple,
            name="Maple",
            type=PartnerType.DIRECT_BILL,
            market="US",
            cloud=Cloud.PUBLIC,
            created_at=now,
        ),
    )

    for fresh in (False, True):
        with pytest.raises(Refused, match="holds other data than the demo world"):
            prepare(settings, fresh=fresh)

    assert names_of_partners(settings) == {"Maple"}


def test_a_database_of_another_version_is_left_alone(settings: Settings) -> None:
    execute(settings, text("UPDATE alembic_version SET version_num = 'ffff'"))

    for fresh in (False, True):
        with pytest.raises(Refused, match=r"another version of multichannel \(ffff\)"):
            prepare(settings, fresh=fresh)


def test_a_new_database_is_made_and_brought_up_to_this_version() -> None:
    settings = load_settings(demo=True)

    assert prepare(settings)
    assert "Alder" in names_of_partners(settings)
    assert Path(".multichannel/multichannel.db").is_file()


def test_a_taken_port_is_one_line_and_nothing_is_made(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code, out, err = run("demo", "--port", str(port))

    assert (code, out) == (1, "")
    assert one_line(err) == f"Port {port} is already in use. Choose another with --port."
    assert not Path(".multichannel").exists()


def test_an_address_of_another_machine_is_one_line(run: Run) -> None:
    code, _, err = run("demo", "--host", "192.0.2.1", "--port", "0")

    assert code == 1
    assert one_line(err).startswith("Cannot listen on 192.0.2.1, port 0: ")


def test_a_folder_that_cannot_be_written_is_one_line(run: Run) -> None:
    Path(".multichannel").write_text("not a folder")

    code, _, err = run("demo", "--port", "0")

    assert code == 1
    assert one_line(err).startswith("The demo cannot write its files in .multichannel/: ")


def test_a_file_that_is_no_database_is_one_line(run: Run) -> None:
    Path("notes.db").write_text("not a database, but longer than the header of one would be\n" * 20)

    code, _, err = run("demo", "--port", "0", "--database-url", "sqlite:///notes.db")

    assert code == 1
    assert one_line(err) == "Database error: file is not a database"


def test_a_server_that_is_not_there_is_one_line_without_its_password(run: Run) -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/none"

    code, _, err = run("demo", "--port", "0", "--database-url", url)

    assert code == 1
    assert "127.0.0.1" in one_line(err)
    assert "secret" not in err


def test_a_token_is_all_that_is_printed_and_names_its_persona(run: Run) -> None:
    issuer = DemoIssuer(Path(".multichannel"))

    code, out, err = run("token", "--as", "alder-sales-agent")

    def now() -> datetime:
        return datetime.now(UTC)

    keys = KeySource(str(issuer.jwks_path), now, demo=True)
    identity = TokenVerifier(issuer.issuer, issuer.audience, keys, now).verify(one_line(out))
    assert (code, err) == (0, "")
    assert (identity.tenant_id, identity.object_id) == (ALDER.id, PERSONAS[0].id)
    assert 7.9 < (identity.expires_at - now()).total_seconds() / 3600 <= 8


def test_personas_are_listed_for_programs(run: Run) -> None:
    DemoIssuer(Path(".multichannel"))

    code, out, _ = run("token", "--list", "--json")

    listed = json.loads(out)
    assert code == 0
    assert {"persona": "alder-sales-agent", "tenant": "Alder", "roles": ["sales_agent"]} in listed
    assert {"persona": "meadow-user", "tenant": "Meadow Dairy", "roles": []} in listed
    assert {"persona": "juniper-administrator", "tenant": "Juniper Foods", "roles": []} in listed
    assert [each["persona"] for each in listed] == [persona.name for persona in (*PERSONAS, *NEWCOMERS)]


def test_personas_are_listed_for_people_one_on_a_line(run: Run) -> None:
    DemoIssuer(Path(".multichannel"))

    code, out, _ = run("token", "--list")

    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert ["alder-sales-agent", "Alder", "sales_agent"] in rows
    assert [
        "juniper-administrator",
        "Juniper",
        "Foods",
        "none",
        "until",
        "it",
        "redeems",
        "an",
        "invitation",
    ] in rows
    assert len(rows) == 1 + len(PERSONAS) + len(NEWCOMERS)
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("alder-sales-agnet", "Did you mean alder-sales-agent or "),
        ("ALDER-SALES-AGENT", "Did you mean alder-sales-agent or "),
        ("xxxxxxxxx", "List them: multichannel token --list"),
        ("", "List them: multichannel token --list"),
    ],
)
def test_an_unknown_persona_is_one_line_with_what_was_meant(run: Run, name: str, hint: str) -> None:
    DemoIssuer(Path(".multichannel"))

    code, out, err = run("token", "--as", name)

    assert (code, out) == (2, "")
    assert one_line(err).startswith(f"Unknown persona {name!r}. {hint}")


def test_without_a_demo_a_token_is_one_line_and_makes_none(run: Run) -> None:
    code, out, err = run("token", "--as", "alder-sales-agent")

    assert (code, out) == (1, "")
    assert one_line(err) == "No demo found in .multichannel/. Create one first: multichannel demo"
    assert not Path(".multichannel").exists()


@pytest.mark.parametrize(
    "arguments", [(), ("--json",), ("--as", "alder-user", "--list"), ("--as", "alder-user", "--json")]
)
def test_a_token_is_asked_for_in_one_way_at_a_time(run: Run, arguments: tuple[str, ...]) -> None:
    DemoIssuer(Path(".multichannel"))

    assert run("token", *arguments)[0] == 2


def read_to_the_example(output: Iterable[str]) -> str:
    """The lines up to the last one of the example; the pipe stays open as long as the server runs."""
    lines = []
    for line in output:
        lines.append(line)
        if "--data" in line:
            break
    return "".join(lines)


@pytest.fixture
def introduction() -> Iterator[str]:
    """What `multichannel demo` printed, while it serves."""
    command = [str(COMMAND), "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            started = next((line for line in process.stderr if "running on" in line), None)
            assert started is not None, process.stdout.read()
            yield read_to_the_example(process.stdout)
        finally:
            process.terminate()
            process.communicate()


def test_what_the_demo_prints_can_be_run_as_it_is(introduction: str) -> None:
    _, printed = introduction.split("Example request:\n")
    _, url, _, authorization, _, content_type, _, query = shlex.split(printed.replace("\\\n", ""))

    answer = httpx.post(
        url,
        content=query,
        headers=dict(header.split(": ", 1) for header in (in_shell(authorization), content_type)),
    )

    nodes = answer.json()["data"]["customers"]["nodes"]
    assert {node["companyName"] for node in nodes} == {"Meadow Dairy", "Canyon Tools"}
    assert f"Explorer: {url}" in introduction.splitlines()
    assert "\x1b" not in introduction


def in_shell(argument: str) -> str:
    """The argument as a shell passes it on, once it has run the commands in it."""
    done = subprocess.run(["sh", "-c", f'printf %s "{argument}"'], capture_output=True, check=True, text=True)  # noqa: S607
    return done.stdout
