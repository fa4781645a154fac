"""The conversation with a delegate: head, pieces, end; what it says back, and when."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from tests.http1connection.helpers import MOST_BUFFERED, connect_slowly
from tests.http1connection.site import (
    AWAITED,
    POST,
    STEPS,
    Site,
    fail,
    patiently,
    refuse,
    refuse_later,
    say_ok,
)
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, head, lines, ok
from tests.wire.site import answer
from tornadolike.httputil import HTTPServerRequest

# What is told, in which order


@PLAIN_AND_TLS
def test_a_request_without_a_body(watch: Any) -> None:
    site = Site()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("ok"))
    server.until_gone()
    assert site.heard == ["start_request", ("headers_received", "GET"), "finish", "on_close"]


@PLAIN_AND_TLS
@pytest.mark.parametrize("step", [None, *AWAITED])
def test_a_body_that_came_with_its_head(watch: Any, step: str | None) -> None:
    """A delegate that has to be waited for gets it too."""
    site = Site(**({step: patiently} if step else {}))
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(POST + b"hello" + POST + b"world")
        expect(sock, ok("ok") * 2)
    server.until_gone()
    conversation = [
        "start_request",
        ("headers_received", "POST"),
        ("data_received", b"hello"),
        "finish",
    ]
    again = [*conversation[:2], ("data_received", b"world"), "finish"]
    assert site.heard == [*conversation, *again, "on_close"]


@PLAIN_AND_TLS
@pytest.mark.parametrize("step", [None, *AWAITED])
def test_a_body_in_pieces(watch: Any, step: str | None) -> None:
    site = Site(**({step: patiently} if step else {}))
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/", "Transfer-Encoding: chunked", method="POST"))
        server.until_in("BODY")
        sock.sendall(b"3\r\nabc\r\n2\r\nd")
        server.until(lambda: ("data_received", b"abcd") in site.heard)
        sock.sendall(b"e\r\n0\r\n\r\n")
        expect(sock, ok("ok"))
    assert site.heard[:2] == ["start_request", ("headers_received", "POST")]
    assert site.heard[2:4] == [("data_received", piece) for piece in (b"abcd", b"e")]
    server.until_gone()
    assert site.heard[4:] == ["finish", "on_close"]


CHUNKED = get("/", "Transfer-Encoding: chunked", method="POST") + b"2\r\nhi\r\n0\r\n"


@PLAIN_AND_TLS
@pytest.mark.parametrize("step", [None, "data_received"])
def test_trailers_come_before_the_end(watch: Any, step: str | None) -> None:
    site = Site(**({step: patiently} if step else {}))
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(CHUNKED + b"Checksum: 5\r\nX: y\r\n\r\n" + CHUNKED + b"\r\n")
        expect(sock, ok("ok") * 2)
    trailers = ("trailers_received", {"Checksum": "5", "X": "y"})
    begin = ["start_request", ("headers_received", "POST"), ("data_received", b"hi")]
    assert site.heard[:9] == [*begin, trailers, "finish", *begin, "finish"]


@pytest.mark.parametrize(
    ("say", "answer", "logger"),
    [
        (say_ok, ok("ok"), None),
        (refuse, error(413), "tornadolike.general"),
        (fail, error(500), "tornadolike.application"),
    ],
)
def test_trailers_that_end_it(
    watch: Any, expect_log: Any, say: Any, answer: bytes, logger: str | None
) -> None:
    """An answer to them is one to a request that is whole: the connection stays open."""
    site = Site(trailers_received=say)
    server = watch(site)
    with server.connect() as sock, expect_log(logger, "") if logger else contextlib.nullcontext():
        sock.sendall(CHUNKED + b"Checksum: 5\r\n\r\n")
        if say is say_ok:
            expect(sock, answer)
            server.until_in("IDLE")
        else:
            expect_end(sock, answer)
    assert "finish" not in site.heard


def test_a_function_finds_them_in_the_request(watch: Any) -> None:
    found: list[dict[str, str]] = []

    def respond(request: HTTPServerRequest) -> None:
        found.append(dict(request.trailers.get_all()))
        answer(request)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(CHUNKED + b"Checksum: 5\r\n\r\n" + CHUNKED + b"\r\n" + get("/"))
        expect(sock, ok("POST / [hi]") * 2 + ok("GET /"))
    assert found == [{"Checksum": "5"}, {}, {}]


def test_each_piece_waits_until_the_delegate_is_ready(watch: Any) -> None:
    """Meanwhile what comes waits, bounded by pausing reading."""
    gates: list[asyncio.Future[None]] = []

    def gate(connection: Any) -> asyncio.Future[None]:
        gates.append(asyncio.get_running_loop().create_future())
        return gates[-1]

    site = Site(data_received=gate)
    server = watch(site)
    size = 20_000_000
    with connect_slowly(server) as sock:
        sock.sendall(get("/", f"Content-Length: {size}", method="POST"))
        connection = server.connection
        sock.setblocking(False)
        sent = 0
        while sent < size:
            try:
                sent += sock.send(bytes(min(65536, size - sent)))
            except BlockingIOError:
                if not server.call(connection.transport.is_reading):
                    assert server.call(lambda: connection._reader.buffered) <= MOST_BUFFERED
                    server.call(gates[-1].set_result, None)
        sock.settimeout(10)
        while server.call(lambda: "finish" not in site.heard):
            server.call(lambda: gates[-1].done() or gates[-1].set_result(None))
        expect(sock, ok("ok"))
    assert sum(len(what[1]) for what in site.heard if what[0] == "data_received") == size
    assert len(gates) > 50


def test_tiny_chunks_are_bounded_too(watch: Any) -> None:
    gates: list[asyncio.Future[None]] = []

    def gate(connection: Any) -> asyncio.Future[None]:
        gates.append(asyncio.get_running_loop().create_future())
        return gates[-1]

    server = watch(Site(data_received=gate))
    with connect_slowly(server) as sock:
        sock.sendall(get("/", "Transfer-Encoding: chunked", method="POST"))
        connection = server.connection
        sock.setblocking(False)
        chunks = b"1\r\na\r\n" * 10_000
        sent = opened = 0
        while opened < 20:  # far more goes through than may wait
            try:
                sent += sock.send(chunks[sent % len(chunks) :])
            except BlockingIOError:
                if not server.call(connection.transport.is_reading):
                    opened += 1
                    server.call(gates[-1].set_result, None)
                    assert server.call(lambda: connection._reader.buffered) <= MOST_BUFFERED


# 100 Continue

EXPECTING = get("/", "Content-Length: 2", "Expect: 100-continue", method="POST")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@PLAIN_AND_TLS
def test_the_body_is_invited_when_the_delegate_wants_it(watch: Any) -> None:
    gate: list[asyncio.Future[None]] = []

    def wait(connection: Any) -> asyncio.Future[None]:
        gate.append(asyncio.get_running_loop().create_future())
        return gate[0]

    site = Site(headers_received=wait)
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(EXPECTING)
        server.until_in("HANDLING")
        sock.settimeout(0.02)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(10)
        server.call(gate[0].set_result, None)
        expect(sock, CONTINUE)
        sock.sendall(b"hi")
        expect(sock, ok("ok"))


@PLAIN_AND_TLS
def test_a_body_that_has_begun_is_not_invited(watch: Any) -> None:
    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(EXPECTING + b"h")
        server.until_in("BODY")
        sock.sendall(b"i")
        expect(sock, ok("ok"))


@PLAIN_AND_TLS
@pytest.mark.parametrize("early", [say_ok, refuse, refuse_later, fail])
def test_a_body_that_nobody_wants_is_not_invited(watch: Any, expect_log: Any, early: Any) -> None:
    server = watch(Site(headers_received=early))
    logger, text = "tornadolike.general", "too salty"
    answer = error(413)
    if early is fail:
        logger, text, answer = "tornadolike.application", "Uncaught", error(500)
    with server.connect() as sock:
        if early is say_ok:
            sock.sendall(EXPECTING)
            expect_end(sock, ok("ok", "Connection: close"))
        else:
            with expect_log(logger, text, count=1):
                sock.sendall(EXPECTING)
                expect_end(sock, answer)


# Early answers


@PLAIN_AND_TLS
@pytest.mark.parametrize("step", AWAITED)
@pytest.mark.parametrize("patient", [False, True])
def test_an_answer_before_the_request_is_whole(watch: Any, step: str, patient: bool) -> None:
    async def say_ok_later(connection: Any) -> None:
        await asyncio.sleep(0)
        say_ok(connection)

    site = Site(**{step: say_ok_later if patient else say_ok})
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(POST + b"hel")
        expect_end(sock, ok("ok", "Connection: close"))
        sock.sendall(b"lo")
    server.until_gone()
    # The delegate is told no more of a request that it has answered.
    assert site.heard[-2][0] == step
    assert "on_connection_close" not in site.heard


@PLAIN_AND_TLS
@pytest.mark.parametrize("step", AWAITED)
@pytest.mark.parametrize("patient", [False, True])
def test_an_early_answer_to_a_request_that_is_whole(watch: Any, step: str, patient: bool) -> None:
    """Nothing of it is still to come, so the connection goes on."""

    async def say_ok_later(connection: Any) -> None:
        await asyncio.sleep(0)
        say_ok(connection)

    site = Site(**{step: say_ok_later if patient else say_ok})
    server = watch(site)
    with server.connect() as sock:
        sock.sendall((POST + b"hello") * 2)
        expect(sock, ok("ok") * 2)
        server.until_in("IDLE")
    assert "finish" not in site.heard


@PLAIN_AND_TLS
def test_an_answer_that_begins_before_the_request_is_whole(watch: Any) -> None:
    """Both directions at once, and the connection goes on."""
    site = Site(
        headers_received=lambda connection: connection.write_headers(*head()) and None,
        data_received=lambda connection: connection.write(b"+") and None,
        finish=lambda connection: connection.finish(),
    )
    server = watch(site)
    with server.connect() as sock:
        for _ in range(2):
            sock.sendall(POST)
            expect(sock, lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", ""))
            sock.sendall(b"he")
            expect(sock, b"1\r\n+\r\n")
            sock.sendall(b"llo")
            expect(sock, b"1\r\n+\r\n0\r\n\r\n")
        server.until_in("IDLE")


def test_no_content_of_no_length(watch: Any) -> None:
    """The length that an adapter of another framework gives stays with the adapter; the connection goes on."""
    line, headers = head(204, "No Content", Content_Length="0")

    def respond(request: HTTPServerRequest) -> None:
        request.connection.write_headers(line, headers, b"")
        request.connection.finish()

    with watch(respond).connect() as sock:
        for _ in range(2):
            sock.sendall(get("/"))
            expect(sock, lines("HTTP/1.1 204 No Content", "", ""))
    assert headers["Content-Length"] == "0"


@PLAIN_AND_TLS
def test_an_answer_that_nobody_reads_does_not_stop_the_request(watch: Any) -> None:
    """It is for the delegate to make a body wait."""
    site = Site(
        headers_received=lambda connection: (
            connection.write_headers(*head(Content_Length="8000000"), b"x" * 8_000_000) and None
        ),
        finish=lambda connection: connection.finish(),
    )
    server = watch(site)
    with connect_slowly(server) as sock:
        sock.sendall(POST)
        connection = server.connection
        server.until(lambda: connection._drained is not None)
        sock.sendall(b"he")
        server.until(lambda: ("data_received", b"he") in site.heard)
        sock.sendall(b"llo" + POST)
        server.until(lambda: "finish" in site.heard)
        server.until_in("WRITING", len(POST))
        expected = lines("HTTP/1.1 200 OK", "Content-Length: 8000000", "", "x" * 8_000_000)
        expect(sock, expected * 2)


@PLAIN_AND_TLS
def test_an_answer_that_begins_and_ends_before_the_request_is_whole(watch: Any) -> None:
    def say(connection: Any) -> None:
        connection.write_headers(*head(Content_Length="2"), b"no")
        connection.finish()

    server = watch(Site(headers_received=say))
    with server.connect() as sock:
        sock.sendall(POST + b"hel")
        expect_end(sock, lines("HTTP/1.1 200 OK", "Content-Length: 2", "", "no"))


# Peers that leave


@pytest.mark.parametrize("leave", [reset, socket.socket.close])
@pytest.mark.parametrize("step", STEPS[1:])
def test_a_peer_that_leaves_is_told_once(watch: Any, leave: Any, step: str) -> None:
    """While the delegate is being waited for, while a body is coming, while it is answering."""
    gates: list[asyncio.Future[None]] = []

    def gate(connection: Any) -> asyncio.Future[None]:
        gates.append(asyncio.get_running_loop().create_future())
        return gates[-1]

    site = Site(**{step: gate})
    server = watch(site)
    sock = server.connect()
    sock.sendall(POST + (b"hello" if step == "finish" else b"he"))
    server.until(lambda: gates)
    leave(sock)
    if leave is not reset:
        if step == "finish":
            server.until(lambda: "on_connection_close" in site.heard)
            server.advance(6)
        else:
            connection = server.connection
            server.until(lambda: connection._peer_ended)
            server.call(gates[0].set_result, None)
            if step == "headers_received":
                server.until(lambda: ("data_received", b"he") in site.heard)
    server.until_gone()
    assert site.heard[-2:] == ["on_connection_close", "on_close"]
    assert site.heard.count("on_connection_close") == 1
    server.call(lambda: gates[0].done() or gates[0].set_result(None))
    server.call(say_ok, site.connections[0])


@PLAIN_AND_TLS
def test_a_failure_because_the_peer_has_left_is_none(watch: Any) -> None:
    gone: list[asyncio.Future[None]] = []

    async def write_to_nobody(connection: Any) -> None:
        gone.append(asyncio.get_running_loop().create_future())
        await gone[0]
        await connection.write_headers(*head())  # raises StreamClosedError

    server = watch(Site(headers_received=write_to_nobody))
    sock = server.connect()
    sock.sendall(get("/"))
    server.until(lambda: gone)
    reset(sock)
    server.until_gone()
    server.call(gone[0].set_result, None)
    for _ in range(3):
        server.call(lambda: None)


def test_a_body_that_is_whole_after_the_peers_end(watch: Any) -> None:
    """All of it had come; the delegate was only not ready yet."""
    site = Site(headers_received=patiently, data_received=patiently)
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/", "Transfer-Encoding: chunked", method="POST"))
        sock.sendall(b"1\r\na\r\n" * 3 + b"0\r\n\r\n" + get("/2"))
        sock.shutdown(socket.SHUT_WR)
        expect_end(sock, ok("ok") * 2)
    server.until_gone()
    assert site.heard.count("finish") == 2
