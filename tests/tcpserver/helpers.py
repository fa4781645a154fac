"""A server for a test, and those who visit it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

from tornadolike.iostream import IOStream, SSLIOStream
from tornadolike.tcpserver import TCPServer

LIMIT = 10.0


def port_of(server: TCPServer) -> int:
    """The port that a server listens on, if it is one."""
    (sock,) = server._sockets.values()
    port: int = sock.getsockname()[1]
    return port


@contextlib.asynccontextmanager
async def listening(server: TCPServer) -> AsyncIterator[int]:
    """The port on which ``server`` listens; at the end nothing of it is left."""
    server.listen(0, "127.0.0.1")
    try:
        yield port_of(server)
    finally:
        server.stop()
        await server.close_all_connections()


@contextlib.asynccontextmanager
async def visit(place: Any, tls: Any = None, *, room: int = 0) -> AsyncIterator[IOStream]:
    """A stream to a port of 127.0.0.1, or to a Unix socket; with a client's context over TLS.

    ``room``: how many bytes the kernel takes for it.
    """
    family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
    address = place if isinstance(place, str) else ("127.0.0.1", place)
    sock = socket.socket(family)
    if room:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    stream = IOStream(sock) if tls is None else SSLIOStream(sock, ssl_options=tls)
    try:
        await stream.connect(address, "localhost")
        yield stream
    finally:
        stream.close()


class Handled(TCPServer):
    """A server whose ``handle_stream`` is a function of stream and address."""

    def __init__(self, handler: Callable[[IOStream, Any], Any], **options: Any) -> None:
        super().__init__(**options)
        self.handle_stream = handler  # type: ignore[method-assign]


async def expect_end(stream: IOStream) -> None:
    async with asyncio.timeout(LIMIT):
        assert await stream.read_until_close() == b""


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.001)


async def over(server: TCPServer) -> None:
    """Wait until the server has nothing to do any more."""
    async with asyncio.timeout(LIMIT):
        await server._conversations.wait_for_ends()
