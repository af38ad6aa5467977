"""What `serve` and `demo` must not start with, and what every command says of a database it cannot use."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from multichannel.demo.issuer import DemoIssuer
from multichannel.errors import Misconfigured
from multichannel.server.run import production_app
from tests.cli.shell import Run, one_line
from tests.identity.authority import AUDIENCE, ISSUER, rsa_signer

SPRING = rsa_signer("spring")
UNREACHABLE = "postgresql://someone:open-sesame@127.0.0.1:1/none"


@pytest.fixture
def production(run: Run, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Run:
    """Run a command where all settings of production are good."""
    Path("jwks.json").write_text(json.dumps({"keys": [SPRING.jwk]}))
    settings = {"ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "JWKS": "jwks.json", "DATABASE_URL": sqlite_url}
    for name, value in settings.items():
        monkeypatch.setenv(f"MULTICHANNEL_{name}", value)
    return run


def test_good_settings_make_an_application(production: Run) -> None:
    assert production is not None
    assert "/demo/personas" not in {getattr(route, "path", None) for route in production_app().routes}


@pytest.mark.parametrize("name", ["ISSUER", "AUDIENCE", "JWKS"])
def test_a_missing_setting_is_one_line_and_no_server(
    production: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(f"MULTICHANNEL_{name}")

    code, out, err = production("serve")

    assert (code, out) == (2, "")
    assert one_line(err).startswith(f"MULTICHANNEL_{name} is required: ")
    with pytest.raises(Misconfigured, match=f"MULTICHANNEL_{name} is required"):
        production_app()


@pytest.mark.parametrize("name", ["ISSUER", "AUDIENCE", "JWKS"])
def test_a_secret_of_the_demo_is_one_line_and_no_server(
    production: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    demo = DemoIssuer(Path(".multichannel"))
    secrets = {"ISSUER": demo.issuer, "AUDIENCE": demo.audience, "JWKS": str(demo.jwks_path)}
    monkeypatch.setenv(f"MULTICHANNEL_{name}", secrets[name])

    code, out, err = production("serve")

    assert (code, out) == (2, "")
    assert one_line(err).startswith("Production settings must not contain demo secrets: ")
    with pytest.raises(Misconfigured, match="must not contain demo secrets"):
        production_app()


def test_an_old_database_is_one_line_and_no_server(production: Run) -> None:
    code, out, err = production("serve", "--database-url", "sqlite:///new.db")

    assert (code, out) == (2, "")
    assert one_line(err).endswith("Run: multichannel db upgrade")


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_policy_that_does_not_load_is_one_line_and_no_server(
    production: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    Path("policy").mkdir()
    Path("policy/main.polar").write_text("allow(")
    monkeypatch.setenv("MULTICHANNEL_POLICY_DIR", "policy")

    code, out, err = production(command, "--port", "0")

    assert (code, out) == (3, "")
    assert one_line(err).startswith("The policy does not load: ")


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "demo --port 0",
        "db upgrade",
        "db current",
        "db check",
        "partner add --id 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10 --name Maple --type advisor --market US",
        "import partner-center x.json --partner 7a1c9e52-51d7-4c9a-8d1b-0f4f3f3b2a10",
    ],
)
@pytest.mark.parametrize(
    ("url", "says"),
    [(UNREACHABLE, "127.0.0.1"), ("sqlite:///notes.db", "file is not a database")],
    ids=["unreachable", "no database"],
)
def test_a_database_that_cannot_be_used_is_one_line_without_its_password(
    production: Run, command: str, url: str, says: str
) -> None:
    Path("notes.db").write_text("not a database, but longer than the header of one would be\n" * 20)

    code, out, err = production(*command.split(), "--database-url", url)

    assert (code, out) == (1, "")
    assert one_line(err).startswith("Database error: ")
    assert says in err
    assert "open-sesame" not in err


@pytest.mark.parametrize("command", ["current", "check"])
def test_only_an_upgrade_makes_the_folder_of_a_database(run: Run, command: str) -> None:
    options = ("--database-url", "sqlite:///new/folder/multichannel.db")

    code, _, err = run("db", command, *options)

    assert code == 1
    assert one_line(err) == "Database error: unable to open database file"
    assert not Path("new").exists()
    assert run("db", "upgrade", *options)[0] == 0
    assert run("db", command, *options)[0] == 0


def test_a_port_that_is_taken_is_one_line_and_no_server(production: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = production("serve", "--port", port)

    assert (code, out) == (1, "")
    assert one_line(err).startswith(f"Port {port} is already in use.")
