"""A clock that jumps, and eyes on the connections of a server that runs in another thread."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.wire.site import answer
from tornadolike.http1connection import ServerConnection
from tornadolike.httputil import HTTPServerRequest

PATIENCE = 10.0


class Watched:
    """A server of the ``serve`` fixture with a clock of its own."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.connect = server.connect
        self.call = server.call
        self._ahead = 0.0
        self.call(self._take_over_clock)

    @property
    def serving(self) -> Any:
        return self.server.server._serving

    def _take_over_clock(self) -> None:
        if self.serving is None:
            self.server.server._start_serving()
        loop = self.serving.loop
        loop.time = lambda: time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let so much time pass at once, and what is due happen."""

        def jump() -> None:
            self._ahead += seconds
            deadlines = self.serving.deadlines
            if deadlines._timer is not None:
                deadlines._timer.cancel()
                deadlines._tick()

        self.call(jump)

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition()``, which is asked in the loop's thread, holds."""
        end = time.monotonic() + PATIENCE
        while not self.call(condition):
            assert time.monotonic() < end, "this was never so"

    @property
    def connection(self) -> ServerConnection:
        """The only connection; waits for it."""
        self.until(lambda: len(self.serving.connections) == 1)
        found: ServerConnection = self.call(lambda: next(iter(self.serving.connections)))
        return found

    def until_in(self, phase: str, buffered: int = 0) -> ServerConnection:
        """Wait until the only connection is in ``phase`` with so many bytes not yet served."""
        connection = self.connection
        self.until(lambda: connection.phase == phase and connection._reader.buffered >= buffered)
        return connection

    def until_gone(self) -> None:
        """Wait until no connection is left, and see that nothing of one is."""
        self.until(lambda: not self.serving.going_on())
        assert self.call(lambda: self.serving.deadlines._buckets) == {}


def drain(server: Watched, timeout: float = 10) -> Callable[[], bool]:
    """Begin to drain; the result tells whether that is over."""
    tasks: list[asyncio.Task[None]] = []
    server.call(lambda: tasks.append(asyncio.ensure_future(server.server.server.drain(timeout))))
    return lambda: tasks[0].done() and tasks[0].exception() is None


def connect_slowly(server: Any, size: int = 65536) -> socket.socket:
    """A client whose kernel holds no more than about ``size`` bytes in either direction."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    sock.settimeout(PATIENCE)
    if isinstance(server, Watched):
        server = server.server
    sock.connect(("127.0.0.1", server.port))
    secured: socket.socket = server.secured(sock)
    return secured


def shrink(connection: ServerConnection, size: int = 65536) -> None:
    """Have the server's kernel, too, hold no more than about ``size`` bytes in either direction."""
    sock = connection.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


class Sends:
    """Stands before a connection's socket and counts what it sends, in bytes, by system call."""

    def __init__(self, connection: ServerConnection) -> None:
        self.sizes: list[int] = []
        transport: Any = connection.transport
        transport = getattr(transport, "_lower", transport)  # over TLS
        self._sock = transport._sock
        transport._sock = self
        transport._send = self.send

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        self.sizes.append(len(data))
        return int(self._sock.send(data))

    def sendmsg(self, pieces: Any) -> int:
        pieces = list(pieces)
        self.sizes.append(sum(map(len, pieces)))
        return int(self._sock.sendmsg(pieces))


def server_reads(server: Watched) -> bool:
    (connection,) = server.serving.connections
    return bool(connection.transport.is_reading())


class Held:
    """Keeps what it gets until it is told to answer it; answers at once what is under ``/now``."""

    def __init__(self) -> None:
        self.requests: list[HTTPServerRequest] = []
        self.closed: list[str | None] = []
        self.count = 0

    def __call__(self, request: HTTPServerRequest) -> None:
        self.count += 1
        if request.path.startswith("/now"):
            answer(request)
            return
        self.requests.append(request)
        request.connection.set_close_callback(lambda: self.closed.append(request.uri))

    def answer_next(self) -> None:
        answer(self.requests.pop(0))
