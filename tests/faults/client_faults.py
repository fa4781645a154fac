"""A server on which one request in a hundred meets a fault, and what a client may make of each."""

import asyncio
import gzip
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 10.0
"""Seconds until it has ended."""

BODY: Final = b"0123456789abcdef" * 64
STATUS: Final = b"HTTP/1.1 200 OK\r\n"
HEAD: Final = STATUS + b"Content-Length: %d\r\n\r\n" % len(BODY)
WHOLE: Final = HEAD + BODY
PACKED: Final = gzip.compress(BODY * 100)
BOMB: Final = gzip.compress(bytes(20_000_000))
ZIPPED: Final = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"

RESPONSE: Final = "200"
CLOSED: Final = "HTTPStreamClosedError"
PROTOCOL: Final = "HTTPProtocolError"
TIMEOUT: Final = "HTTPTimeoutError"

Ending = Callable[[asyncio.Transport], None]


def stay(transport: asyncio.Transport) -> None:
    """The connection stays."""


def end(transport: asyncio.Transport) -> None:
    transport.close()


def crash(transport: asyncio.Transport) -> None:
    """End it as a process that crashes does."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@dataclass(frozen=True)
class Fault:
    """What the server does in place of an answer."""

    data: bytes
    then: Ending
    allowed: frozenset[str]
    """What may come of it."""


def fault(data: bytes, then: Ending, *allowed: str) -> Fault:
    return Fault(data, then, frozenset(allowed))


FAULTS: Final = {
    "nothing": fault(b"", end, CLOSED),
    "crash": fault(b"", crash, CLOSED),
    "half-a-head": fault(STATUS[:11], end, CLOSED),
    "crash-in-the-head": fault(STATUS, crash, CLOSED),
    "half-a-body": fault(WHOLE[:-100], end, CLOSED),
    # The kernel drops what was not read yet when a reset comes.
    "crash-in-the-body": fault(WHOLE[:-100], crash, CLOSED),
    "crash-behind-it": fault(WHOLE, crash, RESPONSE, CLOSED),
    "half-a-chunk": fault(STATUS + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc", end, CLOSED),
    "silence": fault(b"", stay, TIMEOUT),
    "silence-in-the-head": fault(STATUS[:11], stay, TIMEOUT),
    "silence-in-the-body": fault(WHOLE[:-100], stay, TIMEOUT),
    "noise": fault(b"\x16\x03\x01" * 30 + b"\r\n\r\n", stay, PROTOCOL),
    "two-lengths": fault(STATUS + b"Content-Length: 1\r\n" + WHOLE[17:], stay, PROTOCOL),
    "no-chunks": fault(STATUS + b"Transfer-Encoding: chunked\r\n\r\n" + BODY, stay, PROTOCOL),
    "large-head": fault(STATUS + b"A: " + b"b" * 3_000_000, stay, PROTOCOL),
    "large-body": fault(STATUS + b"Content-Length: 9999999999\r\n\r\n", stay, PROTOCOL),
    "bad-gzip": fault(STATUS + ZIPPED % len(BODY) + BODY, stay, PROTOCOL),
    "half-gzip": fault(STATUS + ZIPPED % 99 + PACKED[:99], stay, PROTOCOL, CLOSED),
    "bomb": fault(STATUS + ZIPPED % len(BOMB) + BOMB, stay, PROTOCOL),
    "round": fault(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /round\r\n\r\n",
        stay,
        "TooManyRedirectsError",
    ),
    "unavailable": fault(
        b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", stay, "HTTPError 503"
    ),
    # These do harm to the connection only: what was asked for is there.
    "end-behind-it": fault(WHOLE, end, RESPONSE),
    "until-the-end": fault(STATUS + b"\r\n" + BODY, end, RESPONSE),
    "more-than-asked": fault(WHOLE + WHOLE, stay, RESPONSE),
    "interim": fault(b"HTTP/1.1 103 Hints\r\n\r\n" * 3 + WHOLE, stay, RESPONSE),
}
"""By the path that asks for it."""

TARGET_END: Final = b" HTTP/1.1\r\n"


class Connection(asyncio.Protocol):
    """Answers what it is asked, or as the fault has it that the target names."""

    def __init__(self) -> None:
        self._heard = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            path = head.partition(TARGET_END)[0].partition(b" ")[2]
            found = FAULTS.get(path.split(b"?")[0][1:].decode())
            self._transport.write(WHOLE if found is None else found.data)
            if found is not None:
                found.then(self._transport)


async def main() -> None:
    """Serve until standard input ends; the port is the first line of what we say."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


class FaultyServer:
    """The server, in a process of its own: so all that is open in ours is the client's."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.client_faults"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self) -> None:
        self._process.communicate(timeout=PATIENCE)


if __name__ == "__main__":
    asyncio.run(main())
