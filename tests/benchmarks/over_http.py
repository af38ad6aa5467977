"""The comparison over HTTP: a server process for each variant, asked in turns by one client."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import orjson
from sqlalchemy import URL

from multichannel.demo.issuer import DemoIssuer
from multichannel.server.bootstrap import now
from tests.benchmarks.queries import QUERIES
from tests.benchmarks.variants import INTERPRETED, LIMIT, OFF, ON
from tests.benchmarks.world import Scale, World

TICKS = os.sysconf("SC_CLK_TCK")
USER_TIME, SYSTEM_TIME = 11, 12
"""Places in `/proc/PID/stat`, counted from behind the program's name."""


@dataclass(slots=True)
class Server:
    """A running server with a connection to it that stays open."""

    pid: int
    connection: http.client.HTTPConnection
    token: str

    def ask(self, body: bytes) -> bytes:
        """The answer; anything but 200 is an error."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        self.connection.request("POST", "/graphql", body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise ValueError(answer)
        return answer

    def cpu(self) -> float:
        """Seconds of CPU the process has used."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(stat[USER_TIME]) + int(stat[SYSTEM_TIME])) / TICKS


def over_http(
    scale: Scale, url: URL, rounds: int, requests: int, names: Sequence[str] = (ON, OFF, INTERPRETED, LIMIT)
) -> dict[str, dict[str, dict[str, float]]]:
    """By question and variant: milliseconds of server CPU for each request, and requests a second."""
    with running_servers(scale, url, names) as servers:
        return {name: _compared(servers, query, rounds, requests) for name, query in QUERIES.items()}


@contextmanager
def running_servers(
    scale: Scale, url: URL, names: Sequence[str] = (ON, OFF, INTERPRETED, LIMIT)
) -> Iterator[dict[str, Server]]:
    """A server for each variant, with one worker process and a signed-in client."""
    with ExitStack() as stack:
        keys = stack.enter_context(tempfile.TemporaryDirectory())
        world = World(scale)
        token = DemoIssuer(Path(keys)).token(world.partners[0], world.agent, now=now())
        yield {variant: stack.enter_context(_running(variant, scale, url, keys, token)) for variant in names}


@contextmanager
def _running(variant: str, scale: Scale, url: URL, keys: str, token: str) -> Iterator[Server]:
    """The socket is open before the server is: a client that comes early waits in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor, (host, port) = listening.fileno(), listening.getsockname()
        text = url.render_as_string(hide_password=False)
        arguments = [variant, text, scale.name, keys, str(descriptor)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.server", *arguments], pass_fds=[descriptor]
        )
    connection = http.client.HTTPConnection(host, port, timeout=60)
    try:
        yield Server(process.pid, connection, token)
    finally:
        connection.close()
        process.send_signal(signal.SIGTERM)
        process.wait()


def _compared(
    servers: dict[str, Server], query: str, rounds: int, requests: int
) -> dict[str, dict[str, float]]:
    body = orjson.dumps({"query": query})
    answers = {server.ask(body) for server in servers.values() for _ in range(3)}
    if len(answers) != 1:
        message = f"the servers answer differently: {query}"
        raise ValueError(message)
    used: dict[str, list[float]] = {name: [] for name in servers}
    took: dict[str, list[float]] = {name: [] for name in servers}
    order = list(servers)
    for _ in range(rounds):
        for name in order:
            cpu, wall = servers[name].cpu(), time.perf_counter()
            for _ in range(requests):
                servers[name].ask(body)
            took[name].append(time.perf_counter() - wall)
            used[name].append(servers[name].cpu() - cpu)
        order.reverse()
    return {
        name: {
            "cpu": sum(used[name]) * 1000 / rounds / requests,
            "per_second": requests / median(took[name]),
        }
        for name in servers
    }
