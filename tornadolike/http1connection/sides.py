"""The two sides of an exchange: what they read and write, and what that means for the connection.

They are alike for :class:`.HTTP1Connection`, which moves the bytes and talks to the delegate.
"""

from ..escape import to_unicode
from ..http1 import (
    CONTINUE,
    Limits,
    RequestReader,
    RequestWriter,
    ResponseHead,
    ResponseReader,
    ResponseWriter,
    State,
    error_response,
)
from ..http1.request_writer import METHODS_WITH_BODY
from ..http1.writer import MessageWriter
from ..httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    request_of,
)


class Side:
    """What both sides do alike.

    :arg keep_alive: whether another exchange may follow, as far as we are concerned.
    """

    _writer: MessageWriter | None

    def __init__(self, keep_alive: bool) -> None:
        self._keep_alive = keep_alive
        self._writer = None
        self.interim = False
        """Whether the head that was read last is followed by another."""
        self.chunked = False
        """Whether the body that is read comes in chunks."""

    # Reading

    def begin_reading(self) -> None:
        """Before the message is read."""

    def invitation(self) -> bytes:
        """What to send so that the peer sends the body: nothing, as a rule."""
        return b""

    def whole_body(self) -> bytes:
        """The body, if it came with the head."""
        return b""

    def refusal(self, error: HTTPInputError) -> bytes:
        """The answer to what breaks the protocol, if there is one."""
        return b""

    # Writing

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


class ServerSide(Side):
    """Reads a request and writes the response."""

    _writer: ResponseWriter | None

    def __init__(self, limits: Limits, keep_alive: bool) -> None:
        super().__init__(keep_alive)
        self.reader = RequestReader(limits)
        self._request: HTTPServerRequest | None = None

    # Reading

    def read_head(self, request: HTTPServerRequest) -> tuple[RequestStartLine, HTTPHeaders]:
        """Start line and headers of a head that was read."""
        section = self.reader.section
        assert section is not None
        self._request = request
        self.chunked = "Transfer-Encoding" in request.headers
        self._keep_alive = self._keep_alive and section.stays_open(request.version)
        section.check_expectation()
        return request_of(request), request.headers

    def invitation(self) -> bytes:
        assert self._request is not None
        return CONTINUE if self.reader.awaits_continue(self._request) else b""

    def whole_body(self) -> bytes:
        assert self._request is not None
        self.reader.check_body_size()
        return self._request.body

    def refusal(self, error: HTTPInputError) -> bytes:
        if self._writer is not None:  # another answer is under way
            return b""
        method = None if self._request is None else self._request.method
        return error_response(error.status, str(error), method)

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
        if writer.state is not State.HEAD:
            self._writer = writer
        return head

    # The end

    def keeps_stream(self, behind: bytes) -> bool:
        """Whether the stream is left open when both messages are whole, and this came behind the other's."""
        return self._keep_alive and self._writer is not None and self._writer.keep_alive


class ClientSide(Side):
    """Writes a request and reads the response to it."""

    _writer: RequestWriter | None

    def __init__(self, limits: Limits, keep_alive: bool) -> None:
        super().__init__(keep_alive)
        self.reader = ResponseReader(limits)
        self._body_begun = False

    # Reading

    def begin_reading(self) -> None:
        if self._writer is None:
            # Whoever has sent the request by other means has the response read as if to a GET.
            self.reader.expect("GET")

    def read_head(self, head: ResponseHead) -> tuple[ResponseStartLine, HTTPHeaders]:
        """Start line and headers of a head that was read."""
        self.interim = head.interim
        self.chunked = "Transfer-Encoding" in head.headers
        return head.start_line, head.headers

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
        # Tornado's clients write bodies whose length they have not told.
        framed = "Content-Length" in headers or "Transfer-Encoding" in headers
        with_body = method in METHODS_WITH_BODY and not framed
        head = writer.head(method, target, as_text(headers), with_body)
        self.reader.expect(method, writer)
        self._writer = writer
        return head

    def encode_data(self, chunk: bytes) -> bytes:
        self._body_begun = True
        return super().encode_data(chunk)

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
