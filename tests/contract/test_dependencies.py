"""What the product is built from: no release with a known fault, each one hashed, and no secret."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCK, RUNTIME_LOCK = "requirements.lock", "docs/deployment/runtime.lock"
LOCKS = (LOCK, RUNTIME_LOCK, "src/multichannel/explorer/node.lock")

FLOORS = {
    "strawberry-graphql": ("0.315.7", "CVE-2026-45739, CVE-2026-47706, CVE-2026-47707 and earlier"),
    "starlette": ("1.3.1", "CVE-2026-48710, CVE-2026-48817, CVE-2026-54282, CVE-2026-54283 and earlier"),
    "uvicorn": ("0.11.7", "CVE-2020-7694, CVE-2020-7695"),
    "h11": ("0.16.0", "CVE-2025-43859"),
    "cryptography": ("50.0.0", "CVE-2026-69247, CVE-2026-69248, CVE-2026-69249 and earlier"),
    "Jinja2": ("3.1.6", "CVE-2025-27516"),
    "certifi": ("2024.7.4", "CVE-2024-39689"),
    "idna": ("3.7", "CVE-2024-3651"),
}
"""By package: the first release without the faults of these advisories."""
NOT_NEEDED = ("python-multipart", "python-jose", "pyjwt", "authlib")
"""Packages with a history of advisories, for what the product does not do or does otherwise."""

SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{22,}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"
    r'|"d"\s*:\s*"[A-Za-z0-9_-]{40,}"'
)
"""Private keys, keys of clouds and code hosts, signed tokens, and private keys as JSON."""


@pytest.mark.parametrize("package", FLOORS)
def test_what_is_installed_has_no_fault_of_a_known_advisory(package: str) -> None:
    floor, advisories = FLOORS[package]
    assert Version(version(package)) >= Version(floor), advisories


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pinned_release_has_hashes_and_no_address(lock: str) -> None:
    pins = _pins(lock)

    assert "://" not in (ROOT / lock).read_text("utf-8")
    assert pins
    assert all("--hash=sha256:" in entry for entry in pins.values())
    assert all([each.operator for each in pin.specifier] == ["=="] for pin in pins)
    assert not {pin.name.lower() for pin in pins} & set(NOT_NEEDED)


def test_the_lock_is_what_is_installed() -> None:
    assert [str(pin) for pin in _pins(LOCK) if not pin.specifier.contains(version(pin.name))] == []


def test_a_deployment_has_the_releases_that_are_tested_and_all_that_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    deployed = {str(pin) for pin in _pins(RUNTIME_LOCK)}

    assert deployed <= {str(pin) for pin in _pins(LOCK)}
    assert needed <= {canonicalize_name(Requirement(each).name) for each in deployed}


def test_no_file_holds_a_secret() -> None:
    found = [str(path) for path in _files() if SECRETS.search(path.read_text("utf-8", errors="replace"))]

    assert found == []


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEowIBAAKCAQEAr0xQ",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "ghp_" + "a" * 36,
        "xoxb-" + "1234567890-abc",
        "eyJhbGciOiJSUzI1NiJ9." + "eyJzdWIiOiJhYmMiLCJ4IjoxfQ." + "a" * 43,
        '{"kty": "EC", "d": "' + "a" * 43 + '"}',
    ],
)
def test_the_search_finds_secrets_of_each_form(secret: str) -> None:
    assert SECRETS.search(secret)


def _pins(lock: str) -> dict[Requirement, str]:
    """The entries of a lock file by what they pin."""
    entries = (ROOT / lock).read_text("utf-8").replace("\\\n", "").splitlines()
    return {Requirement(entry.partition(" --hash")[0].strip()): entry for entry in entries}


def _files() -> Iterator[Path]:
    """Every file of the repository."""
    names = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607  (the git of the machine)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield path
