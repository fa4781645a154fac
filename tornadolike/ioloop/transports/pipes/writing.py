"""The end of a pipe that is written.

When nobody reads it any more is seen without writing: the kernel shows such a pipe as an error, and a
socket whose peer has gone as readable, so both are watched for reading. Where that would say something
else it is left alone: a terminal is readable when somebody types, and a FIFO that was opened for both
directions has a reader for ever, us. There the next write tells.
"""

import asyncio
import errno
import fcntl
import functools
import os
import select
import stat
import termios
from collections.abc import Iterable
from typing import Any, Final

from ...core import Core
from ..pieces import Piece, PieceWriter
from .common import PipeTransport

_PEER_GONE: Final = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)


class WritePipeTransport(PipeTransport, PieceWriter):
    """The end of a pipe that is written.

    When nobody reads it any more ``connection_lost`` comes: with :exc:`BrokenPipeError` if something was
    waiting to be written, with ``None`` otherwise.
    """

    _why_dropped = "the pipe is closed"

    def __init__(
        self,
        loop: Core,
        pipe: Any,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
    ) -> None:
        self._writer_added = False
        super().__init__(loop, pipe, protocol, waiter)
        self._send = functools.partial(os.write, self._fd)

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

    def _send_together(self, pieces: Iterable[Piece]) -> int:
        return os.writev(self._fd, list(pieces))

    def _update_events(self) -> None:
        if self._waiting and not self._writer_added:
            self._writer_added = True
            self._loop.add_writer(self._fd, self._send_waiting)
        elif self._writer_added and not self._waiting:
            self._writer_added = False
            self._loop.remove_writer(self._fd)

    def _all_sent(self) -> None:
        self._update_events()
        if self._closing:
            self._lose(None)

    def _unwatch(self) -> None:
        super()._unwatch()
        self._waiting = None
        self._waiting_size = 0
        self._update_events()

    def _fail(self, error: OSError) -> None:
        self._lose(error)

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
