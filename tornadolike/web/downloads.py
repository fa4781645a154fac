"""Files for people to keep, with a name: ``Content-Disposition``, ranges and conditions (RFC 6266, RFC 9110)."""

import datetime
import os
from collections.abc import AsyncIterable
from functools import partial
from typing import Any, BinaryIO, Final

from ..httputil import parse_date
from ..httputil.disposition import content_disposition
from ..httputil.file_types import UNKNOWN, content_type_of
from ..ioloop.transports.files import descriptor_of
from .bodies.spool import UploadedFile
from .errors import HTTPError
from .files.parts import Parts, SendPart
from .files.paths import (
    NAMES_HAVE_STREAMS,
    Opened,
    absolute,
    can_be_a_path,
    is_inside,
    leads_out,
    open_below,
)
from .files.sending import checked_count
from .streams.generators import Source, Streams

Path = str | os.PathLike[str]

GETTING: Final = frozenset({"GET", "HEAD"})
"""The methods to which conditions and ranges apply."""


class Downloads(Parts, Streams):
    """Sends files with their names."""

    async def send_download(
        self,
        source: Path | BinaryIO | UploadedFile | bytes | Source,
        filename: str | None = None,
        content_type: str | None = None,
        *,
        inline: bool = False,
        root: Path | None = None,
        length: int | None = None,
    ) -> None:
        """Answer with a file that the browser keeps; return when the client has taken enough of it.

        .. code-block:: python

            async def get(self, number):
                await self.send_download(f"{number}.pdf", f"Invoice {number}.pdf", root="/srv/invoices")

        Files and bytes are sent with an ``Etag`` and, files, with ``Last-Modified``, unless the handler has set these.
        A client that has the file gets 304, one that asks for parts of it gets those (206, 416), one that expects
        another state of it 412. A file is sent by the system itself, as by :meth:`send_file`.

        :arg source: the path of a file; a file that was opened in binary mode (it is not closed) or uploaded; the
            content itself, as ``bytes``; or what :meth:`stream` sends, of which there are no parts to be had.
        :arg filename: by what name the client keeps it; None: the file's own. It may come from anybody: what is behind
            the last slash or backslash counts, control characters are left out.
        :arg content_type: None: as the name tells.
        :arg inline: whether a browser should show it in the place of the page rather than keep it. Never for what
            strangers have uploaded: it may be a page that acts in your site's name.
        :arg root: a directory that the file has to be in; ``source`` may be relative to it, and come from anybody.
            What leads out of it, by links too, is not found.
        :arg length: in bytes, of what is streamed.

        ``X-Content-Type-Options: nosniff`` is set, and ``Cache-Control: no-cache`` (caches ask again each time) unless
        the handler has set another.

        Raises :exc:`HTTPError` for a path at which there is no file, but a directory, say (404), that is not ours to
        read (403) and if too many files are open (503); :exc:`TypeError` and :exc:`ValueError` for what is none of the
        above, :exc:`RuntimeError` if the head of a response has been sent.
        """
        if self._headers_written or self._finished:
            raise RuntimeError("Cannot send_download() after headers have been written")
        if self._write_buffer:
            raise RuntimeError("send_download() is the whole response: nothing can be before it")
        if isinstance(source, (str, os.PathLike)):
            path = os.fsdecode(source)
            opened = _opened(path, root)
            with opened.file as file:
                self._describe(filename or os.path.basename(path), content_type, inline)
                modified = self._tell_state(opened.state)
                await self._send_known(
                    opened.state.st_size, modified, partial(self._send_opened, file)
                )
            return
        if root is not None:
            raise TypeError(f"root is for paths, not for {source!r}")
        if isinstance(source, bytes):
            self._describe(filename, content_type, inline)
            self._tell_etag(source)
            await self._send_known(len(source), None, partial(self._send_bytes, source))
        elif isinstance(source, UploadedFile):
            with source.file as file:
                await self._send_object(file, filename or source.filename, content_type, inline)
        elif hasattr(source, "read") and not isinstance(source, AsyncIterable):
            own = getattr(source, "name", None)
            name = os.path.basename(own) if isinstance(own, str) else None
            await self._send_object(source, filename or name, content_type, inline)
        else:
            self._describe(filename, content_type, inline)
            await self.stream(source, length=length)

    async def _send_object(
        self, file: Any, filename: str | None, content_type: str | None, inline: bool
    ) -> None:
        async def send(start: int, end: int) -> None:
            await self._send_part(file, start, end - start)

        size = checked_count(file, 0, None)
        descriptor = descriptor_of(file)
        self._describe(filename, content_type, inline)
        modified = None if descriptor is None else self._tell_state(os.fstat(descriptor))
        await self._send_known(size, modified, send)

    async def _send_bytes(self, content: bytes, start: int, end: int) -> None:
        self.write(content[start:end])

    # The head

    def _describe(self, filename: str | None, content_type: str | None, inline: bool) -> None:
        if content_type is None:
            content_type = content_type_of(filename) if filename else UNKNOWN
        self.set_header("Content-Type", content_type)
        self.set_header("Content-Disposition", content_disposition(filename, inline))
        self.set_header("X-Content-Type-Options", "nosniff")
        if "Cache-Control" not in self._headers:
            self.set_header("Cache-Control", "no-cache")

    def _tell_state(self, state: os.stat_result) -> datetime.datetime:
        """Set what tells this state of a file from others; give its date."""
        modified = datetime.datetime.fromtimestamp(int(state.st_mtime), datetime.UTC)
        headers = self._headers
        if "Etag" not in headers:
            self.set_header("Etag", f'"{state.st_size:x}-{state.st_mtime_ns:x}"')
        if "Last-Modified" not in headers:
            self.set_header("Last-Modified", modified)
            return modified
        return parse_date(headers["Last-Modified"]) or modified

    def _tell_etag(self, content: bytes) -> None:
        if "Etag" not in self._headers:
            self._write_buffer = [content]
            self.set_etag_header()
            self._write_buffer = []

    # The body

    async def _send_known(
        self, size: int, modified: datetime.datetime | None, send: SendPart
    ) -> None:
        """Send a content of so many bytes, or what of it is asked for."""
        if self.request.method not in GETTING or self._status_code != 200:
            self.set_header("Content-Length", size)
            await send(0, size)
            return
        self.set_header("Accept-Ranges", "bytes")
        self._check_preconditions(modified)
        if self._client_has_it(modified):
            self.set_status(304)
        else:
            await self._send_parts(size, modified, None if self.request.method == "HEAD" else send)


def _opened(path: str, root: Path | None) -> Opened:
    """The file at ``path``, open. Raises :exc:`HTTPError` if there is none, or not below ``root``."""
    if root is None:
        directory = os.path.abspath(os.path.sep)
    else:
        directory = absolute(os.fsdecode(root))
        is_out = leads_out(path) and not is_inside(directory, os.path.normpath(path))
        if is_out or (NAMES_HAVE_STREAMS and ":" in path):
            raise HTTPError(404, "%r is not in %r", path, directory)
        path = os.path.join(directory, path)
    opened = open_below([directory], path) if can_be_a_path(path) else None
    if opened is None:
        raise HTTPError(404, "%r is no file in %r", path, directory)
    return opened
