"""Files as responses, or as parts of them, whose bytes need not come through here."""

import asyncio
import io
import os
from typing import Any, BinaryIO, Final, NoReturn

from ...http1connection.files import WHOLE_FILE_SIZE
from ...httputil import ResponseStartLine
from ...ioloop.transports.files import UnreadableFile, can_be_moved, descriptor_of, read_part
from ...iostream import StreamClosedError
from ..bodies.spool import UploadedFile
from ..errors import Finish, HTTPError
from ..failures import Failures

PIECE_SIZE: Final = 64 * 1024
"""Bytes that are read at once for a transform: to compress them may take a millisecond."""


class Sending(Failures):
    """Sends files."""

    async def send_file(
        self, file: BinaryIO | UploadedFile, offset: int = 0, count: int | None = None
    ) -> None:
        """Send a part of a file as a part of the response; return when the client has taken enough of it.

        .. code-block:: python

            async def get(self):
                with open("report.pdf", "rb") as file:
                    self.set_header("Content-Type", "application/pdf")
                    await self.send_file(file)

        What was written before leaves before it. If that is the beginning of the response, its ``Content-Length`` is
        set to what has been written and the file: then nothing can follow. For more to follow set ``Content-Length``
        before, or :meth:`flush`. In answer to HEAD it is the head alone that is sent.

        A regular file is sent by the system itself, over TLS block by block as there is room. So is any file if the
        response is compressed. It need not be at its beginning, and is not closed.

        :arg file: opened in binary mode, or a file of :func:`spool_uploads`. It must be possible to move in it:
            of what cannot be moved in (a pipe) read, :meth:`write` and :meth:`flush`.
        :arg offset: where in the file to begin, in bytes.
        :arg count: how many bytes; None, the default: all to its end.

        Raises :exc:`ValueError` or :exc:`TypeError` for what is no part of such a file, before anything is sent, and
        :exc:`~tornadolike.iostream.StreamClosedError` if the client is gone. If the file becomes shorter while it is
        sent, or cannot be read, the log says so, and the client sees a connection that is cut.
        """
        if self._finished:
            raise RuntimeError("Cannot send_file() after finish()")
        if isinstance(file, UploadedFile):
            file = file.file
        await self._send_part(file, offset, checked_count(file, offset, count))

    async def _send_part(self, file: Any, offset: int, count: int) -> None:
        """As :meth:`send_file`, of what was there a moment ago: if it is not any more, it has become shorter."""
        if not self._headers_written:
            self._tell_length(count)
        try:
            if self.request.method == "HEAD":
                await self.flush()
            elif count <= WHOLE_FILE_SIZE:
                await self._send_read(file, offset, count)
            elif (
                self._headers_written
                or self.application.transforms
                or self._before_head is not None
            ):
                await self.flush()
                if all(transform.passes_on() for transform in self._transforms):
                    await self._send_by_itself(file, offset, count)
                else:
                    await self._send_read(file, offset, count)
            else:
                self._begin()
                await self._send_by_itself(file, offset, count)
        except UnreadableFile as error:
            self._part_failed(error)
        except StreamClosedError as error:
            if not isinstance(error.real_error, UnreadableFile):
                raise
            self._give_up_on_file(error.real_error)  # of which the log tells already

    def _part_failed(self, error: UnreadableFile) -> NoReturn:
        """What was to be sent is not there. Raises what ends the request."""
        if not self._headers_written:
            raise HTTPError(500, "%s", error) from error
        self.request.connection.log_unreadable(error)
        self._give_up_on_file(error)

    def _give_up_on_file(self, error: UnreadableFile) -> NoReturn:
        self._abandon()
        raise Finish from error

    def _tell_length(self, count: int) -> None:
        headers = self._headers
        is_told = "Content-Length" in headers or "Transfer-Encoding" in headers
        if not is_told and self._trailers is None:
            headers["Content-Length"] = str(sum(map(len, self._write_buffer)) + count)

    def _begin(self) -> None:
        """Write the head, which leaves together with what follows at once."""
        self._add_cookies(self._headers)
        start_line = ResponseStartLine("HTTP/1.1", self._status_code, self._reason)
        chunk = b"".join(self._write_buffer)
        self.request.connection.write_headers(start_line, self._headers, chunk, more=True)
        self._headers_written = True
        self._write_buffer = []
        self._flushed_size = len(chunk)

    def _send_by_itself(self, file: BinaryIO, offset: int, count: int) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = self.request.connection.write_file(file, offset, count)
        self._flushed_size = (self._flushed_size or 0) + count
        self._sending = future
        return future

    async def _send_read(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send it as what the handler has read and written."""
        for start in range(offset, offset + count, PIECE_SIZE):
            if start > offset:
                await asyncio.sleep(0)  # however fast the client is
            self.write(read_part(file, start, min(PIECE_SIZE, offset + count - start)))
            await self.flush()


def checked_count(file: Any, offset: object, count: object) -> int:
    """How many bytes a part of ``file`` has: ``count``, or all from ``offset`` on.

    Raises :exc:`ValueError` or :exc:`TypeError` for what is no part of a binary file.
    """
    if isinstance(file, io.TextIOBase) or not hasattr(file, "read"):
        raise TypeError(f"send_file() takes a file that was opened in binary mode, not {file!r}")
    readable = getattr(file, "readable", None)
    if readable is not None and not readable():
        raise ValueError(f"send_file() takes a file that was opened for reading, not {file!r}")
    if not can_be_moved(file):
        raise ValueError(f"one cannot move in {file!r}: read(), write() and flush() it instead")
    if not isinstance(offset, int) or not isinstance(count, int | None):
        raise TypeError(f"offset and count are numbers of bytes, not {offset!r} and {count!r}")
    if offset < 0 or (count is not None and count < 0):
        raise ValueError(f"offset ({offset}) and count ({count}) should not be negative")
    fd = descriptor_of(file)
    if fd is None and count is not None:
        return count  # to ask for the end of what is being unpacked takes as long as to unpack it
    size: int = file.seek(0, os.SEEK_END) if fd is None else os.fstat(fd).st_size
    if offset + (count or 0) > size:
        raise ValueError(f"offset {offset} and count {count} lead out of {size} bytes")
    return size - offset if count is None else count
