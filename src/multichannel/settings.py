"""Settings: frozen, typed, and read once from environment variables with the prefix MULTICHANNEL_."""

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
from multichannel.identity.claims import ENTRA_ID, ClaimNames
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
        raise ValueError("not a database URL") from None
    if url.drivername not in _DRIVERS:
        raise ValueError("this database is not supported")
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
        raise ValueError("not a valid public URL")
    return str(value).rstrip("/")


def _require_key(value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
    if value is None and info.data.get("decision_log") is not None:
        raise ValueError("the decision log requires it to hash ids")
    return value


NonEmpty = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """The settings of one process. A field's description is the value that its variable must have."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        enable_decoding=False,  # values are not JSON
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
        description="a folder of .polar files; unset: the policies that ship with the product",
    )
    policy_versions: Path = Field(
        default=Path(".multichannel/policies"),
        description="a folder for policy versions; each policy folder needs its own",
    )
    policy_unchecked: bool = Field(
        default=False,
        description="true to serve a policy with errors, or without cases or invariants; for development",
    )
    issuer: NonEmpty | None = Field(
        default=None,
        description="the token issuer (iss) to trust; in it, {tid} stands for the tenant id",
    )
    audience: NonEmpty | None = Field(default=None, description="the token audience (aud) of this service")
    jwks: NonEmpty | None = Field(
        default=None, description="the path or https URL of the issuer's public keys (JWKS)"
    )
    oidc_client_id: NonEmpty | None = Field(
        default=None,
        description="the id of a public client at the issuer, for sign-in; unset: people paste a token",
    )
    oidc_scope: NonEmpty = Field(
        default="openid profile",
        pattern=r"(^| )openid( |$)",
        description="the scopes to request at sign-in, separated by spaces, openid among them",
    )
    admin_claim: NonEmpty = Field(
        default=ENTRA_ID.admin, description="the token claim that says who is a global admin"
    )
    admin_claim_value: NonEmpty = Field(
        default=ENTRA_ID.admin_value, description="what that claim holds for global admins"
    )
    domain_claim: NonEmpty = Field(
        default=ENTRA_ID.domain,
        description="the token claim with a name that ends in @ and a verified domain of the tenant",
    )
    demo: bool = Field(default=False, description="true in `multichannel demo` only")
    host: NonEmpty = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(
        default=8000, ge=0, le=65535, description="a port number from 0 (any free port) to 65535"
    )
    workers: int = Field(default=1, ge=1, le=64, description="a number of processes from 1 to 64")
    threads: int = Field(
        default=8, ge=1, le=256, description="a number of worker threads per process from 1 to 256"
    )
    operation_seconds: float = Field(
        default=10.0,
        ge=0.1,
        le=600,
        description="the seconds that an operation may take, from 0.1 to 600",
    )
    user_cost_per_second: float = Field(
        default=200_000,
        ge=0,
        description="what operations of a user may cost in a second, on average; 0 for no limit",
    )
    tenant_cost_per_second: float = Field(
        default=400_000,
        ge=0,
        description="what operations of a tenant may cost in a second, on average; 0 for no limit",
    )
    allowed_hosts: Annotated[tuple[NonEmpty, ...], BeforeValidator(_comma_separated)] = Field(
        default=("localhost", "127.0.0.1", "[::1]"),
        min_length=1,
        description="the host names that clients use for this service, separated by commas",
    )
    sweep_seconds: int = Field(
        default=60,
        ge=1,
        le=86400,
        description="the seconds between two runs of the expiry job, from 1 to 86400",
    )
    public_url: Annotated[str, BeforeValidator(_public_url)] = Field(
        default="http://127.0.0.1:8000",
        description="the http or https URL of this service, for links in invitations",
    )
    max_token_bytes: int = Field(
        default=8192, ge=1024, le=65536, description="a number of bytes from 1024 to 65536"
    )
    max_body_bytes: int = Field(
        default=1048576, ge=1024, le=16777216, description="a number of bytes from 1024 to 16777216"
    )
    decision_log: Path | None = Field(
        default=None, description="a file for the decision log; unset: decisions are not logged"
    )
    decision_sample: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="the share of requests whose decisions are logged, above 0 up to 1",
    )
    decision_key: Annotated[SecretStr | None, Field(min_length=32), AfterValidator(_require_key)] = Field(
        default=None,
        validate_default=True,
        description="a secret of at least 32 characters, which hashes the ids in logs",
    )
    shadow_dir: Path | None = Field(
        default=None, description="a folder of .polar files to compare with the current policy"
    )
    shadow_sample: float = Field(
        default=0.1, gt=0, le=1, description="the share of requests to compare, above 0 up to 1"
    )
    shadow_log: Path | None = Field(
        default=None, description="a file for the differences; unset: the service's own log"
    )


@dataclass(frozen=True, slots=True)
class Trust:
    """The token issuer that a production service trusts: three settings that `check_serving` has verified."""

    issuer: str
    audience: str
    jwks: str

    @property
    def authority(self) -> str:
        """Where people sign in: the issuer; if it names each tenant, Entra ID's endpoint for all of them."""
        return self.issuer.replace("{tid}", "organizations")


def claims_of(settings: Settings) -> ClaimNames:
    """Where the trusted issuer says who is a global admin, and of which domain."""
    return ClaimNames(settings.admin_claim, settings.admin_claim_value, settings.domain_claim)


def load_settings(*, demo: bool = False, **options: object) -> Settings:
    """The settings of this process: `options` of the command line first, then the environment.

    None stands for an absent option. Demo mode is never read from the environment. Misconfigured has one
    line for each invalid setting: the variable, the reason, and the value it must have.
    """
    present = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(demo=demo, **present)  # type: ignore[arg-type]  # validated by this call
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
            yield f"{_PREFIX}{name.upper()} is invalid: {reason}. Expected: {field.description}."


def check_serving(settings: Settings) -> Trust:
    """The issuer to trust in production; Misconfigured if a setting is missing or is the demo's."""
    trust = _complete(settings)
    if trust.issuer == DEMO_ISSUER or trust.audience == DEMO_AUDIENCE:
        raise _demo_secret("MULTICHANNEL_ISSUER or MULTICHANNEL_AUDIENCE is the demo's")
    if settings.oidc_client_id is not None:
        _check_url("ISSUER", trust.authority)
    if is_url(trust.jwks):
        _check_url("JWKS", trust.jwks)
    try:
        entries = read_jwks(trust.jwks)
    except Misconfigured as problem:
        raise Misconfigured(f"MULTICHANNEL_JWKS is invalid: {problem.message}") from problem
    if any(is_demo_key(entry) for entry in entries):
        raise _demo_secret("MULTICHANNEL_JWKS contains a demo key")
    if not usable_keys(entries, demo=False):
        raise Misconfigured(
            "MULTICHANNEL_JWKS is invalid: it has no RSA key of at least 2048 bits and no P-256 key."
        )
    return trust


def _complete(settings: Settings) -> Trust:
    values = {name: getattr(settings, name) for name in ("issuer", "audience", "jwks")}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        lines = (
            f"{_PREFIX}{name.upper()} is required: {Settings.model_fields[name].description}."
            for name in missing
        )
        raise Misconfigured("\n".join(lines))
    return Trust(**values)


def _check_url(setting: str, url: str) -> None:
    invalid = f"{_PREFIX}{setting} is invalid: "
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Misconfigured(f"{invalid}not a URL.") from None
    if parts.username is not None:
        raise Misconfigured(f"{invalid}a URL must not contain a password, which would end up in logs.")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Misconfigured(f"{invalid}it is fetched over https only.")


def _demo_secret(what: str) -> Misconfigured:
    return Misconfigured(
        f"Production settings must not contain demo secrets: {what}. "
        "Set those of your own issuer, or run `multichannel demo`."
    )
