""":class:`TCPServer`: what it listens on, in how many processes, and how it stops."""

import asyncio
import os
import socket
import ssl
import weakref
from collections.abc import Awaitable, Iterable
from typing import Any, Final

from .._native import described
from ..ioloop import IOLoop
from ..ioloop.accepting import Accepting
from ..ioloop.unix_files import file_of_socket, remove_socket_file
from ..iostream import IOStream, SSLIOStream
from ..log import app_log, gen_log
from ..netutil import (
    DEFAULT_BACKLOG,
    bind_sockets,
    bind_unix_socket,
    ssl_options_to_context,
)
from ..process import fork_processes, shared_memory, task_id
from .balance import Balance
from .connections import Connections
from .conversations import Conversations, who


class TCPServer:
    """Listens, and has :meth:`handle_stream` talk to whoever connects.

    :arg ssl_options: for TLS: a server's :class:`ssl.SSLContext`, or a dictionary with ``certfile`` and
        what else :func:`~tornadolike.netutil.ssl_options_to_context` knows. None for plain connections.
    :arg max_buffer_size: bytes that a read of a stream may gather; by default the stream's own default.
    :arg read_chunk_size: bytes that one system call reads at the most; by default the stream's own default.

    Raises :exc:`KeyError` for options without ``certfile``, :exc:`ValueError` for files that are not there
    and :exc:`ssl.SSLError` for what is no certificate.

    There are three ways to start it: :meth:`listen`; :meth:`bind` and :meth:`start` for several processes;
    :meth:`add_sockets` for listening sockets that come from elsewhere.
    """

    def __init__(
        self,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        max_buffer_size: int | None = None,
        read_chunk_size: int | None = None,
    ) -> None:
        self.ssl_options = ssl_options
        self.max_buffer_size = max_buffer_size
        self.read_chunk_size = read_chunk_size
        self._sockets: dict[int, socket.socket] = {}
        self._acceptors: dict[int, Accepting] = {}
        self._files: list[tuple[str, int]] = []  # of Unix sockets that are ours to remove
        self._bound: list[socket.socket] = []  # waiting for start()
        self._started = False
        self._conversations = Conversations()

    @property
    def ssl_options(self) -> dict[str, Any] | ssl.SSLContext | None:
        """What was given. Others may be assigned: connections that come from then on are opened by them.

        To have new certificates in the place of the old, :class:`~tornadolike.tls.ServerCertificates` are
        the better way: with these clients go on resuming their sessions.
        """
        return self._ssl_options

    @ssl_options.setter
    def ssl_options(self, ssl_options: dict[str, Any] | ssl.SSLContext | None) -> None:
        self.ssl_context = None if ssl_options is None else self._make_ssl_context(ssl_options)
        """What ``ssl_options`` mean; None for plain connections."""
        self._ssl_options = ssl_options

    def _make_ssl_context(self, ssl_options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
        return server_context(ssl_options)

    # Starting

    def listen(
        self,
        port: int,
        address: str | None = None,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        backlog: int = DEFAULT_BACKLOG,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Start accepting on ``port``, on the current loop; the arguments are :func:`~.bind_sockets`'s.

        May be called more than once. Raises :exc:`OSError` if the port is taken.
        """
        self._before_listening()
        self.add_sockets(bind_sockets(port, address, family, backlog, flags, reuse_port))

    def listen_unix(
        self,
        file: str | os.PathLike[str],
        mode: int = 0o600,
        backlog: int = DEFAULT_BACKLOG,
    ) -> None:
        """Start accepting on a Unix socket; the arguments are :func:`~.bind_unix_socket`'s.

        :meth:`stop` removes the file. Raises :exc:`OSError` if a server is listening there.
        """
        self._before_listening()
        sock = bind_unix_socket(file, mode, backlog)
        self.add_socket(sock)
        if (made := file_of_socket(sock)) is not None:
            self._files.append(made)

    def bind(
        self,
        port: int,
        address: str | None = None,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        backlog: int = DEFAULT_BACKLOG,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Listen on ``port``, but accept nobody before :meth:`start`; the arguments are :meth:`listen`'s.

        May be called more than once; after :meth:`start` it is the same as :meth:`listen`.
        """
        self._before_listening()
        sockets = bind_sockets(port, address, family, backlog, flags, reuse_port)
        if self._started:
            self.add_sockets(sockets)
        else:
            self._bound += sockets

    def start(self, num_processes: int | None = 1, max_restarts: int | None = None) -> None:
        """Start accepting on what was bound: in this process, or in several that share the sockets.

        With another number than 1 the process forks
        (:func:`~tornadolike.process.fork_processes`, which ``max_restarts`` goes to): this method returns
        in the workers, each of which then starts its loop; the parent stays in it, starts again whoever
        crashes, and exits when all have ended. None or 0: a worker for each processor. There must be no
        event loop yet: :exc:`RuntimeError` is raised otherwise, and if the server was started already.

        .. code-block:: python

            server.bind(8888)
            server.start(4)
            IOLoop.current().start()
        """
        if self._started:
            raise RuntimeError("start() was called before; bind() and listen() work at once now")
        if num_processes != 1:
            try:
                fork_processes(num_processes, max_restarts)
            except BaseException:
                self.stop()  # the parent never serves; nor do we, if there are no workers
                raise
        self._started = True
        sockets, self._bound = self._bound, []
        self.add_sockets(sockets)

    def _before_listening(self) -> None:
        """What may raise before anything is bound."""

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Start accepting on sockets that listen already; they are closed by :meth:`stop`.

        Raises :exc:`ValueError` for a socket that does not listen.
        """
        if not self._sockets:
            gen_log.debug("A server starts; the core: %s", described())
        turns = self._turns()
        for sock in sockets:
            if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                raise ValueError(
                    f"{sock!r} does not listen: call its listen(), or use bind_sockets()"
                )
            fd = sock.fileno()
            self._sockets[fd] = sock
            self._acceptors[fd] = Accepting(IOLoop.current(), sock, self._accepted, turns)

    def _turns(self) -> Balance | None:
        """Who takes what, where other processes accept from the same sockets."""
        number, memory = task_id(), shared_memory()
        if number is None or memory is None:
            return None
        _listening.add(self)
        return Balance(memory, number, open_connections)

    def add_socket(self, socket: socket.socket) -> None:
        """:meth:`add_sockets` of one."""
        self.add_sockets([socket])

    # Stopping

    def stop(self) -> None:
        """Stop listening. Connections that exist go on. Idempotent."""
        for fd, sock in self._sockets.items():
            self._acceptors.pop(fd).stop()
            sock.close()
        self._sockets.clear()
        for sock in self._bound:
            sock.close()
        self._bound.clear()
        for file in self._files:
            remove_socket_file(*file)
        self._files.clear()

    async def drain(self, timeout: float = 30.0) -> None:
        """Stop gracefully.

        Takes the connections that wait to be accepted, stops listening, waits for the handlers that are busy, for
        the streams that they have left open and for what was written to leave, and after ``timeout`` seconds ends
        what is left as :meth:`close_all_connections` does. A handler that calls this does not wait for itself.
        """
        self._accept_waiting()
        self.stop()
        connections = self._connections()
        connections.start_draining(timeout)
        try:
            async with asyncio.timeout(timeout):
                await connections.wait_for_ends()
        except TimeoutError:
            gen_log.warning(
                "Cutting %d connections that did not end within %g seconds",
                len(connections.going_on()),
                timeout,
            )
            await self.close_all_connections()

    def _accept_waiting(self) -> None:
        """Take the connections that the system has made for us already: closing the socket would reset them."""
        for accepting in self._acceptors.values():
            accepting.accept_waiting()

    async def close_all_connections(self) -> None:
        """Cut every connection at once, cancel the handlers, and wait until they have ended."""
        await self._connections().abort()

    def _connections(self) -> Connections:
        """What is waited for and cut. A server that has no streams has another."""
        return self._conversations

    # Connections

    def handle_stream(self, stream: IOStream, address: Any) -> Awaitable[None] | None:
        """Talk to whoever has connected. To be overridden, by a coroutine or an ordinary method.

        :arg stream: an :class:`~tornadolike.iostream.SSLIOStream` if the server speaks TLS. Its handshake
            has only begun; :meth:`~tornadolike.iostream.SSLIOStream.wait_for_handshake` waits for it, and
            so does a read.
        :arg address: the peer's, as :meth:`socket.socket.accept` gives it.

        A coroutine runs as a task of its own. If it raises, that is logged and the stream is closed. If
        it returns, and so with an ordinary method, the stream stays open as long as somebody holds it or
        reads from it; one that is forgotten is closed when what waits to be written has been.
        """
        raise NotImplementedError

    def handle_socket(self, connection: socket.socket, address: Any) -> None:
        """Serve a new, non-blocking connection, which is the server's from now on.

        Makes a stream of it for :meth:`handle_stream`. To be overridden by a server that wants none.
        """
        self._conversations.begin(self._make_stream(connection), address, self.handle_stream)

    def _make_stream(self, connection: socket.socket) -> IOStream:
        sizes: dict[str, Any] = {
            "max_buffer_size": self.max_buffer_size,
            "read_chunk_size": self.read_chunk_size,
        }
        if self.ssl_context is None:
            return IOStream(connection, **sizes)
        return SSLIOStream(connection, ssl_options=self.ssl_context, server_side=True, **sizes)

    def _accepted(self, connection: socket.socket, address: Any) -> None:
        try:
            self.handle_socket(connection, address)
        except Exception:
            app_log.error("Error in connection callback: %s", who(address), exc_info=True)
            connection.close()


_listening: Final[weakref.WeakSet[TCPServer]] = weakref.WeakSet()
"""Those of this process that others share the sockets of."""


def open_connections() -> int:
    """How many connections these have."""
    return sum(server._connections().count() for server in _listening)


def server_context(ssl_options: dict[str, Any] | ssl.SSLContext) -> ssl.SSLContext:
    """The context that a server's ``ssl_options`` mean; what is wrong with them is said at once."""
    if isinstance(ssl_options, dict):
        if "certfile" not in ssl_options:
            raise KeyError("ssl_options need a certfile: a server has to show a certificate")
        for name in ("certfile", "keyfile", "ca_certs"):
            file = ssl_options.get(name)
            if file is not None and not os.path.exists(file):
                raise ValueError(f"{name} in ssl_options: there is no file {file!r}")
    context = ssl_options_to_context(ssl_options, server_side=True)
    if context.protocol == ssl.PROTOCOL_TLS_CLIENT:  # each handshake would fail
        raise ValueError(
            "the SSLContext in ssl_options is one for clients; a server's is made by "
            "ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)"
        )
    return context
