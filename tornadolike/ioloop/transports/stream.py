""":class:`SocketTransport`: the one place where a connected stream socket is read and written.

It speaks asyncio's transport interface to a protocol (``connection_made``, ``data_received``,
``eof_received``, ``pause_writing``, ``resume_writing``, ``connection_lost``).

Lifetime: the loop's table of watched descriptors keeps the transport alive, the transport its protocol.
(While reading is paused and nothing waits to be written the descriptor is not in that table: whoever
pauses must hold on to the transport.) The descriptor leaves that table before it is closed.
``connection_lost`` comes exactly once, in a callback of its own, never from inside a method that the
protocol called; after it the transport lets go of the protocol, so that no circle is left.

Reading: one ``recv`` for each readiness; what is left is reported again by the level-triggered poller.
Writing: at once if nothing waits; what the kernel does not take waits in a queue of pieces that leaves in
vectored calls, without joining or copying them.
Ending: :meth:`~SocketTransport.close` sends what waits; :meth:`~SocketTransport.abort` drops that, but what
the kernel took before still goes; :meth:`~SocketTransport.reset` has the kernel drop that too.
"""

import asyncio
import fcntl
import select
import socket
import struct
import termios
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, cast

from ..core import Core
from ..poller import ERROR, READ, WRITE

READ_SIZE: Final = 65536
"""How many bytes one system call reads at the most."""

HIGH_WATER: Final = 64 * 1024
"""Bytes waiting to be written at which the protocol is asked to pause."""

MAX_PIECES: Final = 64
"""How many pieces one vectored write takes; kernels allow at least this many."""

_PEER_ENDED: Final = getattr(select, "POLLRDHUP", 0)
_LINGER_NOT: Final = struct.pack("ii", 1, 0)

Piece = bytes | memoryview


class SocketTransport(asyncio.Transport):
    """A connected, non-blocking stream socket and the protocol that it serves.

    :arg loop: the loop that watches the socket.
    :arg sock: owned, and in the end closed, by the transport.
    :arg protocol: its ``connection_made`` is called by the constructor; reading starts at once.
    """

    __slots__ = (
        "_closing",
        "_end_pending",
        "_ended",
        "_events",
        "_fd",
        "_high",
        "_loop",
        "_lost",
        "_low",
        "_paused",
        "_protocol",
        "_protocol_paused",
        "_sock",
        "_taken",
        "_unread",
        "_waiting",
        "_waiting_size",
        "when_lost",
    )

    def __init__(self, loop: Core, sock: socket.socket, protocol: asyncio.BaseProtocol) -> None:
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._protocol = cast(asyncio.Protocol, protocol)
        self._unread = b""
        self.when_lost: Callable[[SocketTransport], object] | None = None
        """Called once the socket is closed, for those who keep count of transports."""
        self._waiting: deque[Piece] | None = None
        self._waiting_size = 0
        self._taken = 0  # bytes that had to wait and were taken by the kernel
        self._high = HIGH_WATER
        self._low = HIGH_WATER // 4
        self._protocol_paused = False
        self._paused = False  # reading, by pause_reading
        self._ended = False  # the peer's side, by end of file
        self._end_pending = False  # our side, by write_eof
        self._closing = False
        self._lost = False
        self._events = READ
        loop.watch(self._fd, self._on_events, READ)
        try:
            self._protocol.connection_made(self)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error)

    # Events

    def _on_events(self, events: int) -> None:
        if events & WRITE:
            self._on_writable()
        if events & (READ | ERROR):
            if self._events & READ:
                self._on_readable()
            elif events & ERROR and not self._lost:
                # Nobody reads, so no read will tell what happened; a write will.
                self._on_writable()

    def _on_readable(self) -> None:
        if self._unread:
            data, self._unread = self._unread, b""
        else:
            try:
                data = self._sock.recv(READ_SIZE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._fail(error)
                return
        try:
            if data:
                self._protocol.data_received(data)
            else:
                self._on_end()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._protocol_failed(error)

    def _on_end(self) -> None:
        self._ended = True
        self._update_events()
        if not self._protocol.eof_received() and not self._closing:
            self.close()

    def _on_writable(self) -> None:
        waiting = self._waiting
        if not waiting:
            self._update_events()
            return
        sent = self._send_some(waiting)
        if self._lost:
            return
        self._taken += sent
        self._waiting_size -= sent
        drop_sent(waiting, sent)
        if self._protocol_paused and self._waiting_size <= self._low:
            self._protocol_paused = False
            self._tell_protocol("resume_writing")
        if not self._waiting_size and not self._lost:
            self._waiting = None
            self._update_events()
            if self._end_pending:
                self._send_end()
            if self._closing:
                self._lose(None)

    def _send_some(self, pieces: deque[Piece]) -> int:
        """Send what the kernel takes of ``pieces`` in one call; how much that was."""
        try:
            if len(pieces) == 1:
                return self._sock.send(pieces[0])
            return self._sock.sendmsg(islice(pieces, MAX_PIECES))
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._fail(error)
            return 0

    def _update_events(self) -> None:
        """Watch for what matters now; a socket for which nothing does is not watched at all, because
        its errors would be reported at every poll."""
        if self._lost:
            return
        events = 0 if self._paused or self._ended else READ
        if self._waiting:
            events |= WRITE
        if events == self._events:
            return
        if not events:
            self._loop.unwatch(self._fd)
        elif not self._events:
            self._loop.watch(self._fd, self._on_events, events)
        else:
            self._loop.rewatch(self._fd, events)
        self._events = events

    # Reading

    def pause_reading(self) -> None:
        """No ``data_received`` until :meth:`resume_reading`. Idempotent."""
        if not self._closing:
            self._paused = True
            self._update_events()

    def resume_reading(self) -> None:
        """Undo :meth:`pause_reading`. Idempotent."""
        if self._paused and not self._closing:
            self._paused = False
            self._update_events()
            if self._unread:
                self._loop.call_soon(self._deliver_unread)

    def unread(self, data: bytes) -> None:
        """Give back bytes that belong to the protocol that takes over; it gets them before all others.

        They come as any others do: from a callback of the loop, and not while reading is paused. If the
        peer's side has ended already, the new protocol is told that too.
        """
        self._unread = data + self._unread
        self._ended = False  # the kernel will say it again
        self._update_events()
        self._loop.call_soon(self._deliver_unread)

    def _deliver_unread(self) -> None:
        if self._unread and not self._paused and not self._closing:
            self._on_readable()

    def is_reading(self) -> bool:
        return not (self._paused or self._closing or self._ended)

    def peer_state(self) -> str:
        """How it is with the peer behind what has not been read: ``"open"``, ``"ended"`` or ``"lost"``.

        For those who have paused reading, whom no event tells. It is a system call.
        """
        poll = select.poll()
        poll.register(self._fd, _PEER_ENDED)
        for _, events in poll.poll(0):
            return "lost" if events & (select.POLLERR | select.POLLHUP) else "ended"
        return "open"

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``: now as far as the kernel takes it, the rest as soon as it does.

        Raises :exc:`RuntimeError` after :meth:`write_eof`. On a connection that is closing or lost the
        data is dropped.
        """
        if self._end_pending:
            raise RuntimeError("Cannot write after write_eof()")
        if self._closing or not data:
            return
        if type(data) is not bytes:
            data = memoryview(data).cast("B")
        if not self._waiting:
            try:
                sent = self._sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._fail(error)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
        self._wait_with((data,))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """As :meth:`write` of all pieces together, but they are not joined."""
        if self._end_pending:
            raise RuntimeError("Cannot write after write_eof()")
        pieces: deque[Piece] = deque(
            piece if type(piece) is bytes else memoryview(piece).cast("B")
            for piece in list_of_data
            if piece
        )
        if self._closing or not pieces:
            return
        if not self._waiting:
            drop_sent(pieces, self._send_some(pieces))
            if self._lost or not pieces:
                return
        self._wait_with(pieces)

    def _wait_with(self, pieces: Iterable[Piece]) -> None:
        """Put into the queue what could not be sent at once."""
        waiting = self._waiting
        if waiting is None:
            waiting = self._waiting = deque()
        for piece in pieces:
            # What waits must not change under our hands.
            immutable = type(piece) is bytes or isinstance(cast(memoryview, piece).obj, bytes)
            waiting.append(piece if immutable else bytes(piece))
            self._waiting_size += len(piece)
        self._update_events()
        if self._waiting_size > self._high and not self._protocol_paused:
            self._protocol_paused = True
            self._tell_protocol("pause_writing")

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """End our side once everything is sent; reading goes on."""
        if not self._end_pending and not self._closing:
            self._end_pending = True
            if not self._waiting:
                self._send_end()

    def _send_end(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._fail(error)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The marks, in bytes, at which the protocol is asked to pause and to go on."""
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._waiting_size

    def write_progress(self) -> object:
        """Something that is different from what it was before if the peer has taken anything meanwhile.

        Of what waits, that is. It has been taken when the peer's kernel has acknowledged it: ours takes
        it much earlier, and then nothing more until a good part of that is acknowledged.
        """
        try:
            held = fcntl.ioctl(self._fd, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            held = b""
        return self._taken, held

    def _tell_protocol(self, method: str) -> None:
        try:
            getattr(self._protocol, method)()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._loop.call_exception_handler(
                {
                    "message": f"protocol.{method}() failed",
                    "exception": error,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )

    # The end

    def close(self) -> None:
        """Send what waits, then close. Reading stops now."""
        if self._closing:
            return
        self._closing = True
        self._paused = True
        if self._waiting:
            self._update_events()
        else:
            self._lose(None)

    def abort(self) -> None:
        """Close now; what waits is dropped."""
        self._closing = True
        self._lose(None)

    def reset(self) -> None:
        """:meth:`abort` in a way that the peer cannot take for a proper end.

        Nothing stays with the kernel either, which otherwise keeps trying for minutes to send what it
        has taken to a peer that does not read.
        """
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        except OSError:
            pass
        self.abort()

    def is_closing(self) -> bool:
        return self._closing

    def _protocol_failed(self, error: BaseException) -> None:
        self._loop.call_exception_handler(
            {
                "message": "Fatal error: the protocol raised an exception",
                "exception": error,
                "transport": self,
                "protocol": self._protocol,
            }
        )
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._closing = True
        self._lose(error)

    def _lose(self, error: BaseException | None) -> None:
        if self._lost:
            return
        self._lost = True
        if self._events:
            self._loop.unwatch(self._fd)
            self._events = 0
        self._waiting = None
        self._waiting_size = 0
        self._loop.call_soon(self._call_connection_lost, error)

    def _call_connection_lost(self, error: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(error)  # type: ignore[arg-type]
        finally:
            self._sock.close()
            self._unread = b""
            self._protocol = None  # type: ignore[assignment]
            when_lost, self.when_lost = self.when_lost, None
            if when_lost is not None:
                when_lost(self)

    # About

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``"socket"``, ``"peername"`` or ``"sockname"``."""
        if name == "socket":
            return self._sock
        try:
            if name == "peername":
                return self._sock.getpeername()
            if name == "sockname":
                return self._sock.getsockname()
        except OSError:
            pass
        return default

    def __repr__(self) -> str:
        state = "lost" if self._lost else "closing" if self._closing else "open"
        return f"<{type(self).__name__} fd={self._fd} {state} waiting={self._waiting_size}>"


def drop_sent(pieces: deque[Piece], sent: int) -> None:
    """Take the first ``sent`` bytes out of ``pieces``."""
    while sent:
        piece = pieces[0]
        if sent < len(piece):
            pieces[0] = memoryview(piece)[sent:]
            return
        sent -= len(piece)
        pieces.popleft()
