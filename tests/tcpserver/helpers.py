"""A server for a test, and those who visit it."""

import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

from tornadolike.iostream import IOStream
from tornadolike.tcpserver import TCPServer


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
async def visit(place: Any) -> AsyncIterator[IOStream]:
    """A stream to a port of 127.0.0.1, or to a Unix socket."""
    if isinstance(place, int):
        stream, place = IOStream(socket.socket()), ("127.0.0.1", place)
    else:
        stream = IOStream(socket.socket(socket.AF_UNIX))
    try:
        await stream.connect(place)
        yield stream
    finally:
        stream.close()
