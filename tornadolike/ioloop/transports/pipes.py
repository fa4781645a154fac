"""Pipes, FIFOs, sockets and character devices, one direction each.

:class:`ReadPipeTransport` and :class:`WritePipeTransport` speak asyncio's transport interface to a
protocol. They own the file object they are given and close it in the end.

They stand on the loop's readers and writers, not on watchers of their own, because two transports may
share a descriptor: the master of a pseudo-terminal is read by one and written by another. A reader or
writer is removed only by the transport that added it.

Order: ``connection_made`` comes in a callback of the loop after the constructor, everything else after
it; ``connection_lost`` comes exactly once, in a callback of its own, and then the transport lets go of
the protocol. An exception that the protocol raises is reported to the loop's exception handler and
changes nothing else.

The end, on the side that writes: the kernel shows a pipe nobody reads any more as an error, and a socket
whose peer has gone as readable, so both are watched for reading. Where that would say something else it
is left alone: a terminal is readable when somebody types, and a FIFO that was opened for both directions
has a reader for ever, us. There the next write tells.
"""

import asyncio
import errno
import fcntl
import logging
import os
import select
import stat
import termios
import warnings
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from ..core import Core
from .stream import HIGH_WATER, MAX_PIECES, READ_SIZE, Piece, drop_sent

asyncio_log = logging.getLogger("asyncio")

DROPPED_WRITES_BORNE: Final = 5
"""So many writes to a closed pipe are dropped in silence, the next ones with a warning."""

_PEER_GONE: Final = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


class _PipeTransport(asyncio.BaseTransport):
    """What both directions have in common.

    :arg pipe: a file object; :exc:`ValueError` is raised, and the caller keeps it, if it is none that a
        loop can watch.
    :arg waiter: is resolved when the protocol's ``connection_made`` was called.
    """

    _pipe: Any = None  # what a constructor that failed leaves to __del__
    _closing = False

    def __init__(
        self,
        loop: Core,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: "asyncio.Future[None] | None" = None,
    ) -> None:
        super().__init__({"pipe": pipe})
        self._loop = loop
        self._fd: int = pipe.fileno()
        self._mode = check_pipe(pipe, self._fd)
        self._protocol: Any = protocol
        self._lost = False
        self._reader_added = False
        try:
            self._watch_at_first()
        except PermissionError:  # /dev/null and its like, for epoll
            raise not_a_pipe(pipe) from None
        os.set_blocking(self._fd, False)
        self._pipe = pipe
        loop.call_soon(self._begin, waiter)

    def _watch_at_first(self) -> None:
        raise NotImplementedError

    def _on_readable(self) -> None:
        raise NotImplementedError

    def _begin(self, waiter: "asyncio.Future[None] | None") -> None:
        try:
            self._protocol.connection_made(self)
        finally:
            if waiter is not None and not waiter.done():
                waiter.set_result(None)

    def _add_reader(self) -> None:
        self._loop.add_reader(self._fd, self._on_readable)
        self._reader_added = True

    def _remove_reader(self) -> None:
        if self._reader_added:
            self._reader_added = False
            self._loop.remove_reader(self._fd)

    def _unwatch(self) -> None:
        self._remove_reader()

    def close(self) -> None:
        raise NotImplementedError

    def is_closing(self) -> bool:
        return self._closing

    def _lose(self, error: BaseException | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        self._unwatch()
        if self._loop.is_closed():
            self._release()  # nobody is there to tell
        else:
            self._loop.call_soon(self._call_connection_lost, error)

    def _call_connection_lost(self, error: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._release()

    def _release(self) -> None:
        self._pipe.close()
        self._pipe = None
        self._protocol = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[no-any-return]

    def __del__(self) -> None:
        pipe = self._pipe
        if pipe is not None:
            if not self._closing:
                warnings.warn(
                    f"unclosed transport {self!r}", ResourceWarning, stacklevel=2, source=self
                )
            pipe.close()

    def __repr__(self) -> str:
        state = "closed" if self._pipe is None else "closing" if self._closing else "open"
        return f"<{type(self).__name__} fd={self._fd} {state}>"


class ReadPipeTransport(_PipeTransport, asyncio.ReadTransport):
    """The end of a pipe that is read: ``data_received``, then ``eof_received`` and ``connection_lost``.

    A terminal whose other side was closed has ended, too (Linux calls that an error).
    """

    _paused = False

    def _watch_at_first(self) -> None:
        self._add_reader()

    def _on_readable(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if error.errno != errno.EIO or not stat.S_ISCHR(self._mode):
                self._read_failed(error)
                return
            data = b""
        if data:
            self._protocol.data_received(data)
            return
        self._closing = True
        self._remove_reader()
        try:
            self._protocol.eof_received()
        finally:
            self._lose(None)

    def _read_failed(self, error: OSError) -> None:
        if not isinstance(error, ConnectionError):  # that is the peer's doing
            self._loop.call_exception_handler(
                {
                    "message": "Fatal read error on pipe transport",
                    "exception": error,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )
        self._lose(error)

    def pause_reading(self) -> None:
        """No ``data_received`` until :meth:`resume_reading`. Idempotent."""
        if self.is_reading():
            self._paused = True
            self._remove_reader()

    def resume_reading(self) -> None:
        """Undo :meth:`pause_reading`. Idempotent."""
        if self._paused and not self._closing:
            self._paused = False
            self._add_reader()

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def close(self) -> None:
        """Read no more; ``connection_lost(None)`` follows. Idempotent."""
        if not self._closing:
            self._lose(None)


class WritePipeTransport(_PipeTransport, asyncio.WriteTransport):
    """The end of a pipe that is written.

    When nobody reads it any more ``connection_lost`` comes: with :exc:`BrokenPipeError` if something was
    waiting to be written, with ``None`` otherwise.
    """

    def __init__(
        self,
        loop: Core,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: "asyncio.Future[None] | None" = None,
    ) -> None:
        self._waiting: deque[Piece] = deque()
        self._waiting_size = 0
        self._writer_added = False
        self._high = HIGH_WATER
        self._low = HIGH_WATER // 4
        self._protocol_paused = False
        self._dropped_writes = 0
        super().__init__(loop, pipe, protocol, waiter)

    # The reader's end

    def _watch_at_first(self) -> None:
        if stat.S_ISSOCK(self._mode) or (stat.S_ISFIFO(self._mode) and not self._is_our_reader()):
            self._add_reader()

    def _is_our_reader(self) -> bool:
        return fcntl.fcntl(self._fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR

    def _on_readable(self) -> None:
        if stat.S_ISSOCK(self._mode) and not peer_has_gone(self._fd):
            # The peer has something to say, and whoever wants it reads from another descriptor.
            self._remove_reader()
        else:
            self._lose(BrokenPipeError(errno.EPIPE, "Broken pipe") if self._waiting else None)

    # Writing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write ``data``: now as far as the kernel takes it, the rest as soon as it does.

        Once the transport is closing or the reader has gone the data is dropped.
        """
        if type(data) is not bytes:
            data = memoryview(data).cast("B")
        if not data:
            return
        if self._closing:
            self._drop_write()
            return
        if not self._waiting:
            sent = self._send_some((data,))
            if self._lost or sent == len(data):
                return
            data = memoryview(data)[sent:]
        self._wait_with((data,))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """As :meth:`write` of all pieces together, but they are not joined."""
        pieces: deque[Piece] = deque(
            piece if type(piece) is bytes else memoryview(piece).cast("B")
            for piece in list_of_data
            if piece
        )
        if not pieces:
            return
        if self._closing:
            self._drop_write()
            return
        if not self._waiting:
            drop_sent(pieces, self._send_some(pieces))
            if self._lost or not pieces:
                return
        self._wait_with(pieces)

    def _drop_write(self) -> None:
        self._dropped_writes += 1
        if self._dropped_writes > DROPPED_WRITES_BORNE:
            asyncio_log.warning("data was written to a pipe that is closed: %r", self)

    def _send_some(self, pieces: Iterable[Piece]) -> int:
        """Write what the kernel takes of ``pieces`` in one call; how much that was."""
        try:
            return os.writev(self._fd, list(islice(pieces, MAX_PIECES)))
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self._lose(error)
            return 0

    def _wait_with(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            # What waits must not change under our hands.
            immutable = isinstance(piece, bytes) or isinstance(piece.obj, bytes)
            self._waiting.append(piece if immutable else bytes(piece))
            self._waiting_size += len(piece)
        if not self._writer_added:
            self._loop.add_writer(self._fd, self._on_writable)
            self._writer_added = True
        self._pause_if_full()

    def _on_writable(self) -> None:
        sent = self._send_some(self._waiting)
        if self._lost:
            return
        drop_sent(self._waiting, sent)
        self._waiting_size -= sent
        if not self._waiting:
            self._remove_writer()
        if self._protocol_paused and self._waiting_size <= self._low:
            self._protocol_paused = False
            self._tell_protocol("resume_writing")
        if self._closing and not self._waiting:
            self._lose(None)

    def _remove_writer(self) -> None:
        if self._writer_added:
            self._writer_added = False
            self._loop.remove_writer(self._fd)

    def _unwatch(self) -> None:
        super()._unwatch()
        self._remove_writer()
        self._waiting.clear()
        self._waiting_size = 0

    # Flow control

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The marks, in bytes, at which the protocol is asked to pause and to go on."""
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low
        self._pause_if_full()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be written."""
        return self._waiting_size

    def _pause_if_full(self) -> None:
        if self._waiting_size > self._high and not self._protocol_paused:
            self._protocol_paused = True
            self._tell_protocol("pause_writing")

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

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """The same as :meth:`close`: a pipe has no other end of file."""
        self.close()

    def close(self) -> None:
        """Write what waits, then close. Idempotent."""
        if not self._closing:
            self._closing = True
            if not self._waiting or self._loop.is_closed():
                self._lose(None)

    def abort(self) -> None:
        """Close now; what waits is dropped."""
        self._lose(None)


def check_pipe(pipe: Any, fd: int) -> int:
    """The mode of an open file that may be a pipe; :exc:`ValueError` if it is no such thing."""
    mode = os.fstat(fd).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)):
        raise not_a_pipe(pipe)
    return mode


def not_a_pipe(pipe: Any) -> ValueError:
    return ValueError(
        f"{pipe!r} is no pipe, FIFO, socket or terminal: a loop cannot wait for it; "
        "read and write it in a thread, by run_in_executor()"
    )


def peer_has_gone(fd: int) -> bool:
    """Whether a socket is readable because its peer has ended, not because it has sent something."""
    poll = select.poll()
    poll.register(fd, select.POLLIN | _PEER_GONE)
    for _, events in poll.poll(0):
        if events & _PEER_GONE:
            return True
        # Not every system tells the two apart here; readable without anything to read is the end.
        held = fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0")
        return not any(held)
    return False
