"""Whole responses have the same bytes whether their head is made quickly or by the writer."""

from itertools import product
from typing import Any

import pytest

from tornadolike.http1connection.responses import ResponseSide
from tornadolike.httputil import HTTPHeaders, HTTPOutputError, HTTPServerRequest

STATUSES = (100, 200, 204, 205, 206, 301, 304, 404, 500, 999, 1000)
HEADERS: tuple[dict[str, str] | None, ...] = (
    None,
    {},
    {"A": "b", "Set-Cookie": "c=d"},
    {"Content-Length": "5"},
    {"Content-Length": "05"},
    {"Content-Length": "0"},
    {"Content-Length": "4,4"},
    {"Connection": "close"},
    {"Connection": "keep-alive, x"},
    {"Transfer-Encoding": "chunked"},
    {"Content-Length": "5", "Transfer-Encoding": "chunked"},
    {"A": "b\r\nc"},
    {"A": "\u20ac"},
    {"A b": "c"},
)
BODIES = (b"", b"12345", b"x" * 10_000)


def framed(connection: Any, status: int, fields: dict[str, str] | None, body: bytes) -> object:
    headers = None if fields is None else HTTPHeaders.from_fields(dict(fields))
    if headers is not None and "Set-Cookie" in headers:
        headers.add("Set-Cookie", "e=f")
    extra = b'Etag: "1"\r\n' if headers is None else b""
    try:
        bytes_of_it = b"".join(
            connection._frame_whole(status, "Fine", "text/x", headers, extra, body)
        )
        return bytes_of_it, connection._keep_alive
    except HTTPOutputError as error:
        return str(error).partition(":")[0]
    finally:
        connection._keep_alive = True


def test_the_quick_way_is_the_same(watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = ResponseSide._ordinary_head
    heads: list[bytes | None] = []
    different = []

    def counted(*arguments: Any) -> bytes | None:
        heads.append(quick(*arguments))
        return heads[-1]

    def respond(request: HTTPServerRequest) -> None:
        connection: Any = request.connection
        for response in product(STATUSES, HEADERS, BODIES):
            monkeypatch.setattr(ResponseSide, "_ordinary_head", counted)
            one = framed(connection, *response)
            monkeypatch.setattr(ResponseSide, "_ordinary_head", lambda *_: None)
            other = framed(connection, *response)
            if one != other:
                different.append((response, one, other))
        connection.respond(200, "OK", "text/plain", None, b"", b"ok")

    server = watch(respond)
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(10_000).endswith(b"ok")
    assert not different
    assert sum(head is not None for head in heads) > 80
    assert None in heads
