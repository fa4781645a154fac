"""request.connection.stream, as Tornado's programs use it."""

from typing import Any

import pytest

from tests.wire.client import PLAIN_AND_TLS, expect, get, ok, read_all
from tests.wire.site import answer
from tornadolike.httputil import HTTPServerRequest


@PLAIN_AND_TLS
def test_what_it_tells(serve: Any) -> None:
    seen: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        stream = request.connection.stream
        stream.set_nodelay(True)
        seen.append((stream.socket.getpeername(), stream.closed(), stream.io_loop))
        answer(request)

    server = serve(look)
    with server.connect() as sock:
        sock.sendall(get())
        expect(sock, ok("GET /"))
        assert seen == [(sock.getsockname(), False, server.loop)]


@pytest.mark.parametrize("later", [False, True])
def test_closing_it_cuts_the_connection(serve: Any, later: bool) -> None:
    lost: list[bool] = []

    def cut(request: HTTPServerRequest) -> None:
        stream = request.connection.stream
        stream.set_close_callback(lambda: lost.append(stream.closed()))
        stream.close()
        if not later:
            answer(request)  # it is dropped

    server = serve(cut)
    with server.connect() as sock:
        sock.sendall(get())
        assert read_all(sock) == b""
    server.call(lambda: None)  # a turn, in which it is told
    if later:
        assert lost == [True]
