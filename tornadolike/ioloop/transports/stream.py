""":class:`SocketTransport`: the one place where a connected stream socket is read and written.

It speaks asyncio's transport interface to a protocol (``connection_made``, ``data_received`` or
``get_buffer`` and ``buffer_updated``, ``eof_received``, ``pause_writing``, ``resume_writing``,
``connection_lost``). A protocol that pulls (:mod:`.pulling`) is told what is possible, and does it itself.

Lifetime: the loop's table of watched descriptors keeps the transport alive, the transport its protocol.
(While reading is paused and nothing waits to be written the descriptor is not in that table: whoever
pauses must hold on to the transport, else it is closed with a :exc:`ResourceWarning`.) The descriptor
leaves that table before it is closed. ``connection_lost`` comes exactly once, in a callback of its own,
never from inside a method that the protocol called (to a protocol that pulls it does not come for an end
that this made itself); after it the transport lets go of the protocol, so that no circle is left.

Reading: one ``recv`` for each readiness; what is left is reported again by the level-triggered poller.
Writing (:mod:`.writing`): at once if nothing waits; what the kernel does not take waits in a queue of
pieces that leaves in vectored calls, without joining or copying them.
A write that fails because the peer has gone ends the connection only when what the peer said before has been
read: it may say why (an HTTP server that does not want a body answers, and leaves).
Ending (:mod:`.wire`): :meth:`~SocketTransport.close` sends what waits; :meth:`~SocketTransport.abort`
drops that, but what the kernel took before still goes; :meth:`~SocketTransport.reset` has the kernel
drop that too.
"""

import asyncio
import contextvars
import errno
import socket
from collections.abc import Callable
from typing import Any, Final, cast

from ..core import Core
from ..poller import ERROR, READ, WRITE
from .pulling import LAST_RECEIVINGS, PullProtocol
from .wire import ConnectionKeeper
from .writing import WritingSide

READ_SIZE: Final = 127 * 1024
"""How many bytes one system call reads at the most.

Large bodies want it large. But from 128 KiB on glibc's malloc maps memory for each read, and unmaps it, which for
the few bytes that most reads bring costs eight times what receiving them does.
"""

_PEER_IS_GONE: Final = (errno.EPIPE, errno.ECONNRESET)
"""What a write fails with then; what had come before stays with the kernel."""


class SocketTransport(WritingSide):
    """A connected, non-blocking stream socket and the protocol that it serves.

    :arg loop: the loop that watches the socket.
    :arg sock: owned, and in the end closed, by the transport. TCP's waiting for more to send
        (Nagle's algorithm) is switched off.
    :arg protocol: its ``connection_made`` is called by the constructor; reading starts at once.
    :arg server: is told that the connection is there, and when its socket is closed.
    :arg context: in which the protocol is called. By default the loop's own, without a context for each
        connection: the caller's for ``connection_made``.
    :arg extra: what :meth:`get_extra_info` answers without asking the socket, for example after its end.
    """

    __slots__ = ("_receive", "_telling_soon", "_unread")

    def __init__(
        self,
        loop: Core,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        *,
        server: ConnectionKeeper | None = None,
        context: contextvars.Context | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(loop, sock, server, context, extra)
        self._unread = b""
        self._telling_soon = False  # of what was unread
        self._receive: Callable[[SocketTransport], None]
        """What a readiness does: depends on the kind of protocol and on what was unread."""
        self.set_protocol(protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass  # no TCP, or the connection is gone again: reading will tell
        if isinstance(protocol, PullProtocol):
            self._paused = True  # until it wants something
        else:
            try:
                self._watch(READ)
            except BaseException:
                del self._sock  # it stays the caller's
                raise
            self._events = READ
        if server is not None:
            server.attach(self)
        try:
            if context is None:
                self._protocol.connection_made(self)
            else:
                context.run(self._protocol.connection_made, self)
        except (SystemExit, KeyboardInterrupt):
            self.abort()  # the caller will never know it
            raise
        except BaseException as error:
            self._protocol_failed(error, "connection_made")

    # Events

    def _on_events(self, events: int) -> None:
        reads = events & (READ | ERROR) and self._events & READ
        if reads:
            self._receive(self)
            if events & ERROR:
                # What the peer said before it left is still there, however much, but a write would fail and
                # end all. It is reported again, until reading has come to the end or to the error.
                return
        if events & (WRITE | ERROR):
            # (Where nobody reads no read tells what happened; a write does.)
            self._on_writable()

    def _receive_data(self) -> None:
        try:
            data = self._sock.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(error)
            return
        if not data:
            self._on_end()
            return
        try:
            self._protocol.data_received(data)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error, "data_received")

    def _receive_into_buffer(self) -> None:
        buffer = self._buffer_for(-1)
        if buffer is None:
            return
        try:
            size = self._sock.recv_into(buffer)
        except (BlockingIOError, InterruptedError):
            return
        except (SystemExit, KeyboardInterrupt):
            raise
        except OSError as error:
            self._fail(error)
            return
        except BaseException as error:
            self._protocol_failed(error, "get_buffer")  # that cannot be written to
            return
        finally:
            del buffer  # the protocol may want to resize it
        if size:
            self._tell_updated(size)
        else:
            self._on_end()

    def _buffer_for(self, size: int) -> Any:
        """The protocol's buffer for ``size`` bytes (-1: for any number); None if it failed to give one."""
        try:
            buffer: Any = cast(asyncio.BufferedProtocol, self._protocol).get_buffer(size)
            if not len(buffer):
                raise RuntimeError("get_buffer() returned an empty buffer")
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error, "get_buffer")
            return None
        return buffer

    def _tell_updated(self, size: int) -> None:
        try:
            cast(asyncio.BufferedProtocol, self._protocol).buffer_updated(size)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error, "buffer_updated")

    def _on_end(self) -> None:
        self._ended = True
        self._update_events()
        try:
            keep_open = self._protocol.eof_received()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error, "eof_received")
            return
        if not keep_open and not self._closing:
            self.close()

    # The peer's last words

    def _write_failed(self, error: OSError) -> None:
        if (
            error.errno not in _PEER_IS_GONE
            or self._unread
            or not self.is_reading()
            or isinstance(self._protocol, PullProtocol)
        ):
            self._fail(error)
            return
        self._closing = self._paused = True
        self._forget_data()
        self._update_events()
        # (Not now: who writes does not expect to be told anything.)
        self._loop.call_soon(self._hear_out, error, context=self._context)

    def _hear_out(self, error: OSError) -> None:
        """Read what is still there, of which there cannot be much; then end, and that is no proper end."""
        try:
            for _ in range(LAST_RECEIVINGS):
                if self._lost or isinstance(self._protocol, PullProtocol):
                    break
                self._unread = self._sock.recv(READ_SIZE)
                if not self._unread:
                    break
                while self._unread and not self._lost:
                    self._tell_unread()
        except OSError:
            pass  # that was the last of it
        self._fail(error)

    # Reading

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        super().set_protocol(protocol)
        if self._room_wanted and not isinstance(protocol, PullProtocol):
            self._room_wanted = False
            self._update_events()
        self._choose_receiver()

    def _choose_receiver(self) -> None:
        if isinstance(self._protocol, PullProtocol):
            self._receive = SocketTransport._tell_readable
        elif self._unread:
            self._receive = SocketTransport._receive_unread
        elif isinstance(self._protocol, asyncio.BufferedProtocol):
            self._receive = SocketTransport._receive_into_buffer
        else:
            self._receive = SocketTransport._receive_data

    def _tell_readable(self) -> None:
        self._tell_ready(READ)

    def receive_into(self, buffer: Any) -> int | None:
        """For a :class:`~.pulling.PullProtocol`: move what there is now into ``buffer``."""
        if self._unread:
            with memoryview(buffer) as view, view.cast("B") as room:
                size = min(len(room), len(self._unread))
                room[:size] = self._unread[:size]
            self._unread = self._unread[size:]
            return size
        try:
            size = self._sock.recv_into(buffer)
        except (BlockingIOError, InterruptedError):
            return None
        if not size:
            self._ended = True
            self._update_events()
        return size

    def want(self, events: int) -> None:
        super().want(events)
        if self._unread and events & READ:
            self._deliver_unread_soon()

    def pause_reading(self) -> None:
        """Nothing is received until :meth:`resume_reading`. Idempotent."""
        if not self._closing:
            self._paused = True
            self._update_events()

    def resume_reading(self) -> None:
        """Undo :meth:`pause_reading`. Idempotent."""
        if self._paused and not self._closing:
            self._paused = False
            self._update_events()
            if self._unread:
                self._deliver_unread_soon()

    def is_reading(self) -> bool:
        return not (self._paused or self._closing or self._ended)

    def unread(self, data: bytes) -> None:
        """Give back bytes that belong to the protocol that takes over; it gets them before all others.

        They come as any others do: from a callback of the loop, and not while reading is paused. If the
        peer's side has ended already, the new protocol is told that too.
        """
        self._unread = data + self._unread
        self._ended = False  # the kernel will say it again
        self._update_events()
        self._choose_receiver()
        self._deliver_unread_soon()

    def _deliver_unread_soon(self) -> None:
        if not self._telling_soon:
            self._telling_soon = True
            self._loop.call_soon(self._deliver_unread, context=self._context)

    def _deliver_unread(self) -> None:
        self._telling_soon = False
        self._receive_unread()

    def _receive_unread(self) -> None:
        while self._unread and not self._paused and not self._closing:
            if isinstance(self._protocol, PullProtocol):
                self._tell_ready(READ)
                if self._unread:  # no event will tell of it
                    self._deliver_unread_soon()
                return
            self._tell_unread()
        self._choose_receiver()

    def _tell_unread(self) -> None:
        if isinstance(self._protocol, asyncio.BufferedProtocol):
            self._copy_unread()
            return
        data, self._unread = self._unread, b""
        try:
            self._protocol.data_received(data)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error, "data_received")

    def _copy_unread(self) -> None:
        """Copy as much of what was unread as the protocol's buffer takes."""
        buffer = self._buffer_for(len(self._unread))
        if buffer is None:
            return
        try:
            with memoryview(buffer) as view, view.cast("B") as room:
                size = min(len(room), len(self._unread))
                room[:size] = self._unread[:size]
        except BaseException as error:
            self._protocol_failed(error, "get_buffer")
            return
        del buffer
        self._unread = self._unread[size:]
        self._tell_updated(size)

    def _forget_data(self) -> None:
        super()._forget_data()
        self._unread = b""
