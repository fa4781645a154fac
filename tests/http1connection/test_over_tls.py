"""What is different when there is TLS below: goodbyes, ends without one, certificates of clients."""

import asyncio
import contextlib
import socket
import ssl
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.http1connection.helpers import Held, Watched, connect_slowly, shrink
from tests.peers import reset
from tests.tls_certs import SUBJECT, Certificates, only
from tests.wire.client import error, expect, expect_end, get, head, ok, read_all
from tests.wire.site import answer
from tornadolike.httputil import HTTPServerRequest
from tornadolike.iostream import StreamClosedError
from tornadolike.web import Application
from tornadolike.websocket import WebSocketHandler

MEGABYTE = 1 << 20


@pytest.fixture
def wire() -> str:
    return "tls"


def test_a_request_knows_that_it_came_over_tls(watch: Any) -> None:
    seen: list[tuple[Any, ...]] = []

    def look(request: HTTPServerRequest) -> None:
        address = request.connection.context.address
        seen.append((request.protocol, request.full_url(), request.remote_ip, address))
        answer(request)

    server = watch(look)
    with server.connect() as sock:
        sock.sendall(get("/a?b"))
        expect(sock, ok("GET /a?b"))
        assert seen == [("https", "https://x/a?b", "127.0.0.1", sock.getsockname())]


# Goodbyes


def close_later(request: HTTPServerRequest) -> None:
    asyncio.get_running_loop().call_soon(request.connection.close)


@pytest.mark.parametrize(
    ("application", "data", "expected"),
    [
        pytest.param(answer, get("/", "Connection: close"), 1, id="the client wants it"),
        pytest.param(answer, b"oops\r\n\r\n", 1, id="a refusal"),
        pytest.param(close_later, get("/"), 0, id="the application wants it"),
    ],
)
def test_a_client_that_does_not_answer_our_goodbye_is_cut(
    watch: Any, application: Any, data: bytes, expected: int
) -> None:
    server = watch(application)
    with server.connect() as sock:
        sock.sendall(data)
        assert read_all(sock).count(b"HTTP/1.1") == expected
        server.until_in("LINGERING")
        server.advance(4)
        server.until_in("LINGERING")
        server.advance(1.6)
        server.until_gone()


def test_a_client_that_answers_our_goodbye_is_not_waited_for(watch: Any) -> None:
    server = watch(no_keep_alive=True)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect_end(sock, ok("GET /", "Connection: close"))
        sock.unwrap()
        server.until_gone()


def test_a_client_that_talks_on_is_given_longer(watch: Any) -> None:
    """It may read our answer only when it has sent everything. But it may not go on for ever."""
    server = watch(max_body_size=1000)
    with server.connect() as sock:
        sock.sendall(get("/", "Content-Length: 2000", method="POST"))
        expect_end(sock, error(413))
        transport = server.until_in("LINGERING").transport
        for _ in range(5):
            dropped = server.call(lambda: transport.dropped)
            # (TLS 1.3 lets a client go on behind a goodbye. Python's does not: any bytes will do.)
            socket.socket.send(sock, b"\x17\x03\x03\x40\0" if not dropped else bytes(100))
            server.until(lambda dropped=dropped: transport.dropped > dropped)
            server.advance(5.6)
            server.until_in("LINGERING")
        socket.socket.send(sock, bytes(100))
        dropped += 100
        server.until(lambda: transport.dropped > dropped)
        server.advance(2.6)
        assert server.call(lambda: len(server.serving.going_on())) == 0


def test_an_idle_client_that_does_not_answer(watch: Any) -> None:
    server = watch(idle_connection_timeout=100)
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
        server.advance(101)
        expect_end(sock)
        server.until_in("LINGERING")
        server.advance(6)
        server.until_gone()


def test_draining_does_not_wait_long_for_goodbyes(watch: Any) -> None:
    server = watch()
    with server.connect() as idle, server.connect() as last:
        idle.sendall(get("/"))
        expect(idle, ok("GET /"))
        last.sendall(b"oops\r\n\r\n")
        expect_end(last, error(400))
        server.until(lambda: {c.phase for c in server.serving.connections} == {"IDLE", "LINGERING"})
        server.advance(2)
        server.call(server.serving.start_draining, 30)
        expect_end(idle)
        server.advance(0.5)
        assert server.call(lambda: len(server.serving.going_on())) == 2
        server.advance(1.1)
        server.until_gone()


def test_time_outs_of_nothing(watch: Any) -> None:
    server = watch(max_linger_time=0, linger_timeout=0, write_stall_timeout=None)
    with server.connect() as sock:
        sock.sendall(get("/", "Connection: close"))
        expect_end(sock, ok("GET /", "Connection: close"))
        server.advance(1)
        server.until_gone()


def test_closing_twice(watch: Any) -> None:
    """Time does not begin anew."""
    server = watch()
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
        connection = server.connection
        for _ in range(3):
            server.call(connection.close)
            server.advance(2)
        server.until_gone()


def test_an_answer_after_closing_is_dropped(watch: Any) -> None:
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/1"))
        connection = server.until_in("HANDLING")
        server.call(connection.close)
        server.call(held.answer_next)
        expect_end(sock)
        server.advance(6)
        server.until_gone()


# The peer's end


@pytest.mark.parametrize("goodbye", [True, False], ids=["goodbye", "cut"])
@pytest.mark.parametrize(
    ("data", "answered"),
    [
        pytest.param(b"", 0, id="fresh"),
        pytest.param(get("/")[:-2], 0, id="part of a head"),
        pytest.param(get("/", "Content-Length: 5", method="POST") + b"abc", 0, id="part of a body"),
        pytest.param(
            get("/", "Transfer-Encoding: chunked", method="POST") + b"1\r\na\r\n", 0, id="chunks"
        ),
        pytest.param(get("/"), 1, id="a request"),
    ],
)
def test_what_is_cut_off_does_not_pass_for_whole(
    watch: Any, data: bytes, answered: int, goodbye: bool
) -> None:
    served: list[HTTPServerRequest] = []

    def look(request: HTTPServerRequest) -> None:
        served.append(request)
        answer(request)

    server = watch(look)
    with server.connect() as sock:
        sock.sendall(data)
        end(sock, goodbye)
        server.until_gone()
    assert len(served) == answered


def end(sock: Any, goodbye: bool) -> None:
    """End our side: of TLS, or of TCP only."""
    if goodbye:
        with contextlib.suppress(OSError):  # an answer instead of the other goodbye
            sock.unwrap()
    else:
        socket.socket.shutdown(sock, socket.SHUT_WR)


@pytest.mark.parametrize("goodbye", [True, False], ids=["goodbye", "cut"])
def test_an_application_is_told_that_nobody_waits_any_more(
    watch: Any, caplog: pytest.LogCaptureFixture, goodbye: bool
) -> None:
    """Half a connection there is not: what it answers is dropped, and what waits is not served."""
    held = Held()
    server = watch(held)
    with server.connect() as sock:
        sock.sendall(get("/1") + get("/2"))
        server.until(lambda: held.requests)
        end(sock, goodbye)
        server.until_gone()
    assert held.closed == ["/1"]
    server.call(held.answer_next)
    assert held.count == 1
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_a_record_that_makes_no_sense(watch: Any) -> None:
    server = watch()
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
        socket.socket.send(sock, b"\x17\x03\x03\0\x20" + bytes(32))
        with pytest.raises(ssl.SSLError, match="alert bad record mac"):
            sock.recv(1)
        server.until_gone()


# Peers that do not read


def respond_large(request: HTTPServerRequest) -> None:
    request.connection.respond(200, "OK", "text/plain", None, b"", b"x" * 8 * MEGABYTE)


@pytest.mark.parametrize("more", [[], ["Connection: close"]])
def test_a_peer_that_never_reads_is_cut(watch: Any, more: list[str]) -> None:
    server = watch(respond_large)
    with connect_slowly(server) as sock:
        sock.sendall(get("/", *more))
        server.until_in("LINGERING" if more else "WRITING")
        server.advance(59)
        assert server.call(lambda: len(server.serving.going_on())) == 1
        # The kernels may have moved something since the clock began; twice they do not.
        server.advance(2)
        server.advance(61)
        server.advance(61)
        server.until_gone()
        with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
            read_all(sock)


def test_what_waits_for_a_peer_is_bounded(watch: Any) -> None:
    """Who streams waits for the peer, as on a plain connection."""

    async def stream(connection: Any) -> None:
        connection.write_headers(*head())
        with contextlib.suppress(OSError):
            while True:
                await connection.write(b"x" * 65536)

    tasks = []

    def start(request: HTTPServerRequest) -> None:
        tasks.append(asyncio.get_running_loop().create_task(stream(request.connection)))

    server = watch(start)
    with connect_slowly(server) as sock:
        server.call(shrink, server.connection)
        sock.sendall(get("/"))
        connection = server.connection
        server.until(lambda: connection._drained)
        assert server.call(connection.transport.get_write_buffer_size) < 2 * 65536
    server.until(lambda: tasks[0].done())


@pytest.mark.parametrize("wire", ["plain", "tls"])
def test_a_write_says_at_once_that_the_peer_has_left(watch: Any) -> None:
    """Or who streams, and waits for nothing else, would keep the loop for ever from telling it."""
    peers: list[socket.socket] = []
    ends: list[BaseException | str] = []

    async def stream(connection: Any) -> None:
        connection.write_headers(*head())
        reset(peers[0])
        try:
            for _ in range(1000):
                await connection.write(b"x" * 65536)
            ends.append("it writes on")
        except StreamClosedError as error:
            ends.append(error)

    tasks = []

    def start(request: HTTPServerRequest) -> None:
        tasks.append(asyncio.get_running_loop().create_task(stream(request.connection)))

    server = watch(start)
    peers.append(server.connect())
    peers[0].sendall(get("/"))
    server.until(lambda: ends)
    assert isinstance(ends[0], StreamClosedError)
    server.until_gone()


def test_a_protocol_that_takes_over_lets_no_more_wait_than_elsewhere(watch: Any) -> None:
    from tests.http1connection.test_upgrade import Upgrader

    site = Upgrader()
    server = watch(site)
    with server.connect() as sock:
        sock.sendall(get("/switch", "Upgrade: echo"))
        server.until(lambda: site.protocol.transport is not None)
        assert server.call(lambda: site.protocol.transport._high) == 65536


# Certificates of clients


def ask(server: Watched, context: ssl.SSLContext) -> None:
    server.server.client_context = context
    with server.connect() as sock:
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_certificate_of_a_client(
    watch: Any, certs: Certificates, version: ssl.TLSVersion
) -> None:
    requests: list[HTTPServerRequest] = []
    seen: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        requests.append(request)
        seen.append(request.get_ssl_certificate())
        seen.append(request.get_ssl_certificate(binary_form=True))
        answer(request)

    server = watch(look, ssl_options=certs.server_context(ask_client=True))
    context = only(certs.client_context(certs.client), version)
    ask(server, context)
    told, binary = seen
    assert dict(pair for (pair,) in told["subject"])["commonName"] == SUBJECT
    with open(certs.client) as file:
        assert ssl.DER_cert_to_PEM_cert(binary) in file.read()
    server.until_gone()
    assert server.call(requests[0].get_ssl_certificate) == told  # for on_finish(), say


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_certificate_of_a_client_that_comes_back(
    watch: Any, certs: Certificates, version: ssl.TLSVersion
) -> None:
    """In a resumed session it is not shown again, and yet known."""
    seen: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        seen.append(request.get_ssl_certificate())
        answer(request)

    server = watch(look, ssl_options=certs.server_context(ask_client=True))
    context = only(certs.client_context(certs.client), version)
    session = None
    for count in range(2):
        sock: Any = socket.create_connection(("127.0.0.1", server.server.port), 10)
        with context.wrap_socket(sock, server_hostname="localhost", session=session) as sock:
            sock.sendall(get("/"))
            expect(sock, ok("GET /"))
            session = sock.session
            assert sock.session_reused == bool(count)
    assert seen[0]["subject"]
    assert seen[0] == seen[1]


def test_the_certificate_of_a_client_with_a_websocket(serve: Any, certs: Certificates) -> None:
    class Greeter(WebSocketHandler):
        def open(self, *args: str, **kwargs: str) -> None:
            certificate: Any = self.request.get_ssl_certificate()
            self.write_message(certificate["subject"][0][0][1])

        def on_message(self, message: str | bytes) -> None:
            pass

    site = Application([("/", Greeter)])
    server = serve(site, ssl_options=certs.server_context(ask_client=True))
    url = server.url.replace("https", "wss")
    with connect(url, ssl=certs.client_context(certs.client)) as client:
        assert client.recv() == SUBJECT


def test_a_client_need_not_have_one(watch: Any, certs: Certificates) -> None:
    seen: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        seen.append(request.get_ssl_certificate())
        answer(request)

    options = {"certfile": certs.server, "ca_certs": certs.ca, "cert_reqs": ssl.CERT_OPTIONAL}
    server = watch(look, ssl_options=options)
    ask(server, certs.client_context())
    ask(server, certs.client_context(certs.client))
    assert seen[0] is None
    assert dict(pair for (pair,) in seen[1]["subject"])["commonName"] == SUBJECT


def test_a_server_that_does_not_ask(watch: Any, certs: Certificates) -> None:
    seen: list[Any] = []

    def look(request: HTTPServerRequest) -> None:
        seen.append(request.get_ssl_certificate())
        answer(request)

    ask(watch(look), certs.client_context(certs.client))
    assert seen == [None]


@pytest.mark.parametrize("mine", [True, False], ids=["a context of mine", "a context of its own"])
def test_the_name_of_the_protocol(watch: Any, certs: Certificates, mine: bool) -> None:
    own = {"certfile": certs.server}
    server = watch(ssl_options=certs.server_context() if mine else own)
    context = server.server.client_context
    context.set_alpn_protocols(["h2", "http/1.1"])
    with server.connect() as sock:
        assert sock.selected_alpn_protocol() == (None if mine else "http/1.1")
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))
