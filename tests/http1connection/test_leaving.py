"""Peers that end their side, crash, or talk on; and closing so that the answer arrives."""

import socket
from typing import Any

import pytest

from tests.http1connection.helpers import Held, connect_slowly, server_reads
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, ok
from tests.wire.site import answer
from tornadolike.httputil import HTTPHeaders, HTTPServerRequest

# Peers that end their side


def test_all_that_a_peer_asked_is_answered_after_its_end(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/now/1") + get("/2") + get("/now/3") + get("/4") + get("/now/5"))
        sock.shutdown(socket.SHUT_WR)
        connection = server.connection
        server.until(lambda: connection._peer_ended)
        assert held.closed == ["/2"]
        server.call(held.answer_next)
        server.until(lambda: held.closed == ["/2", "/4"])
        server.call(held.answer_next)
        expected = [ok(f"GET {path}") for path in ("/now/1", "/2", "/now/3", "/4", "/now/5")]
        expect_end(sock, b"".join(expected))
    server.until_gone()


def test_an_end_between_an_answer_and_the_next_request(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/1") + get("/now/2"))
        server.until(lambda: held.requests)
        transport = server.connection.transport

        def answer_and_end() -> None:
            held.answer_next()
            transport._on_end()

        server.call(answer_and_end)
        expect_end(sock, ok("GET /1") + ok("GET /now/2"))
    server.until_gone()


def test_an_answer_that_takes_too_long_after_the_end(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/1"))
        sock.shutdown(socket.SHUT_WR)
        connection = server.connection
        server.until(lambda: connection._peer_ended)
        server.advance(4)
        server.until_in("HANDLING")
        server.advance(2)
        expect_end(sock)
    server.until_gone()
    assert held.closed == ["/1"]
    server.call(held.answer_next)  # which nobody gets


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="fresh"),
        pytest.param(b"GET / HT", id="part of a head"),
        pytest.param(get("/", "Content-Length: 5", method="POST") + b"abc", id="part of a body"),
    ],
)
def test_an_end_in_the_middle_of_a_request(watch: Any, data: bytes) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        expect_end(sock)
    server.until_gone()


def test_an_end_between_requests(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(get("/") + b"GET / HT")
        expect(sock, ok("GET /"))
        sock.shutdown(socket.SHUT_WR)
        expect_end(sock)
    server.until_gone()


def test_an_end_while_answers_wait_to_be_read(watch: Any) -> None:
    """The peer gets them, and then the connection closes by itself."""

    def respond(request: HTTPServerRequest) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 4_000_000)

    server = watch(respond)
    with connect_slowly(server) as sock:
        sock.sendall(get("/") * 2)
        connection = server.until_in("WRITING")
        sock.shutdown(socket.SHUT_WR)
        server.until(lambda: connection._peer_ended)
        expect_end(sock, ok("x" * 4_000_000) * 2)
    server.until_gone()


def test_an_end_while_the_last_words_wait_to_be_read(watch: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 4_000_000)

    server = watch(respond, no_keep_alive=True)
    with connect_slowly(server) as sock:
        sock.sendall(get("/"))
        connection = server.until_in("LINGERING")
        sock.shutdown(socket.SHUT_WR)
        server.until(lambda: connection._peer_ended)
        expect_end(sock, ok("x" * 4_000_000, "Connection: close"))
    server.until_gone()


# Peers that crash


@PLAIN_AND_TLS
def test_a_reset_while_a_request_is_handled(watch: Any) -> None:
    held = Held()
    server = watch(held)
    sock = server.connect()
    sock.sendall(get("/1") + get("/2"))
    server.until(lambda: held.requests)
    reset(sock)
    server.until_gone()
    assert held.closed == ["/1"]
    server.call(held.answer_next)
    assert held.count == 1


@pytest.mark.parametrize("leave", [reset, socket.socket.close])
def test_a_peer_that_leaves_while_reading_is_paused(watch: Any, leave: Any) -> None:
    """No event tells it, so that somebody has to look."""
    held = Held()
    server = watch(held, max_pipelined_size=100)
    sock = server.connect()
    sock.sendall(get("/1"))
    server.until(lambda: held.requests)
    sock.sendall(get("/now") * 20)
    server.until(lambda: not server_reads(server))
    server.advance(6)
    server.until_in("HANDLING")
    assert held.closed == []
    leave(sock)
    server.advance(6)
    server.until(lambda: held.closed == ["/1"])
    if leave is not reset:  # it may have ended only its side, for all we know
        server.until_in("HANDLING")
        server.advance(6)
        server.call(held.answer_next)
    server.until_gone()
    assert held.closed == ["/1"]


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="fresh"),
        pytest.param(b"GET / HT", id="part of a head"),
        pytest.param(get("/", "Content-Length: 5", method="POST") + b"abc", id="part of a body"),
        pytest.param(get("/"), id="idle"),
        pytest.param(b"oops\r\n\r\n", id="lingering"),
    ],
)
def test_a_reset_whenever(watch: Any, data: bytes) -> None:
    server = watch()
    sock = server.connect()
    sock.sendall(data)
    server.connection  # noqa: B018 - waits for it
    reset(sock)
    server.until_gone()


@PLAIN_AND_TLS
def test_a_reset_while_answers_wait_to_be_read(watch: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 4_000_000)

    server = watch(respond)
    sock = connect_slowly(server)
    sock.sendall(get("/") * 2)
    server.until_in("WRITING")
    reset(sock)
    server.until_gone()


@PLAIN_AND_TLS
def test_a_close_callback_that_comes_too_late_is_called(watch: Any) -> None:
    held = Held()
    server = watch(held)
    sock = server.connect()
    sock.sendall(get("/1"))
    server.until(lambda: held.requests)
    reset(sock)
    server.until_gone()
    late: list[str] = []
    server.call(held.requests[0].connection.set_close_callback, lambda: late.append("told"))
    server.until(lambda: late == ["told"])
    server.call(held.requests[0].connection.set_close_callback, None)


# Closing so that the answer arrives


@PLAIN_AND_TLS
def test_a_refusal_reaches_a_client_that_is_still_sending(watch: Any) -> None:
    """50 MB that nobody wants: reading them to the end is what keeps a reset from eating the answer."""
    server = watch(max_body_size=1000)
    size = 50_000_000
    with server.connect() as sock:
        sock.sendall(get("/", f"Content-Length: {size}", method="POST"))
        piece = memoryview(bytes(1_000_000))
        for _ in range(size // len(piece)):
            sock.sendall(piece)
        expect_end(sock, error(413))
    server.until_gone()


@PLAIN_AND_TLS
def test_an_early_answer_reaches_a_client_that_is_still_sending(watch: Any) -> None:
    from tests.wire.site import Conversation, Listener

    class Early(Listener):
        def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
            super().headers_received(start_line, headers)
            answer(self.request)

    class Site(Conversation):
        def start_request(self, server_conn: object, request_conn: Any) -> Early:
            return Early(self, request_conn)

    server = watch(Site(answer, patient=False))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 20000000", method="POST"))
        for _ in range(20):
            sock.sendall(bytes(1_000_000))
        expect_end(sock, ok("POST /", "Connection: close"))
    server.until_gone()


@PLAIN_AND_TLS
def test_a_server_that_wants_to_close_leaves_the_client_time_to_hear_it(watch: Any) -> None:
    server = watch(no_keep_alive=True)
    with server.connect() as sock:
        sock.sendall(get("/1"))
        server.until_in("LINGERING")
        sock.sendall(get("/2"))  # it does not know yet
        server.connection  # noqa: B018 - still there
        expect_end(sock, ok("GET /1", "Connection: close"))
    server.until_gone()


def test_a_client_that_wants_to_close_is_not_waited_for(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(get("/1", "Connection: close"))
        server.until_gone()
        expect_end(sock, ok("GET /1", "Connection: close"))
