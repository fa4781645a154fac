"""System calls on sockets as coroutines: the ``sock_`` family.

Each tries its call at once and waits only if that would block. What was received or accepted is handed
over in the very step in which the call was made: a task that is cancelled while it waits loses nothing.

One task may read from a socket while another writes to it. A second reader (or writer) takes the place
of the first, which then waits for ever, as in asyncio: let one task read.
"""

import asyncio
import socket
from typing import Any

from ..core import Core
from ..dialing import BUSY_PAUSE, connect
from ..readiness import check_socket, readable, writable
from ..resolving import resolve

_BLOCKED = (BlockingIOError, InterruptedError)


class SocketCalls(Core):
    """System calls on sockets as coroutines: the ``sock_`` family."""

    async def sock_recv(self, sock: socket.socket, nbytes: int) -> bytes:
        """Receive up to ``nbytes`` bytes; ``b""`` is the end of the stream."""
        check_socket(self, sock)
        while True:
            try:
                return sock.recv(nbytes)
            except _BLOCKED:
                pass
            await readable(self, sock)

    async def sock_recv_into(self, sock: socket.socket, buf: Any) -> int:
        """Receive into the writable buffer ``buf``; return how many bytes came, 0 at the end."""
        check_socket(self, sock)
        while True:
            try:
                return sock.recv_into(buf)
            except _BLOCKED:
                pass
            await readable(self, sock)

    async def sock_recvfrom(self, sock: socket.socket, bufsize: int) -> tuple[bytes, Any]:
        """Receive one datagram of up to ``bufsize`` bytes; return it and its sender's address."""
        check_socket(self, sock)
        while True:
            try:
                return sock.recvfrom(bufsize)
            except _BLOCKED:
                pass
            await readable(self, sock)

    async def sock_recvfrom_into(
        self, sock: socket.socket, buf: Any, nbytes: int = 0
    ) -> tuple[int, Any]:
        """Receive one datagram into ``buf``; return its size and its sender's address.

        :arg nbytes: what it may take at the most; 0 is the whole of ``buf``.
        """
        check_socket(self, sock)
        while True:
            try:
                return sock.recvfrom_into(buf, nbytes)
            except _BLOCKED:
                pass
            await readable(self, sock)

    async def sock_sendall(self, sock: socket.socket, data: Any) -> None:
        """Send the whole of ``data``.

        After an error or a cancellation nothing tells how much of it was sent.
        """
        check_socket(self, sock)
        view = memoryview(data).cast("B")
        while True:
            try:
                sent = sock.send(view)
            except _BLOCKED:
                sent = 0
            if sent == len(view):
                return
            view = view[sent:]
            await writable(self, sock)

    async def sock_sendto(self, sock: socket.socket, data: Any, address: Any) -> int:
        """Send ``data`` as one datagram to ``address``; return how many bytes were sent."""
        check_socket(self, sock)
        while True:
            try:
                return sock.sendto(data, address)
            except _BLOCKED:
                pass
            if sock.family == socket.AF_UNIX:
                # Writable, the poll would say: it knows nothing of that receiver's full queue.
                await asyncio.sleep(BUSY_PAUSE)
            else:
                await writable(self, sock)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect ``sock`` to ``address``; a host name in it is resolved, the first result taken."""
        check_socket(self, sock)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            found = await resolve(
                self, address, family=sock.family, type=sock.type, proto=sock.proto
            )
            address = found[0][4]
        await connect(self, sock, address)

    async def sock_accept(self, sock: socket.socket) -> tuple[socket.socket, Any]:
        """Take a connection from the listening ``sock``; return its non-blocking socket and the peer's address."""
        check_socket(self, sock)
        while True:
            try:
                connection, address = sock.accept()
            except _BLOCKED:
                pass
            else:
                connection.setblocking(False)
                return connection, address
            await readable(self, sock)
