"""A client that keeps connections busy: each sends its next request when the answer to the last has come."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass, field
from typing import Any

LENGTH = b"content-length: "
END = b"\r\n\r\n"
OK = b"HTTP/1.1 200"


@dataclass(slots=True)
class Load:
    """What was measured: seconds of each request, in the order of their ends, and of all together."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """The time that a share of the requests did not exceed."""
        return sorted(self.took)[min(len(self.took) - 1, int(share * len(self.took)))]


def request_bytes(body: bytes, token: str) -> bytes:
    """A request as it goes over the wire."""
    head = (
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: */*\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, request: bytes, *, connections: int, requests: int) -> Load:
    """Send so many requests over so many connections; ValueError unless every answer is 200."""
    return asyncio.run(_drive(port, request, connections, requests))


async def _drive(port: int, request: bytes, connections: int, requests: int) -> Load:
    loop = asyncio.get_running_loop()
    load, left, ended = Load(), _Left(requests), []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: _Client(request, left, load.took), "127.0.0.1", port)
        ended.append(client)
    began = time.perf_counter()
    for client in ended:
        client.send()
    try:
        await asyncio.gather(*(client.ended for client in ended))
    finally:
        load.seconds = time.perf_counter() - began
        for client in ended:
            client.close()
    return load


@dataclass(slots=True)
class _Left:
    """How many requests are still to be sent, by whichever connection is free."""

    count: int


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, left: _Left, took: list[float]) -> None:
        self._request, self._left, self._took = request, left, took
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received, self._expected, self._began = bytearray(), -1, 0.0

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        """Send the next request, if one is left."""
        if self._left.count == 0:
            self.ended.set_result(None)
            return
        self._left.count -= 1
        self._received.clear()
        self._expected, self._began = -1, time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._received += data
        if self._expected < 0:
            end = self._received.find(END)
            if end < 0:
                return None
            head = bytes(self._received[:end]).lower() + b"\r\n"
            if not self._received.startswith(OK):
                return self._fail(ValueError(bytes(self._received[:2000])))
            length = head[head.index(LENGTH) + len(LENGTH) :]
            self._expected = end + len(END) + int(length[: length.index(b"\r\n")])
        if len(self._received) >= self._expected:
            self._took.append(time.perf_counter() - self._began)
            self.send()
        return None

    def connection_lost(self, _cause: Exception | None) -> None:
        """See asyncio."""
        self._fail(ConnectionError("the server closed the connection"))

    def _fail(self, cause: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(cause)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()
