"""The client's side of the transcripts: requests as bytes, and the answers that are expected."""

import re
import socket
from typing import Any

import pytest

from tornadolike.httputil import HTTPHeaders, ResponseStartLine, responses

PLAIN_AND_TLS = pytest.mark.parametrize("wire", ["plain", "tls"])
"""For tests that use ``serve``, and run on both."""

_DATE = re.compile(rb"(?<=\r\nDate: )[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")

_REFUSAL = re.compile(
    rb"(HTTP/1\.1 [45]\d\d [^\r\n]*\r\nServer: tornadolike\r\nDate: D\r\n"
    rb"Content-Type: text/plain; charset=UTF-8\r\nContent-Length: )(\d+)"
    rb"(\r\nConnection: close\r\n\r\n)([^\r]*)\Z"
)
_A_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


def get(path: str = "/", *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request's head. ``lines`` are header lines beside Host."""
    head = [f"{method} {path} HTTP/{version}", "Host: x", *lines, "", ""]
    return "\r\n".join(head).encode()


def undated(data: bytes, *, bare: bool = True) -> bytes:
    """``data`` with a ``D`` for each date; ``bare``: and a refusal at its end without what it says is wrong."""
    data = _DATE.sub(b"D", data)
    return _REFUSAL.sub(_bare, data) if bare else data


def _bare(refusal: re.Match[bytes]) -> bytes:
    head, length, rest, body = refusal.groups()
    first, _, detail = body.partition(b"\n")
    assert not body or (int(length) == len(body) and detail.count(b"\n") <= 1)
    status = head[len("HTTP/1.1 ") :].partition(b"\r\n")[0].replace(b" ", b": ", 1)
    return b"%b%d%b%b" % (head, len(status) + 1, rest, first + b"\n" if body else b"")


def ok(body: str, *more: str, length: int | None = None) -> bytes:
    """What a request to the site is answered by, undated. ``more`` are further lines of the head."""
    lines = [
        "HTTP/1.1 200 OK",
        "Server: tornadolike",
        "Content-Type: text/plain",
        "Date: D",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
        "",
        body,
    ]
    return "\r\n".join(lines).encode()


def error(status: int, *, head_only: bool = False) -> bytes:
    """What a request that is refused is answered by, undated."""
    reason = responses[status]  # which are not the same in all versions of Python
    body = f"{status}: {reason}\n"
    lines = [
        f"HTTP/1.1 {status} {reason}",
        "Server: tornadolike",
        "Date: D",
        "Content-Type: text/plain; charset=UTF-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        "" if head_only else body,
    ]
    return "\r\n".join(lines).encode()


def head(status: int = 200, reason: str = "OK", **headers: str) -> tuple[Any, HTTPHeaders]:
    """The arguments of ``write_headers``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ResponseStartLine("HTTP/1.1", status, reason), HTTPHeaders(named)


def lines(*text: str) -> bytes:
    """Lines as they stand in a message."""
    return "\r\n".join(text).encode()


def read_all(sock: socket.socket, *, bare: bool = True) -> bytes:
    """Everything until the server closes, undated; ``bare``: and a refusal without what it says is wrong."""
    received = bytearray()
    while data := sock.recv(65536):
        received += data
    return undated(bytes(received), bare=bare)


def receive(sock: socket.socket, expected: bytes) -> bytes:
    """As many bytes as ``expected`` has, undated; fewer if the server closes."""
    size = len(expected) + expected.count(b"\r\nDate: D\r\n") * (len(_A_DATE) - 1)
    received = bytearray()
    while len(received) < size:
        data = sock.recv(min(65536, size - len(received)))
        if not data:
            break
        received += data
    return undated(bytes(received))


def expect(sock: socket.socket, expected: bytes) -> None:
    """Receive what is expected to the byte, dates apart."""
    assert receive(sock, expected) == expected


def expect_end(sock: socket.socket, expected: bytes = b"") -> None:
    """Receive what is expected to the byte, dates apart, and then a proper end."""
    assert read_all(sock) == expected
