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
from typing import TYPE_CHECKING, Final

from .._native import RUNNING, front
from ..httputil import HTTPInputError, HTTPServerRequest
from ..httputil.headers import NAME
from .body import ChunkedBody, EndOfMessage, LengthBody, too_large
from .fields import FieldSection, FieldSectionCache
from .framing import frame_read
from .framing_rules import CHUNKED, LENGTH, REQUEST
from .limits import Limits
from .reader import MessageReader
from .states import BODY_FOLLOWS, END_OF_CONNECTION, HEAD, REQUEST_READER
from .targets import ABSOLUTE, TARGET, Form, form_of

RequestEvent = HTTPServerRequest | bytes | EndOfMessage | None

_METHODS: Final = {
    name.encode(): name
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
}
"""The methods that need no further look; CONNECT does: it has a target form of its own."""
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")

MAX_EMPTY_LINES: Final = 4
"""How many empty lines before a request line are passed over (RFC 9112 section 2.2). Over it: 400."""
MAX_METHOD_SIZE: Final = 32
"""The length of a method. Over it: 501 (RFC 9112 section 3)."""
_VERSION_SIZE: Final = len("HTTP/1.1")

_new_request = HTTPServerRequest.__new__
_monotonic = time.monotonic


class RequestReading(MessageReader):
    """All that :class:`RequestReader` can do, in Python."""

    __slots__ = ("_empty_lines", "_field_sections", "_small", "section")

    _table = REQUEST_READER

    def __init__(self, limits: Limits, field_sections: FieldSectionCache | None = None) -> None:
        super().__init__(limits, HEAD)
        if field_sections is None:
            field_sections = FieldSectionCache(limits.max_header_count)
        elif field_sections.max_count != limits.max_header_count:
            raise ValueError("The cache of field sections was made for another max_header_count")
        self._field_sections = field_sections
        self._empty_lines = 0
        self._small = min(limits.max_target_size, limits.max_header_size)
        self.section: FieldSection | None = None
        """The fields of the message whose head came last (None again once an empty line follows it)."""

    def check_body_size(self) -> None:
        """Raise :exc:`HTTPInputError` (413) if the body is announced to be larger than it may be.

        :meth:`next_event` does so by itself, in place of the body's first piece. This is for those who want to
        know before they invite the body, or who were given it together with the head.
        """
        section = self.section
        length = None if section is None else section.content_length
        if length and length > self.max_body_size:
            self._fail()
            raise too_large(self.max_body_size)

    def awaits_continue(self, request: HTTPServerRequest) -> bool:
        """Whether the client waits for 100 Continue before it sends the body (RFC 9110 section 10.1.1)."""
        section = self.section
        return (
            section is not None
            and section.expect is not None
            and request.version == "HTTP/1.1"
            and not self.complete
            and not self.buffered
        )

    def next_event(self) -> RequestEvent:
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
                if self._ended:
                    self._go(END_OF_CONNECTION)
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
            # A plain one leaves us where the table of states says: where we were.
            return request
        except HTTPInputError:
            self._fail()
            raise

    # The head

    def _check_agreement(self, request: HTTPServerRequest, section: FieldSection) -> None:
        """What only the request line and the fields together can tell."""
        if request.version == "HTTP/1.1" and not section.has_host:
            raise HTTPInputError("Missing Host header")
        target = request.uri
        assert target is not None
        if target[:1] != "/":  # which CONNECT has been refused already
            form = form_of(request.method, target)
            if form is None:
                raise _malformed_target(target)
            if form is Form.ABSOLUTE:
                _read_absolute_form(request, target, section)

    def _check_sizes(self, line: bytes, head: int) -> None:
        """The size of the target in a request line, and that of the head."""
        if line.rfind(b" ") - line.find(b" ") - 1 > self._limits.max_target_size:
            raise self._target_too_large()
        if head > self._limits.max_header_size:
            raise self._head_too_large()

    def _target_too_large(self) -> HTTPInputError:
        limit = self._limits.max_target_size
        return HTTPInputError(f"Request target larger than {limit} bytes", 414)

    def _wait_for_head(self, buffer: bytes, start: int) -> RequestEvent:
        if buffer.startswith(b"\r\n", start):
            return self._skip_empty_line()
        self._judge_part_of_head(buffer, start)
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

    def _skip_empty_line(self) -> RequestEvent:
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
        framing = frame_read(
            REQUEST, request.version, section.coding, section.length, section.fields
        )
        self.max_body_size = limit = self._limits.max_body_size
        if framing is CHUNKED:
            self._expect_body(ChunkedBody(self._limits), BODY_FOLLOWS)
        elif framing is LENGTH:
            length = section.content_length
            assert length is not None
            position = self._position
            # Whether one that is over the limit is refused will be seen when it is read: there may be
            # another limit by then.
            if length > limit or len(self._buffer) - position < length:
                self._expect_body(LengthBody(length), BODY_FOLLOWS)
                return
            request.body = self._buffer[position : position + length]
            self._position = position + length
            self.complete = True
        else:
            self.complete = True


def _malformed_line(line: bytes) -> HTTPInputError:
    _read_method(line.partition(b" ")[0], b"")  # what is wrong with the method counts first
    return HTTPInputError(f"Malformed HTTP request line {line[:100]!r}")


def _read_method(method: bytes, target: bytes) -> str:
    name = method[:MAX_METHOD_SIZE].decode("latin1")
    if not NAME.fullmatch(name):
        raise HTTPInputError(f"Malformed HTTP request line: method {name!r}")
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
    if not TARGET.fullmatch(target):
        raise _malformed_target(target)


def _malformed_target(target: str) -> HTTPInputError:
    return HTTPInputError(f"Malformed request target {target[:100]!r}")


def _read_absolute_form(request: HTTPServerRequest, target: str, section: FieldSection) -> None:
    """A target in absolute form (RFC 9112 section 3.2.2)."""
    match = ABSOLUTE.fullmatch(target)
    assert match is not None
    request.path = match[2] or "/"
    request.query = (match[3] or "?")[1:]
    request.uri = request.path + (match[3] or "")
    # The target's host is the one that counts, whatever the Host header says.
    request._fields = section.with_host(match[1])


if TYPE_CHECKING:

    class _Hot:
        """Stands before the reference where the native core runs."""

else:
    _Hot = front("readers", "HotReader")


class RequestReader(_Hot, RequestReading):
    """Reads the requests of one connection.

    :arg field_sections: a cache that the readers of one server share; its ``max_count`` must be that of
        ``limits``, lest what one server allows pass in another.
    """

    __slots__ = ()


if RUNNING:
    from .._native import readers as native

    native.install(RequestReading, HTTPInputError, time.monotonic)
