"""A connection that becomes a stream."""

import asyncio
import gc
import socket
from typing import Any

import pytest

from tests.http1connection.helpers import Held, connect_slowly, drain
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, head, ok
from tests.wire.site import answer
from tornadolike.httputil import HTTPHeaders, HTTPServerConnectionDelegate, HTTPServerRequest
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError


class Detacher:
    """Makes a stream of the connection for ``/detach`` and shouts back each line that comes."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.streams: list[IOStream] = []
        self.errors: list[BaseException] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        if request.path != "/detach":
            answer(request)
            return
        stream = request.connection.detach()
        self.streams.append(stream)
        stream.write(b"now a stream\n")
        self.tasks.append(asyncio.get_running_loop().create_task(self.shout(stream)))

    async def shout(self, stream: IOStream) -> None:
        try:
            while True:
                await stream.write((await stream.read_until(b"\n")).upper())
        except StreamClosedError as error:
            self.errors.append(error)
        stream.close()


@PLAIN_AND_TLS
def test_what_is_behind_the_request_is_the_streams(watch: Any, wire: str) -> None:
    site = Detacher()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/1") + get("/detach") + b"GET /no request\n")
        expect(sock, ok("GET /1") + b"now a stream\nGET /NO REQUEST\n")
        sock.sendall(b"and more\n")
        expect(sock, b"AND MORE\n")
        assert not server.call(lambda: server.serving.connections)
        assert isinstance(site.streams[0], SSLIOStream) is (wire == "tls")
        server.advance(1e6)  # no time-out of ours applies any more
        sock.sendall(b"still here\n")
        expect(sock, b"STILL HERE\n")
    server.until_gone()
    server.until(lambda: site.tasks[0].done())


def test_an_end_that_came_before(watch: Any) -> None:
    """The request that detaches waited behind another one."""
    site = Detacher()
    held = Held()
    server = watch(lambda request: (held if request.path == "/first" else site)(request))
    with server.connect() as sock:
        sock.sendall(get("/first") + get("/detach"))
        sock.shutdown(socket.SHUT_WR)
        connection = server.connection
        server.until(lambda: connection._peer_ended)
        server.call(held.answer_next)
        expect_end(sock, ok("GET /first") + b"now a stream\n")
    server.until_gone()
    assert len(site.errors) == 1


def test_an_end_that_came_before_is_told_to_who_does_not_read(watch: Any) -> None:
    held = Held()
    streams: list[IOStream] = []
    closed: list[bool] = []

    def detach() -> None:
        streams.append(held.requests[0].connection.detach())
        streams[0].set_close_callback(lambda: closed.append(True))

    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/"))
        sock.shutdown(socket.SHUT_WR)
        connection = server.connection
        server.until(lambda: connection._peer_ended)
        server.call(detach)
        expect_end(sock)
    server.until(lambda: closed)
    server.until_gone()


@PLAIN_AND_TLS
def test_answers_before_it_that_the_peer_has_not_read(watch: Any) -> None:
    site = Detacher()

    def respond(request: HTTPServerRequest) -> None:
        if request.path == "/detach":
            # An interim answer that is larger than the kernel's buffers.
            large = HTTPHeaders({f"X-{number}": "x" * 60_000 for number in range(100)})
            request.connection.write_headers(head(103, "Early Hints")[0], large)
        site(request)

    server = watch(respond)
    with connect_slowly(server) as sock:
        sock.sendall(get("/detach") + b"hello\n")
        server.until(lambda: site.streams)
        received = bytearray()
        while not received.endswith(b"HELLO\n"):
            received += sock.recv(1 << 20)
        assert received.endswith(b"xxx\r\n\r\nnow a stream\nHELLO\n")
        assert len(received) > 6_000_000
    server.until_gone()


@PLAIN_AND_TLS
@pytest.mark.parametrize("switch", ["101", "CONNECT"])
def test_behind_a_head(watch: Any, switch: str) -> None:
    """As it is said by who lets the framework write the head."""

    async def tunnel(connection: Any) -> None:
        if switch == "101":
            start = head(101, "Switching Protocols", Upgrade="echo", Connection="Upgrade")
        else:
            start = head(200, "Connected")
        await connection.write_headers(*start)
        stream = connection.detach()
        await stream.write(await stream.read_bytes(5))
        stream.close()

    tasks: list[asyncio.Task[None]] = []

    def start(request: HTTPServerRequest) -> None:
        tasks.append(asyncio.get_running_loop().create_task(tunnel(request.connection)))

    server = watch(start)
    with server.connect() as sock:
        if switch == "101":
            expected = head_of(101, "Switching Protocols", "Upgrade: echo", "Connection: Upgrade")
            sock.sendall(get("/", "Upgrade: echo", "Connection: Upgrade"))
        else:
            expected = head_of(200, "Connected")
            sock.sendall(get("x:443", method="CONNECT"))
        expect(sock, expected)
        sock.sendall(b"hello")
        expect_end(sock, b"hello")
    server.until_gone()


def head_of(status: int, reason: str, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} {reason}", *lines, "", ""]).encode()


@PLAIN_AND_TLS
def test_not_behind_an_ordinary_head_nor_after_the_response(watch: Any) -> None:
    errors: list[BaseException] = []

    def respond(request: HTTPServerRequest) -> None:
        connection = request.connection
        connection.write_headers(*head(Content_Length="2"), b"ok")
        for step in (connection.finish, lambda: None):
            try:
                connection.detach()
            except (RuntimeError, StreamClosedError) as error:
                errors.append(error)
            step()

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, head_of(200, "OK", "Content-Length: 2") + b"ok")
        server.until_in("IDLE")
    assert [type(error) for error in errors] == [RuntimeError, StreamClosedError]


@PLAIN_AND_TLS
def test_not_after_the_end(watch: Any) -> None:
    held = Held()
    server = watch(held)
    sock = server.connect()
    sock.sendall(get("/"))
    server.until(lambda: held.requests)
    reset(sock)
    server.until_gone()
    with pytest.raises(StreamClosedError):
        server.call(held.requests[0].connection.detach)


@PLAIN_AND_TLS
def test_a_stream_that_nobody_keeps_is_closed_when_all_is_said(watch: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        request.connection.detach().write(b"goodbye")

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect_end(sock, b"goodbye")
        server.until_gone()


@PLAIN_AND_TLS
def test_the_delegate_hears_of_the_streams_end_once(watch: Any) -> None:
    ended: list[object] = []

    class Site(HTTPServerConnectionDelegate):
        detacher = Detacher()

        def __call__(self, request: HTTPServerRequest) -> None:
            request.connection.set_close_callback(lambda: ended.append("response"))
            self.detacher(request)

        def on_close(self, server_conn: object) -> None:
            ended.append("connection")

    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(get("/detach"))
        expect(sock, b"now a stream\n")
        assert ended == []
    server.until_gone()
    assert ended == ["connection"]


@PLAIN_AND_TLS
def test_it_is_the_streams_to_close(watch: Any) -> None:
    """What is said to the connection behind its back means nothing any more."""
    connections: list[Any] = []

    def respond(request: HTTPServerRequest) -> None:
        connections.append(request.connection)
        site(request)

    site = Detacher()
    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/detach"))
        expect(sock, b"now a stream\n")
        for method in (connections[0].close, connections[0].abort):
            server.call(method)
        with pytest.raises(StreamClosedError):
            server.call(connections[0].write, b"x")
        sock.sendall(b"go on\n")
        expect(sock, b"GO ON\n")
    server.until_gone()


# Draining


@PLAIN_AND_TLS
def test_a_draining_server_waits_for_the_stream(watch: Any) -> None:
    site = Detacher()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/detach"))
        expect(sock, b"now a stream\n")
        drained = drain(server)
        sock.sendall(b"go on\n")
        expect(sock, b"GO ON\n")
        assert not drained()
        server.call(site.streams[0].close)
        expect_end(sock)
        server.until(drained)


@PLAIN_AND_TLS
@pytest.mark.parametrize("when", ["before", "after"])
def test_its_owner_may_be_told_of_draining(watch: Any, when: str) -> None:
    streams: list[IOStream] = []

    def respond(request: HTTPServerRequest) -> None:
        connection = request.connection
        if when == "before":
            connection.set_drain_callback(lambda: streams[0].close())
        streams.append(connection.detach())
        if when == "after":
            connection.set_drain_callback(lambda: streams[0].close())

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/"))
        server.until(lambda: streams)
        drained = drain(server)
        expect_end(sock)
        server.until(drained)


@PLAIN_AND_TLS
def test_a_stream_that_does_not_end_is_cut(watch: Any, expect_log: Any) -> None:
    site = Detacher()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/detach"))
        expect(sock, b"now a stream\n")
        with expect_log("tornadolike.general", "Cutting 1 connections", count=1):
            drained = drain(server, 0.02)
            server.until(drained)
        server.until(lambda: site.tasks[0].done())
    assert len(site.errors) == 1
    server.until_gone()
    gc.collect()
