"""The sans-I/O writer of responses (RFC 9112): a response in, bytes out.

:class:`ResponseWriter` frames one response: by Content-Length where the head has one, chunked where the
client can read that, else until the connection closes. It refuses (:exc:`HTTPOutputError`) what would
make the client misread where the response ends.
"""

import time
from collections.abc import Iterable
from typing import Final

from ..httputil import (
    HTTPHeaders,
    HTTPOutputError,
    format_timestamp,
    http_date_now,
    responses,
)

SERVER: Final = "tornadolike"
"""What the Server header says unless a handler says otherwise. No version: it helps nobody but attackers."""


def has_no_body(status: int) -> bool:
    """Whether responses of this status never have content (RFC 9110 sections 15.2, 15.3.5, 15.4.5)."""
    return status == 204 or status == 304 or 100 <= status < 200


def encode_head(status: int, reason: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The status line and the fields, each with its line break, without the empty line at the end.

    Raises :exc:`HTTPOutputError` for characters that a head cannot carry.
    """
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in fields]
    lines.append("")
    text = "\r\n".join(lines)
    breaks = len(lines) - 1
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        raise HTTPOutputError(f"Line break or NUL in the head of a response: {lines!r}")
    try:
        return text.encode("latin1")
    except UnicodeEncodeError as error:
        raise HTTPOutputError(
            f"Only latin-1 can stand in a header; encode the value first: {lines!r}"
        ) from error


class DefaultHeads:
    """Heads of responses that say nothing but Server, Content-Type and Date, made once a second."""

    MAX_ENTRIES = 64

    def __init__(self) -> None:
        self._second = 0
        self._heads: dict[tuple[int, str, str], bytes] = {}

    def get(self, status: int, reason: str, content_type: str) -> bytes:
        """As :func:`encode_head` of the default fields."""
        second = int(time.time())
        if second != self._second or len(self._heads) > self.MAX_ENTRIES:
            self._heads.clear()
            self._second = second
        key = (status, reason, content_type)
        head = self._heads.get(key)
        if head is None:
            fields = [
                ("Server", SERVER),
                ("Content-Type", content_type),
                ("Date", format_timestamp(second)),
            ]
            head = self._heads[key] = encode_head(status, reason, fields)
        return head


class ResponseWriter:
    """Frames the response to one request.

    :arg method: the request's method (a response to HEAD has no body).
    :arg version: the request's version (HTTP/1.0 knows no chunks).
    :arg keep_alive: whether the connection may stay open as far as the request is concerned.
    """

    __slots__ = ("_bodiless", "_chunked", "_remaining", "_version", "keep_alive")

    def __init__(self, method: str | None, version: str, keep_alive: bool) -> None:
        self._bodiless = method == "HEAD"
        self._version = version
        self._chunked = False
        self._remaining: int | None = None
        self.keep_alive = keep_alive
        """Whether the connection may stay open after the response."""

    def head(self, status: int, reason: str, headers: HTTPHeaders) -> bytes:
        """The head, after which the body follows. ``headers`` are not changed."""
        bodiless = self._bodiless or has_no_body(status)
        fields = list(headers.get_all())
        length = headers.get("Content-Length")
        if "Transfer-Encoding" in headers:
            raise HTTPOutputError("Transfer-Encoding is the server's affair: do not set it")
        if length is not None:
            if not (length.isascii() and length.isdigit()):
                raise HTTPOutputError(f"Invalid Content-Length {length!r}")
            if status == 204 or status < 200:
                raise HTTPOutputError(f"A response of status {status} has no Content-Length")
            self._remaining = int(length)
        elif not bodiless:
            if self._version == "HTTP/1.1":
                self._chunked = True
                fields.append(("Transfer-Encoding", "chunked"))
            else:
                self.keep_alive = False
        if bodiless:
            self._remaining = 0
            self._bodiless = True
        connection = headers.get("Connection", "").lower()
        if "close" in connection:
            self.keep_alive = False
        elif not connection:
            if not self.keep_alive:
                fields.append(("Connection", "close"))
            elif self._version == "HTTP/1.0":
                fields.append(("Connection", "keep-alive"))
        return encode_head(status, reason, fields) + b"\r\n"

    def data(self, chunk: bytes) -> bytes:
        """A piece of the body, framed. Raises :exc:`HTTPOutputError` for more than Content-Length."""
        if self._bodiless:
            return b""
        if self._chunked:
            return b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunk else b""
        if self._remaining is not None:
            self._remaining -= len(chunk)
            if self._remaining < 0:
                raise HTTPOutputError("Tried to write more data than Content-Length")
        return chunk

    def end(self) -> bytes:
        """What ends the body. Raises :exc:`HTTPOutputError` for less than Content-Length."""
        if self._chunked:
            return b"0\r\n\r\n"
        if self._remaining:
            raise HTTPOutputError(
                f"Tried to finish with {self._remaining} bytes fewer than Content-Length"
            )
        return b""


def error_response(status: int) -> bytes:
    """A whole response that refuses a request and announces that the connection closes."""
    reason = responses.get(status, "Unknown")
    body = f"{status}: {reason}\n".encode()
    fields = [
        ("Server", SERVER),
        ("Date", http_date_now()),
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    return encode_head(status, reason, fields) + b"\r\n" + body
