"""The end of a pipe that is read."""

import asyncio
import errno
import os
import stat

from ..stream import READ_SIZE
from .common import PipeTransport


class ReadPipeTransport(PipeTransport, asyncio.ReadTransport):
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
            self._report("Fatal read error on pipe transport", error)
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
