"""Connections to a server that speaks TLS, before they speak it: silence, plain HTTP, garbage, failures."""

import contextlib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.http1connection.helpers import Watched, drain
from tests.peers import reset
from tests.tls_certs import Certificates
from tests.wire.client import error, expect, expect_end, get, ok, read_all, undated
from tornadolike.httputil import HTTPServerRequest

CLIENT_HELLO_BEGINS = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


@pytest.fixture
def wire() -> str:
    return "tls"


@contextlib.contextmanager
def raw(server: Watched) -> Iterator[socket.socket]:
    """A connection on which the client has said nothing yet; returns when the server has it."""
    before = server.call(lambda: len(server.serving.going_on()))
    with socket.create_connection(("127.0.0.1", server.server.port), 10) as sock:
        server.until(lambda: len(server.serving.going_on()) > before)
        yield sock


def until_in_handshake(server: Watched) -> Any:
    """Wait until the only connection has sent the first bytes of TLS; its transport."""
    handshakes = server.serving.handshakes
    server.until(lambda: [t for t in handshakes if type(t).__name__ == "SSLTransport"])
    (transport,) = handshakes
    return transport


# Time


def test_a_peer_that_says_nothing_is_cut(watch: Any) -> None:
    moments: list[Any] = []
    server = watch()
    server.call(lambda: server.serving.loop.trace_connections(moments.append))
    with raw(server) as sock:
        server.advance(59)
        assert server.call(lambda: len(server.serving.handshakes)) == 1
        server.advance(1.6)
        expect_end(sock)
    server.until_gone()
    assert (moments[-1].what, moments[-1].detail) == ("closed", "time-out")


def test_a_peer_that_begins_late_has_less_time_for_the_rest(watch: Any) -> None:
    server = watch()
    with raw(server) as sock:
        server.advance(50)
        sock.sendall(CLIENT_HELLO_BEGINS)
        assert 5 < until_in_handshake(server)._handshake_timeout < 10.1
    server.until_gone()


def test_a_handshake_that_stands_still(watch: Any, expect_log: Any) -> None:
    server = watch(ssl_handshake_timeout=0.1)
    with raw(server) as sock:
        sock.sendall(CLIENT_HELLO_BEGINS)
        with expect_log("tornadolike.general", "127.0.0.1.* failed: .*not go on.*in time", count=1):
            expect_end(sock)
            server.until_gone()


def test_a_peer_that_trickles_is_cut_all_the_same(watch: Any) -> None:
    server = watch(ssl_handshake_timeout=0.1)
    with raw(server) as sock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        sock.settimeout(0.01)
        for byte in CLIENT_HELLO_BEGINS + bytes(500):
            sock.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                if not sock.recv(1):
                    break
        else:
            raise AssertionError("it was never cut")
    server.until_gone()


def test_after_the_handshake_time_begins_anew(watch: Any) -> None:
    server = watch(header_timeout=30)
    with server.connect() as sock:
        server.until_in("HEAD")
        server.advance(29)
        server.until_in("HEAD")
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))


# Who does not speak TLS

REFUSAL = """\
400: Bad Request
This is a port for HTTPS. Use https:// instead of http:// in the address.
"""


@pytest.mark.parametrize("size", [0, 5_000_000])
def test_plain_http_is_told_what_is_wrong(watch: Any, expect_log: Any, size: int) -> None:
    """Also if it has much to say before it listens."""
    server = watch()
    with (
        raw(server) as sock,
        expect_log("tornadolike.general", "SSL Error on 127.0.0.1: plain HTTP", count=1),
    ):
        sock.sendall(get("/", f"Content-Length: {size}", method="POST") + bytes(size))
        answer = read_all(sock, bare=False)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert body.decode() == REFUSAL
    expected = error(400).partition(b"\r\n\r\n")[0]
    assert head == re.sub(rb"(?<=Length: )\d+", b"%d" % len(REFUSAL), expected)
    server.until_gone()


def test_one_letter_is_enough(watch: Any) -> None:
    server = watch()
    with raw(server) as sock:
        sock.sendall(b"G")
        assert read_all(sock).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    server.until_gone()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\0" * 100, id="zeros"),
        pytest.param(b"\x80\x2e\x01\0\x02" + bytes(60), id="SSLv2"),
        pytest.param(b"\x15\x03\x01\0\x02\x02\x28", id="an alert"),
        pytest.param(CLIENT_HELLO_BEGINS + b"\xff" * 2000, id="a broken hello"),
    ],
)
def test_what_is_neither_is_cut(watch: Any, expect_log: Any, data: bytes) -> None:
    served: list[HTTPServerRequest] = []
    server = watch(served.append)
    with raw(server) as sock, expect_log("tornadolike.general", "TLS handshake with .* failed"):
        sock.sendall(data)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in read_all(sock)
        server.until_gone()
    assert not served


# Handshakes that fail


def test_a_client_that_does_not_trust_us(watch: Any, expect_log: Any) -> None:
    server = watch()
    with expect_log("tornadolike.general", "the client gave up: it does not trust", count=1):
        with raw(server) as sock, pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")
        server.until_gone()


def test_a_client_without_the_certificate_that_we_want(
    watch: Any, certs: Certificates, expect_log: Any
) -> None:
    served: list[HTTPServerRequest] = []
    server = watch(served.append, ssl_options=certs.server_context(ask_client=True))
    with expect_log("tornadolike.general", "failed: .*has shown no certificate", count=1):
        # With TLS 1.3 the client learns of it only after its own handshake.
        with server.connect() as sock, pytest.raises(ssl.SSLError, match="certificate required"):
            sock.recv(1)
        server.until_gone()
    assert not served


@pytest.mark.parametrize("data", [b"", CLIENT_HELLO_BEGINS], ids=["silent", "begun"])
@pytest.mark.parametrize("leave", [reset, socket.socket.close])
def test_a_peer_that_leaves(watch: Any, data: bytes, leave: Callable[..., None]) -> None:
    server = watch()
    with raw(server) as sock:
        if data:
            sock.sendall(data)
            until_in_handshake(server)
        leave(sock)
        server.until_gone()


# Stopping


@pytest.mark.parametrize("begun", [False, True], ids=["silent", "begun"])
def test_a_handshake_that_goes_on_when_the_server_stops(watch: Any, begun: bool) -> None:
    """The client could not know, and its first request is answered."""
    server = watch()
    with raw(server) as sock:
        context = server.server.client_context
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        shaking = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            shaking.do_handshake()
        hello = outgoing.read()
        if begun:
            sock.sendall(hello[:9])
            until_in_handshake(server)
        drained = drain(server)
        assert not server.call(drained)
        sock.sendall(hello[9 if begun else 0 :])

        def insist(step: Callable[..., Any], *args: Any) -> Any:
            while True:
                try:
                    return step(*args)
                except ssl.SSLWantReadError:
                    sock.sendall(outgoing.read())
                    incoming.write(sock.recv(65536))

        insist(shaking.do_handshake)
        shaking.write(get("/"))
        sock.sendall(outgoing.read())
        assert undated(insist(shaking.read, 1000)) == ok("GET /", "Connection: close")
    server.until(drained)


@pytest.mark.parametrize("way", ["drain", "close_all_connections"])
@pytest.mark.parametrize("begun", [False, True], ids=["silent", "begun"])
def test_a_server_that_stops_has_no_handshakes_left(watch: Any, way: str, begun: bool) -> None:
    server = watch()
    with raw(server) as sock:
        if begun:
            sock.sendall(CLIENT_HELLO_BEGINS)
            until_in_handshake(server)
        assert server.call(lambda: len(server.serving.going_on())) == 1
        server.call(getattr(server.server.server, way))
        assert server.call(lambda: len(server.serving.going_on())) == 0
        expect_end(sock)
    server.until_gone()
