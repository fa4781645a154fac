"""The conversation with a delegate: head, pieces, end; what it says back, when, and what it raises."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.http1connection.helpers import connect_slowly, reset
from tests.wire.client import error, expect, expect_end, get, head, lines, ok
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
)

STEPS = ("start_request", "headers_received", "data_received", "finish")
AWAITED = STEPS[1:3]
POST = get("/", "Content-Length: 5", method="POST")


class Site(HTTPServerConnectionDelegate):
    """Does at each step what the test wants, and writes down each call.

    ``do[step]`` is called with the connection; what it returns is what the step returns.
    """

    def __init__(self, **do: Callable[[Any], Any]) -> None:
        self.do = do
        self.heard: list[Any] = []
        self.connections: list[Any] = []

    def hear(self, step: str, connection: Any, *what: Any) -> Any:
        self.heard.append((step, *what) if what else step)
        action = self.do.get(step)
        return None if action is None else action(connection)

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        assert server_conn is request_conn
        self.connections.append(request_conn)
        self.hear("start_request", request_conn)
        return Listener(self, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.hear("on_close", server_conn)


class Listener(HTTPMessageDelegate):
    def __init__(self, site: Site, connection: Any) -> None:
        self.site = site
        self.connection = connection

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        waiting: Any = self.site.hear("headers_received", self.connection, start_line.method)
        return waiting

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        waiting: Any = self.site.hear("data_received", self.connection, chunk)
        return waiting

    def finish(self) -> None:
        self.site.hear("finish", self.connection)
        if "finish" not in self.site.do:
            say_ok(self.connection)

    def on_connection_close(self) -> None:
        self.site.hear("on_connection_close", self.connection)


def say_ok(connection: Any) -> None:
    if connection._request is not None:
        connection.respond(200, "OK", "text/plain", None, b"", b"ok")


def fail(connection: Any) -> None:
    raise ZeroDivisionError


async def fail_later(connection: Any) -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError


def refuse(connection: Any) -> None:
    raise HTTPInputError("too salty", 413)


async def refuse_later(connection: Any) -> None:
    await asyncio.sleep(0)
    raise HTTPInputError("too salty", 413)


async def patiently(connection: Any) -> None:
    await asyncio.sleep(0)


# What is told, in which order


def test_a_request_without_a_body(watch: Any) -> None:
    site = Site()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("ok"))
    server.until_gone()
    assert site.heard == ["start_request", ("headers_received", "GET"), "finish", "on_close"]


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
                    assert server.call(lambda: connection._reader.buffered) <= 2 * 65536
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
        while opened < 500:
            try:
                sent += sock.send(chunks[sent % len(chunks) :])
            except BlockingIOError:
                if not server.call(connection.transport.is_reading):
                    opened += 1
                    server.call(gates[-1].set_result, None)
                    assert server.call(lambda: connection._reader.buffered) <= 2 * 65536


# 100 Continue

EXPECTING = get("/", "Content-Length: 2", "Expect: 100-continue", method="POST")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


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


def test_a_body_that_has_begun_is_not_invited(watch: Any) -> None:
    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(EXPECTING + b"h")
        server.until_in("BODY")
        sock.sendall(b"i")
        expect(sock, ok("ok"))


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


def test_an_answer_that_begins_and_ends_before_the_request_is_whole(watch: Any) -> None:
    def say(connection: Any) -> None:
        connection.write_headers(*head(Content_Length="2"), b"no")
        connection.finish()

    server = watch(Site(headers_received=say))
    with server.connect() as sock:
        sock.sendall(POST + b"hel")
        expect_end(sock, lines("HTTP/1.1 200 OK", "Content-Length: 2", "", "no"))


# Exceptions


@pytest.mark.parametrize(
    ("step", "how"), [(s, fail) for s in STEPS] + [(s, fail_later) for s in AWAITED]
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_failure_anywhere_is_a_500(
    watch: Any, expect_log: Any, step: str, how: Any, whole: bool
) -> None:
    site = Site(**{step: how})
    server = watch(site)
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(POST + (b"hello" if whole or step == "finish" else b"he"))
        expect_end(sock, error(500))
    server.until_gone()
    # There is nobody to be told if it has not even started.
    assert site.heard.count("on_connection_close") == (step != "start_request")
    site.do.clear()
    with server.connect() as sock:  # others are served
        sock.sendall(get("/"))
        expect(sock, ok("ok"))


@pytest.mark.parametrize(
    ("step", "how"), [(s, refuse) for s in STEPS] + [(s, refuse_later) for s in AWAITED]
)
def test_a_delegate_may_say_that_the_client_is_wrong(
    watch: Any, expect_log: Any, step: str, how: Any
) -> None:
    server = watch(Site(**{step: how}))
    with server.connect() as sock, expect_log("tornadolike.general", "too salty", count=1):
        sock.sendall(POST + b"hello")
        expect_end(sock, error(413))
    server.until_gone()


def test_a_function_may_say_that_the_client_is_wrong(watch: Any, expect_log: Any) -> None:
    server = watch(refuse)
    with server.connect() as sock, expect_log("tornadolike.general", "too salty", count=1):
        sock.sendall(get("/"))
        expect_end(sock, error(413))


@pytest.mark.parametrize("how", [fail, refuse])
def test_a_failure_after_the_answer_is_logged_and_no_more(
    watch: Any, expect_log: Any, how: Any
) -> None:
    def say_and_fail(connection: Any) -> None:
        say_ok(connection)
        how(connection)

    for application in (
        Site(finish=say_and_fail),
        lambda request: say_and_fail(request.connection),
    ):
        server = watch(application)
        with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=2):
            sock.sendall(get("/") * 2)
            expect(sock, ok("ok") * 2)
            server.until_in("IDLE")


def test_a_failure_of_a_delegate_that_has_answered_is_logged(watch: Any, expect_log: Any) -> None:
    async def say_and_fail(connection: Any) -> None:
        say_ok(connection)
        await asyncio.sleep(0)
        raise ZeroDivisionError

    server = watch(Site(headers_received=say_and_fail))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/"))
        expect(sock, ok("ok"))
        for _ in range(5):
            server.call(lambda: None)


@pytest.mark.parametrize("how", [fail, refuse, fail_later])
def test_a_failure_in_the_middle_of_an_answer_breaks_it_off(
    watch: Any, expect_log: Any, how: Any
) -> None:
    """The answers before it, which wait to leave with it, arrive."""

    def begin(connection: Any) -> Any:
        if len(site.connections) == 1:
            return say_ok(connection)
        connection.write_headers(*head(Content_Length="10"), b"half")
        return how(connection)

    site = Site(headers_received=begin)
    server = watch(site)
    logger = "tornadolike.general" if how is refuse else "tornadolike.application"
    with server.connect() as sock, expect_log(logger, "Uncaught|too salty", count=1):
        sock.sendall(get("/1") + get("/2") + get("/3"))
        expect_end(sock, ok("ok") + lines("HTTP/1.1 200 OK", "Content-Length: 10", "", "half"))
    server.until_gone()
    assert site.heard.count("on_connection_close") == 1


@pytest.mark.parametrize("step", ["on_connection_close", "on_close"])
def test_a_failure_at_the_end_is_logged(watch: Any, expect_log: Any, step: str) -> None:
    site = Site(**{step: fail}, finish=lambda connection: None)
    server = watch(site)
    with expect_log("tornadolike.application", f"Uncaught .*{step}", count=1):
        sock = server.connect()
        sock.sendall(get("/"))
        server.until_in("HANDLING")
        reset(sock)
        server.until_gone()
    assert site.heard[-2:] == ["on_connection_close", "on_close"]


def test_a_failing_close_callback_is_logged(watch: Any, expect_log: Any) -> None:
    site = Site(finish=lambda connection: connection.set_close_callback(lambda: 1 / 0))
    server = watch(site)
    with expect_log("tornadolike.application", "Uncaught", count=1):
        sock = server.connect()
        sock.sendall(get("/"))
        server.until_in("HANDLING")
        reset(sock)
        server.until_gone()
    assert "on_connection_close" not in site.heard  # the callback is called in its stead


def test_something_that_cannot_be_waited_for(watch: Any, expect_log: Any) -> None:
    server = watch(Site(headers_received=lambda connection: "soon"))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/"))
        expect_end(sock, error(500))


def test_a_wait_that_is_cancelled(watch: Any, expect_log: Any) -> None:
    async def give_up(connection: Any) -> None:
        raise asyncio.CancelledError

    server = watch(Site(headers_received=give_up))
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/"))
        expect_end(sock, error(500))


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
