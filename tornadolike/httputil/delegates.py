"""The contracts between those who speak HTTP and those who answer: start lines, delegates, connection."""

import asyncio
import re
from collections.abc import Awaitable
from typing import Any, NamedTuple

from .errors import HTTPInputError
from .headers import NAME, HTTPHeaders


class RequestStartLine(NamedTuple):
    """``GET /path HTTP/1.1``"""

    method: str
    path: str
    version: str


class ResponseStartLine(NamedTuple):
    """``HTTP/1.1 200 OK``"""

    version: str
    code: int
    reason: str


_VERSION = re.compile(r"HTTP/1\.[0-9]")
_TARGET = re.compile(r"[\x21-\x7e\x80-\xff]+")
_STATUS_LINE = re.compile(r"(HTTP/1\.[0-9]) ([1-9][0-9]{2}) ([^\x00-\x08\x0a-\x1f\x7f]*)")


def parse_request_start_line(line: str) -> RequestStartLine:
    """Parse ``GET /path HTTP/1.1``. Raises :exc:`~.HTTPInputError`.

    The target may be anything without white space and control characters; whether it suits the method is
    told by :class:`~tornadolike.http1.RequestReader`.

    >>> parse_request_start_line("GET /foo HTTP/1.1")
    RequestStartLine(method='GET', path='/foo', version='HTTP/1.1')
    """
    parts = line.split(" ")
    if len(parts) != 3 or not NAME.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):
        raise HTTPInputError(f"Malformed HTTP request line: {line!r}")
    method, path, version = parts
    if not _VERSION.fullmatch(version):
        raise HTTPInputError(f"Malformed HTTP version in HTTP Request-Line: {version!r}")
    return RequestStartLine(method, path, version)


def parse_response_start_line(line: str) -> ResponseStartLine:
    """Parse ``HTTP/1.1 200 OK``. Raises :exc:`~.HTTPInputError`.

    >>> parse_response_start_line("HTTP/1.1 200 OK")
    ResponseStartLine(version='HTTP/1.1', code=200, reason='OK')
    """
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise HTTPInputError("Error parsing response start line")
    return ResponseStartLine(match[1], int(match[2]), match[3])


class HTTPConnection:
    """What a handler writes its response to."""

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Send the head, and ``chunk`` with it. The future is done when more may be written."""
        raise NotImplementedError

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send a piece of the body. The future is done when more may be written."""
        raise NotImplementedError

    def write_file(self, file: Any, offset: int, count: int) -> "asyncio.Future[None]":
        """Send ``count`` bytes of a binary file, from ``offset`` on, as a piece of the body. As :meth:`write`."""
        raise NotImplementedError

    def finish(self, trailers: HTTPHeaders | None = None) -> None:
        """Say that the body is whole.

        :arg trailers: fields to send behind it (RFC 9110 section 6.5). They are dropped where the body is not
            chunked, which has no place for them.
        """
        raise NotImplementedError


class HTTPMessageDelegate:
    """What receives one message: head, pieces of the body, end."""

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """The head is here. If this returns an awaitable, the body waits for it."""

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """A piece of the body is here. If this returns an awaitable, the next piece waits for it."""

    def trailers_received(self, trailers: HTTPHeaders) -> None:
        """There were fields behind the body (RFC 9110 section 6.5). Called before :meth:`finish`, if at all."""

    def finish(self) -> None:
        """The message is whole."""

    def on_connection_close(self) -> None:
        """The connection ended before the message (or the answer to it) was whole."""


class HTTPServerConnectionDelegate:
    """What a server asks for a delegate for each request.

    A delegate that is also *callable* may be given a request that has already arrived whole as
    ``delegate(request)``, which saves it the conversation.
    """

    def _before_listening(self) -> None:
        """A server is to listen for it, at a port or a file of its own. May raise what is in the way of that."""

    def _accepting(self) -> None:
        """A server accepts connections for it, on the current loop."""

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """A request begins. ``server_conn`` stands for the whole connection, ``request_conn`` takes the answer."""
        raise NotImplementedError

    def on_close(self, server_conn: object) -> None:
        """The connection ended."""
