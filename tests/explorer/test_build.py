from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from multichannel.explorer import build

SOURCE = Path(build.__file__).parent
NPM_THAT_BUILDS = '[ "$1" = ci ] || { mkdir dist && echo "<!doctype html>" > dist/index.html; }'
NPM_WITHOUT_NETWORK = "echo 'npm error code ENOTFOUND\nnpm error network request failed' >&2; exit 1"
Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A copy of the sources, not built, and a way to put a node and an npm on PATH."""
    here = tmp_path / "explorer"
    here.mkdir()
    for name in build.SOURCES:
        copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy
        copy(SOURCE / name, here / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setattr(build, "HERE", here)
    monkeypatch.setattr(build, "DIST", here / "dist")
    monkeypatch.setattr(sys, "argv", ["build"])
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    # Whatever node this machine has, the one of the test comes first.
    script(tools / "node", "echo v18.0.0")

    def put(npm: str, *, node: str = "v22.12.0") -> None:
        script(tools / "node", f"echo {node}")
        script(tools / "npm", npm)

    return put


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_builds_once_for_the_same_sources(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(NPM_THAT_BUILDS)
    assert build.main() == 0
    assert (build.DIST / "index.html").is_file()
    capsys.readouterr()

    install(NPM_WITHOUT_NETWORK)

    assert build.main() == 0
    assert capsys.readouterr().out == ""


def test_a_changed_source_is_built_again(install: Install) -> None:
    install(NPM_THAT_BUILDS)
    build.main()
    (build.HERE / "web" / "examples.graphql").write_text("# Another\nquery Another { viewer { roles } }\n")

    assert not build.is_current()
    assert build.main() == 0
    assert build.is_current()


def test_an_npm_that_fails_is_one_line_and_leaves_nothing_behind(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install(NPM_WITHOUT_NETWORK)

    assert build.main() == 1

    said = capsys.readouterr().err
    assert said == "The explorer was not built, `npm ci` failed: network request failed\n"
    assert {path.name for path in build.HERE.iterdir()} == set(build.SOURCES)


@pytest.mark.usefixtures("install")
def test_a_node_that_is_too_old_counts_as_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main() == 1
    assert capsys.readouterr().err == f"{build.NO_NODE}\n"


def test_needs_node_only_where_a_build_is_due_and_there_is_none(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--needs-node"])
    without_node = build.main()
    install(NPM_THAT_BUILDS)
    with_node = build.main()

    assert (without_node, with_node) == (0, 1)


def test_versions_are_pinned_and_the_lock_names_no_registry() -> None:
    package = json.loads((SOURCE / "package.json").read_text())
    lock = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    pinned = package["dependencies"] | package["devDependencies"]

    assert {name: lock[f"node_modules/{name}"]["version"] for name in pinned} == pinned
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []
    assert [name for name, entry in lock.items() if "resolved" in entry] == []
