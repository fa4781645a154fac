""":class:`Server`: listening sockets of asyncio's interface and the connections that came through them."""

import asyncio
import contextvars
import socket
import ssl
import sys
import weakref
from asyncio.trsock import TransportSocket
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..accepting import Accepting
from ..core import Core
from ..unix_files import file_of_socket, remove_socket_file
from .opening import accepted_tls, application_side, open_plain
from .wire import Wire

WAITS_FOR_CONNECTIONS: Final = sys.version_info >= (3, 12)
"""Whether :meth:`Server.wait_closed` of a closed server waits; asyncio's did not in Python 3.11."""

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class Server(asyncio.AbstractServer):
    """What ``create_server()`` and ``create_unix_server()`` return.

    :arg sockets: bound, and owned by the server from now on.
    :arg backlog: connections that the kernel keeps waiting, for each socket.
    :arg tls: a server's :class:`ssl.SSLContext`, None for plain connections.
    :arg unlink: remove the files of Unix sockets when the server is closed, if they are still its own.
    """

    def __init__(
        self,
        loop: Core,
        sockets: Sequence[socket.socket],
        protocol_factory: ProtocolFactory,
        *,
        backlog: int,
        tls: ssl.SSLContext | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        unlink: bool = False,
    ) -> None:
        self._loop = loop
        self._sockets: list[socket.socket] | None = list(sockets)
        self._factory = protocol_factory
        self._backlog = backlog
        self._tls = tls
        self._timeouts = {
            "ssl_handshake_timeout": ssl_handshake_timeout,
            "ssl_shutdown_timeout": ssl_shutdown_timeout,
        }
        self._files = [file for sock in sockets if (file := file_of_socket(sock))] if unlink else []
        self._accepting: list[Accepting] = []
        self._context: contextvars.Context
        # Weak: a connection that everybody has forgotten must be able to complain.
        self._connections: weakref.WeakSet[Wire] = weakref.WeakSet()
        self._forever: asyncio.Future[None] | None = None
        self._waiters: list[asyncio.Future[None]] | None = []  # None when all is over

    @property
    def sockets(self) -> tuple[TransportSocket, ...]:
        """The listening sockets, each behind a face that cannot close it; none once the server is closed."""
        return tuple(TransportSocket(sock) for sock in self._sockets or ())

    def get_loop(self) -> Core:
        return self._loop

    def is_serving(self) -> bool:
        """Whether it accepts connections."""
        return bool(self._accepting)

    # Serving

    async def start_serving(self) -> None:
        """Accept connections from now on. Idempotent. Raises :exc:`RuntimeError` if the server is closed."""
        self.start()

    def start(self) -> None:
        """:meth:`start_serving`, without a coroutine."""
        if self._sockets is None:
            raise RuntimeError(f"server {self!r} is closed; create another one")
        if self._accepting:
            return
        self._context = contextvars.copy_context()
        try:
            for sock in self._sockets:
                sock.listen(self._backlog)
                self._accepting.append(Accepting(self._loop, sock, self._accepted))
        except BaseException:
            self._stop_accepting()
            raise

    def _stop_accepting(self) -> None:
        for accepting in self._accepting:
            accepting.stop()
        self._accepting.clear()

    async def serve_forever(self) -> None:
        """Accept connections until the task is cancelled, which closes the server.

        Raises :exc:`RuntimeError` if another task does this already or the server is closed.
        """
        if self._forever is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        self.start()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        except asyncio.CancelledError:
            try:
                self.close()
                await self.wait_closed()
            finally:
                raise
        finally:
            self._forever = None

    def _accepted(self, connection: socket.socket, address: Any) -> None:
        """Set up a new connection, whole: there is nothing to wait for, and no task."""
        context = self._context.copy()
        try:
            protocol = context.run(self._factory)
            if self._tls is not None:
                protocol = accepted_tls(self._loop, protocol, self._tls, **self._timeouts)
            open_plain(
                self._loop, connection, protocol, server=self, context=context, peername=address
            )
        except BaseException as error:
            connection.close()
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                raise
            self._loop.call_exception_handler(
                {"message": "An accepted connection could not be set up", "exception": error}
            )

    # Closing

    def close(self) -> None:
        """Stop listening. Connections go on; :meth:`close_clients` closes them. Idempotent."""
        sockets, self._sockets = self._sockets, None
        if sockets is None:
            return
        self._stop_accepting()
        for sock in sockets:
            sock.close()
        for path, inode in self._files:
            remove_socket_file(path, inode)
        if self._forever is not None and not self._forever.done():
            self._forever.cancel()
        self._wake_if_all_is_over()

    def close_clients(self) -> None:
        """Close the connections: what waits to be sent to them is sent, and TLS's goodbye."""
        for transport in list(self._connections):
            application_side(transport).close()

    def abort_clients(self) -> None:
        """Close the connections at once."""
        for transport in list(self._connections):
            transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the server is closed and all its connections are.

        With Python 3.11 a server that is closed already is not waited for, as with asyncio's own.
        """
        if self._waiters is None or (self._sockets is None and not WAITS_FOR_CONNECTIONS):
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _wake_if_all_is_over(self) -> None:
        if self._sockets is not None or self._connections:
            return
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    # What connections tell

    def attach(self, transport: Wire, /) -> None:
        self._connections.add(transport)

    def detach(self, transport: Wire, /) -> None:
        self._connections.discard(transport)
        self._wake_if_all_is_over()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} sockets={self.sockets!r}>"
