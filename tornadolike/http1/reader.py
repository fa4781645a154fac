"""The sans-I/O reader of requests (RFC 9112): bytes in, events out.

:meth:`RequestReader.feed` takes bytes as they come; :meth:`RequestReader.next_event` gives, each time it
is called, the next of

* an :class:`~tornadolike.httputil.HTTPServerRequest`: a head. If :attr:`RequestReader.complete` is true
  then the message ends here, its body (if it has one) in ``request.body``. Otherwise follow
* ``bytes``: pieces of the body, as they come; and
* :class:`~.body.EndOfMessage`: the body is whole; or
* ``None``: nothing more can be said before more bytes are fed.

What the protocol does not allow raises :exc:`~tornadolike.httputil.HTTPInputError`, whose ``status`` is
the answer that is due. After that the reader is spent: whoever framed one message wrongly cannot be
trusted about where the next begins.

The caller decides when the next message is read: events of it come only when they are asked for, so
that pipelined requests wait in the buffer until the one before is answered.
"""

import re
import time
from typing import Final
from urllib.parse import urlsplit

from ..httputil import HTTPInputError, HTTPServerRequest
from ..httputil.headers import NAME
from .body import ChunkedBody, EndOfMessage, LengthBody
from .fields import FieldSection, FieldSectionCache
from .limits import Limits

Event = HTTPServerRequest | bytes | EndOfMessage | None

_METHODS: Final = {
    name.encode(): name
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")
}
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_TARGET = re.compile(r"[\x21\x22\x24-\x7e\x80-\xff]+")
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-fvV:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+):[0-9]+")
_HALF_BREAK = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?=[^\n])|(?<!\r)\n")
"""Bytes that no head may contain; seen before the head is whole they are refused at once."""

MAX_EMPTY_LINES: Final = 4
"""How many empty lines before a request line are passed over (RFC 9112 section 2.2)."""

_new_request = HTTPServerRequest.__new__
_monotonic = time.monotonic


class RequestReader:
    """Reads the requests of one connection."""

    __slots__ = (
        "_body",
        "_buffer",
        "_empty_lines",
        "_field_sections",
        "_limits",
        "_position",
        "_searched",
        "_small",
        "complete",
        "section",
    )

    def __init__(self, limits: Limits, field_sections: FieldSectionCache | None = None) -> None:
        self._limits = limits
        if field_sections is None:
            field_sections = FieldSectionCache(limits.max_header_count)
        self._field_sections = field_sections
        self._buffer = b""
        self._position = 0
        self._searched = 0
        self._empty_lines = 0
        self._small = min(limits.max_target_size, limits.max_header_size)
        self._body: LengthBody | ChunkedBody | None = None
        self.complete = True
        """Whether the message whose head came last is whole."""
        self.section: FieldSection | None = None
        """The fields of the message whose head came last."""

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if self._position < len(self._buffer):
            self._buffer = self._buffer[self._position :] + data
        else:
            self._buffer = data
        self._position = 0

    @property
    def buffered(self) -> int:
        """How many bytes wait to be read as part of an event."""
        return len(self._buffer) - self._position

    def unread(self) -> bytes:
        """Take out the bytes that are no part of any event yet (after an upgrade: the other protocol's)."""
        rest = self._buffer[self._position :]
        self._buffer = b""
        self._position = 0
        return rest

    def next_event(self) -> Event:
        """The next event, or None. Raises :exc:`HTTPInputError`."""
        if self._body is not None:
            return self._read_body(self._body)
        buffer = self._buffer
        start = self._position
        if start == len(buffer):
            self._buffer = b""  # an idle connection holds no buffer
            self._position = 0
            return None
        end = buffer.find(b"\r\n\r\n", start + self._searched)
        if end < 0:
            self._wait_for_head(buffer, start)
            return None
        self._searched = 0
        line_end = buffer.find(b"\r\n", start, end + 2)
        if line_end == start:
            return self._skip_empty_line()
        if end - start > self._small:
            self._check_sizes(line_end - start, end - start)
        # From here on it is one function on purpose: this is the path of every request.
        try:
            method, raw_target, version = buffer[start:line_end].split(b" ")
        except ValueError:
            raise HTTPInputError(
                f"Malformed HTTP request line {buffer[start : min(line_end, start + 100)]!r}"
            ) from None
        request: HTTPServerRequest = _new_request(HTTPServerRequest)
        request.method = _METHODS.get(method) or _check_method(method)
        request.uri = target = raw_target.decode("latin1")
        request.version = "HTTP/1.1" if version == b"HTTP/1.1" else _check_version(version)
        request._start_time = _monotonic()
        if not (target.isascii() and target.isprintable() and "#" not in target):
            _check_target(target)
        request.path, _, request.query = target.partition("?")
        section = self._field_sections[buffer[line_end + 2 : end]]
        self.section = section
        request._fields = section.fields
        self._position = end + 4
        if section.plain and request.version == "HTTP/1.1" and target[:1] == "/":
            self.complete = True
        else:
            self._check_agreement(request, section)
            self._start_body(request, section)
        return request

    # The head

    def _check_agreement(self, request: HTTPServerRequest, section: FieldSection) -> None:
        """What only the request line and the fields together can tell."""
        if request.version == "HTTP/1.1":
            if not section.has_host:
                raise HTTPInputError("Missing Host header")
        elif section.transfer_coded:
            raise HTTPInputError("Transfer-Encoding in an HTTP/1.0 request")
        target = request.uri
        assert target is not None
        if target[:1] != "/":
            _read_other_target_form(request, target, section)

    def _check_sizes(self, line: int, head: int) -> None:
        """The sizes of a head's first line and of the head. A line counts as its target here."""
        limits = self._limits
        if line > limits.max_target_size:
            raise HTTPInputError(f"Request target larger than {limits.max_target_size} bytes", 414)
        if head > limits.max_header_size:
            raise HTTPInputError(f"Headers larger than {limits.max_header_size} bytes", 431)

    def _wait_for_head(self, buffer: bytes, start: int) -> None:
        """More is needed; but what can never become a head is refused now."""
        size = len(buffer) - start
        line_end = buffer.find(b"\r\n", start)
        self._check_sizes(size if line_end < 0 else line_end - start, size)
        wrong = _HALF_BREAK.search(buffer, max(start + self._searched - 1, start))
        if wrong is not None:
            raise HTTPInputError("Control character or bare line break in a request's head")
        # The last three bytes may be the beginning of the end.
        self._searched = max(size - 3, 0)

    def _skip_empty_line(self) -> Event:
        self._empty_lines += 1
        if self._empty_lines > MAX_EMPTY_LINES:
            raise HTTPInputError("Too many empty lines before a request")
        self._position += 2
        return self.next_event()

    # The body

    def _start_body(self, request: HTTPServerRequest, section: FieldSection) -> None:
        length = section.content_length
        if section.chunked:
            self.complete = False
            self._body = ChunkedBody(self._limits)
            return
        if not length:
            self.complete = True
            return
        if length > self._limits.max_body_size:
            raise HTTPInputError(f"Body larger than {self._limits.max_body_size} bytes", 413)
        position = self._position
        if len(self._buffer) - position >= length:
            request.body = self._buffer[position : position + length]
            self._position = position + length
            self.complete = True
        else:
            self.complete = False
            self._body = LengthBody(length)

    def _read_body(self, body: LengthBody | ChunkedBody) -> bytes | EndOfMessage | None:
        event, self._position = body.read(self._buffer, self._position)
        if type(event) is EndOfMessage:
            self._body = None
            self.complete = True
        return event


def _check_method(method: bytes) -> str:
    name = method.decode("latin1")
    if not NAME.fullmatch(name):
        raise HTTPInputError(f"Malformed method {name[:50]!r}")
    return name


def _check_version(version: bytes) -> str:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise HTTPInputError(f"Malformed HTTP version {version[:50]!r}")
    if match[1] != b"1":
        raise HTTPInputError(f"Unsupported HTTP version {version.decode()}", 505)
    # RFC 9110 section 2.5: a higher minor version is served as the highest that we know.
    return "HTTP/1.0" if match[2] == b"0" else "HTTP/1.1"


def _check_target(target: str) -> None:
    if not _TARGET.fullmatch(target):
        raise HTTPInputError(f"Malformed request target {target[:100]!r}")


def _read_other_target_form(request: HTTPServerRequest, target: str, section: FieldSection) -> None:
    """Targets that are not a path (RFC 9112 section 3.2)."""
    if request.method == "CONNECT":
        if _AUTHORITY.fullmatch(target):
            return
    elif target == "*":
        if request.method == "OPTIONS":
            return
    elif target[:7].lower() == "http://" or target[:8].lower() == "https://":
        _read_absolute_form(request, target, section)
        return
    raise HTTPInputError(f"Malformed request target {target[:100]!r}")


def _read_absolute_form(request: HTTPServerRequest, target: str, section: FieldSection) -> None:
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise HTTPInputError(f"Malformed request target {target[:100]!r}") from error
    if not host or "@" in parts.netloc:
        raise HTTPInputError(f"Malformed request target {target[:100]!r}")
    request.path = parts.path or "/"
    request.query = parts.query
    request.uri = request.path + (f"?{parts.query}" if parts.query else "")
    # The target's host is the one that counts, whatever the Host header says (section 3.2.2).
    request._fields = section.with_host(parts.netloc)
