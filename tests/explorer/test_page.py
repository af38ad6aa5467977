from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from multichannel.explorer import page
from multichannel.explorer.page import explorer_assets, explorer_page


def get(path: str) -> httpx.Response:
    async def graphql(_request: Request) -> Response:
        return explorer_page()

    async def ask() -> httpx.Response:
        app = Starlette(routes=[Route("/graphql", graphql), explorer_assets()])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://explorer.example"
        ) as client:
            return await client.get(path)

    return asyncio.run(ask())


def directives(answer_policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (each.split() for each in answer_policy.split(";"))}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text("void 0")
    (tmp_path / "index.html").write_text("<!doctype html><title>Multichannel explorer</title>")
    (tmp_path / "sources.sha256").write_text("0")
    monkeypatch.setattr(page, "DIST", tmp_path)


@pytest.mark.usefixtures("built")
def test_page_runs_only_scripts_of_its_own_host_and_in_no_frame() -> None:
    answer = get("/graphql")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = directives(answer.headers["content-security-policy"])
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == ["'self'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("built")
def test_assets_are_cached_for_ever() -> None:
    answer = get("/explorer/assets/index-1a2b.js")

    assert answer.text == "void 0"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path", ["sources.sha256", "assets/%2e%2e/sources.sha256", "assets/", "assets/none.js"]
)
def test_nothing_but_assets_is_served(path: str) -> None:
    assert get(f"/explorer/{path}").status_code == 404


def test_a_page_that_is_not_built_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "DIST", tmp_path / "absent")

    answer = get("/graphql")

    assert answer.status_code == 503
    assert "run make explorer" in answer.text
    assert get("/explorer/assets/index-1a2b.js").status_code == 404


@pytest.mark.parametrize("name", ["index.html", "sign-in.html", "invitation.html"])
def test_a_built_page_has_no_inline_script_and_names_no_other_host(name: str) -> None:
    html = (page.DIST / name).read_text()

    assert re.findall(r"<script[^>]*>", html) == re.findall(
        r'<script type="module"[^>]* src="/explorer/[^>]*>', html
    )
    assert re.search(r"<script[^>]*>\s*[^<\s]", html) is None
    assert "//" not in html
