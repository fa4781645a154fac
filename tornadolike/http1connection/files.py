"""Files as pieces of responses."""

import asyncio
from typing import Any, Final

from ..ioloop.transports.files import FilePart, UnreadableFile, read_part
from ..log import app_log
from .responses import ResponseSide

WHOLE_FILE_SIZE: Final = 64 * 1024
"""A part of a file of no more bytes than this is read and written as others are, which costs less than to have it sent.
"""


class FileSide(ResponseSide):
    """Takes parts of files among the pieces of a response."""

    __slots__ = ()

    def write_file(self, file: Any, offset: int, count: int) -> "asyncio.Future[None]":
        """Send a part of a file as a piece of the body. As :meth:`write`, but its bytes need not come through here.

        Of a regular file on a plain socket the system sends them by itself. Elsewhere they are read when there is room
        for them, block by block. The file may be closed at once if it is a regular one (an :class:`io.FileIO`, or
        what :func:`open` makes); others have to stay open until the future is done. Its position does not matter.

        :arg file: opened in binary mode.
        :arg offset: where in the file to begin, in bytes.
        :arg count: how many bytes, which should be there.

        If they are not there after all, or cannot be read, the log says so, the connection is cut, and the future
        raises :exc:`StreamClosedError` with the :exc:`UnreadableFile` as its ``real_error``.
        Raises :exc:`HTTPOutputError` for more than Content-Length; the connection is cut then.
        """
        writer = self._writer
        if self._request is None or writer is None:
            return self._not_now("write_file")
        if not count:
            return self._write(b"")
        try:
            frame = writer.frame(count)
            part = FilePart(file, offset, count) if frame and count > WHOLE_FILE_SIZE else None
        except Exception:
            self.close()
            raise
        if frame is None:
            return self._write(b"")
        before, behind = frame
        if part is not None:
            return self._write_part(before, part, behind)
        try:
            data = read_part(file, offset, count)
        except UnreadableFile as error:
            self.log_unreadable(error)
            self.close()
            return self._closed_future(error)
        return self._write(b"%b%b%b" % (before, data, behind) if before else data)

    def _write_part(self, before: bytes, part: FilePart, behind: bytes) -> "asyncio.Future[None]":
        out, transport = self._out, self.transport
        head = b"".join(out) + before
        out.clear()
        was_closing = transport.is_closing()
        transport.write_file(head, part, behind)
        if self._drained is None and transport.is_closing() and not was_closing:
            self._drained = []  # the end, of which we will be told soon, has a reason
        return self._write(b"")

    def log_unreadable(self, error: UnreadableFile) -> None:
        """Say in the log that a response does not come to its end, and why."""
        app_log.error("A response was cut off: %s", error)
