""":class:`Connecting`: a stream's socket, connected while its reads and writes wait."""

import asyncio
import errno
import socket
from typing import Any, Self

from ..ioloop.dialing import BUSY_PAUSE, refused
from ..ioloop.poller import WRITE
from .errors import StreamClosedError
from .transported import Transported


class Connecting(Transported):
    """What of a stream makes its connection."""

    _connect_future: asyncio.Future[Any] | None = None
    _address: Any = None

    def connect(self, address: Any, server_hostname: str | None = None) -> "asyncio.Future[Self]":
        """Connect the socket to ``address``, in the form that its family has (``(ip, port)``, a path).

        The future's result is the stream. Reads and writes may begin before: they wait for the
        connection. If it fails the stream is closed, and the future, as all that waits, gets
        :exc:`StreamClosedError` with the reason as its ``real_error``.

        A host name instead of an IP address is looked up at once, and the loop stands still meanwhile.

        :arg server_hostname: for TLS: whose certificate is expected.

        Raises :exc:`RuntimeError` if it is connecting already, :exc:`StreamClosedError` if it is closed, and
        what the socket says of an address of another form.
        """
        self._check_may_connect()
        future: asyncio.Future[Self] = asyncio.Future(loop=self._future_loop)
        self._connect_future = future
        self._address = address
        self._opening = True
        self._begin_connecting()
        return future

    def _check_may_connect(self) -> None:
        if self._closed:
            raise StreamClosedError(real_error=self.error)
        if self._connect_future is not None:
            raise RuntimeError("connect() was called before: await the future that it returned")

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
        except Exception as error:  # an address of another form
            self.close(exc_info=error)
            raise
        self._transport.want(WRITE)

    def _connecting_ended(self) -> None:
        number = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self.close(exc_info=refused(number, self._address))
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
        self._rest()

    def _on_events(self, events: int) -> None:
        if self._opening:
            self._connecting_ended()
        else:
            super()._on_events(events)

    def _end_writes(self) -> None:
        super()._end_writes()
        if self._connect_future is not None:
            self._fail(self._connect_future)
