""":class:`IOStream`: reads that say what they want, over a connection.

Its bytes come and go by a transport of the reactor's, in the manner of a
:class:`~tornadolike.ioloop.transports.pulling.PullProtocol`: the stream tells when it wants to be called,
and then takes what it wants. So sockets are read and written in one place, whoever reads and writes; and
what a transport can be (a socket, TLS, memory), a stream can be too.
"""

import asyncio
import errno
import os
import socket
from typing import Any, Self, cast

from ..ioloop.dialing import BUSY_PAUSE
from ..ioloop.poller import WRITE
from ..ioloop.transports import SocketTransport
from ..ioloop.transports.pulling import PullProtocol, PullTransport
from .base import BaseIOStream
from .errors import StreamClosedError


class StreamProtocol(PullProtocol):
    """What a stream is to its transport."""

    def __init__(self, stream: "IOStream") -> None:
        self._stream = stream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream._transport = cast(PullTransport, transport)

    def on_ready(self, events: int) -> None:
        self._stream._on_events(events)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream.close(exc_info=exc)


class IOStream(BaseIOStream):
    """A stream over a connected stream socket, or over one that :meth:`connect` connects.

    .. code-block:: python

        stream = IOStream(socket.socket())
        await stream.connect(("127.0.0.1", 8888))
        await stream.write(b"hello\\n")
        print(await stream.read_until(b"\\n"))
        stream.close()

    The stream owns and closes the socket, and switches it to non-blocking mode. Small writes are sent at
    once (:meth:`set_nodelay`). The arguments behind the socket are those of :class:`BaseIOStream`.
    """

    socket: Any
    """The socket; None once the stream is closed."""

    _transport: PullTransport

    def __init__(self, socket: socket.socket, *args: Any, **kwargs: Any) -> None:
        socket.setblocking(False)
        self.socket = socket
        super().__init__(*args, **kwargs)
        self._connect_future: asyncio.Future[Any] | None = None
        self._address: Any = None
        SocketTransport(self.io_loop, socket, StreamProtocol(self))

    # The methods that a subclass may override

    def fileno(self) -> Any:
        return self.socket

    def close_fd(self) -> None:
        self._transport.close()
        self.socket = None

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        return self._transport.receive_into(buf)

    def write_to_fd(self, data: memoryview) -> int:
        return self._transport.send_now((data,))

    def get_fd_error(self) -> Exception | None:
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return OSError(number, os.strerror(number))

    def set_nodelay(self, value: bool) -> None:
        sock = self.socket
        if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, bool(value))
        except OSError as error:
            # On some systems that fails once the other side has gone.
            if error.errno != errno.EINVAL and not self._is_connreset(error):
                raise

    def _watch_for(self, events: int) -> None:
        if events == self._watched_for or self._closed:
            return
        if not self._opening:
            self._transport.want(events)
        self._watched_for = events

    # Connecting

    def connect(self, address: Any, server_hostname: str | None = None) -> "asyncio.Future[Self]":
        """Connect the socket to ``address``, in the form that its family has (``(ip, port)``, a path).

        The future's result is the stream. Reads and writes may begin before: they wait for the
        connection. If it fails the stream is closed, and the future, as all that waits, gets
        :exc:`StreamClosedError` with the reason as its ``real_error``.

        A host name instead of an IP address is looked up at once, and the loop stands still meanwhile.

        :arg server_hostname: for TLS: whose certificate is expected.

        Raises :exc:`RuntimeError` if it is connecting already, :exc:`StreamClosedError` if it is closed.
        """
        if self._closed:
            raise StreamClosedError(real_error=self.error)
        if self._connect_future is not None:
            raise RuntimeError("connect() was called before: await the future that it returned")
        future: asyncio.Future[Self] = asyncio.Future(loop=self._future_loop)
        self._connect_future = future
        self._address = address
        self._opening = True
        self._begin_connecting()
        return future

    def _begin_connecting(self) -> None:
        if self._closed:
            return
        try:
            self.socket.connect(self._address)
        except BlockingIOError as error:
            if error.errno == errno.EAGAIN:
                # Not "in progress": a Unix socket's backlog is full, and no event tells when it is not.
                self.io_loop.call_later(BUSY_PAUSE, self._begin_connecting)
                return
        except InterruptedError:
            pass
        except OSError as error:
            self.close(exc_info=error)
            return
        self._transport.want(WRITE)

    def _connecting_ended(self) -> None:
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            message = f"cannot connect to {self._address}: {os.strerror(number)}"
            self.close(exc_info=OSError(number, message))
        else:
            self._connected()

    def _connected(self) -> None:
        """There is a connection."""
        self._opened()

    def _opened(self) -> None:
        """Reading and writing may begin."""
        future, self._connect_future = self._connect_future, None
        if future is not None and not future.done():
            future.set_result(self)
        self._opening = False
        self._transport.want(self._watched_for)

    def _on_events(self, events: int) -> None:
        if self._opening:
            self._connecting_ended()
        else:
            super()._on_events(events)

    def _end_writes(self) -> None:
        super()._end_writes()
        if self._connect_future is not None:
            self._fail(self._connect_future)
