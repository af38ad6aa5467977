"""Settings: frozen, typed, and read once from environment variables that begin with MULTICHANNEL_."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    InstanceOf,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from multichannel.errors import Misconfigured
from multichannel.identity.keys import (
    DEMO_AUDIENCE,
    DEMO_ISSUER,
    is_demo_key,
    is_url,
    read_jwks,
    usable_keys,
)

_PREFIX = "MULTICHANNEL_"
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def _database_url(value: object) -> object:
    try:
        url = value if isinstance(value, URL) else make_url(str(value))
    except (ArgumentError, ValueError):
        raise ValueError("it is not a database URL") from None
    if url.drivername not in _DRIVERS:
        raise ValueError("it names a database this service does not support")
    return url.set(drivername=_DRIVERS[url.drivername])


def _comma_separated(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _public_url(value: object) -> object:
    try:
        parts = urlsplit(str(value))
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ValueError("it is not a URL that others can open")
    return str(value).rstrip("/")


def _key_of_log(value: SecretStr | None, given: ValidationInfo) -> SecretStr | None:
    if value is None and given.data.get("decision_log") is not None:
        raise ValueError("the decision log needs it, to name nobody")
    return value


NonEmpty = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """What one process runs with. A field's description says what its variable must hold."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        enable_decoding=False,  # no value is JSON
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    database_url: Annotated[InstanceOf[URL], BeforeValidator(_database_url)] = Field(
        default="sqlite:///.multichannel/multichannel.db",
        validate_default=True,
        description="a URL such as sqlite:///folder/file.db or postgresql://user:password@host/name",
    )
    policy_dir: Path | None = Field(
        default=None,
        description="a folder of .polar files; leave it out to use the policies that ship with it",
    )
    policy_versions: Path = Field(
        default=Path(".multichannel/policies"),
        description="a folder to keep policies in that were in force, of its own for each policy folder",
    )
    issuer: NonEmpty | None = Field(
        default=None,
        description="the iss of the tokens to accept, with {tid} where Entra ID puts the tenant",
    )
    audience: NonEmpty | None = Field(default=None, description="the aud that tokens for this service carry")
    jwks: NonEmpty | None = Field(
        default=None, description="the path or https URL of the JWKS with the issuer's public keys"
    )
    demo: bool = Field(default=False, description="nothing: `multichannel demo` is the way into demo mode")
    host: NonEmpty = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(
        default=8000, ge=0, le=65535, description="a port number from 0 (any free one) to 65535"
    )
    workers: int = Field(default=1, ge=1, le=64, description="a number of processes from 1 to 64")
    threads: int = Field(
        default=8, ge=1, le=256, description="a number of worker threads per process from 1 to 256"
    )
    allowed_hosts: Annotated[tuple[NonEmpty, ...], BeforeValidator(_comma_separated)] = Field(
        default=("localhost", "127.0.0.1", "[::1]"),
        min_length=1,
        description="host names that clients may use for this service, separated by commas",
    )
    sweep_seconds: int = Field(
        default=60, ge=1, le=86400, description="a number of seconds between two sweeps from 1 to 86400"
    )
    public_url: Annotated[str, BeforeValidator(_public_url)] = Field(
        default="http://127.0.0.1:8000",
        description="the http or https URL under which people reach this service, for links sent to them",
    )
    max_token_bytes: int = Field(
        default=8192, ge=1024, le=65536, description="a number of bytes from 1024 to 65536"
    )
    max_body_bytes: int = Field(
        default=262144, ge=1024, le=16777216, description="a number of bytes from 1024 to 16777216"
    )
    decision_log: Path | None = Field(
        default=None, description="a file that decisions are added to; leave it out to log none"
    )
    decision_sample: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="the share of requests whose decisions are logged, above 0 up to 1",
    )
    decision_key: Annotated[SecretStr | None, Field(min_length=32), AfterValidator(_key_of_log)] = Field(
        default=None,
        validate_default=True,
        description="a secret of at least 32 characters, by which logs name ids",
    )
    shadow_dir: Path | None = Field(
        default=None, description="a folder of .polar files to be asked beside those in force"
    )
    shadow_sample: float = Field(
        default=0.1, gt=0, le=1, description="the share of requests it is asked about, above 0 up to 1"
    )
    shadow_log: Path | None = Field(
        default=None, description="a file that its differences are added to; else the service's own log tells"
    )


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens a service in production believes: the three settings that `check_serving` found good."""

    issuer: str
    audience: str
    jwks: str


def load_settings(*, demo: bool = False, **options: object) -> Settings:
    """The settings of this process: `options` of the command line first, then the environment.

    An option that is None was not given. Demo mode is never read from the environment. Misconfigured,
    with one line for each wrong setting, says which variable is wrong, why, and what it must hold.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(demo=demo, **given)  # type: ignore[arg-type] # checked by the very call
    except ValidationError as problem:
        raise Misconfigured("\n".join(_lines(problem))) from None


def _lines(problem: ValidationError) -> Iterator[str]:
    for error in problem.errors(include_url=False, include_input=False):
        name = str(error["loc"][0])
        reason = error["msg"].removeprefix("Value error, ").removeprefix("Input ").lower()
        field = Settings.model_fields.get(name)
        if field is None:
            yield f"{_PREFIX}{name.upper()} is not a setting."
        else:
            yield f"{_PREFIX}{name.upper()} is wrong: {reason}. Give {field.description}."


def check_serving(settings: Settings) -> Trust:
    """Whom to trust in production; Misconfigured if a setting is missing or anything comes from a demo."""
    trust = _complete(settings)
    if trust.issuer == DEMO_ISSUER or trust.audience == DEMO_AUDIENCE:
        raise _demo_secret("MULTICHANNEL_ISSUER or MULTICHANNEL_AUDIENCE is the demo's")
    if is_url(trust.jwks):
        _check_url(trust.jwks)
    try:
        entries = read_jwks(trust.jwks)
    except Misconfigured as problem:
        raise Misconfigured(f"MULTICHANNEL_JWKS is wrong: {problem.message}") from problem
    if any(is_demo_key(entry) for entry in entries):
        raise _demo_secret("MULTICHANNEL_JWKS holds a demo key")
    if not usable_keys(entries, demo=False):
        raise Misconfigured(
            "MULTICHANNEL_JWKS is wrong: it holds no RSA key of at least 2048 bits and no P-256 key."
        )
    return trust


def _complete(settings: Settings) -> Trust:
    issuer, audience, jwks = settings.issuer, settings.audience, settings.jwks
    if issuer is None or audience is None or jwks is None:
        missing = [name for name in ("issuer", "audience", "jwks") if getattr(settings, name) is None]
        raise Misconfigured(
            "\n".join(
                f"{_PREFIX}{name.upper()} is missing: give {Settings.model_fields[name].description}."
                for name in missing
            )
        )
    return Trust(issuer, audience, jwks)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Misconfigured("MULTICHANNEL_JWKS is wrong: it is not a URL.") from None
    if parts.username is not None:
        raise Misconfigured("MULTICHANNEL_JWKS is wrong: a URL with a password in it would end up in logs.")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Misconfigured(
            "MULTICHANNEL_JWKS is wrong: keys may be fetched over https only; give an https URL."
        )


def _demo_secret(what: str) -> Misconfigured:
    return Misconfigured(
        f"Production settings with demo secrets refuse to start: {what}. "
        "Give those of your own issuer, or run `multichannel demo`."
    )
