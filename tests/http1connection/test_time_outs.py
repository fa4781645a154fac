"""What happens when nothing happens, by a clock that jumps."""

import asyncio
import math
import time
from typing import Any

import pytest

from tests.http1connection.helpers import connect_slowly, shrink
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, head, ok, read_all
from tests.wire.site import answer
from tornadolike.http1connection import serving
from tornadolike.httputil import HTTPServerRequest

MEGABYTE = 1 << 20


def test_a_fresh_connection_that_says_nothing_is_closed_without_a_word(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        server.until_in("HEAD")
        server.advance(59)
        server.until_in("HEAD")
        server.advance(1.6)
        expect_end(sock)
    server.until_gone()


@PLAIN_AND_TLS
def test_a_slow_head(watch: Any, expect_log: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(b"GET / HT")
        server.until_in("HEAD", 8)
        server.advance(30)
        sock.sendall(b"TP/1.1\r\nX: ")
        server.until_in("HEAD", 17)  # which is no reason to wait longer
        with expect_log("tornadolike.general", "^Timeout reading head from 127.0.0.1$", count=1):
            server.advance(31)
            expect_end(sock, error(408))
    server.until_gone()


@PLAIN_AND_TLS
def test_a_slow_head_after_other_requests(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(get("/1"))
        expect(sock, ok("GET /1"))
        server.advance(3000)
        sock.sendall(get("/2")[:10])
        server.until_in("HEAD", 10)
        server.advance(59)
        sock.sendall(get("/2")[10:])
        expect(sock, ok("GET /2"))
        sock.sendall(b"G")
        server.until_in("HEAD", 1)
        server.advance(61)
        expect_end(sock, error(408))
    server.until_gone()


@pytest.mark.parametrize("said", [b"\r\n", b"\r\n\r\n", b"\r"])
def test_empty_lines_are_no_request(watch: Any, said: bytes) -> None:
    """Who has said no more is not idle: he gets no more time than who has said nothing."""
    server = watch()
    with server.connect() as sock:
        sock.sendall(said)
        connection = server.connection
        reader = connection._reader
        server.until(lambda: (reader._empty_lines, reader.buffered) == divmod(len(said), 2))
        server.advance(59)
        if said == b"\r":
            sock.sendall(b"\n")
            server.until(lambda: reader._empty_lines == 1)
        server.until_in("HEAD")
        server.advance(2)
        expect_end(sock)
    server.until_gone()


@PLAIN_AND_TLS
def test_an_idle_connection(watch: Any) -> None:
    server = watch(idle_connection_timeout=100)
    with server.connect() as sock:
        for _ in range(3):
            sock.sendall(get("/"))
            expect(sock, ok("GET /"))
            server.advance(99)
            server.until_in("IDLE")
        server.advance(3)
        expect_end(sock)
    server.until_gone()


@PLAIN_AND_TLS
def test_a_body_that_stalls(watch: Any, expect_log: Any) -> None:
    server = watch(min_body_rate=None)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 5", method="POST"))
        connection = server.until_in("BODY")
        for piece in (b"a", b"b", b"c"):
            server.advance(59)
            before = connection.deadline
            sock.sendall(piece)
            server.until(lambda before=before: connection.deadline > before)
        with expect_log("tornadolike.general", "^Timeout reading body from 127.0.0.1$", count=1):
            server.advance(61)
            expect_end(sock, error(408))
    server.until_gone()


@PLAIN_AND_TLS
def test_a_body_that_trickles_too_long(watch: Any) -> None:
    server = watch(body_timeout=100)
    with server.connect() as sock:
        sock.sendall(get("/", "Transfer-Encoding: chunked", method="POST"))
        connection = server.until_in("BODY")
        end = connection._phase_end
        for _ in range(3):
            server.advance(30)
            before = connection.deadline
            sock.sendall(b"1\r\na\r\n")
            # Pieces move the deadline, but only up to the end that was set with the head.
            server.until(lambda before=before: connection.deadline > before or before == end)
        assert connection.deadline == end
        server.advance(12)
        expect_end(sock, error(408))
    server.until_gone()


@PLAIN_AND_TLS
def test_no_time_outs(watch: Any) -> None:
    server = watch(
        header_timeout=None,
        idle_connection_timeout=math.inf,
        body_stall_timeout=None,
        write_stall_timeout=None,
        min_body_rate=None,
        min_write_rate=None,
    )
    request = get("/", "Content-Length: 2", method="POST") + b"hi"
    with server.connect() as sock:
        for _ in range(2):
            for cut in (0, 7, len(request) - 1, len(request)):
                sock.sendall(request[:cut])
                server.connection  # noqa: B018 - waits for it
                server.advance(1e6)
                sock.sendall(request[cut:])
                expect(sock, ok("POST / [hi]"))
        server.advance(1e6)
        server.until_in("IDLE")


@PLAIN_AND_TLS
def test_an_application_may_take_its_time(watch: Any) -> None:
    waiting: list[HTTPServerRequest] = []
    server = watch(waiting.append)
    with server.connect() as sock:
        sock.sendall(get("/"))
        server.until_in("HANDLING")
        server.advance(1e6)
        server.call(answer, waiting[0])
        expect(sock, ok("GET /"))


def respond_large(request: HTTPServerRequest) -> None:
    request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 8 * MEGABYTE)


def test_a_peer_that_never_reads_is_cut(watch: Any) -> None:
    server = watch(respond_large)
    with connect_slowly(server) as sock:
        sock.sendall(get("/"))
        connection = server.until_in("WRITING")
        server.until(lambda: connection.transport.write_progress() == connection._progress)
        server.advance(59)
        server.until_in("WRITING")
        server.advance(2)
        server.until_gone()
        with pytest.raises(ConnectionResetError):
            read_all(sock)


@PLAIN_AND_TLS
@pytest.mark.parametrize("lines", [[], ["Connection: close"]])
def test_a_peer_that_reads_slowly_but_steadily_gets_it_all(watch: Any, lines: list[str]) -> None:
    """Whether the connection stays or closes after it."""
    server = watch(respond_large)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/", *lines))
        connection = server.connection
        server.until(lambda: connection._drained is not None)
        received = 0
        while received < MEGABYTE:
            before = server.call(connection.transport.write_progress)
            while server.call(connection.transport.write_progress) == before:
                received += len(sock.recv(65536))
            server.advance(61)
        while received < 8 * MEGABYTE:
            received += len(sock.recv(MEGABYTE))
        if lines:
            while sock.recv(65536):
                pass
        else:
            server.until_in("IDLE")
    server.until_gone()


@PLAIN_AND_TLS
def test_a_coroutine_that_waits_for_a_peer_that_never_reads(watch: Any) -> None:
    """It is told by the future that it waits for."""
    outcomes: list[BaseException] = []

    async def stream(connection: Any) -> None:
        connection.write_headers(*head())
        try:
            while True:
                await connection.write(b"x" * 65536)
        except OSError as error:
            outcomes.append(error)

    tasks = []

    def start(request: HTTPServerRequest) -> None:
        tasks.append(asyncio.get_running_loop().create_task(stream(request.connection)))

    server = watch(start)
    with connect_slowly(server) as sock:
        sock.sendall(get("/"))
        connection = server.connection
        server.until(
            lambda: (
                connection._drained
                and connection.transport.write_progress() == connection._progress
            )
        )
        assert server.call(connection.transport.get_write_buffer_size) <= 65536 + 100
        server.advance(61)
        server.until_gone()
        server.until(lambda: len(outcomes) == 1)


@PLAIN_AND_TLS
def test_lingering_ends_when_the_peer_is_silent(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(b"oops\r\n\r\n")
        expect_end(sock, error(400))
        server.until_in("LINGERING")
        server.advance(4)
        server.until_in("LINGERING")
        server.advance(2)
        server.until_gone()


def test_lingering_ends_when_the_peer_talks_too_long(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(b"oops\r\n\r\n")
        expect_end(sock, error(400))
        connection = server.until_in("LINGERING")
        for _ in range(7):
            before = connection.deadline
            server.advance(4)
            sock.sendall(b"and another thing")
            server.until(lambda before=before: connection.deadline > before)
        server.until_in("LINGERING")
        server.advance(3)
        server.until_gone()


@PLAIN_AND_TLS
def test_by_the_real_clock(watch: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ticks come by themselves."""
    monkeypatch.setattr(serving, "TICK", 0.01)
    server = serve(answer, header_timeout=0.3, idle_connection_timeout=0.3)
    started = time.monotonic()
    with server.connect() as silent, server.connect() as slow, server.connect() as idle:
        slow.sendall(b"GE")
        idle.sendall(get("/"))
        expect_end(silent)
        expect_end(slow, error(408))
        expect_end(idle, ok("GET /"))
    assert time.monotonic() - started >= 0.3


@PLAIN_AND_TLS
@pytest.mark.parametrize("said", ["", "GET / HT", get("/").decode()])
def test_a_trace_tells_of_it(watch: Any, said: str) -> None:
    moments: list[Any] = []
    server = watch(idle_connection_timeout=100)
    server.call(lambda: server.serving.loop.trace_connections(moments.append))
    with server.connect() as sock:
        sock.sendall(said.encode())
        if said.endswith("\r\n\r\n"):
            expect(sock, ok("GET /"))
            server.until_in("IDLE")
        else:
            server.until_in("HEAD", len(said))
        server.advance(102)
        read_all(sock)
    server.until_gone()
    assert (moments[-1].what, moments[-1].detail) == ("closed", "time-out")
