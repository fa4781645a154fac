"""Heads of responses, as libcurl gives them: line by line, also those of proxies, interim ones, and trailers.

libcurl reads leniently. So what it gives is read anew, by the rules of :mod:`tornadolike.http1`.
"""

import re
from dataclasses import dataclass
from typing import Final

from ..http1 import Limits
from ..http1.fields import parse_fields
from ..http1.framing import frame_read, kind_of_response, read_coding, read_length
from ..httputil import HTTPHeaders, HTTPInputError

_STATUS_LINE: Final = re.compile(r"HTTP/(1\.[01]|2|3) ([1-9][0-9]{2})(?: (.*))?")
FRAMED: Final = frozenset({"HTTP/1.0", "HTTP/1.1"})
"""The versions in which fields tell where a body ends."""
_MAX_INTERIM: Final = 32
"""How many interim responses may come before a response, as with our own engine."""


@dataclass(frozen=True, slots=True)
class Head:
    """A head."""

    version: str
    """``"HTTP/1.1"``, ``"HTTP/2"`` and so on."""
    status: int
    reason: str
    headers: HTTPHeaders
    length: int | None
    """What Content-Length says."""


class HeadReader:
    """Reads the heads that come for one request.

    :arg method: the request's.
    :arg limits: of each head.
    """

    __slots__ = ("_interim", "_limits", "_lines", "_method", "_size")

    def __init__(self, method: str, limits: Limits) -> None:
        self._method = method
        self._limits = limits
        self._lines: list[bytes] = []
        self._size = 0
        self._interim = 0

    def feed(self, line: bytes) -> Head | None:
        """Take a line; return the head that it ends. Raises :exc:`HTTPInputError`."""
        self._add(line)
        if line not in (b"\r\n", b"\n"):
            return None
        lines = self._take()
        head = self._read(lines)
        if head.status < 200:
            self._interim += 1
            if self._interim > _MAX_INTERIM:
                raise HTTPInputError(f"More than {_MAX_INTERIM} interim responses")
        return head

    def feed_trailer(self, line: bytes) -> None:
        """Take a line from behind the body. Raises :exc:`HTTPInputError`."""
        if line.strip():
            self._add(line)

    def trailers(self) -> HTTPHeaders:
        """The fields that came behind the body. Raises :exc:`HTTPInputError`."""
        if not self._lines:
            return HTTPHeaders()
        fields = parse_fields(_text(self._take()), self._limits.max_header_count)
        return HTTPHeaders.from_fields(fields)

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        if self._size > self._limits.max_header_size:
            raise HTTPInputError(
                f"The head is larger than {self._limits.max_header_size} bytes", 431
            )

    def _take(self) -> list[bytes]:
        lines, self._lines, self._size = self._lines, [], 0
        return lines

    def _read(self, lines: list[bytes]) -> Head:
        start, _, text = _text(lines[:-1]).partition("\r\n")
        match = _STATUS_LINE.fullmatch(start)
        if match is None:
            raise HTTPInputError(f"Malformed HTTP status line {start[:100]!r}")
        version, status, reason = match.group(1), int(match.group(2)), match.group(3) or ""
        fields = parse_fields(text, self._limits.max_header_count)
        length, size = read_length(fields)
        if f"HTTP/{version}" in FRAMED:
            kind = kind_of_response(self._method, status)
            frame_read(kind, f"HTTP/{version}", read_coding(fields), length, fields)
        if status == 101:
            raise HTTPInputError("101 Switching Protocols to a request that has not asked for it")
        return Head(f"HTTP/{version}", status, reason, HTTPHeaders.from_fields(fields), size)


def _text(lines: list[bytes]) -> str:
    return b"".join(lines).decode("latin1").removesuffix("\r\n")
