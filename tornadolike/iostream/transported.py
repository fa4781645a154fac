""":class:`Transported`: a stream whose bytes come and go by a transport of the reactor's.

It uses it in the manner of a :class:`~tornadolike.ioloop.transports.pulling.PullProtocol`: it tells when it
wants to be called, and then takes what it wants. So sockets are read and written in one place, whoever
reads and writes; and what a transport can be (a socket, TLS, memory), a stream can be too.
"""

import asyncio
import errno
import os
import socket
from typing import Any

from ..ioloop.transports import SocketTransport
from ..ioloop.transports.files import FileSending
from ..ioloop.transports.pieces import MAX_PIECES
from ..ioloop.transports.pulling import PullProtocol, what_had_come
from .base import BaseIOStream
from .reading import READ_CHUNK_SIZE, borrow_memory, return_memory
from .write_queue import WriteQueue


class StreamProtocol(PullProtocol):
    """What a stream is to its transport."""

    __slots__ = ("_stream",)

    def __init__(self, stream: "Transported") -> None:
        self._stream = stream

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream._transport = transport

    def on_ready(self, events: int) -> None:
        self._stream._on_events(events)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream.close(exc_info=exc)


class Transported(BaseIOStream):
    """A stream over a transport. A subclass says where that comes from."""

    socket: Any = None
    """The socket; None once the stream is closed, and where there is none."""

    _transport: Any = None
    """A :class:`~tornadolike.ioloop.transports.pulling.PullTransport` with ``set_protocol``."""

    def _take(self, transport: Any) -> None:
        """Have this transport, whose connection and perhaps TLS is there, from now on."""
        self._transport = transport
        transport.set_protocol(StreamProtocol(self))
        transport.want(self._watched_for)
        if transport.when_lost is None:
            # Somebody else who knows it, as the loop's server does, may close it without a word to us.
            transport.when_lost = self._on_lost

    def _on_lost(self, transport: Any) -> None:
        self.close()

    # The methods that a subclass may override

    def fileno(self) -> Any:
        return self.socket

    def close_fd(self) -> None:
        transport = self._transport
        if isinstance(transport, SocketTransport) and self.error is None and not self._opening:
            self._drop_what_came()
        self.socket = None
        if isinstance(transport, SocketTransport) or self._future_loop.is_closed():
            # At once: a file that is on its way is not waited for, nor is the loop.
            transport.abort()
        else:
            transport.close()

    def _drop_what_came(self) -> None:
        memory = borrow_memory(READ_CHUNK_SIZE)
        try:
            for _ in what_had_come(self._transport.receive_into, memory):
                pass
        finally:
            return_memory(memory)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        received: int | None = self._transport.receive_into(buf)
        self._drained = received is None or received < len(buf)
        return received

    def write_to_fd(self, data: memoryview) -> int:
        sent: int = self._transport.send_now((data,))
        return sent

    def _write_first(self, queue: WriteQueue) -> int:
        if self._opening or not self._writes_itself():
            return super()._write_first(queue)
        pieces = queue.several(MAX_PIECES)
        try:
            sent: int = self._transport.send_now(pieces)
            return sent
        finally:
            for piece in pieces:
                piece.release()

    async def _send_file_now(self, file: Any, offset: int, count: int | None) -> int:
        transport = self._transport
        if isinstance(transport, SocketTransport) and self._writes_itself():
            try:
                sending = FileSending(file, offset, count)
                try:
                    await transport.send_file(sending)
                finally:
                    sending.end()
            except asyncio.SendfileNotAvailableError:
                pass
            else:
                return sending.sent
        return await super()._send_file_now(file, offset, count)

    def _writes_itself(self) -> bool:
        """Whether nobody has put another method in the place of :meth:`write_to_fd`."""
        return getattr(self.write_to_fd, "__func__", None) is Transported.write_to_fd

    def get_fd_error(self) -> Exception | None:
        if self.socket is None:
            return None
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

    def _write_failed(self, error: OSError) -> None:
        if self._is_connreset(error):
            self._keep_what_came()
        super()._write_failed(error)

    def _keep_what_came(self) -> None:
        """The other side has gone. What it had said, perhaps why, can still be read if it is taken now."""
        buffer, memory = self._read_buffer, borrow_memory(self.read_chunk_size)
        try:
            while room := min(self.read_chunk_size, self.max_buffer_size - len(buffer)):
                count = self.read_from_fd(memory[:room])
                if not count:
                    break
                buffer.append(memory[:count])
        except OSError:
            pass  # that was all
        finally:
            return_memory(memory)

    def _watch_for(self, events: int) -> None:
        if events == self._watched_for or self._closed:
            return
        if not self._opening:
            self._transport.want(events)
        self._watched_for = events

    # Handing the connection on

    def detach(self) -> Any:
        """Let go of the connection and return its transport, which waits for another protocol.

        .. code-block:: python

            transport = stream.detach()
            transport.set_protocol(protocol)
            transport.resume_reading()

        What has arrived and was not read is what that protocol gets first. The stream is closed then, and
        its close callback is not called.

        Raises :exc:`ValueError` if it is closed, or something waits: a read, a write, the connection.
        """
        transport = self._give_up_transport()
        super()._tell_keeper()
        return transport

    def _give_up_transport(self) -> Any:
        if self._closed or self._opening or self.reading() or self.writing():
            raise ValueError(f"{self!r} is not idle; await its reads and writes first")
        self._drop_read()
        self._watch_for(0)
        self._closed = True
        self._close_callback = None
        self.socket = None
        transport = self._transport
        del self._transport
        if transport.when_lost == self._on_lost:
            transport.when_lost = None
        if len(self._read_buffer):
            transport.unread(self._read_buffer.take(len(self._read_buffer)))
        return transport

    # The end

    def abort(self) -> None:
        """Close the stream and its connection now.

        After :meth:`close` what the connection has taken already still goes: over TLS that can take time.
        With this it is dropped, also if the stream is closed already. Idempotent.
        """
        self.close()
        if self._transport is not None:  # it has not been handed on
            self._transport.abort()

    def _tell_keeper(self) -> None:
        transport = self._transport
        if self.keeper is None or transport.get_protocol() is None:
            super()._tell_keeper()
        else:
            tell = super()._tell_keeper
            transport.when_lost = lambda _: tell()  # something is still on its way
