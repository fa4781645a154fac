"""The server as a whole: what it serves, how it stops, what it survives, and that it leaves nothing behind."""

import asyncio
import gc
import gzip
import http.client
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.http1connection.helpers import Watched, connect_slowly
from tests.peers import reset
from tests.wire.client import (
    PLAIN_AND_TLS,
    error,
    expect,
    expect_end,
    get,
    head,
    lines,
    ok,
    read_all,
)
from tests.wire.site import SHAPES, Conversation, answer
from tornadolike.http1connection import ServerConnection, ServingParameters, TLSOpening
from tornadolike.http1connection.parameters import SIZES
from tornadolike.httpserver import CollectingDelegate, HTTPServer
from tornadolike.httputil import (
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    HTTPServerRequest,
)
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.tls import SSLTransport
from tornadolike.netutil import bind_sockets, bind_unix_socket
from tornadolike.tcpserver import TCPServer


class Held:
    """Keeps requests until it is told to answer them; answers at once what is under ``/now``."""

    def __init__(self) -> None:
        self.requests: list[HTTPServerRequest] = []

    def __call__(self, request: HTTPServerRequest) -> None:
        if request.path == "/now":
            answer(request)
        else:
            self.requests.append(request)

    def answer_next(self) -> None:
        answer(self.requests.pop(0))


def begin(server: Watched, function: Callable[..., Any], *args: Any) -> Callable[[], bool]:
    """Start a coroutine in the server's loop; the result tells whether it is done."""
    tasks: list[asyncio.Task[None]] = []
    server.call(lambda: tasks.append(asyncio.ensure_future(function(*args))))
    server.call(lambda: None)  # a turn, in which it takes its first step
    return lambda: tasks[0].done() and tasks[0].exception() is None


@pytest.fixture
def serve_as(serve: Any) -> Callable[..., Any]:
    """``server = serve_as(kind, application, **options)``: as ``serve``, with a subclass of HTTPServer."""

    def start(kind: type[HTTPServer], application: Any, **options: Any) -> Any:
        HTTPServer.configure(kind)
        try:
            return serve(application, **options)
        finally:
            HTTPServer.configure(None)

    return start


# What it is made of


def test_parameters_go_where_they_belong() -> None:
    server = HTTPServer(answer, True, max_header_count=3, linger_timeout=1.5, max_body_size=7)
    parameters = server._parameters()
    assert parameters.no_keep_alive
    assert parameters.linger_timeout == 1.5
    assert parameters.limits.max_header_count == 3
    assert parameters.limits.max_body_size == 7
    assert HTTPServer(answer, max_buffer_size=8)._parameters().limits.max_body_size == 8
    both = HTTPServer(answer, max_buffer_size=8, max_body_size=9)
    assert both._parameters().limits.max_body_size == 9
    with pytest.raises(TypeError, match=r"for an Application, another .* or a function, not None"):
        HTTPServer(None)
    with pytest.raises(TypeError, match="max_speed"):
        HTTPServer(answer, max_speed=3)
    for never in (None, 0):
        with pytest.raises(ValueError, match="ssl_handshake_timeout should be a positive number"):
            HTTPServer(answer, ssl_handshake_timeout=never)
    for never in (None, -1):
        with pytest.raises(ValueError, match="max_linger_time should be a number, 0 or more"):
            HTTPServer(answer, max_linger_time=never)


@pytest.mark.parametrize("name", sorted(SIZES))
def test_a_size_that_is_none_is_the_default(name: str) -> None:
    assert HTTPServer(answer, **{name: None})._parameters() == ServingParameters()


def test_what_tornado_passes_on_for_nothing_is_the_default() -> None:
    usual = ServingParameters()
    server = HTTPServer(
        answer, False, False, None, None, False, None, None, None, None, None, None, None
    )
    assert server._parameters() == usual
    assert server.conn_params.header_timeout == 3600
    assert server.conn_params.max_header_size == usual.limits.max_header_size
    # A new connection, too, has no longer than that.
    short = HTTPServer(answer, idle_connection_timeout=2)._parameters()
    assert (short.idle_connection_timeout, short.header_timeout) == (2, 2)
    both = HTTPServer(answer, idle_connection_timeout=2, header_timeout=None)._parameters()
    assert (both.idle_connection_timeout, both.header_timeout) == (2, None)


def test_an_application_is_asked_before_anything_is_bound(tmp_path: Path) -> None:
    class Unwilling(HTTPServerConnectionDelegate):
        def _before_listening(self) -> None:
            raise ValueError("not with me")

    server = HTTPServer(Unwilling())
    with socket.socket() as taken:  # which would be an OSError
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for listen in (server.listen, server.bind):
            with pytest.raises(ValueError, match="not with me"):
                listen(port, "127.0.0.1")
    with pytest.raises(ValueError, match="not with me"):
        server.listen_unix(tmp_path / "socket")
    assert not list(tmp_path.iterdir())


def test_what_the_parameters_are_is_read_when_the_first_connection_comes(serve: Any) -> None:
    server = serve(answer)
    server.call(lambda: setattr(server.server.conn_params, "max_body_size", 1))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 2", method="POST") + b"ab")
        expect_end(sock, error(413))


def test_subclasses_are_initialized_by_initialize(serve: Any) -> None:
    class Named(HTTPServer):
        def initialize(self, request_callback: Any, name: str = "", **more: Any) -> None:
            super().initialize(request_callback, **more)
            self.name = name

    assert Named(answer, "one", no_keep_alive=True)._parameters().no_keep_alive
    HTTPServer.configure(Named, name="another", linger_timeout=2.5)
    try:
        made = HTTPServer(answer)
        assert type(made) is Named
        assert made.name == "another"
        assert made._parameters().linger_timeout == 2.5
        server = serve(answer)
        assert isinstance(server.server, Named)
        with server.connect() as sock:
            sock.sendall(get("/"))
            expect(sock, ok("GET /"))
    finally:
        HTTPServer.configure(None)
    assert type(HTTPServer(answer)) is HTTPServer


class Between(HTTPServer):
    """Comes between the connections and what answers them."""

    def initialize(self, request_callback: Any, **more: Any) -> None:
        super().initialize(request_callback, **more)
        self.seen: list[tuple[str, object]] = []

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        self.seen.append(("start", server_conn))
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.seen.append(("close", server_conn))
        super().on_close(server_conn)


@pytest.mark.parametrize("shape", SHAPES)
def test_subclasses_may_come_between(serve_as: Any, shape: str) -> None:
    server = serve_as(Between, SHAPES[shape])
    watched = Watched(server)
    with server.connect() as sock:
        sock.sendall(get("/a") + get("/b"))
        expect(sock, ok("GET /a") + ok("GET /b"))
    watched.until_gone()
    connection = server.server.seen[0][1]
    assert isinstance(connection, ServerConnection)
    assert server.server.seen == [("start", connection)] * 2 + [("close", connection)]


def test_an_application_is_told_of_ends_though_a_subclass_is_too(serve_as: Any) -> None:
    class Closing(HTTPServer):
        def on_close(self, server_conn: object) -> None:
            super().on_close(server_conn)
            closed.append(self)

    class Site(Conversation):
        def on_close(self, server_conn: object) -> None:
            closed.append(server_conn)

        __call__ = staticmethod(answer)

    closed: list[object] = []
    server = serve_as(Closing, Site(answer, patient=False))
    watched = Watched(server)
    with server.connect() as sock:
        sock.sendall(get())
        expect(sock, ok("GET /"))
    watched.until(lambda: len(closed) == 2)
    assert closed[1] is server.server


class Greeting(HTTPServer):
    """Wants a word before the first request."""

    async def handle_stream(self, stream: Any, address: Any) -> None:
        assert await stream.read_until(b"\n", max_bytes=100) == b"please\n"
        await stream.write(b"well\n")
        super().handle_stream(stream, address)


@PLAIN_AND_TLS
def test_subclasses_may_have_the_stream_first(serve_as: Any) -> None:
    server = serve_as(Greeting, answer)
    watched = Watched(server)
    with server.connect() as sock:
        sock.sendall(b"please\n" + get("/a"))
        expect(sock, b"well\n" + ok("GET /a"))
        sock.sendall(get("/b"))
        expect(sock, ok("GET /b"))
        assert watched.call(lambda: len(watched.serving.connections)) == 1
    watched.until_gone()


@PLAIN_AND_TLS
def test_streams_of_a_subclass_are_drained_and_cut_too(serve_as: Any) -> None:
    server = serve_as(Greeting, answer)
    watched = Watched(server)
    with server.connect() as waiting, server.connect() as serving:
        serving.sendall(b"please\n" + get("/a"))
        expect(serving, b"well\n" + ok("GET /a"))
        done = begin(watched, server.server.drain, 0.05)
        expect_end(serving)
        assert read_all(waiting) == b""
        watched.until(done)


def test_a_stream_may_be_given_to_the_server(serve: Any) -> None:
    class Accepting(TCPServer):
        def handle_stream(self, stream: Any, address: Any) -> None:
            server.server.handle_stream(stream, address)

    server = serve(answer)
    watched = Watched(server)
    accepting = watched.call(Accepting)
    (listening,) = bind_sockets(0, "127.0.0.1")
    watched.call(accepting.add_socket, listening)
    with socket.create_connection(listening.getsockname(), 10) as sock:
        sock.sendall(get("/a"))
        expect(sock, ok("GET /a"))
        assert watched.call(lambda: len(watched.serving.connections)) == 1
        watched.call(accepting.stop)
    watched.until_gone()


# Bodies


@pytest.mark.parametrize("whole", [True, False])
def test_content_codings_come_off(serve: Any, whole: bool) -> None:
    coded = gzip.compress(b"abc")
    lines_ = ("Content-Encoding: gzip", f"Content-Length: {len(coded)}")
    server = serve(answer, decompress_request=True, max_body_size=1000)
    with server.connect() as sock:
        request = get("/", *lines_, method="POST") + coded
        for part in (request,) if whole else (request[:-9], request[-9:]):
            sock.sendall(part)
            server.call(lambda: None)
        expect(sock, ok("POST / [abc]"))
        sock.sendall(get("/", "Content-Length: 3", method="POST") + b"abc")
        expect(sock, ok("POST / [abc]"))
        bomb = gzip.compress(bytes(100_000))
        sock.sendall(get("/", lines_[0], f"Content-Length: {len(bomb)}", method="POST") + bomb)
        expect_end(sock, error(413))


def test_who_does_not_need_to_be_decompressed_is_served_in_one_call(serve: Any) -> None:
    seen: list[str | None] = []

    class Site(Conversation):
        def __call__(self, request: HTTPServerRequest) -> None:
            seen.append(request.uri)
            answer(request)

    server = serve(Site(answer, patient=False), decompress_request=True, chunk_size=10)
    with server.connect() as sock:
        for path, more, body in (
            ("/plain", (), b""),
            ("/coded", ("Content-Encoding: identity",), b"abc"),
            ("/makes-believe", ("X-Consumed-Content-Encoding: gzip",), b""),
            ("/large", (), b"x" * 11),
            ("/small", (), b"x" * 10),
        ):
            length = f"Content-Length: {len(body)}"
            sock.sendall(get(path, length, *more, method="POST") + body)
            text = f"POST {path}" + (f" [{body.decode()}]" if body else "")
            expect(sock, ok(text))
    assert seen == ["/plain", "/small"]


def test_pieces_are_no_larger_than_wanted(serve: Any) -> None:
    sizes: list[int] = []

    class Delegate(CollectingDelegate):
        def data_received(self, chunk: bytes) -> None:
            sizes.append(len(chunk))
            super().data_received(chunk)

    class Site(HTTPServerConnectionDelegate):
        def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
            return Delegate(answer, request_conn)

    server = serve(Site(), chunk_size=16)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 50", method="POST") + b"0123456789" * 5)
        expect(sock, ok("POST / [" + "0123456789" * 5 + "]"))
    assert sizes == [16, 16, 16, 2]


# Peers


def test_a_request_knows_its_peer(serve: Any) -> None:
    seen: list[tuple[Any, ...]] = []

    def look(request: HTTPServerRequest) -> None:
        context = request.connection.context
        seen.append((request.remote_ip, request.protocol, context.address, str(context)))
        answer(request)

    server = serve(look)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
        assert seen == [("127.0.0.1", "http", sock.getsockname(), "127.0.0.1")]


def test_a_unix_socket(serve: Any, tmp_path: Path) -> None:
    seen: list[str | None] = []

    def look(request: HTTPServerRequest) -> None:
        seen.append(request.remote_ip)
        answer(request)

    server = serve(look)
    path = str(tmp_path / "http.sock")
    server.call(lambda: server.server.add_socket(bind_unix_socket(path)))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(path)
        sock.sendall(get("/a", "Content-Length: 100000", method="POST") + b"x" * 100_000)
        expect(sock, ok(f"POST /a [{'x' * 100_000}]"))
        sock.sendall(b"oops\r\n\r\n")
        expect_end(sock, error(400))
    assert seen == ["0.0.0.0"]


def test_ipv6(serve: Any) -> None:
    seen: list[str | None] = []

    def look(request: HTTPServerRequest) -> None:
        seen.append(request.remote_ip)
        answer(request)

    server = serve(look)
    try:
        (listening,) = bind_sockets(0, "::1")
    except OSError:
        pytest.skip("no IPv6 here")
    server.call(lambda: server.server.add_socket(listening))
    with socket.create_connection(("::1", listening.getsockname()[1]), 10) as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
    assert seen == ["::1"]


def test_several_servers_share_a_port(serve: Any) -> None:
    first = serve(lambda request: answer(request))
    second = serve(lambda request: answer(request))
    port = 0
    for server in (first, second):
        (listening,) = bind_sockets(port, "127.0.0.1", reuse_port=True)
        port = listening.getsockname()[1]
        server.call(lambda server=server, listening=listening: server.server.add_socket(listening))
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(get("/"))
            expect(sock, ok("GET /"))


# Clients that are not ours


def test_http_client(serve: Any) -> None:
    server = serve(answer)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/a?b=c")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"GET /a?b=c")
        connection.request("HEAD", "/")
        response = connection.getresponse()
        assert (response.headers["Content-Length"], response.read()) == ("6", b"")
        connection.request("POST", "/", body=iter([b"in ", b"chunks"]), encode_chunked=True)
        assert connection.getresponse().read() == b"POST / [in chunks]"
        connection.request("PUT", "/", body=b"x" * 1_000_000)
        assert len(connection.getresponse().read()) == 1_000_008
    connection.request("GET", "/", headers={"Connection": "close"})
    response = connection.getresponse()
    assert response.read() == b"GET /"
    assert response.will_close
    connection.close()


# Draining


def test_draining_a_server_that_never_served(serve: Any) -> None:
    server = serve(answer)
    server.call(server.server.drain)
    server.call(server.server.close_all_connections)
    with pytest.raises(ConnectionRefusedError):
        server.connect()


@PLAIN_AND_TLS
def test_draining_closes_what_is_idle_and_lets_the_rest_finish(serve: Any) -> None:
    held = Held()
    server = Watched(serve(held))
    with (
        server.connect() as fresh,
        server.connect() as idle,
        server.connect() as busy,
        server.connect() as pipelined,
        server.connect() as slow,
        server.connect() as streaming,
    ):
        idle.sendall(get("/now"))
        expect(idle, ok("GET /now"))
        for sock, path in ((busy, "/busy"), (pipelined, "/first"), (streaming, "/stream")):
            count = len(held.requests)
            sock.sendall(get(path) + (get("/now") if sock is pipelined else b""))
            server.until(lambda count=count: len(held.requests) > count)
        slow.sendall(get("/now")[:9])
        server.until(lambda: any(c._reader.buffered == 9 for c in server.serving.connections))
        stream = held.requests.pop().connection
        server.call(lambda: stream.write_headers(*head(Content_Length="2")))
        begun = lines("HTTP/1.1 200 OK", "Content-Length: 2", "", "")
        expect(streaming, begun)

        server.advance(2)  # they have been idle for longer than a request is under way
        drained = begin(server, server.server.server.drain)
        expect_end(fresh)
        expect_end(idle)
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        server.call(held.answer_next)
        expect_end(busy, ok("GET /busy", "Connection: close"))
        server.call(held.answer_next)
        expect_end(pipelined, ok("GET /first") + ok("GET /now", "Connection: close"))
        slow.sendall(get("/now")[9:])
        expect_end(slow, ok("GET /now", "Connection: close"))
        assert not server.call(drained)
        # It had promised to stay open when the draining began.
        server.call(lambda: stream.write(b"ok") and stream.finish())
        expect_end(streaming, b"ok")
    server.until(drained)
    server.until_gone()


@PLAIN_AND_TLS
def test_draining_waits_for_answers_that_are_being_read(serve: Any) -> None:
    def respond(request: HTTPServerRequest) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 8_000_000)

    server = Watched(serve(respond))
    with connect_slowly(server) as sock:
        sock.sendall(get("/"))
        server.until_in("WRITING")
        drained = begin(server, server.server.server.drain)
        assert not server.call(drained)
        expect_end(sock, ok("x" * 8_000_000))
    server.until(drained)


@PLAIN_AND_TLS
def test_draining_waits_for_a_body_that_is_coming(serve: Any) -> None:
    server = Watched(serve(answer))
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 5", method="POST") + b"he")
        server.until_in("BODY")
        drained = begin(server, server.server.server.drain)
        sock.sendall(b"llo")
        expect_end(sock, ok("POST / [hello]", "Connection: close"))
    server.until(drained)


def test_draining_takes_no_longer_than_it_may(serve: Any, expect_log: Any) -> None:
    held = Held()
    server = Watched(serve(held))
    with server.connect() as first, server.connect() as second:
        first.sendall(get("/1"))
        second.sendall(get("/2"))
        server.until(lambda: len(held.requests) == 2)
        with expect_log(
            "tornadolike.general", "Cutting 2 connections that did not end within 0.01", count=1
        ):
            drained = begin(server, server.server.server.drain, 0.01)
            expect_end(first)
            expect_end(second)
            server.until(drained)
    server.until_gone()


def test_closing_all_at_once(serve: Any) -> None:
    """Whatever they are doing; those who wait for it do not disturb each other."""
    held = Held()
    server = Watched(serve(held))
    closed: list[str] = []

    def large(request: HTTPServerRequest) -> None:
        request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 8_000_000)

    with (
        server.connect() as idle,
        server.connect() as busy,
        server.connect() as body,
        connect_slowly(server) as deaf,
    ):
        idle.sendall(get("/now"))
        expect(idle, ok("GET /now"))
        deaf.sendall(get("/large"))
        server.until(lambda: len(held.requests) == 1)
        server.call(lambda: large(held.requests.pop()))
        busy.sendall(get("/busy"))
        server.until(lambda: len(held.requests) == 1)
        held.requests[0].connection.set_close_callback(lambda: closed.append("busy"))
        body.sendall(get("/", "Content-Length: 5", method="POST") + b"he")
        server.until(lambda: any(c.phase == "BODY" for c in server.serving.connections))
        drained = begin(server, server.server.server.drain)
        again = begin(server, server.server.server.close_all_connections)
        server.call(server.server.server.close_all_connections)
        for sock in (idle, busy, body):
            expect_end(sock)
        server.until(drained)
        server.until(again)
    server.until_gone()
    assert closed == ["busy"]


def test_a_server_may_go_on_after_closing_all(serve: Any) -> None:
    server = serve(answer)
    for _ in range(2):
        with server.connect() as sock:
            sock.sendall(get("/"))
            expect(sock, ok("GET /"))
            server.call(server.server.close_all_connections)
            expect_end(sock)


# Applications that fail


@pytest.mark.parametrize("lane", ["function", "delegate"])
def test_an_exception_is_logged_once_and_answered(serve: Any, expect_log: Any, lane: str) -> None:
    class Site(HTTPServerConnectionDelegate):
        def __call__(self, request: HTTPServerRequest) -> None:
            fail(request)

    def fail(request: HTTPServerRequest) -> None:
        if request.path == "/fail":
            raise ZeroDivisionError
        answer(request)

    server = serve(fail if lane == "function" else Site())
    with server.connect() as sock, expect_log("tornadolike.application", "Uncaught", count=1):
        sock.sendall(get("/1") + get("/fail") + get("/2"))
        expect_end(sock, ok("GET /1") + error(500))
    with server.connect() as sock:
        sock.sendall(get("/1"))
        expect(sock, ok("GET /1"))


def test_a_connection_that_cannot_be_told_its_options_is_served_all_the_same(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some systems refuse setsockopt() to a connection whose peer has reset it."""

    class Stubborn(socket.socket):
        def setsockopt(self, *args: Any) -> None:
            raise OSError(22, "Invalid argument")

    server = serve(answer)
    handle = server.server.handle_socket

    def with_stubborn(connection: socket.socket, address: Any) -> None:
        handle(Stubborn(fileno=connection.detach()), address)

    monkeypatch.setattr(server.server, "handle_socket", with_stubborn)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))


# Nothing is left


def alive(kind: type) -> int:
    return sum(type(thing) is kind for thing in gc.get_objects())


CHURN: list[tuple[bytes, bool]] = [
    (b"", False),
    (b"GET / HT", False),
    (get("/now"), True),
    (get("/now", "Connection: close"), True),
    (get("/now") * 3, True),
    (get("/held"), False),
    (get("/", "Content-Length: 5", method="POST") + b"he", False),
    (b"oops\r\n\r\n", True),
    (get("/large"), True),
]


@pytest.mark.slow
@pytest.mark.parametrize(("wire", "count"), [("plain", 5000), ("tls", 600)])
def test_thousands_of_connections_leave_nothing(serve: Any, count: int) -> None:
    """Closed and reset in every phase; counted without the garbage collector's help."""
    held = Held()

    def site(request: HTTPServerRequest) -> None:
        if request.path == "/large":
            request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 300_000)
        else:
            held(request)
            held.requests.clear()

    server = Watched(serve(site))
    descriptors = len(os.listdir("/proc/self/fd"))
    gc.collect()
    gc.disable()
    try:
        for number in range(count):
            sock = server.connect()
            data, answered = CHURN[number % len(CHURN)]
            if data:
                sock.sendall(data)
            if answered:
                sock.recv(100)
            if number // len(CHURN) % 2:
                reset(sock)
            else:
                sock.close()
        server.until(
            lambda: all(c.phase in ("HANDLING", "LINGERING") for c in server.serving.connections)
        )
        server.advance(6)  # requests whose peer has ended its side may be answered for so long
        server.until_gone()
        assert server.call(lambda: len(asyncio.all_tasks())) <= 2
        assert len(os.listdir("/proc/self/fd")) == descriptors
        assert alive(ServerConnection) == 0
        assert alive(TLSOpening) == 0
        assert alive(SocketTransport) == 0
        assert alive(SSLTransport) == 0
    finally:
        gc.enable()


@PLAIN_AND_TLS
def test_many_at_once(serve: Any) -> None:
    """A burst of connections, some of which are gone before they are accepted."""
    server = Watched(serve(answer))
    socks = [server.connect() for _ in range(400)]
    for sock in socks[::4]:
        reset(sock)
    rest = [sock for number, sock in enumerate(socks) if number % 4]
    for sock in rest:
        sock.sendall(get("/1") + get("/2"))
    for sock in rest:
        expect(sock, ok("GET /1") + ok("GET /2"))
        sock.close()
    server.until_gone()


@PLAIN_AND_TLS
def test_clients_in_threads(serve: Any) -> None:
    server = serve(answer)
    failures: list[BaseException] = []

    def client(name: int) -> None:
        try:
            with server.connect() as sock:
                for number in range(100):
                    path = f"/{name}/{number}"
                    sock.sendall(get(path) * 5)
                    expect(sock, ok(f"GET {path}") * 5)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=client, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_listening_before_the_loop_runs(io_loop: IOLoop) -> None:
    server = HTTPServer(answer)
    (listening,) = bind_sockets(0, "127.0.0.1")
    server.add_socket(listening)
    address = listening.getsockname()

    def client() -> bytes:
        with socket.create_connection(address, 10) as sock:
            sock.sendall(get("/", "Connection: close"))
            return read_all(sock)

    async def main() -> None:
        received = await io_loop.run_in_executor(None, client)
        assert received == ok("GET /", "Connection: close")
        await server.drain()
        await io_loop.shutdown_default_executor()

    io_loop.run_sync(main, timeout=20)


@PLAIN_AND_TLS
def test_counts(serve: Any) -> None:
    """Also of requests that leave the express lane, and of those that are only refused."""
    server = serve(answer)
    counts = lambda: server.call(lambda: server.server.counts)  # noqa: E731 - a name for it
    assert counts() == (0, 0, 0)
    with server.connect() as first, server.connect() as second:
        first.sendall(get("/1") + get("/2"))
        expect(first, ok("GET /1") + ok("GET /2"))
        second.sendall(get("/3", "Content-Length: 3", method="POST"))
        Watched(server).until(lambda: server.server.counts.requests == 3)
        assert counts() == (3, 2, 0)
        second.sendall(b"abc")
        expect(second, ok("POST /3 [abc]"))
        second.sendall(b"nonsense\r\n\r\n")
        expect_end(second, error(400))
    Watched(server).until(lambda: server.server.counts == (3, 0, 0))
