"""The end of a pipe that is written.

When nobody reads it any more is seen without writing: the kernel shows such a pipe as an error, and a
socket whose peer has gone as readable, so both are watched for reading. Where that would say something
else it is left alone: a terminal is readable when somebody types, and a FIFO that was opened for both
directions has a reader for ever, us. There the next write tells.
"""

import asyncio
import errno
import fcntl
import logging
import os
import select
import stat
import termios
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from ...core import Core
from ..writing import HIGH_WATER, MAX_PIECES, Piece, drop_sent
from .common import PipeTransport

asyncio_log = logging.getLogger("asyncio")

DROPPED_WRITES_BORNE: Final = 5
"""So many writes to a closed pipe are dropped in silence, the next ones with a warning."""

_PEER_GONE: Final = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


class WritePipeTransport(PipeTransport, asyncio.WriteTransport):
    """The end of a pipe that is written.

    When nobody reads it any more ``connection_lost`` comes: with :exc:`BrokenPipeError` if something was
    waiting to be written, with ``None`` otherwise.
    """

    def __init__(
        self,
        loop: Core,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
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
