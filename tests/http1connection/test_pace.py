"""Peers that move a byte whenever their time is nearly over, by a clock that jumps."""

import asyncio
import ssl
from typing import Any

import pytest

from tests.http1connection.helpers import Watched, connect_slowly, shrink
from tests.http1connection.site import Site
from tests.wire.client import PLAIN_AND_TLS, error, expect, expect_end, get, ok, read_all
from tornadolike.http1connection.pace import Pace
from tornadolike.http1connection.serving import ServingParameters
from tornadolike.httputil import HTTPServerRequest

MEGABYTE = 1 << 20


def test_a_stretch_is_judged_when_it_is_over() -> None:
    pace = Pace(10.0, since=100.0, moved=5)
    assert not pace.is_too_slow(109.9, 5, grace_time=10)
    assert not pace.is_too_slow(110.0, 105, grace_time=10)
    assert pace.is_too_slow(120.0, 204, grace_time=10)
    assert not pace.is_too_slow(140.0, 404, grace_time=10)  # a longer one, on average


def test_a_fast_beginning_does_not_count_for_ever() -> None:
    pace = Pace(10.0, since=0.0, moved=0)
    assert not pace.is_too_slow(10.0, 1_000_000, grace_time=10)
    assert pace.is_too_slow(20.0, 1_000_001, grace_time=10)


def test_what_we_make_it_wait_does_not_count() -> None:
    pace = Pace(10.0, since=0.0, moved=0)
    pace.wait(5.0)
    assert not pace.is_too_slow(14.9, 0, grace_time=10)
    assert pace.is_too_slow(15.0, 99, grace_time=10)


def test_any_pace() -> None:
    assert not Pace(None, 0.0, 0).is_too_slow(1e9, 0, grace_time=10)


@pytest.mark.parametrize("time", [0, -1, None])
def test_a_grace_time_is_needed(time: Any) -> None:
    with pytest.raises(ValueError, match="rate_grace_time should be a positive number"):
        ServingParameters(rate_grace_time=time)


# Bodies


def trickle(server: Watched, sock: Any, piece: bytes, times: int) -> None:
    """Send ``piece`` so many times, each when the time for it is nearly over."""
    connection = server.until_in("BODY")
    for _ in range(times):
        server.advance(59)
        before = server.call(lambda: (connection.deadline, connection.phase))
        sock.sendall(piece)
        server.until(lambda before=before: (connection.deadline, connection.phase) != before)


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    ("framing", "piece"),
    [
        ("Content-Length: 1000000", b"x" * 1000),
        ("Transfer-Encoding: chunked", b"1\r\nx\r\n" * 100),
        ("Transfer-Encoding: chunked", b"x"),  # of a chunk header that does not end
    ],
)
def test_a_body_that_comes_too_slowly(
    watch: Any, expect_log: Any, framing: str, piece: bytes
) -> None:
    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(get("/", framing, method="POST"))
        with expect_log("tornadolike.general", "its body comes too slowly", count=1):
            if piece == b"x":
                sock.sendall(b"1;")
            trickle(server, sock, piece, 3)
            expect_end(sock, error(408))
    server.until_gone()


@PLAIN_AND_TLS
def test_a_body_that_comes_just_fast_enough(watch: Any) -> None:
    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 62000", method="POST"))
        trickle(server, sock, b"x" * 6200, 10)
        expect(sock, ok("ok"))
        server.until_in("IDLE")


def test_a_body_that_stands_still_for_a_while(watch: Any) -> None:
    """What comes in the rest of a stretch makes up for it."""
    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 26000", method="POST"))
        trickle(server, sock, b"x", 1)
        trickle(server, sock, b"x" * 12999, 2)
        server.until_in("BODY")
        sock.sendall(b"x")
        expect(sock, ok("ok"))


@PLAIN_AND_TLS
def test_a_body_that_the_application_makes_wait(watch: Any) -> None:
    """That is not the peer's doing."""
    waiting: list[asyncio.Future[None]] = []

    def wait(connection: Any) -> asyncio.Future[None]:
        waiting.append(asyncio.get_running_loop().create_future())
        return waiting[-1]

    server = watch(Site(data_received=wait))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 5", method="POST"))
        server.until_in("BODY")
        for count in range(1, 6):
            sock.sendall(b"x")
            server.until(lambda count=count: len(waiting) == count)
            server.advance(1000)
            server.call(lambda: waiting[-1].set_result(None))
        expect(sock, ok("ok"))


def test_a_body_that_is_slow_although_the_application_awaits_each_piece(watch: Any) -> None:
    async def patiently(connection: Any) -> None:
        await asyncio.sleep(0)

    server = watch(Site(data_received=patiently))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 500", method="POST"))
        trickle(server, sock, b"x", 3)
        expect_end(sock, error(408))


@pytest.mark.parametrize("rate", [None, 0.01])
def test_a_request_may_have_a_rate_of_its_own(watch: Any, rate: float | None) -> None:
    server = watch(Site(headers_received=lambda connection: connection.set_min_body_rate(rate)))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 10", method="POST"))
        trickle(server, sock, b"x", 10)
        expect(sock, ok("ok"))
        server.call(server.connection.set_min_body_rate, 1e9)  # which nobody sends now
        server.advance(200)
        server.until_in("IDLE")


def test_nothing_at_all_is_too_slow_also_without_another_time_out(watch: Any) -> None:
    server = watch(Site(), body_stall_timeout=None)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 10", method="POST"))
        server.until_in("BODY")
        server.advance(119)
        server.until_in("BODY")
        server.advance(2)
        expect_end(sock, error(408))


# Responses


def respond_large(request: HTTPServerRequest) -> None:
    request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 8 * MEGABYTE)


def read_until_it_counts(server: Watched, sock: Any, connection: Any) -> int:
    """Read until the server's kernel knows of it; how much that was."""
    before = server.call(connection.transport.write_progress)
    received = 0
    while server.call(connection.transport.write_progress) == before:
        received += len(sock.recv(65536))
    return received


@PLAIN_AND_TLS
@pytest.mark.parametrize("stall", [60.0, None])
def test_a_peer_that_reads_too_slowly_is_cut(watch: Any, stall: float | None) -> None:
    server = watch(respond_large, min_write_rate=1_000_000, write_stall_timeout=stall)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/"))
        connection = server.until_in("WRITING")
        read_until_it_counts(server, sock, connection)
        server.advance(61)
        server.until_in("WRITING")
        read_until_it_counts(server, sock, connection)
        server.advance(61)
        server.until_gone()
        with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
            read_all(sock)


@PLAIN_AND_TLS
def test_a_peer_that_reads_just_fast_enough_gets_it_all(watch: Any) -> None:
    server = watch(respond_large, min_write_rate=10)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/"))
        connection = server.until_in("WRITING")
        received = 0
        while received < MEGABYTE:
            received += read_until_it_counts(server, sock, connection)
            server.advance(61)
        assert received + len(read_rest(sock, 8 * MEGABYTE - received)) >= 8 * MEGABYTE
        server.until_in("IDLE")


def read_rest(sock: Any, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        data += sock.recv(size - len(data))
    return bytes(data)


def test_time_counts_only_while_something_waits(watch: Any) -> None:
    """A stream of events that the peer takes as they come is slow by itself."""
    connections: list[Any] = []

    def start(request: HTTPServerRequest) -> None:
        from tests.wire.client import head

        request.connection.write_headers(*head())
        connections.append(request.connection)

    server = watch(start, min_write_rate=1_000_000)
    with server.connect() as sock:
        sock.sendall(get("/"))
        server.until(lambda: connections)
        expect(sock, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            server.advance(100)
            server.call(connections[0].write, b"event")
            expect(sock, b"5\r\nevent\r\n")
        server.call(connections[0].finish)
        expect(sock, b"0\r\n\r\n")
