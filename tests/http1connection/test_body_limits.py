"""A request may have a limit and a time-out of its own for its body."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.http1connection.site import Site
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, ok
from tornadolike.httputil import HTTPInputError, HTTPServerRequest

OK = ok("ok")


def allow(size: int) -> Callable[[Any], None]:
    return lambda connection: connection.set_max_body_size(size)


def by_length(size: int) -> bytes:
    return get("/", f"Content-Length: {size}", method="POST") + b"x" * size


def in_chunks(size: int) -> bytes:
    chunks = b"".join([b"1\r\nx\r\n"] * size) + b"0\r\n\r\n"
    return get("/", "Transfer-Encoding: chunked", method="POST") + chunks


FRAMINGS = pytest.mark.parametrize("framed", [by_length, in_chunks])


@PLAIN_AND_TLS
@FRAMINGS
def test_more_than_the_server_allows(watch: Any, framed: Callable[[int], bytes]) -> None:
    server = watch(Site(headers_received=allow(20)), max_body_size=10)
    with server.connect() as sock:
        sock.sendall(framed(20) * 2)
        expect(sock, OK * 2)
        sock.sendall(framed(21))
        expect_end(sock, error(413))


@FRAMINGS
def test_less_than_the_server_allows(watch: Any, framed: Callable[[int], bytes]) -> None:
    site = Site(headers_received=allow(5))
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(framed(5))
        expect(sock, OK)
        sock.sendall(framed(6))
        expect_end(sock, error(413))
    assert site.heard.count("finish") == 1
    assert site.heard.count("on_connection_close") == 1


@FRAMINGS
def test_it_is_for_one_request_only(watch: Any, framed: Callable[[int], bytes]) -> None:
    first: list[Any] = []

    def allow_the_first(connection: Any) -> None:
        if not first:
            first.append(connection)
            connection.set_max_body_size(20)

    server = watch(Site(headers_received=allow_the_first), max_body_size=10)
    with server.connect() as sock:
        sock.sendall(framed(20))
        expect(sock, OK)
        sock.sendall(framed(11))
        expect_end(sock, error(413))


def test_a_body_that_came_with_its_head(watch: Any) -> None:
    """Whoever answers whole requests learns at once that this one is too large, and may go on."""

    def respond(request: HTTPServerRequest) -> None:
        connection = request.connection
        try:
            connection.set_max_body_size(5)
            said = b"ok"
        except HTTPInputError as error:
            said = b"%d" % error.status
        connection.respond(200, "OK", "text/plain", None, b"", said)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(by_length(5) + by_length(6) + by_length(4))
        expect(sock, OK + ok("413") + OK)


def test_nobody_is_invited_to_send_too_much(watch: Any) -> None:
    server = watch(Site(headers_received=allow(5)))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 6", "Expect: 100-continue", method="POST"))
        expect_end(sock, error(413))


@PLAIN_AND_TLS
def test_a_shorter_time(watch: Any) -> None:
    site = Site(headers_received=lambda connection: connection.set_body_timeout(10))
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 5", method="POST") + b"x")
        server.until(lambda: ("data_received", b"x") in site.heard)
        server.until_in("BODY")
        server.advance(9)
        server.until_in("BODY")
        server.advance(2)
        expect_end(sock, error(408))
    server.until_gone()


def test_a_longer_time(watch: Any) -> None:
    site = Site(headers_received=lambda connection: connection.set_body_timeout(None))
    server = watch(site, body_timeout=10, body_stall_timeout=None, min_body_rate=None)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 1", method="POST"))
        server.until_in("BODY")
        server.advance(1e5)
        sock.sendall(b"x")
        expect(sock, OK)


def test_a_time_that_is_set_while_the_body_comes(watch: Any) -> None:
    site = Site()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 1", method="POST"))
        connection = server.until_in("BODY")
        server.call(connection.set_body_timeout, 10)
        server.advance(11)
        expect_end(sock, error(408))


def test_after_the_response_they_mean_nothing(watch: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        connection = request.connection
        connection.respond(200, "OK", "text/plain", None, b"", b"ok")
        connection.set_max_body_size(0)
        connection.set_body_timeout(0.0)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(by_length(5) * 2)
        expect(sock, OK * 2)
        server.advance(50)
        server.until_in("IDLE")
