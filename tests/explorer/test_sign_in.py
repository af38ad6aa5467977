"""The page at `/sign-in` and what it may connect to."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from multichannel.explorer.sign_in import SignInConfiguration, sign_in_routes

ISSUER = SignInConfiguration("https://login.example:8443/organizations/v2.0", "pages", "openid profile")


def get(path: str, configuration: SignInConfiguration | None, *, personas: bool = False) -> httpx.Response:
    async def ask() -> httpx.Response:
        app = Starlette(routes=sign_in_routes(configuration, personas=personas))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://explorer.example"
        ) as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("configuration", "connects"),
    [(None, ["'self'"]), (ISSUER, ["'self'", "https://login.example:8443"])],
)
def test_the_page_connects_to_the_service_and_the_issuer_alone(
    configuration: SignInConfiguration | None, connects: list[str]
) -> None:
    answer = get("/sign-in", configuration)

    directives = (each.split() for each in answer.headers["content-security-policy"].split(";"))
    policy = {name: values for name, *values in directives}
    assert answer.status_code == 200
    assert policy.pop("connect-src") == connects
    assert policy.pop("img-src") == ["'self'", "data:"]
    assert policy.pop("script-src") == policy.pop("style-src") == ["'self'"]
    assert set(policy) == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert {value for (value,) in policy.values()} == {"'none'"}
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_of_an_invitation_connects_to_the_service_alone() -> None:
    answer = get("/invitations/any-code", ISSUER)

    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].endswith("; connect-src 'self'")
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_pages_read_which_ways_to_sign_in_there_are() -> None:
    demo = get("/sign-in/configuration", None, personas=True)
    pasting = get("/sign-in/configuration", None)
    signing_in = get("/sign-in/configuration", ISSUER)

    assert demo.json() == {"personas": True, "client": None}
    assert pasting.json() == {"personas": False, "client": None}
    client = {"authority": ISSUER.authority, "clientId": "pages", "scope": "openid profile"}
    assert signing_in.json() == {"personas": False, "client": client}
    assert signing_in.headers["cache-control"] == "no-store"
