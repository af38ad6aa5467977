"""The comparison over HTTP: a server process for each variant, asked in turns over the same connections."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from sqlalchemy import URL, select

from multichannel.demo.issuer import DemoIssuer
from multichannel.domain.subscriptions import Subscription
from multichannel.server.bootstrap import now
from multichannel.store.engines import open_database
from tests.benchmarks.load import drive, request_bytes
from tests.benchmarks.queries import OVER_HTTP, SINGLE
from tests.benchmarks.variants import INTERPRETED, LIMIT, MERCURIUS, OFF, ON
from tests.benchmarks.world import Scale, World
from tests.npm import installed, node_environment

WARM_UP = 2_000
"""Requests before anything is measured: the peer compiles its JavaScript while it answers."""
VARIANTS = (ON, OFF, INTERPRETED, LIMIT, MERCURIUS)
PEER = Path(__file__).with_name("mercurius")
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    pid: int
    port: int
    token: str

    def ask(self, body: bytes) -> bytes:
        """The answer; anything but 200 is an error."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("POST", "/graphql", body, headers)
            response = connection.getresponse()
            answer = response.read()
        if response.status != http.client.OK:
            raise ValueError(answer)
        return answer


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: so many requests over so many connections, for each variant in each round."""

    rounds: int
    requests: int
    connections: int = 8


def over_http(
    scale: Scale, url: URL, effort: Effort, names: Sequence[str] = VARIANTS
) -> dict[str, dict[str, Figures]]:
    """By question and variant: see `_figures`. The peer runs on PostgreSQL only."""
    if url.get_backend_name() == "sqlite":
        names = [name for name in names if name != MERCURIUS]
    with running_servers(scale, url, names) as servers:
        database = Processes(postmaster(url))
        return {name: _compared(servers, database, body, effort) for name, body in bodies(url, scale).items()}


def bodies(url: URL, scale: Scale) -> dict[str, bytes]:
    """The requests by the name of their question."""
    variables = {SINGLE: {"id": f"subscription_{subscription_of(url, scale)}"}}
    return {
        name: orjson.dumps({"query": query, "variables": variables.get(query)})
        for name, query in OVER_HTTP.items()
    }


def subscription_of(url: URL, scale: Scale) -> str:
    """A subscription that the first partner bills."""
    engine = open_database(url.render_as_string(hide_password=False))
    partner = World(scale).partners[0]
    billed = select(Subscription.id).where(Subscription.billing_partner_id == partner)
    with engine.connect() as connection:
        found: str = connection.execute(billed.order_by(Subscription.id).limit(1)).scalar_one()
    engine.dispose()
    return found


def postmaster(url: URL) -> int | None:
    """The process that a PostgreSQL of our own began with; None for any other, and for SQLite."""
    note = Path(str(url.query.get("host", ""))) / "data" / "postmaster.pid"
    return int(note.read_text("ascii").split()[0]) if note.exists() else None


class Processes:
    """A process and its children, or none."""

    def __init__(self, pid: int | None) -> None:
        self._pid = pid

    def cpu(self) -> float:
        """Seconds of CPU that those that still run have used."""
        return sum(map(cpu_of, self._pids())) if self._pid is not None else 0.0

    def cpu_in_all(self) -> float:
        """The same with those that have ended, to a hundredth of a second (proc(5): cutime, cstime)."""
        if self._pid is None:
            return 0.0
        stat = Path(f"/proc/{self._pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        return self.cpu() + (int(stat[13]) + int(stat[14])) / os.sysconf("SC_CLK_TCK")

    def _pids(self) -> Iterator[int]:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = stat.read_text("ascii", "replace").rpartition(")")[2].split()[1]
                if int(parent) == self._pid:
                    yield int(stat.parent.name)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used, to the nanosecond (clock_getcpuclockid); 0 if it has ended."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


@contextmanager
def running_servers(scale: Scale, url: URL, names: Sequence[str]) -> Iterator[dict[str, Server]]:
    """A server for each variant, with one worker process."""
    with ExitStack() as stack:
        keys = stack.enter_context(tempfile.TemporaryDirectory())
        world = World(scale)
        token = DemoIssuer(Path(keys)).token(world.partners[0], world.agent, now=now())
        yield {
            name: stack.enter_context(
                _peer(url, world, token) if name == MERCURIUS else _running(name, scale, url, keys, token)
            )
            for name in names
        }


@contextmanager
def _running(variant: str, scale: Scale, url: URL, keys: str, token: str) -> Iterator[Server]:
    """The socket is open before the server is: a client that comes early waits in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor, (_, port) = listening.fileno(), listening.getsockname()
        text = url.render_as_string(hide_password=False)
        arguments = [variant, text, scale.name, keys, str(descriptor)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.server", *arguments], pass_fds=[descriptor]
        )
    with _ending(process):
        yield Server(process.pid, port, token)


@contextmanager
def _peer(url: URL, world: World, token: str) -> Iterator[Server]:
    """Mercurius, which compares the token with a text instead of verifying it."""
    settings: Mapping[str, Any] = {
        "host": str(url.query["host"]),
        "user": url.username,
        "database": url.database,
        "token": token,
        "partner": world.partners[0],
    }
    environment = node_environment()
    node = shutil.which("node", path=environment["PATH"])
    assert node is not None
    command = [node, "server.mjs", orjson.dumps(settings).decode()]
    process = subprocess.Popen(command, cwd=installed(PEER), env=environment, stdout=subprocess.PIPE)
    with _ending(process):
        assert process.stdout is not None
        yield Server(process.pid, int(process.stdout.readline()), token)


@contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.communicate()


def _compared(
    servers: dict[str, Server], database: Processes, body: bytes, effort: Effort
) -> dict[str, Figures]:
    answers = [orjson.loads(server.ask(body)) for server in servers.values()]
    if any(answer != answers[0] or "errors" in answer for answer in answers):
        raise ValueError(f"the servers answer differently: {body.decode()}")
    warm_up = replace(effort, requests=min(WARM_UP, 10 * effort.requests))
    for server in servers.values():
        _figures(server, database, body, warm_up)
    measured: dict[str, list[Figures]] = {name: [] for name in servers}
    order = list(servers)
    for _ in range(effort.rounds):
        for name in order:
            measured[name].append(_figures(servers[name], database, body, effort))
        order.reverse()
    return {
        name: {key: median(each[key] for each in found) for key in found[0]}
        for name, found in measured.items()
    }


def _figures(server: Server, database: Processes, body: bytes, effort: Effort) -> Figures:
    """Milliseconds of CPU for each request, of the server and of the database; latency; requests a second."""
    own, other = cpu_of(server.pid), database.cpu()
    request = request_bytes(body, server.token)
    load = drive(server.port, request, connections=effort.connections, requests=effort.requests)
    return {
        "cpu": (cpu_of(server.pid) - own) * 1000 / effort.requests,
        "database_cpu": (database.cpu() - other) * 1000 / effort.requests,
        "p50": load.percentile(0.5) * 1000,
        "p99": load.percentile(0.99) * 1000,
        "per_second": effort.requests / load.seconds,
    }
