"""The sans-I/O writer of responses (RFC 9112): a response in, bytes out.

:class:`ResponseWriter` frames one response: by Content-Length where the head has one, chunked where the
client can read that, else until the connection closes. It refuses (:exc:`HTTPOutputError`) what would
make the client misread where the response ends.
"""

import re
from collections.abc import Iterable
from typing import Final

from ..httputil import (
    HTTPHeaders,
    HTTPOutputError,
    http_date_now,
    responses,
)
from ..httputil.headers import FORBIDDEN_IN_VALUE, NAME

SERVER: Final = "tornadolike"
"""What the Server header says unless a handler says otherwise. No version: it helps nobody but attackers."""


def has_no_body(status: int) -> bool:
    """Whether responses of this status never have content (RFC 9110 sections 15.2, 15.3.5, 15.4.5)."""
    return status == 204 or status == 304 or 100 <= status < 200


class _GoodNames(dict[str, str]):
    """Names of fields that were found to be tokens, so that each is looked at once."""

    LIMIT = 1000

    def __missing__(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise HTTPOutputError(f"Not the name of a header: {name!r}")
        if len(self) < self.LIMIT:
            self[name] = name
        return name


_good_names = _GoodNames()


def encode_head(status: int, reason: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The status line and the fields, each with its line break, without the empty line at the end.

    Raises :exc:`HTTPOutputError` for what a head cannot carry: a name that is no token, control
    characters (a line break before all), text beyond latin-1, a status that is not of three digits.
    """
    if not 100 <= status <= 999:
        raise HTTPOutputError(f"Not a status of HTTP: {status!r}")
    return _encode_lines([f"HTTP/1.1 {status} {reason}"], fields)


def encode_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """As :func:`encode_head` without the status line: trailers."""
    return _encode_lines([], fields)


def _encode_lines(lines: list[str], fields: Iterable[tuple[str, str]]) -> bytes:
    lines += [f"{_good_names[name]}: {value}" for name, value in fields]
    text = "".join(lines)
    if not text.isprintable() and FORBIDDEN_IN_VALUE.search(text):
        raise HTTPOutputError(
            f"Line break or other control character in the head of a response: {lines!r}"
        )
    lines.append("")
    try:
        return "\r\n".join(lines).encode("latin1")
    except UnicodeEncodeError as error:
        raise HTTPOutputError(
            f"Only latin-1 can stand in a header; encode the value first: {lines!r}"
        ) from error


class DefaultHeads:
    """Heads of responses that say nothing but Server, Content-Type and Date, made once a tick."""

    MAX_ENTRIES = 64

    def __init__(self) -> None:
        self._tick = 0.0
        self._heads: dict[tuple[int, str, str], bytes] = {}

    def get(self, status: int, reason: str, content_type: str, tick: float) -> bytes:
        """As :func:`encode_head` of the default fields.

        ``tick`` is a number that changes about twice a second, which saves to ask for the time.
        """
        if tick != self._tick or len(self._heads) > self.MAX_ENTRIES:
            self._heads.clear()
            self._tick = tick
        key = (status, reason, content_type)
        head = self._heads.get(key)
        if head is None:
            fields = [
                ("Server", SERVER),
                ("Content-Type", content_type),
                ("Date", http_date_now()),
            ]
            head = self._heads[key] = encode_head(status, reason, fields)
        return head


_LENGTH: Final = re.compile("0|[1-9][0-9]{0,17}")
"""A Content-Length as we write it; a longer one is no length of anything."""


class ResponseWriter:
    """Frames the response to one request.

    ===========================================================  =========================================
    response                                                     its body
    ===========================================================  =========================================
    to HEAD, or of status 1xx, 204, 304; 2xx to CONNECT          none, whatever is written
    with Content-Length                                          just so long
    without, to HTTP/1.1                                         chunked
    without, to HTTP/1.0                                         until the connection closes
    ===========================================================  =========================================

    :arg method: the request's method.
    :arg version: the request's version.
    :arg keep_alive: whether the connection may stay open as far as the request is concerned.
    """

    __slots__ = ("_bodiless", "_chunked", "_method", "_remaining", "_version", "keep_alive")

    def __init__(self, method: str | None, version: str, keep_alive: bool) -> None:
        self._method = method
        self._version = version
        self._bodiless = False
        self._chunked = False
        self._remaining: int | None = None
        self.keep_alive = keep_alive
        """Whether the connection may stay open after the response."""

    def head(self, status: int, reason: str, headers: HTTPHeaders) -> bytes:
        """The head, after which the body follows (or another head: that of an interim response's final).

        ``headers`` are not changed. Empty for an interim response to HTTP/1.0, which does not know such.
        """
        fields = list(headers.get_all())
        if status < 200:
            self._bodiless = True
            self._refuse_framing(status, headers)
            if self._version == "HTTP/1.0":
                return b""
        else:
            self._frame(status, headers, fields)
            self._say_whether_closing(headers, fields)
        return encode_head(status, reason, fields) + b"\r\n"

    def _frame(self, status: int, headers: HTTPHeaders, fields: list[tuple[str, str]]) -> None:
        tunnel = self._method == "CONNECT" and status < 300
        self._bodiless = self._method == "HEAD" or has_no_body(status) or tunnel
        if status == 204 or tunnel:
            self._refuse_framing(status, headers)
            # Behind a 2xx to CONNECT the client speaks another protocol (RFC 9110 section 9.3.6).
            self.keep_alive = self.keep_alive and not tunnel
            return
        if "Transfer-Encoding" in headers:
            raise HTTPOutputError("Transfer-Encoding is the server's affair: do not set it")
        length = headers.get("Content-Length")
        if length is not None:
            if not _LENGTH.fullmatch(length):
                raise HTTPOutputError(f"Invalid Content-Length {length!r}")
            if not self._bodiless:
                self._remaining = int(length)
        elif not self._bodiless:
            if self._version == "HTTP/1.1":
                self._chunked = True
                fields.append(("Transfer-Encoding", "chunked"))
            else:
                self.keep_alive = False

    def _refuse_framing(self, status: int, headers: HTTPHeaders) -> None:
        for name in ("Content-Length", "Transfer-Encoding"):
            if name in headers:
                raise HTTPOutputError(
                    f"A response of status {status} to {self._method} has no {name}"
                )

    def _say_whether_closing(self, headers: HTTPHeaders, fields: list[tuple[str, str]]) -> None:
        options = [
            option.strip(" \t").lower() for option in headers.get("Connection", "").split(",")
        ]
        if "close" in options:
            self.keep_alive = False
        elif not self.keep_alive:
            fields.append(("Connection", "close"))
        elif self._version == "HTTP/1.0" and "keep-alive" not in options:
            fields.append(("Connection", "keep-alive"))

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

    def end(self, trailers: HTTPHeaders | None = None) -> bytes:
        """What ends the body, with ``trailers`` if it is chunked.

        Raises :exc:`HTTPOutputError` for less than Content-Length.
        """
        if self._chunked:
            if not trailers:
                return b"0\r\n\r\n"
            return b"0\r\n" + encode_fields(trailers.get_all()) + b"\r\n"
        if self._remaining:
            raise HTTPOutputError(
                f"Tried to finish with {self._remaining} bytes fewer than Content-Length"
            )
        return b""


def error_response(status: int, text: str | None = None) -> bytes:
    """A whole response that refuses a request and announces that the connection closes.

    :arg text: the body; by default the status and its reason.
    """
    reason = responses.get(status, "Unknown")
    body = (text or f"{status}: {reason}\n").encode()
    fields = [
        ("Server", SERVER),
        ("Date", http_date_now()),
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    return encode_head(status, reason, fields) + b"\r\n" + body
