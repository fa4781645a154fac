"""The two sides of an exchange: what they read and write, and what that means for the connection.

They are alike for :class:`.HTTP1Connection`, which moves the bytes and talks to the delegate.
"""

from typing import Final

from ..escape import to_unicode
from ..http1 import (
    Limits,
    RequestReader,
    RequestWriter,
    ResponseHead,
    ResponseReader,
    ResponseWriter,
    State,
    error_response,
)
from ..httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    request_of,
)
from .requests import CONTINUE

METHODS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Requests of these have a body, if only an empty one. Without Content-Length it is sent in chunks."""


class ServerSide:
    """Reads a request and writes the response.

    :arg keep_alive: whether another request may follow, if the client likes.
    """

    interim: Final = False
    """Whether the head that was read last is followed by another."""

    def __init__(self, limits: Limits, keep_alive: bool) -> None:
        self.reader = RequestReader(limits)
        self.chunked = False
        """Whether the body that is read comes in chunks."""
        self._keep_alive = keep_alive
        self._request: HTTPServerRequest | None = None
        self._writer: ResponseWriter | None = None

    # Reading

    def begin_reading(self) -> None:
        """Before the request is read."""

    def read_head(self, request: HTTPServerRequest) -> tuple[RequestStartLine, HTTPHeaders]:
        """Start line and headers of a head that was read."""
        section = self.reader.section
        assert section is not None
        self._request = request
        self.chunked = "Transfer-Encoding" in request.headers
        if section.close or not (request.version == "HTTP/1.1" or section.keep_alive):
            self._keep_alive = False
        if section.expect not in (None, "100-continue"):
            raise HTTPInputError(f"Unknown expectation {section.expect[:100]!r}", 417)
        return request_of(request), request.headers

    def invitation(self) -> bytes:
        """What to send so that the client sends the body: nothing, as a rule."""
        request, section = self._request, self.reader.section
        assert request is not None
        assert section is not None
        expected = section.expect and request.version == "HTTP/1.1" and not self.reader.complete
        return CONTINUE if expected and not self.reader.buffered else b""

    def whole_body(self) -> bytes:
        """The body, if it came with the head."""
        assert self._request is not None
        self.reader.check_body_size()
        return self._request.body

    def refusal(self, status: int) -> bytes:
        """The answer to what breaks the protocol; empty if another is under way."""
        if self._writer is not None:
            return b""
        answer = error_response(status)
        if self._request is not None and self._request.method == "HEAD":
            return answer[: answer.index(b"\r\n\r\n") + 4]
        return answer

    # Writing

    def encode_head(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> bytes:
        """The head of the response, or of an interim one."""
        assert isinstance(start_line, ResponseStartLine)
        request = self._request
        if request is None:
            raise RuntimeError("write_headers() comes after the request: await read_response()")
        if self._writer is not None:
            raise RuntimeError("write_headers() after write_headers(): a response has one head")
        _, status, reason = start_line
        writer = ResponseWriter(request.method, request.version, self._keep_alive)
        head = writer.head(status, reason, headers)
        if status >= 200 or status == 101:
            self._writer = writer
        return head

    def encode_data(self, chunk: bytes) -> bytes:
        """A piece of the body."""
        if self._writer is None:
            raise RuntimeError("write() needs write_headers() before it")
        return self._writer.data(chunk)

    def encode_end(self, trailers: HTTPHeaders | None) -> bytes:
        """What ends the body."""
        if self._writer is None:
            raise RuntimeError("finish() needs write_headers() before it")
        return self._writer.end(trailers)

    # The end

    def is_left_unfinished(self) -> bool:
        """Whether our message will not be finished, now that the other's is whole."""
        return False

    def keeps_stream(self, behind: bytes) -> bool:
        """Whether the stream is left open when both messages are whole, and this came behind the other's."""
        return self._keep_alive and self._writer is not None and self._writer.keep_alive


class ClientSide:
    """Writes a request and reads the response to it.

    :arg keep_alive: whether another request may follow, if the server likes.
    """

    def __init__(self, limits: Limits, keep_alive: bool) -> None:
        self.reader = ResponseReader(limits)
        self._keep_alive = keep_alive
        self._writer: RequestWriter | None = None
        self._body_begun = False
        self.interim = False
        self.chunked = False

    # Reading

    def begin_reading(self) -> None:
        """Before the response is read."""
        if self._writer is None:
            # Whoever has sent the request by other means has the response read as if to a GET.
            self.reader.expect("GET")

    def read_head(self, head: ResponseHead) -> tuple[ResponseStartLine, HTTPHeaders]:
        """Start line and headers of a head that was read."""
        self.interim = head.interim
        self.chunked = "Transfer-Encoding" in head.headers
        return head.start_line, head.headers

    def invitation(self) -> bytes:
        """Nothing: a server sends the body anyway."""
        return b""

    def whole_body(self) -> bytes:
        """Nothing: the body comes behind the head."""
        return b""

    def refusal(self, status: int) -> bytes:
        """Nothing: a server need not know."""
        return b""

    # Writing

    def encode_head(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> bytes:
        """The head of the request."""
        assert isinstance(start_line, RequestStartLine)
        if self._writer is not None:
            raise RuntimeError("write_headers() after write_headers(): a request has one head")
        method, target, _ = start_line
        writer = RequestWriter()
        framed = "Content-Length" in headers or "Transfer-Encoding" in headers
        with_body = method in METHODS_WITH_BODY and not framed
        head = writer.head(method, target, as_text(headers), with_body)
        self.reader.expect(method, writer)
        self._writer = writer
        return head

    def encode_data(self, chunk: bytes) -> bytes:
        """A piece of the body."""
        if self._writer is None:
            raise RuntimeError("write() needs write_headers() before it")
        self._body_begun = True
        return self._writer.data(chunk)

    def encode_end(self, trailers: HTTPHeaders | None) -> bytes:
        """What ends the body."""
        if self._writer is None:
            raise RuntimeError("finish() needs write_headers() before it")
        return self._writer.end(trailers)

    # The end

    def is_left_unfinished(self) -> bool:
        """Whether the server did not want the body that it was asked about."""
        writer = self._writer
        if writer is None or writer.complete:
            return False
        return writer.expects_continue and not self._body_begun

    def keeps_stream(self, behind: bytes) -> bool:
        """Whether the stream is left open when both messages are whole, and this came behind the other's."""
        if self.reader.state is State.OTHER_PROTOCOL:
            return True
        return (
            self._keep_alive
            and not behind  # a response to what nobody has asked yet
            and self.reader.keep_alive
            and self._writer is not None
            and self._writer.keep_alive
        )


def as_text(headers: HTTPHeaders) -> HTTPHeaders:
    """The headers with text for values: Tornado's clients take bytes, too."""
    fields: list[tuple[str, str | bytes]] = list(headers.get_all())
    if not any(isinstance(value, bytes) for _, value in fields):
        return headers
    text = HTTPHeaders()
    for name, value in fields:
        text.add(name, to_unicode(value))
    return text
