""":class:`PipeIOStream`: one end of a pipe."""

import errno
import io
import os
import select
from typing import Any

from .base import BaseIOStream


class PipeIOStream(BaseIOStream):
    """A stream over a pipe (or FIFO, terminal or other descriptor that can be polled).

    Most pipes go one way: such a stream is for reading or for writing, not for both.

    :arg fd: the number of the descriptor, as :func:`os.pipe` gives it; the stream owns and closes it, and
        switches it to non-blocking mode. Other arguments are those of :class:`BaseIOStream`.
    """

    def __init__(self, fd: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        os.set_blocking(fd, False)
        self.fd = fd
        self._file = io.FileIO(fd, "r+")

    def fileno(self) -> int:
        return self.fd

    def close_fd(self) -> None:
        self._file.close()

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        try:
            return self._file.readinto(buf)
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            # The writing end is no file to read from, but is reported as readable when the reader goes.
            self.close(exc_info=self.get_fd_error() or error)
            return None

    def write_to_fd(self, data: memoryview) -> int:
        return os.write(self.fd, data)

    def get_fd_error(self) -> Exception | None:
        poll = select.poll()
        poll.register(self.fd, 0)
        for _, events in poll.poll(0):
            if events & select.POLLERR:
                return BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        return None
