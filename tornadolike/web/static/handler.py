""":class:`StaticFileHandler`: files from a directory (RFC 9110 sections 8.8, 13 and 14)."""

import asyncio
import datetime
import os
from collections.abc import Sequence
from functools import lru_cache

from ...httputil import format_timestamp
from ...httputil.file_types import content_type_of
from ...httputil.urls import browser_origin
from ...util import lazy
from ..errors import HTTPError
from ..files.paths import (
    Directory,
    Opened,
    absolute,
    can_be_a_path,
    check_inside,
    open_below,
    resolved,
)
from ..slashes import as_sent
from ..transforms import add_vary
from .partial import PartialContent
from .precompressed import find_coded
from .versions import is_version, state_of

http_date = lru_cache(1024)(format_timestamp)
"""The date of a file as a header has it: most are asked for again."""


class StaticFileHandler(PartialContent):
    """Serves the files below a directory.

    .. code-block:: python

        (r"/content/(.*)", StaticFileHandler, {"path": "/var/www"})

    The rule's only group is the path below the directory.

    :arg path: the directory.
    :arg default_filename: the file that stands for a directory (``"index.html"``).
    :arg allowed_symlink_directory: a directory, or a list of them, into which symbolic links may lead;
        unless it is given, they may not lead out of ``path``.
    :arg precompressed: whether a client that accepts it gets ``style.css.br``, ``style.css.zst`` or ``style.css.gz``
        for ``style.css``, if there is one that is not older.

    Answers conditional requests (Etag, Last-Modified) and byte ranges. What is not there is 404; what is
    not below the directory, no file, or not ours to read is 403. A request with an argument ``v`` (a
    version) may be cached for ten years.
    """

    CACHE_MAX_AGE = 86400 * 365 * 10
    """Seconds that a versioned file may be cached."""

    path: str
    root: str
    default_filename: str | None = None
    allowed_symlink_directory: Directory | Sequence[Directory] | None = None
    precompressed = False
    _stat_result: os.stat_result | None = None
    _original: Opened | None = None
    """The file, if it was this class that has found it."""
    _coding: str | None = None
    _allowed: list[str]
    """Where it may be, in spite of links."""

    def initialize(
        self,
        path: str,
        default_filename: str | None = None,
        allowed_symlink_directory: Directory | Sequence[Directory] | None = None,
        precompressed: bool = False,
    ) -> None:
        self.root = path
        self.default_filename = default_filename
        self.allowed_symlink_directory = allowed_symlink_directory
        self.precompressed = precompressed

    async def head(self, path: str) -> None:
        await self.get(path, include_body=False)

    async def get(self, path: str, include_body: bool = True) -> None:
        self.path = self.parse_url_path(path)
        absolute_path = self.get_absolute_path(self.root, self.path)
        try:
            validated = self.validate_absolute_path(self.root, absolute_path)
            if validated is None:
                return  # answered, by a redirect
            self.absolute_path = validated
            self._open()
            modified = self.get_modified_time()
            if modified is not None and modified.tzinfo is None:
                modified = modified.replace(tzinfo=datetime.UTC)
            self.modified = modified
            await self._find_out_versions()
            self.set_headers()
            if self._answered_without_content():
                return
            await self._answer(include_body)
        finally:
            self._close()

    def _answered_without_content(self) -> bool:
        """Whether the conditions of the request (RFC 9110 section 13.2.2) make an end of it."""
        self._check_preconditions(self.modified)
        if self.should_return_304():
            self.set_status(304)
            return True
        return False

    # Paths

    def parse_url_path(self, url_path: str) -> str:
        """The path in the URL as one of the file system. The inverse of :meth:`make_static_url`."""
        return url_path.replace("/", os.path.sep) if os.path.sep != "/" else url_path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """The file to serve. None if the request was answered (by a redirect to ``.../``).

        Raises :exc:`HTTPError`: 404 for what is not there, 403 for what is not below ``root`` or is no file.
        """
        root = absolute(root)
        check_inside([root], absolute_path, self.path)
        allowed = self._allowed = self._allowed_directories(root)
        opened = open_below(allowed, absolute_path)
        if opened is None:
            directory = self._explain(allowed, absolute_path)
            if not self.request.path.endswith("/"):
                if browser_origin(self.request.path) != ("", ""):
                    # A redirect to //host/ would leave the site.
                    raise HTTPError(403, "cannot redirect path with two initial slashes")
                self.redirect(
                    as_sent(f"{self.request.mounted_at}{self.request.path}/"), permanent=True
                )
                return None
            assert self.default_filename is not None
            absolute_path = os.path.join(directory, self.default_filename)
            opened = open_below(allowed, absolute_path)
            if opened is None:
                self._explain(allowed, absolute_path)
                raise HTTPError(403, "%r is not a file", self.path)
        self._close()
        self._original = self._opened = opened
        self._stat_result = opened.state
        return opened.path

    def _allowed_directories(self, root: str) -> list[str]:
        allowed = self.allowed_symlink_directory
        if not allowed:
            return [root]
        if isinstance(allowed, (str, os.PathLike)):
            allowed = [allowed]
        return [absolute(directory) for directory in allowed]

    def _explain(self, allowed: list[str], absolute_path: str) -> str:
        """Why there is no file to serve. Gives the directory that is there instead, if a file may stand for it."""
        if not can_be_a_path(absolute_path):
            raise HTTPError(404)
        real = resolved(absolute_path)
        check_inside(map(os.path.realpath, allowed), real, self.path)
        if not os.path.exists(real):
            raise HTTPError(404)
        if os.path.isdir(real) and self.default_filename is not None:
            return real
        raise HTTPError(403, "%r is not a file", self.path)

    # Files

    def _open(self) -> None:
        """Make sure that what was opened is what is to be served, and look whether a sibling is better."""
        original = self._original
        if original is None:
            return
        if original.path != self.absolute_path:  # an overridden method has changed its mind
            self._close()
            self._stat_result = None
        elif type(self)._has_own_content():
            self._close()
        elif self.precompressed and not self._has_own_size():
            wanted = self.request.headers.get("Accept-Encoding")
            coded = find_coded(original, wanted, self._open_beside)
            if coded is not None:
                self._coding, self._opened = coded
                self._stat_result = self._opened.state

    def _has_own_size(self) -> bool:
        """Whether the author tells how large the file is: a sibling is not."""
        return type(self).get_content_size is not StaticFileHandler.get_content_size

    def _open_beside(self, suffix: str) -> Opened | None:
        try:
            return open_below(self._allowed, self.absolute_path + suffix)
        except HTTPError:
            return None

    def _close(self) -> None:
        for opened in (self._original, self._opened):
            if opened is not None:
                opened.file.close()
        self._original = self._opened = None

    # What is known of the content

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
        return content_type_of(self.absolute_path)

    # Versions

    async def _find_out_versions(self) -> None:
        """Work out in a thread what would take long here."""
        found = {opened.path: opened.state for opened in (self._original, self._opened) if opened}
        if not found and self._stat_result is not None:
            found[self.absolute_path] = self._stat_result
        for path, status in found.items():
            if status.st_size > self.LARGE_SIZE:
                state = state_of(status)
                if self._is_large(state) and not self._knows_version(path, state):
                    await asyncio.shield(self._find_out_version(path, state))

    def compute_etag(self) -> str | None:
        """The :meth:`get_content_version`, worked out once for each state in which the file is found."""
        # Without a file it is a redirect.
        return self._content_etag if hasattr(self, "absolute_path") else None

    @lazy
    def _content_etag(self) -> str | None:
        status = self._stat_result
        if self._has_own_memory():
            version = self._get_cached_version(self.absolute_path)
        elif status is None:
            version = self._try_version(self.absolute_path)
        elif status.st_size > self.MAX_VERSION_CONTENT_SIZE and not self._has_own_versions():
            version = f"{status.st_size:x}-{status.st_mtime_ns:x}"
        else:
            path = self.absolute_path if self._opened is None else self._opened.path
            version = self._version_in(path, state_of(status))
        return f'"{version}"' if version else None

    def _asks_for_this_version(self) -> bool | None:
        """Whether ``v`` is the version of this content. None without one that can be ours: it is the author's then."""
        versions = self.request.query_arguments.get("v")
        if not versions:
            return None
        version = versions[-1].decode("latin1")
        original = self._original
        if original is None or not is_version(version):
            return None
        return version == self._version_in(original.path, state_of(original.state))

    # Headers

    def set_headers(self) -> None:
        """Set the headers that describe the file."""
        self.set_header("Accept-Ranges", "bytes")
        self.set_etag_header()
        if self.modified is not None:
            self.set_header("Last-Modified", http_date(self.modified))
        content_type = self.get_content_type()
        if content_type:
            self.set_header("Content-Type", content_type)
        if self.precompressed:
            add_vary(self._headers, "Accept-Encoding")
        if self._coding is not None:
            self.set_header("Content-Encoding", self._coding)
        cache_time = self.get_cache_time(self.path, self.modified, content_type)
        if cache_time > 0:
            expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=cache_time)
            self.set_header("Expires", expires)
            lasting = self._asks_for_this_version() and cache_time == self.CACHE_MAX_AGE
            # Not even who reloads the page need ask again (RFC 8246).
            immutable = ", immutable" if lasting else ""
            self.set_header("Cache-Control", f"max-age={cache_time}{immutable}")
        self.set_extra_headers(self.path)

    def set_extra_headers(self, path: str) -> None:
        """Add headers. To be overridden."""

    def get_cache_time(self, path: str, modified: datetime.datetime | None, mime_type: str) -> int:
        """Seconds that the file may be cached without asking. To be overridden.

        By default :attr:`CACHE_MAX_AGE` if the request has an argument ``v``, else 0. A ``v`` that is the version
        (:meth:`get_version`) of another content gets 0 too: who asks is ahead of this server, or behind it, and must
        not keep for years what is not meant.
        """
        known = "v" in self.request.query_arguments and self._asks_for_this_version() is not False
        return self.CACHE_MAX_AGE if known else 0

    def should_return_304(self) -> bool:
        """Whether the client's copy is good (RFC 9110 section 13.2.2: Etag first, then the date)."""
        return self._client_has_it(self.modified)
