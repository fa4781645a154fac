""":class:`TCPServer`: listening sockets and what happens to the connections that come."""

import socket
from collections.abc import Callable, Iterable
from typing import Any

from .log import app_log
from .netutil import DEFAULT_BACKLOG, add_accept_handler, bind_sockets


class TCPServer:
    """Listens, and hands each connection to :meth:`handle_connection`.

    .. code-block:: python

        server = MyServer()
        server.listen(8888)          # or: server.add_sockets(bind_sockets(8888))
    """

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._removers: dict[int, Callable[[], None]] = {}

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
        self.add_sockets(bind_sockets(port, address, family, backlog, flags, reuse_port))

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Start accepting on sockets that listen already; they are closed by :meth:`stop`."""
        for sock in sockets:
            fd = sock.fileno()
            self._sockets[fd] = sock
            self._removers[fd] = add_accept_handler(sock, self._accepted)

    def add_socket(self, sock: socket.socket) -> None:
        """:meth:`add_sockets` of one."""
        self.add_sockets([sock])

    def stop(self) -> None:
        """Stop listening. Connections that exist go on. Idempotent."""
        for fd, sock in self._sockets.items():
            self._removers.pop(fd)()
            sock.close()
        self._sockets.clear()

    def _accepted(self, connection: socket.socket, address: Any) -> None:
        try:
            self.handle_connection(connection, address)
        except Exception:
            app_log.error("Error in connection callback", exc_info=True)
            connection.close()

    def handle_connection(self, connection: socket.socket, address: Any) -> None:
        """Serve a new, non-blocking connection, which is the server's from now on. To be overridden."""
        raise NotImplementedError
