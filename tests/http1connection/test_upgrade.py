"""A connection that another protocol takes over."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from tests.http1connection.helpers import Held, connect_slowly, drain, shrink
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, head, ok, read_all
from tests.wire.site import answer
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPOutputError,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)
from tornadolike.iostream import StreamClosedError

HEADERS = HTTPHeaders({"Upgrade": "echo", "Connection": "Upgrade"})
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n"


class Echo(asyncio.Protocol):
    """Says hello, sends back what it gets, and writes down what it is told."""

    def __init__(self, hello: bytes = b"hello ") -> None:
        self.hello = hello
        self.heard: list[str] = []
        self.transport: Any = None
        self.going: list[bool] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.heard.append("made")
        self.transport = transport
        if self.hello:
            self.transport.write(self.hello)

    def data_received(self, data: bytes) -> None:
        self.heard.append("data")
        self.transport.write(data)

    def eof_received(self) -> None:
        self.heard.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append("lost")

    def pause_writing(self) -> None:
        self.heard.append("pause")

    def resume_writing(self) -> None:
        self.heard.append("resume")

    def going_away(self) -> None:
        self.heard.append("going away")
        self.transport.write(b"bye")
        self.transport.close()


class Upgrader:
    """Switches for ``/switch``: at once, or when it is told to."""

    def __init__(self, protocol: asyncio.Protocol | None = None, *, held: bool = False) -> None:
        self.protocol: Any = protocol or Echo()
        self.held = held
        self.requests: list[HTTPServerRequest] = []
        self.errors: list[BaseException] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        if request.path != "/switch":
            answer(request)
            return
        self.requests.append(request)
        if not self.held:
            self.switch()

    def switch(self) -> None:
        try:
            transport = self.requests[0].connection.hand_over(
                101, "Switching Protocols", HEADERS, self.protocol
            )
            assert transport is self.protocol.transport
        except BaseException as error:
            self.errors.append(error)


@PLAIN_AND_TLS
@pytest.mark.parametrize("held", [False, True])
def test_bytes_behind_the_request_belong_to_the_new_protocol(watch: Any, held: bool) -> None:
    site = Upgrader(held=held)
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(
            get("/1") + get("/switch", "Upgrade: echo") + b"GET /no-request HTTP/1.1\r\n\r\n"
        )
        if held:
            server.until(lambda: site.requests)
            server.call(site.switch)
        expect(sock, ok("GET /1") + SWITCHED + b"hello GET /no-request HTTP/1.1\r\n\r\n")
        sock.sendall(b"and more")
        expect(sock, b"and more")
        assert not server.call(lambda: server.serving.connections)
        sock.shutdown(socket.SHUT_WR)
        expect_end(sock)
    server.until_gone()
    server.until(lambda: site.protocol.heard == ["made", "data", "data", "eof", "lost"])
    assert site.errors == []


@PLAIN_AND_TLS
def test_no_time_out_of_ours_applies_any_more(watch: Any) -> None:
    server = watch(Upgrader(), idle_connection_timeout=10)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        expect(sock, SWITCHED + b"hello ")
        server.advance(1e6)
        sock.sendall(b"still here")
        expect(sock, b"still here")
    server.until_gone()


@PLAIN_AND_TLS
def test_many_bytes_behind_the_request(watch: Any) -> None:
    """More than may wait behind a request, so that reading was paused."""
    site = Upgrader(held=True)
    server = watch(site, max_pipelined_size=1000)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        server.until(lambda: site.requests)
        data = bytes(range(256)) * 200
        sock.sendall(data)
        server.until(lambda: not server.serving.connections.copy().pop().transport.is_reading())
        server.call(site.switch)
        expect(sock, SWITCHED + b"hello " + data)
    server.until_gone()


@PLAIN_AND_TLS
def test_answers_before_it_that_the_peer_has_not_read(watch: Any) -> None:
    site = Upgrader()

    def respond(request: HTTPServerRequest) -> None:
        if request.path == "/switch":
            site(request)
        else:
            request.connection.write_headers(*head(), b"x" * 8_000_000)
            # In the same call, while the peer has not read what was before.
            request.connection.finish()
            waiting.append(request.connection._drained)

    waiting: list[Any] = []
    server = watch(respond)
    with connect_slowly(server) as sock:
        sock.sendall(get("/1"))
        server.until_in("WRITING")
        sock.sendall(get("/switch", "Upgrade: echo") + b"echo")
        received = bytearray()
        while not received.endswith(b"hello echo"):
            received += sock.recv(1 << 20)
        assert received.endswith(b"x\r\n0\r\n\r\n" + SWITCHED + b"hello echo")
    server.until_gone()


@PLAIN_AND_TLS
def test_a_peer_that_does_not_read_is_known_to_the_new_protocol(watch: Any) -> None:
    site = Upgrader(Echo(b""))

    def respond(request: HTTPServerRequest) -> None:
        # An interim answer that is larger than the kernel's buffers.
        large = HTTPHeaders({f"X-{number}": "x" * 60_000 for number in range(100)})
        request.connection.write_headers(head(103, "Early Hints")[0], large)
        site(request)

    server = watch(respond)
    with connect_slowly(server) as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        server.until(lambda: site.protocol.heard == ["made", "pause"])
        received = bytearray()
        while not received.endswith(SWITCHED):
            received += sock.recv(1 << 20)
        server.until(lambda: site.protocol.heard == ["made", "pause", "resume"])
        limits = server.call(site.protocol.transport.get_write_buffer_limits)
        assert limits[1] > 0
    server.until_gone()


@PLAIN_AND_TLS
@pytest.mark.parametrize("size", [100, 6_000_000])
def test_a_head_that_the_peer_does_not_read(watch: Any, size: int, wire: str) -> None:
    """The new protocol is asked to pause, unless so little waits that it need not."""
    site = Upgrader(Echo(b""), held=True)
    blocked: list[bool] = []

    def switch() -> None:
        request = site.requests[0]
        transport = request.connection.transport
        while size == 100 and request.connection._drained is None:
            transport.write(b"x" * 1000)  # until some of it has to wait
        large = {f"X-{number}": "x" * 60_000 for number in range(size // 60_000)}
        headers = HTTPHeaders(dict(HEADERS.get_all()) | large)
        request.connection.hand_over(101, "Switching Protocols", headers, site.protocol)
        blocked.append(transport._protocol_paused)

    server = watch(site)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/switch", "Upgrade: echo"))
        server.until(lambda: site.requests)
        server.call(switch)
        # Over TLS there is room enough by the marks of the new protocol.
        assert blocked == [size > 100 or wire == "plain"]
        assert site.protocol.heard == (["made", "pause"] if blocked[0] else ["made"])
        received = bytearray()
        while not received.endswith(b"\r\n\r\n"):
            received += sock.recv(1 << 20)
        server.until(lambda: not site.protocol.transport._protocol_paused)
        assert site.protocol.heard == (["made", "pause", "resume"] if blocked[0] else ["made"])
        assert not server.call(lambda: server.serving.deadlines._buckets)
    server.until_gone()


def test_a_peer_that_has_ended_its_side_before(watch: Any) -> None:
    site = Upgrader(held=True)
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo") + b"last words")
        sock.shutdown(socket.SHUT_WR)
        connection = server.connection
        server.until(lambda: connection._peer_ended)
        server.call(site.switch)
        expect_end(sock, SWITCHED + b"hello last words")
    server.until(lambda: site.protocol.heard == ["made", "data", "eof", "lost"])
    server.until_gone()


def test_a_peer_that_has_ended_its_side_long_before(watch: Any) -> None:
    """The request that switches waited behind another one."""
    site = Upgrader()
    held = Held()
    server = watch(lambda request: (held if request.path == "/first" else site)(request))
    with server.connect() as sock:
        sock.sendall(get("/first") + get("/switch", "Upgrade: echo") + b"last words")
        sock.shutdown(socket.SHUT_WR)
        connection = server.connection
        server.until(lambda: connection._peer_ended)
        server.call(held.answer_next)
        expect_end(sock, ok("GET /first") + SWITCHED + b"hello last words")
    server.until(lambda: site.protocol.heard == ["made", "data", "eof", "lost"])
    server.until_gone()


@PLAIN_AND_TLS
def test_a_protocol_that_reads_later(watch: Any) -> None:
    """Its wish is not undone by what goes on behind it in the HTTP connection."""

    class Later(Echo):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.pause_reading()

    site = Upgrader(Later())
    held = Held()
    server = watch(lambda request: (held if request.path == "/first" else site)(request))
    with server.connect() as sock:
        sock.sendall(get("/first") + get("/switch", "Upgrade: echo") + b"early words")
        server.until(lambda: held.requests)
        server.call(held.answer_next)
        expect(sock, ok("GET /first") + SWITCHED + b"hello ")
        for _ in range(3):
            server.call(lambda: None)
        assert site.protocol.heard == ["made"]
        assert not server.call(site.protocol.transport.is_reading)
        server.call(site.protocol.transport.resume_reading)
        expect(sock, b"early words")
    server.until_gone()


@PLAIN_AND_TLS
def test_a_connection_that_is_lost_cannot_be_switched(watch: Any) -> None:
    site = Upgrader(held=True)
    server = watch(site)
    sock = server.connect()
    sock.sendall(get("/switch", "Upgrade: echo"))
    server.until(lambda: site.requests)
    reset(sock)
    server.until_gone()
    server.call(site.switch)
    (error,) = site.errors
    assert isinstance(error, StreamClosedError)
    assert site.protocol.heard == []
    server.until_gone()


@PLAIN_AND_TLS
def test_it_comes_instead_of_a_response(watch: Any) -> None:
    site = Upgrader()

    def respond(request: HTTPServerRequest) -> None:
        request.connection.write_headers(*head(Content_Length="0"))
        site(request)
        request.connection.finish()

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        expect(sock, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    (error,) = site.errors
    assert isinstance(error, RuntimeError)


def test_a_protocol_that_fails_to_start(watch: Any) -> None:
    class Failing(Echo):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            raise ZeroDivisionError

    site = Upgrader(Failing())
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        expect_end(sock, SWITCHED)
    server.until_gone()
    (error,) = site.errors
    assert isinstance(error, ZeroDivisionError)


UPGRADE = {"Upgrade": "echo", "Connection": "Upgrade"}
ASKS = get("/", "Upgrade: echo", "Connection: Upgrade")


@pytest.mark.parametrize(
    ("request_head", "status", "headers", "why"),
    [
        (ASKS, 101, UPGRADE | {"X": "a\r\nb"}, "control character"),
        (ASKS, 101, {"Connection": "Upgrade"}, "says in its Upgrade header"),
        (ASKS, 101, UPGRADE | {"Content-Length": "0"}, "no Content-Length"),
        (ASKS, 200, UPGRADE, "leaves the connection to HTTP"),
        (ASKS, 103, {}, "leaves the connection to HTTP"),
        (get("/"), 101, UPGRADE, "a request with an Upgrade header"),
        (get("x:1", method="CONNECT"), 404, {}, "leaves the connection to HTTP"),
        (get("x:1", method="CONNECT"), 200, {"Content-Length": "0"}, "no Content-Length"),
        (get("x:1", method="CONNECT"), 101, UPGRADE, "a request with an Upgrade header"),
    ],
)
def test_heads_behind_which_no_other_protocol_comes(
    watch: Any, request_head: bytes, status: int, headers: dict[str, str], why: str
) -> None:
    """Nothing has happened then, and another answer can be given."""
    echo = Echo()

    def respond(request: HTTPServerRequest) -> None:
        with pytest.raises(HTTPOutputError, match=why):
            request.connection.hand_over(status, "x", HTTPHeaders(headers), echo)
        request.connection.respond(404, "Not Found", "text/plain", HTTPHeaders(), b"", b"no")

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(request_head)
        expect(sock, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n")
        if b"CONNECT" in request_head:
            expect_end(sock, b"Connection: close\r\n\r\nno")
        else:
            expect(sock, b"\r\nno")
            server.until_in("IDLE")
    assert echo.heard == []


def test_there_is_no_upgrade_in_http_1_0(watch: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        with pytest.raises(HTTPOutputError, match=r"HTTP/1\.0 has no Upgrade"):
            request.connection.hand_over(101, "x", HEADERS, Echo())
        answer(request)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("/", "Upgrade: echo", version="1.0"))
        expect_end(sock, ok("GET /", "Connection: close"))


# CONNECT


@PLAIN_AND_TLS
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_a_tunnel(watch: Any, version: str) -> None:
    echo = Echo()

    def respond(request: HTTPServerRequest) -> None:
        assert request.uri == "example.com:443"
        request.connection.hand_over(200, "Connected", HTTPHeaders({"X": "y"}), echo)

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("example.com:443", method="CONNECT", version=version) + b"early")
        expect(sock, b"HTTP/1.1 200 Connected\r\nX: y\r\n\r\nhello early")
        sock.sendall(b"late")
        expect(sock, b"late")
    server.until_gone()
    assert echo.heard[0] == "made"
    assert echo.heard[-1] == "lost"


@PLAIN_AND_TLS
@pytest.mark.parametrize("pieces", [False, True])
def test_what_is_behind_a_refused_tunnel_is_no_request(watch: Any, pieces: bool) -> None:
    """The client meant it for somebody else, who has perhaps more to fear from it than we."""
    served: list[str | None] = []

    def refuse(request: HTTPServerRequest) -> None:
        served.append(request.uri)
        connection = request.connection
        if pieces:
            connection.write_headers(*head(403, "Forbidden", Content_Length="2"), b"no")
            connection.finish()
        else:
            connection.respond(403, "Forbidden", "text/plain", HTTPHeaders(), b"", b"no")

    server = watch(refuse)
    with server.connect() as sock:
        sock.sendall(get("example.com:80", method="CONNECT") + get("/poison"))
        expected = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
        expect_end(sock, expected)
    server.until_gone()
    assert served == ["example.com:80"]


def test_a_tunnel_that_leads_nowhere_is_closed(watch: Any) -> None:
    """It was granted, and nobody has taken the connection."""

    def respond(request: HTTPServerRequest) -> None:
        connection = request.connection
        connection.write_headers(*head(), b"not sent")
        connection.write(b"nor this")
        connection.finish()

    server = watch(respond)
    with server.connect() as sock:
        sock.sendall(get("example.com:80", method="CONNECT") + get("/poison"))
        expect_end(sock, b"HTTP/1.1 200 OK\r\n\r\n")
    server.until_gone()


# Draining


def test_it_is_told_when_the_server_goes_away(watch: Any) -> None:
    site = Upgrader()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        expect(sock, SWITCHED + b"hello ")
        drained = drain(server)
        expect_end(sock, b"bye")
        server.until(drained)
    assert site.protocol.heard == ["made", "going away", "lost"]


def test_it_is_told_so_too_if_it_begins_later(watch: Any) -> None:
    site = Upgrader(held=True)
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        server.until(lambda: site.requests)
        drained = drain(server)
        assert not drained()
        server.call(site.switch)
        expect_end(sock, SWITCHED + b"hello bye")
        server.until(drained)


def test_it_may_begin_at_once_while_the_server_drains(watch: Any) -> None:
    site = Upgrader()
    server = watch(site)
    with server.connect() as sock:
        request = get("/switch", "Upgrade: echo")
        sock.sendall(request[:10])
        server.until_in("HEAD", 10)
        drained = drain(server)
        sock.sendall(request[10:])
        expect_end(sock, SWITCHED + b"hello bye")
        server.until(drained)
    assert site.protocol.heard == ["made", "going away", "lost"]


@pytest.mark.parametrize("kind", ["deaf", "failing", "mute"])
def test_a_protocol_that_does_not_go_is_cut(watch: Any, expect_log: Any, kind: str) -> None:
    class Mute(asyncio.Protocol):
        transport: Any = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

    class Deaf(Mute):
        def going_away(self) -> None:
            pass

    class Failing(Mute):
        def going_away(self) -> None:
            raise RuntimeError

    site = Upgrader({"deaf": Deaf, "failing": Failing, "mute": Mute}[kind]())
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        expect(sock, SWITCHED)
        with contextlib.ExitStack() as logs:
            logs.enter_context(expect_log("tornadolike.general", "Cutting 1 connections", count=1))
            if kind == "failing":
                logs.enter_context(expect_log("tornadolike.application", "going_away", count=1))
            drained = drain(server, 0.02)
            assert read_all(sock) == b""
            server.until(drained)


@PLAIN_AND_TLS
def test_the_servers_delegate_hears_of_the_end(watch: Any) -> None:
    ended: list[object] = []

    class Site(HTTPServerConnectionDelegate):
        site = Upgrader()

        def __call__(self, request: HTTPServerRequest) -> None:
            self.site(request)

        def on_close(self, server_conn: object) -> None:
            ended.append(server_conn)

    server = watch(Site())
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        expect(sock, SWITCHED + b"hello ")
        assert ended == []
    server.until_gone()
    server.until(lambda: len(ended) == 1)
