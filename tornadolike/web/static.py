""":class:`StaticFileHandler`: files from a directory (RFC 9110 sections 8.8, 13 and 14)."""

import datetime
import hashlib
import mimetypes
import os
import stat
from collections.abc import Iterator
from typing import ClassVar

from ..httputil import parse_date
from ..httputil.ranges import parse_range
from .errors import HTTPError
from .handler import RequestHandler

CHUNK_SIZE = 64 * 1024
"""Bytes read from a file at a time."""


class StaticFileHandler(RequestHandler):
    """Serves the files below a directory.

    .. code-block:: python

        (r"/content/(.*)", StaticFileHandler, {"path": "/var/www"})

    The rule's only group is the path below the directory.

    :arg path: the directory.
    :arg default_filename: the file that stands for a directory (``"index.html"``).

    Answers conditional requests (Etag, Last-Modified) and byte ranges. What is not below the directory is
    404 or 403, whatever the path looks like. A request with an argument ``v`` (a version) may be cached
    for ten years.
    """

    CACHE_MAX_AGE = 86400 * 365 * 10
    """Seconds that a versioned file may be cached."""

    _hashes: ClassVar[dict[tuple[str, int, int], str]] = {}
    _MAX_HASHES = 10_000

    path: str
    root: str
    absolute_path: str
    modified: datetime.datetime

    def initialize(self, path: str, default_filename: str | None = None) -> None:  # type: ignore[override]
        self.root = path
        self.default_filename = default_filename

    async def head(self, path: str) -> None:
        await self.get(path, include_body=False)

    async def get(self, path: str, include_body: bool = True) -> None:
        self.path = self.parse_url_path(path)
        absolute_path = self.get_absolute_path(self.root, self.path)
        validated = self.validate_absolute_path(self.root, absolute_path)
        if validated is None:
            return  # answered, by a redirect
        self.absolute_path = validated
        self._stat_result = os.stat(validated)
        self.modified = self.get_modified_time()
        self.set_headers()
        if self.should_return_304():
            self.set_status(304)
            return
        start, end = self._select_range()
        if start is None:
            return
        self.set_header("Content-Length", end - start)
        if not include_body:
            return
        for chunk in self.get_content(self.absolute_path, start, end):
            self.write(chunk)
            if end - start > CHUNK_SIZE:
                await self.flush()

    def _select_range(self) -> tuple[int | None, int]:
        """The first byte to send and the one behind the last; None if there is nothing to send."""
        size = self.get_content_size()
        self.set_header("Accept-Ranges", "bytes")
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
            self.clear_header("Content-Type")
            return None, 0
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
        return parse_date(condition) == self.modified

    # Paths

    def parse_url_path(self, url_path: str) -> str:
        """The path in the URL as one of the file system."""
        return url_path.replace("/", os.path.sep) if os.path.sep != "/" else url_path

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The file that ``path`` names below ``root``."""
        return os.path.abspath(os.path.join(root, path))

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """The file to serve. None if the request was answered (by a redirect to ``.../``).

        Raises :exc:`HTTPError`: 404 for what is not there or not below ``root``, 403 for what is no file.
        """
        root = os.path.abspath(root)
        inside = root if root.endswith(os.path.sep) else root + os.path.sep
        if "\0" in absolute_path or not (absolute_path + os.path.sep).startswith(inside):
            raise HTTPError(404, "%s is not in root static directory", self.path)
        if os.path.isdir(absolute_path) and self.default_filename is not None:
            if not self.request.path.endswith("/"):
                if self.request.path.startswith("//"):
                    # A redirect to //host/ would leave the site.
                    raise HTTPError(403, "cannot redirect path with two initial slashes")
                self.redirect(self.request.path + "/", permanent=True)
                return None
            absolute_path = os.path.join(absolute_path, self.default_filename)
        try:
            mode = os.stat(absolute_path).st_mode
        except (OSError, ValueError):
            raise HTTPError(404) from None
        if not stat.S_ISREG(mode):
            raise HTTPError(403, "%s is not a file", self.path)
        if not os.access(absolute_path, os.R_OK):
            raise HTTPError(403, "%s is not readable", self.path)
        return absolute_path

    # Content

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterator[bytes]:
        """The file's bytes from ``start`` to before ``end``, in pieces."""
        with open(abspath, "rb") as file:
            file.seek(start or 0)
            remaining = None if end is None else end - (start or 0)
            while remaining is None or remaining > 0:
                size = CHUNK_SIZE if remaining is None else min(CHUNK_SIZE, remaining)
                chunk = file.read(size)
                if not chunk:
                    return
                if remaining is not None:
                    remaining -= len(chunk)
                yield chunk

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """A hash of the file's content, worked out once for each of its states."""
        state = os.stat(abspath)
        key = (abspath, state.st_mtime_ns, state.st_size)
        version = cls._hashes.get(key)
        if version is None:
            hasher = hashlib.sha512(usedforsecurity=False)
            for chunk in cls.get_content(abspath):
                hasher.update(chunk)
            if len(cls._hashes) >= cls._MAX_HASHES:
                cls._hashes.clear()
            version = cls._hashes[key] = hasher.hexdigest()[:40]
        return version

    def get_content_size(self) -> int:
        """The file's size in bytes."""
        return self._stat_result.st_size

    def get_modified_time(self) -> datetime.datetime:
        """When the file was last modified, to the second."""
        return datetime.datetime.fromtimestamp(int(self._stat_result.st_mtime), datetime.UTC)

    def get_content_type(self) -> str:
        """The Content-Type, guessed from the file's name."""
        mime_type, encoding = mimetypes.guess_type(self.absolute_path)
        if encoding == "gzip":
            return "application/gzip"
        if encoding is not None or mime_type is None:
            return "application/octet-stream"
        if mime_type.startswith("text/") or mime_type == "application/javascript":
            return f"{mime_type}; charset=UTF-8"
        return mime_type

    # Headers

    def set_headers(self) -> None:
        """Set the headers that describe the file."""
        self.set_header("Accept-Ranges", "bytes")
        self.set_etag_header()
        self.set_header("Last-Modified", self.modified)
        self.set_header("Content-Type", self.get_content_type())
        cache_time = self.get_cache_time(self.path, self.modified, self.get_content_type())
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
        if not hasattr(self, "absolute_path"):
            return None  # not about a file: a redirect, an error page
        return f'"{self.get_content_version(self.absolute_path)}"'

    def should_return_304(self) -> bool:
        """Whether the client's copy is good (RFC 9110 section 13.2.2: Etag first, then the date)."""
        if self.request.headers.get("If-None-Match"):
            return self.check_etag_header()
        since = self.request.headers.get("If-Modified-Since")
        date = None if since is None else parse_date(since)
        return date is not None and date >= self.modified
