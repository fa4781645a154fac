"""Servers that misbehave in one way each, for clients that should say so."""

import asyncio
import contextlib
import socket
import struct

from maint.production.wire import Address


def answer(number, *fields):
    body = b"%d" % number
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), b"X-Worker: 77 1", *fields]
    return b"\r\n".join([*lines, b"", body])


async def read_number(reader):
    """The number that the next request asks for; None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return int(head.split()[1].rpartition(b"/")[2])


def reset(writer):
    """Close it so that the peer gets a reset."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def serving(handle):
    """Each connection is given to ``handle(reader, writer)``, and closed behind it."""
    ends = []

    async def handle_and_close(reader, writer):
        ends.append(asyncio.current_task())
        try:
            await handle(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle_and_close, "127.0.0.1", 0)
    try:
        yield Address(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.gather(*ends)


def free_port():
    """One on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
