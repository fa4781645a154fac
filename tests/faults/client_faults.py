"""A server on which one request in a hundred meets a fault, and what a client may make of each."""

import asyncio
import gzip
import socket
import ssl
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

TWICE: Final = b"HTTP/1.1 400 Twice\r\nContent-Length: 0\r\n\r\n"
"""The answer to what may come only once, and has come again."""

SWALLOWED: Final = b"7"
"""The end of the targets of those that are done, and not answered."""

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
    "no-chunks": fault(
        STATUS + b"Transfer-Encoding: chunked\r\n\r\nno\r\n", stay, PROTOCOL, CLOSED
    ),
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
    "unavailable": fault(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n", stay, "HTTPError 503"),
    # These do harm to the connection only: what was asked for is there.
    "end-behind-it": fault(WHOLE, end, RESPONSE),
    "until-the-end": fault(STATUS + b"\r\n" + BODY, end, RESPONSE),
    "more-than-asked": fault(WHOLE + WHOLE, stay, RESPONSE),
    "interim": fault(b"HTTP/1.1 103 Hints\r\n\r\n" * 3 + WHOLE, stay, RESPONSE),
}
"""By the path that asks for it."""


seen: Final[set[bytes]] = set()
"""Targets of requests that may come only once."""


class Connection(asyncio.Protocol):
    """Answers what it is asked, or as the fault has it that the target names."""

    def __init__(self) -> None:
        self._heard = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, behind = self._heard.partition(b"\r\n\r\n")
            length = head.partition(b"Content-Length: ")[2].partition(b"\r")[0]
            size = int(length or 0)
            if len(behind) < size:
                return
            self._heard = behind[size:]
            self._answer(*head.split(b" ")[:2])

    def _answer(self, method: bytes, target: bytes) -> None:
        found = FAULTS.get(target[1:].decode())
        if found is not None:
            self._transport.write(found.data)
            found.then(self._transport)
        elif method == b"PATCH" and target in seen:
            self._transport.write(TWICE)
        elif method == b"PATCH" and target.endswith(SWALLOWED):
            seen.add(target)
            self._transport.close()
        else:
            seen.add(target)
            self._transport.write(HEAD if method == b"HEAD" else WHOLE)


async def main(certificate: str) -> None:
    """Serve until standard input ends; the port is the first line of what we say. With a certificate it is TLS."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


class FaultyServer:
    """The server, in a process of its own: so all that is open in ours is the client's."""

    def __init__(self, certificate: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.client_faults", certificate],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self) -> None:
        self._process.communicate(timeout=PATIENCE)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
