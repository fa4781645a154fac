"""The sans-I/O reader of requests (RFC 9112): bytes in, events out.

:meth:`RequestReader.feed` takes bytes as they come; :meth:`RequestReader.next_event` gives, each time it
is called, the next of

* an :class:`~tornadolike.httputil.HTTPServerRequest`: a head. If :attr:`RequestReader.complete` is true
  then the message ends here, its body (if it has one) in ``request.body``. Otherwise follow
* ``bytes``: pieces of the body, as they come; and
* :class:`~.body.EndOfMessage`: the body is whole; or
* ``None``: nothing more can be said before more bytes are fed.

What the protocol does not allow raises :exc:`~tornadolike.httputil.HTTPInputError`, whose ``status`` is
the answer that is due. After that the reader is spent, and says so to whoever asks it again: a peer that
framed one message wrongly cannot be trusted about where the next begins.

What can never become a head is refused before the head is whole, so that no garbage waits for a time-out:
a request line is judged as soon as it is whole, and control characters, bare line breaks and what is too
large at once.

The caller decides when the next message is read: events of it come only when they are asked for, so
that pipelined requests wait in the buffer until the one before is answered.
"""

import re
import time
from typing import Final

from ..httputil import HTTPInputError, HTTPServerRequest
from ..httputil.headers import NAME
from .body import ChunkedBody, EndOfMessage, LengthBody, Step, too_large
from .fields import CONTROL_IN_PART, FieldSection, FieldSectionCache, is_authority
from .limits import Limits

Event = HTTPServerRequest | bytes | EndOfMessage | None

_METHODS: Final = {
    name.encode(): name
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
}
"""The methods that need no further look; CONNECT does: it has a target form of its own."""
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_TARGET = re.compile(r"[\x21\x22\x24-\x7e\x80-\xff]+")
_ABSOLUTE = re.compile(r"(?i:https?)://([^/?]*)([^?]*)(\?.*)?")

MAX_EMPTY_LINES: Final = 4
"""How many empty lines before a request line are passed over (RFC 9112 section 2.2). Over it: 400."""
MAX_METHOD_SIZE: Final = 32
"""The length of a method. Over it: 501 (RFC 9112 section 3)."""
_VERSION_SIZE: Final = len("HTTP/1.1")

_new_request = HTTPServerRequest.__new__
_monotonic = time.monotonic


class RequestReader:
    """Reads the requests of one connection.

    :arg field_sections: a cache that the readers of one server share; its ``max_count`` must be that of
        ``limits``, lest what one server allows pass in another.
    """

    __slots__ = (
        "_body",
        "_buffer",
        "_empty_lines",
        "_field_sections",
        "_limits",
        "_line_judged",
        "_position",
        "_searched",
        "_small",
        "complete",
        "max_body_size",
        "section",
    )

    def __init__(self, limits: Limits, field_sections: FieldSectionCache | None = None) -> None:
        self._limits = limits
        if field_sections is None:
            field_sections = FieldSectionCache(limits.max_header_count)
        elif field_sections.max_count != limits.max_header_count:
            raise ValueError("The cache of field sections was made for another max_header_count")
        self._field_sections = field_sections
        self._buffer = b""
        self._position = 0
        self._searched = 0
        self._line_judged = False
        self._empty_lines = 0
        self._small = min(limits.max_target_size, limits.max_header_size)
        self._body: LengthBody | ChunkedBody | Spent | None = None
        self.complete = True
        """Whether the message whose head came last is whole."""
        self.max_body_size = limits.max_body_size
        """How large the body of the message whose head came last may be, in bytes.

        It is that of the limits again at each head that is followed by a body, and may be set to another
        until the body is read."""
        self.section: FieldSection | None = None
        """The fields of the message whose head came last (None again once an empty line follows it)."""

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
        self._searched = 0
        return rest

    def check_body_size(self) -> None:
        """Raise :exc:`HTTPInputError` (413) if the body is announced to be larger than it may be.

        :meth:`next_event` does so by itself, in place of the body's first piece. This is for those who want to
        know before they invite the body, or who were given it together with the head.
        """
        section = self.section
        length = None if section is None else section.content_length
        if length and length > self.max_body_size:
            self._body = Spent()
            raise too_large(self.max_body_size)

    def next_event(self) -> Event:
        """The next event, or None. Raises :exc:`HTTPInputError`."""
        # One function on purpose: this is the path of every request.
        try:
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
                return self._wait_for_head(buffer, start)
            self._searched = 0
            line_end = buffer.find(b"\r\n", start, end + 2)
            if line_end == start:
                return self._skip_empty_line()
            if end - start > self._small:
                self._check_sizes(buffer[start:line_end], end - start)
            try:
                method, raw_target, version = buffer[start:line_end].split(b" ")
            except ValueError:
                raise _malformed_line(buffer[start:line_end]) from None
            request: HTTPServerRequest = _new_request(HTTPServerRequest)
            request.method = _METHODS.get(method) or _read_method(method, raw_target)
            request.uri = target = raw_target.decode("latin1")
            if version != b"HTTP/1.1":
                request.version = _read_version(version)
            request._start_time = _monotonic()
            if not (target.isascii() and target.isprintable() and "#" not in target):
                _check_target(target)
            request.path, _, request.query = target.partition("?")
            section = self._field_sections[buffer[line_end + 2 : end]]
            self.section = section
            request._fields = section.fields
            self._position = end + 4
            if section.plain and target[:1] == "/":
                self.complete = True
            else:
                self._check_agreement(request, section)
                self._start_body(request, section)
            return request
        except HTTPInputError:
            self._body = Spent()
            raise

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

    def _check_sizes(self, line: bytes, head: int) -> None:
        """The size of the target in a request line, and that of the head."""
        if line.rfind(b" ") - line.find(b" ") - 1 > self._limits.max_target_size:
            raise self._target_too_large()
        if head > self._limits.max_header_size:
            raise self._head_too_large()

    def _target_too_large(self) -> HTTPInputError:
        limit = self._limits.max_target_size
        return HTTPInputError(f"Request target larger than {limit} bytes", 414)

    def _head_too_large(self) -> HTTPInputError:
        return HTTPInputError(f"Headers larger than {self._limits.max_header_size} bytes", 431)

    def _wait_for_head(self, buffer: bytes, start: int) -> Event:
        """More is needed; but what can never become a head is refused now.

        Each byte is looked at once, however slowly they come.
        """
        if buffer.startswith(b"\r\n", start):
            return self._skip_empty_line()
        searched = self._searched
        # The pattern looks back for the CR of an LF, but not into the message before.
        if buffer.startswith(b"\n", start) or CONTROL_IN_PART.search(buffer, start + searched):
            raise HTTPInputError("Control character or bare line break in a request's head")
        # The last three bytes may belong to the line breaks that end the head.
        size = len(buffer) - start - 3
        if not searched:
            self._line_judged = False
        if not self._line_judged:
            line_end = buffer.find(b"\r\n", start + searched)
            if line_end < 0:
                self._judge_part_of_line(buffer, start, size)
            else:
                self._line_judged = True
                self._judge_line(buffer[start:line_end])
        if size > self._limits.max_header_size:
            raise self._head_too_large()
        self._searched = max(size, 0)
        return None

    def _judge_part_of_line(self, buffer: bytes, start: int, size: int) -> None:
        if size > MAX_METHOD_SIZE and buffer.find(b" ", start, start + MAX_METHOD_SIZE + 1) < 0:
            raise _malformed_line(buffer[start:])
        if size > MAX_METHOD_SIZE + 1 + self._limits.max_target_size + 1 + _VERSION_SIZE:
            raise self._target_too_large()

    def _judge_line(self, line: bytes) -> None:
        self._check_sizes(line, 0)
        parts = line.split(b" ")
        if len(parts) != 3:
            raise _malformed_line(line)
        method, target, version = parts
        _read_method(method, target)
        _read_version(version)
        _check_target(target.decode("latin1"))

    def _skip_empty_line(self) -> Event:
        """Pass over an empty line before a request: some clients send one behind a body."""
        if self.section is not None:  # the first since the last message
            self.section = None
            self._empty_lines = 0
        self._empty_lines += 1
        if self._empty_lines > MAX_EMPTY_LINES:
            raise HTTPInputError("Too many empty lines before a request")
        self._position += 2
        return self.next_event()

    # The body

    def _start_body(self, request: HTTPServerRequest, section: FieldSection) -> None:
        length = section.content_length
        self.max_body_size = limit = self._limits.max_body_size
        if section.chunked:
            self.complete = False
            self._body = ChunkedBody(self._limits)
            return
        if not length:
            self.complete = True
            return
        position = self._position
        # Whether one that is over the limit is refused will be seen when it is read: there may be another
        # limit by then.
        if length <= limit and len(self._buffer) - position >= length:
            request.body = self._buffer[position : position + length]
            self._position = position + length
            self.complete = True
        else:
            self.complete = False
            self._body = LengthBody(length)

    def _read_body(self, body: "LengthBody | ChunkedBody | Spent") -> bytes | EndOfMessage | None:
        event, self._position = body.read(self._buffer, self._position, self.max_body_size)
        if event is None:
            if self._position == len(self._buffer):
                self._buffer = b""  # a stalled upload holds no buffer
                self._position = 0
        elif type(event) is EndOfMessage:
            self._body = None
            self.complete = True
        return event


class Spent:
    """Stands in place of a body once the peer has broken the protocol: nothing can be read any more."""

    def read(self, buffer: bytes, position: int, max_size: int) -> Step:
        raise HTTPInputError("Nothing can be read behind a malformed message")


def _malformed_line(line: bytes) -> HTTPInputError:
    _read_method(line.partition(b" ")[0], b"")  # what is wrong with the method counts first
    return HTTPInputError(f"Malformed HTTP request line {line[:100]!r}")


def _read_method(method: bytes, target: bytes) -> str:
    name = method[:MAX_METHOD_SIZE].decode("latin1")
    if not NAME.fullmatch(name):
        raise HTTPInputError(f"Malformed method {name!r}")
    if len(method) > MAX_METHOD_SIZE:
        raise HTTPInputError(f"Method longer than {MAX_METHOD_SIZE} bytes", 501)
    if name == "CONNECT" and target[:1] == b"/":
        raise HTTPInputError("CONNECT with a path for its target")
    return name


def _read_version(version: bytes) -> str:
    match = _VERSION.fullmatch(version)
    if match is None:
        raise HTTPInputError(f"Malformed HTTP version {version[:50]!r}")
    if match[1] != b"1":
        raise HTTPInputError(f"Unsupported HTTP version {version.decode()}", 505)
    # RFC 9110 section 2.5: a higher minor version is served as the highest that we know.
    return "HTTP/1.0" if match[2] == b"0" else "HTTP/1.1"


def _check_target(target: str) -> None:
    if not _TARGET.fullmatch(target):
        raise _malformed_target(target)


def _malformed_target(target: str) -> HTTPInputError:
    return HTTPInputError(f"Malformed request target {target[:100]!r}")


def _read_other_target_form(request: HTTPServerRequest, target: str, section: FieldSection) -> None:
    """Targets that are not a path (RFC 9112 section 3.2)."""
    if request.method == "CONNECT":
        if is_authority(target) and target[-1].isdigit() and ":" in target:
            return
    elif target == "*":
        if request.method == "OPTIONS":
            return
    else:
        match = _ABSOLUTE.fullmatch(target)
        if match is not None and is_authority(match[1]):
            request.path = match[2] or "/"
            request.query = (match[3] or "?")[1:]
            request.uri = request.path + (match[3] or "")
            # The target's host is the one that counts, whatever the Host header says (section 3.2.2).
            request._fields = section.with_host(match[1])
            return
    raise _malformed_target(target)
