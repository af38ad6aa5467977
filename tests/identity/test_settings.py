import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from multichannel.demo.issuer import DemoIssuer
from multichannel.errors import Misconfigured
from multichannel.identity.claims import ENTRA_ID, ClaimNames
from multichannel.settings import Settings, Trust, check_serving, claims_of, load_settings
from tests.identity.authority import AUDIENCE, ISSUER, jwks_server, publish, respond, rsa_signer

SPRING = rsa_signer("spring")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("MULTICHANNEL_"):
            monkeypatch.delenv(name)


@pytest.fixture
def jwks(tmp_path: Path) -> str:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [SPRING.jwk]}))
    return str(path)


def production(jwks: str, **changes: Any) -> Settings:
    return load_settings(**{"issuer": ISSUER, "audience": AUDIENCE, "jwks": jwks, **changes})


def test_an_empty_environment_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTICHANNEL_PORT", "")

    settings = load_settings()

    assert str(settings.database_url) == "sqlite:///.multichannel/multichannel.db"
    assert (settings.policy_dir, settings.issuer, settings.audience, settings.jwks) == (None,) * 4
    assert settings.policy_versions == Path(".multichannel/policies")
    assert (settings.host, settings.port, settings.workers, settings.threads) == ("127.0.0.1", 8000, 1, 8)
    assert (settings.max_token_bytes, settings.max_body_bytes, settings.demo) == (8192, 1048576, False)


def test_the_environment_is_read_and_the_command_line_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MULTICHANNEL_PORT", "9000")
    monkeypatch.setenv("MULTICHANNEL_THREADS", " 4 ")
    monkeypatch.setenv("MULTICHANNEL_POLICY_DIR", str(tmp_path))
    monkeypatch.setenv("MULTICHANNEL_ALLOWED_HOSTS", "api.alder.example, *.birch.example")

    settings = load_settings(port=9001, host=None)

    assert (settings.port, settings.threads, settings.policy_dir) == (9001, 4, tmp_path)
    assert settings.allowed_hosts == ("api.alder.example", "*.birch.example")
    assert settings.host == "127.0.0.1"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1  # type: ignore[misc] # the point of the test


def test_demo_mode_does_not_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTICHANNEL_DEMO", "1")

    assert load_settings().demo is False
    assert load_settings(demo=True).demo is True


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_url_gets_its_driver_and_hides_its_password(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", f"{scheme}://alder:open-sesame@db.example/main")

    settings = load_settings()

    assert settings.database_url.drivername == "postgresql+psycopg"
    assert settings.database_url.password == "open-sesame"
    assert "open-sesame" not in f"{settings!r} {settings} {settings.database_url}"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "http", "valid integer"),
        ("PORT", "65536", "65535"),
        ("WORKERS", "0", "from 1 to 64"),
        ("THREADS", "-1", "from 1 to 256"),
        ("THREADS", "1e3", "valid integer"),
        ("MAX_TOKEN_BYTES", "8k", "from 1024"),
        ("MAX_BODY_BYTES", "0", "from 1024"),
        ("ALLOWED_HOSTS", " , ", "separated by commas"),
        ("ISSUER", "   ", "the token issuer (iss)"),
        ("DATABASE_URL", "open-sesame", "not a database url"),
        ("DATABASE_URL", "mysql://alder:open-sesame@db.example/main", "not supported"),
        ("DATABASE_URL", "postgresql://alder:open-sesame@db.example:port/main", "not a database url"),
    ],
)
def test_an_invalid_setting_gives_one_line_with_its_name_and_what_is_expected(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"MULTICHANNEL_{name}", value)

    with pytest.raises(Misconfigured) as refusal:
        load_settings()

    message = refusal.value.message
    assert message.startswith(f"MULTICHANNEL_{name} is invalid: ")
    assert says in message
    assert ". Expected: " in message
    assert "\n" not in message
    assert "open-sesame" not in message


def test_each_invalid_setting_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTICHANNEL_PORT", "x")
    monkeypatch.setenv("MULTICHANNEL_WORKERS", "y")

    with pytest.raises(Misconfigured) as refusal:
        load_settings()

    lines = refusal.value.message.splitlines()
    assert [line.split()[0] for line in lines] == ["MULTICHANNEL_PORT", "MULTICHANNEL_WORKERS"]


def test_an_option_that_does_not_exist_is_named() -> None:
    with pytest.raises(Misconfigured, match="MULTICHANNEL_COLOUR is not a setting"):
        load_settings(colour="red")


def test_production_trusts_the_three_settings(jwks: str) -> None:
    assert check_serving(production(jwks)) == Trust(ISSUER, AUDIENCE, jwks)


def test_production_says_what_is_missing_line_by_line() -> None:
    with pytest.raises(Misconfigured) as refusal:
        check_serving(load_settings(audience=AUDIENCE))

    lines = refusal.value.message.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "MULTICHANNEL_ISSUER is required",
        "MULTICHANNEL_JWKS is required",
    ]


@pytest.mark.parametrize("changes", [{"issuer": DemoIssuer.issuer}, {"audience": DemoIssuer.audience}])
def test_production_refuses_the_demo_issuer(jwks: str, changes: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="must not contain demo secrets") as refusal:
        check_serving(production(jwks, **changes))

    assert "\n" not in refusal.value.message


def test_production_refuses_a_demo_key_in_a_file(tmp_path: Path) -> None:
    demo = DemoIssuer(tmp_path)

    with pytest.raises(Misconfigured, match="must not contain demo secrets: MULTICHANNEL_JWKS contains"):
        check_serving(production(str(demo.jwks_path)))


def test_production_refuses_a_demo_key_among_others_at_a_url() -> None:
    with (
        jwks_server(publish(SPRING.jwk, {**SPRING.jwk, "kid": "multichannel-demo-7"})) as server,
        pytest.raises(Misconfigured, match="must not contain demo secrets"),
    ):
        check_serving(production(server.url))


def test_production_takes_keys_from_a_loopback_url() -> None:
    with jwks_server(publish(SPRING.jwk)) as server:
        assert check_serving(production(server.url)).jwks == server.url


@pytest.mark.parametrize(
    ("jwks", "says"),
    [
        ("http://keys.alder.example/jwks", "https only"),
        ("HTTP://127.0.0.1.alder.example/jwks", "https only"),
        ("http://localhost@keys.alder.example/jwks", "password"),
        ("https://user:open-sesame@keys.alder.example/jwks", "password"),
        ("https://[::1/jwks", "not a URL"),
        ("/nowhere/jwks.json", "No such file"),
        ("/", "could not be read"),
    ],
)
def test_production_refuses_keys_it_cannot_trust_or_read(jwks: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as refusal:
        check_serving(production(jwks))

    assert refusal.value.message.startswith("MULTICHANNEL_JWKS is invalid: ")
    assert "open-sesame" not in refusal.value.message


@pytest.mark.parametrize(
    ("issuer", "authority"),
    [
        ("https://login.alder.example/", "https://login.alder.example/"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("https://login.example/{tid}/v2.0", "https://login.example/organizations/v2.0"),
    ],
)
def test_people_sign_in_at_the_issuer(jwks: str, issuer: str, authority: str) -> None:
    trust = check_serving(production(jwks, issuer=issuer, oidc_client_id="pages"))

    assert trust.authority == authority


@pytest.mark.parametrize(
    ("issuer", "says"),
    [
        ("urn:alder:issuer", "https only"),
        ("http://login.alder.example/", "https only"),
        ("https://ann:open-sesame@login.alder.example/", "password"),
        ("https://[::1/", "not a URL"),
    ],
)
def test_people_sign_in_at_a_url_only(jwks: str, issuer: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says) as refusal:
        check_serving(production(jwks, issuer=issuer, oidc_client_id="pages"))

    assert refusal.value.message.startswith("MULTICHANNEL_ISSUER is invalid: ")
    assert "open-sesame" not in refusal.value.message
    assert check_serving(production(jwks, issuer=issuer)).issuer == issuer


def test_sign_in_requests_an_id_token() -> None:
    with pytest.raises(Misconfigured, match=r"MULTICHANNEL_OIDC_SCOPE is invalid: .* openid among them"):
        load_settings(oidc_scope="profile api://multichannel/.default")

    assert load_settings(oidc_scope="profile openid").oidc_scope == "profile openid"


def test_production_refuses_a_url_that_serves_no_keys() -> None:
    with jwks_server(respond(b"<html>")) as server:
        with pytest.raises(Misconfigured, match=r"MULTICHANNEL_JWKS is invalid: .* is not a JWKS"):
            check_serving(production(server.url))
        server.answer = publish(rsa_signer("small", 1024).jwk)
        with pytest.raises(Misconfigured, match="no RSA key of at least 2048 bits"):
            check_serving(production(server.url))


def test_the_claims_of_an_issuer_are_settings() -> None:
    assert claims_of(load_settings()) == ENTRA_ID
    other = load_settings(admin_claim="role", admin_claim_value="admin", domain_claim="login")
    assert claims_of(other) == ClaimNames("role", "admin", "login")
