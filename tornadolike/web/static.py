""":class:`StaticFileHandler`: files from a directory (RFC 9110 sections 8.8, 13 and 14)."""

import asyncio
import datetime
import hashlib
import mimetypes
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from typing import Any, BinaryIO, ClassVar

from ..httputil import parse_date
from ..httputil.ranges import parse_range
from ..httputil.urls import browser_origin
from .errors import HTTPError
from .handler import RequestHandler

CHUNK_SIZE = 64 * 1024
"""Bytes read from a file at a time."""

CHUNKS_IN_A_ROW = 16
"""After so many chunks it is the other requests' turn, however fast the client takes them."""


class StaticFileHandler(RequestHandler):
    """Serves the files below a directory.

    .. code-block:: python

        (r"/content/(.*)", StaticFileHandler, {"path": "/var/www"})

    The rule's only group is the path below the directory.

    :arg path: the directory.
    :arg default_filename: the file that stands for a directory (``"index.html"``).
    :arg allowed_symlink_directory: a directory, or a list of them, into which symbolic links may lead;
        unless it is given, they may not lead out of ``path``.

    Answers conditional requests (Etag, Last-Modified) and byte ranges. What is not there is 404; what is
    not below the directory, no file, or not ours to read is 403. A request with an argument ``v`` (a
    version) may be cached for ten years.
    """

    CACHE_MAX_AGE = 86400 * 365 * 10
    """Seconds that a versioned file may be cached."""

    MAX_VERSION_CONTENT_SIZE = 64 * 1024 * 1024
    """The Etag of a file of up to so many bytes is the hash of its content, of a larger one its size and date."""

    MAX_CACHED_VERSIONS = 10_000
    """Hashes that are remembered."""

    _versions: ClassVar[dict[tuple[type[Any], str, int, int], str]] = {}

    path: str
    root: str
    absolute_path: str
    modified: datetime.datetime | None
    allowed_symlink_directory: str | list[str] | None = None
    _stat_result: os.stat_result | None = None

    def initialize(
        self,
        path: str,
        default_filename: str | None = None,
        allowed_symlink_directory: str | list[str] | None = None,
    ) -> None:
        self.root = path
        self.default_filename = default_filename
        self.allowed_symlink_directory = allowed_symlink_directory

    async def head(self, path: str) -> None:
        await self.get(path, include_body=False)

    async def get(self, path: str, include_body: bool = True) -> None:
        self.path = self.parse_url_path(path)
        absolute_path = self.get_absolute_path(self.root, self.path)
        validated = self.validate_absolute_path(self.root, absolute_path)
        if validated is None:
            return  # answered, by a redirect
        self.absolute_path = validated
        self.modified = self.get_modified_time()
        self.set_headers()
        if self.should_return_304():
            self.set_status(304)
            return
        size = self.get_content_size()
        part = self._select_range(size)
        if part is None:
            return
        start, end = part
        self.set_header("Content-Length", end - start)
        if include_body:
            await self._send(start, end, size)

    async def _send(self, start: int, end: int, size: int) -> None:
        """Send a part of the file, as fast as the client takes it."""
        if (start, end) == (0, size):
            content = self.get_content(self.absolute_path)
        else:
            content = self.get_content(self.absolute_path, start, end)
        chunks: Any = (content,) if isinstance(content, bytes) else content
        remaining = end - start
        in_pieces = remaining > CHUNK_SIZE
        # However this ends, by an exception or a cancelled task too, the file is closed at once.
        with closing(chunks) if hasattr(chunks, "close") else nullcontext():
            for number, chunk in enumerate(chunks, 1):
                self.write(chunk[:remaining])  # a file that has grown meanwhile ends where it did
                remaining -= len(chunk)
                if remaining <= 0:
                    return
                if in_pieces:
                    await self.flush()
                    # To compress a chunk takes as long as to send many.
                    if self._transforms or number % CHUNKS_IN_A_ROW == 0:
                        await asyncio.sleep(0)
        if remaining:
            raise HTTPError(500, "%r was cut short while it was sent", self.absolute_path)

    def _select_range(self, size: int) -> tuple[int, int] | None:
        """The first byte to send and the one behind the last; None for a range that is not there."""
        header = self.request.headers.get("Range")
        if header is None or not self._range_condition_holds():
            return 0, size
        wanted = parse_range(header, size)
        if wanted is None:  # not understood: as if it were not there
            return 0, size
        start, end = wanted
        if start >= end:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size}")
            self.set_header("Content-Type", "text/plain")
            return None
        if (start, end) != (0, size):
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        return start, end

    def _range_condition_holds(self) -> bool:
        """If-Range (RFC 9110 section 13.1.5): a range of a file that has changed is of no use."""
        condition = self.request.headers.get("If-Range")
        if condition is None:
            return True
        if condition.startswith('"'):
            return condition == self._headers.get("Etag")
        # A weak Etag is no date, and says too little for a range.
        date = parse_date(condition)
        return date is not None and date == self.modified

    # Paths

    def parse_url_path(self, url_path: str) -> str:
        """The path in the URL as one of the file system."""
        return url_path.replace("/", os.path.sep) if os.path.sep != "/" else url_path

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The file that ``path`` names below ``root``. Raises :exc:`HTTPError` (403) if it names one elsewhere."""
        absolute_path = os.path.abspath(os.path.join(root, path))
        check_inside([os.path.abspath(root)], absolute_path, path)
        return absolute_path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """The file to serve. None if the request was answered (by a redirect to ``.../``).

        Raises :exc:`HTTPError`: 404 for what is not there, 403 for what is not below ``root`` or is no file.
        """
        root = os.path.abspath(root)
        check_inside([root], absolute_path, self.path)
        if not can_be_a_path(absolute_path):
            raise HTTPError(404)
        allowed = self.allowed_symlink_directory or root
        allowed = [
            os.path.realpath(d) for d in ([allowed] if isinstance(allowed, str) else allowed)
        ]
        # First as it is written, then as it is: links may lead to where "../" may not.
        absolute_path = check_inside(allowed, os.path.realpath(absolute_path), self.path)
        if os.path.isdir(absolute_path) and self.default_filename is not None:
            if not self.request.path.endswith("/"):
                if browser_origin(self.request.path) != ("", ""):
                    # A redirect to //host/ would leave the site.
                    raise HTTPError(403, "cannot redirect path with two initial slashes")
                self.redirect(self.request.path + "/", permanent=True)
                return None
            absolute_path = os.path.realpath(os.path.join(absolute_path, self.default_filename))
            check_inside(allowed, absolute_path, self.path)
        try:
            self._stat_result = os.stat(absolute_path)
        except OSError:
            raise HTTPError(404) from None
        if not stat.S_ISREG(self._stat_result.st_mode):
            raise HTTPError(403, "%r is not a file", self.path)
        if not os.access(absolute_path, os.R_OK):
            raise HTTPError(403, "%r is not readable", self.path)
        return absolute_path

    # Content

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterable[bytes] | bytes:
        """The file's bytes from ``start`` to before ``end``, in pieces (or, overridden, at once)."""
        return read_file(abspath, start or 0, end)

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """What tells this content from any other: the hash of it."""
        content = cls.get_content(abspath)
        hasher = hashlib.sha512(usedforsecurity=False)
        for chunk in (content,) if isinstance(content, bytes) else content:
            hasher.update(chunk)
        return hasher.hexdigest()

    def get_content_size(self) -> int:
        """The file's size in bytes."""
        return self._state().st_size

    def get_modified_time(self) -> datetime.datetime | None:
        """When the file was last modified, to the second."""
        return datetime.datetime.fromtimestamp(int(self._state().st_mtime), datetime.UTC)

    def _state(self) -> os.stat_result:
        if self._stat_result is None:  # an overridden validate_absolute_path did not leave it here
            self._stat_result = os.stat(self.absolute_path)
        return self._stat_result

    def get_content_type(self) -> str:
        """The Content-Type, guessed from the file's name."""
        mime_type, encoding = mimetypes.guess_type(self.absolute_path)
        if encoding == "gzip":
            return "application/gzip"
        if encoding is not None or mime_type is None:
            return "application/octet-stream"
        return mime_type

    # Headers

    def set_headers(self) -> None:
        """Set the headers that describe the file."""
        self.set_header("Accept-Ranges", "bytes")
        self.set_etag_header()
        if self.modified is not None:
            self.set_header("Last-Modified", self.modified)
        content_type = self.get_content_type()
        if content_type:
            self.set_header("Content-Type", content_type)
        cache_time = self.get_cache_time(self.path, self.modified, content_type)
        if cache_time > 0:
            expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=cache_time)
            self.set_header("Expires", expires)
            self.set_header("Cache-Control", f"max-age={cache_time}")
        self.set_extra_headers(self.path)

    def set_extra_headers(self, path: str) -> None:
        """Add headers. To be overridden."""

    def get_cache_time(self, path: str, modified: datetime.datetime | None, mime_type: str) -> int:
        """Seconds that the file may be cached without asking. To be overridden."""
        return self.CACHE_MAX_AGE if "v" in self.request.arguments else 0

    def compute_etag(self) -> str | None:
        """The :meth:`get_content_version`, worked out once for each state in which the file is found."""
        if not hasattr(self, "absolute_path"):
            return None  # not about a file: a redirect
        state = self._stat_result
        if state is None:
            return f'"{self.get_content_version(self.absolute_path)}"'
        if state.st_size > self.MAX_VERSION_CONTENT_SIZE:
            return f'"{state.st_size:x}-{state.st_mtime_ns:x}"'
        key = (type(self), self.absolute_path, state.st_mtime_ns, state.st_size)
        version = self._versions.get(key)
        if version is None:
            version = self.get_content_version(self.absolute_path)
            if len(self._versions) >= self.MAX_CACHED_VERSIONS:
                del self._versions[next(iter(self._versions))]
            self._versions[key] = version
        return f'"{version}"'

    def should_return_304(self) -> bool:
        """Whether the client's copy is good (RFC 9110 section 13.2.2: Etag first, then the date)."""
        if self.request.headers.get("If-None-Match"):
            return self.check_etag_header()
        since = self.request.headers.get("If-Modified-Since")
        date = None if since is None else parse_date(since)
        return date is not None and self.modified is not None and date >= self.modified


def check_inside(directories: list[str], path: str, shown: str) -> str:
    """``path`` if it is one of ``directories`` or below; raises :exc:`HTTPError` (403) if not."""
    for directory in directories:
        inside = directory if directory.endswith(os.path.sep) else directory + os.path.sep
        if (path + os.path.sep).startswith(inside):
            return path
    raise HTTPError(403, "%r is not in root static directory", shown)


def can_be_a_path(path: str) -> bool:
    """Whether the operating system can be asked for it at all."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def read_file(path: str, start: int, end: int | None) -> Iterator[bytes]:
    """The bytes of a file from ``start`` to before ``end`` (or to where it ends), in pieces."""
    with open_regular(path) as file:
        file.seek(start)
        while end is None or start < end:
            chunk = file.read(CHUNK_SIZE if end is None else min(CHUNK_SIZE, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk


def open_regular(path: str) -> BinaryIO:
    """Open a file that was a regular one a moment ago; what took its place meanwhile cannot block us."""
    try:
        file = open(path, "rb", buffering=0, opener=_open_without_waiting)  # noqa: SIM115 - the caller closes it
    except FileNotFoundError:
        raise HTTPError(404) from None
    except PermissionError:
        raise HTTPError(403, "%r is not readable", path) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise HTTPError(403, "%r is not a file", path)
    return file


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
