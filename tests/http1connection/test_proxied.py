"""Connections that begin with a PROXY header, or should: who is believed, refused, waited for."""

import contextlib
import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http1connection.helpers import Watched
from tests.netutil.proxy_headers import BAD, TLS_SAID, V4, V6, binary, line, tlv, unix
from tests.peers import reset
from tests.wire.client import PLAIN_AND_TLS, expect, expect_end, get, ok, read_all
from tornadolike.httpserver import HTTPServer
from tornadolike.httputil import HTTPServerRequest
from tornadolike.httputil.trust import TrustedProxies

LOCAL = "127.0.0.0/8"
GENERAL = "tornadolike.general"
REFUSED = r"^No connection from \('127\.0\.0\.1', \d+\) without a PROXY header: "

TCP4 = line("TCP4 192.0.2.43 198.51.100.17 56324 443")


def tell(request: HTTPServerRequest) -> None:
    """Who the server believes there is."""
    context = request.connection.context
    said = {
        "ip": request.remote_ip,
        "url": request.full_url(),
        "address": repr(context.address),
        "proxied": context.proxy is not None,
    }
    text = json.dumps(said).encode()
    request.connection.respond(200, "OK", "application/json", None, b"", text)


def told(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    said: dict[str, Any] = json.loads(body)
    return said


@contextlib.contextmanager
def connected(server: Any, header: bytes, *pieces: bytes) -> Iterator[socket.socket]:
    """A client's connection behind ``header``, which comes before all else, also TLS."""
    if isinstance(server, Watched):
        server = server.server
    with socket.create_connection(("127.0.0.1", server.port), 10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces or (header,):
            sock.sendall(piece)
        with server.secured(sock) as secured:
            yield secured


def ask(server: Any, header: bytes, *lines: str) -> dict[str, Any]:
    with connected(server, header) as sock:
        sock.sendall(get("/a", "Connection: close", *lines))
        return told(read_all(sock))


# Who is there


@PLAIN_AND_TLS
@pytest.mark.parametrize(
    ("header", "ip", "address"),
    [
        (TCP4, "192.0.2.43", "('192.0.2.43', 56324)"),
        (binary(0x11, V4), "192.0.2.43", "('192.0.2.43', 56324)"),
        (binary(0x21, V6), "2001:db8::43", "('2001:db8::43', 56324, 0, 0)"),
        (binary(0x31, unix(b"/tmp/a", b"")), "0.0.0.0", "'/tmp/a'"),
        (line("UNKNOWN"), "127.0.0.1", None),
        (binary(0x00), "127.0.0.1", None),
        (binary(0x11, V4, command=0x20), "127.0.0.1", None),
    ],
)
def test_the_client_is_whom_the_proxy_names(
    serve: Any, wire: str, header: bytes, ip: str, address: str | None
) -> None:
    said = ask(serve(tell, proxy_protocol=LOCAL), header)
    scheme = "https" if wire == "tls" else "http"
    assert (said["ip"], said["url"], said["proxied"]) == (ip, f"{scheme}://x/a", True)
    assert said["address"] == address or (
        address is None and said["address"].startswith("('127.0.0.1', ")
    )


@PLAIN_AND_TLS
def test_it_may_come_byte_by_byte_or_together_with_the_rest(serve: Any, wire: str) -> None:
    server = serve(tell, proxy_protocol=LOCAL)
    with connected(server, TCP4, *[bytes([byte]) for byte in TCP4]) as sock:
        sock.sendall(get("/a", "Connection: close"))
        assert told(read_all(sock))["ip"] == "192.0.2.43"
    if wire == "plain":
        with server.connect() as sock:
            sock.sendall(TCP4 + get("/a") + get("/a", "Connection: close"))
            assert read_all(sock).count(b'"192.0.2.43"') == 2


def test_a_proxy_that_speaks_tls_with_the_client_says_so(serve: Any) -> None:
    server = serve(tell, proxy_protocol=LOCAL)
    encrypted = tlv(0x20, b"\x01\0\0\0\x01" + TLS_SAID)
    assert ask(server, binary(0x11, V4 + encrypted))["url"] == "https://x/a"
    assert ask(server, binary(0x11, V4 + tlv(0x20, bytes(5))))["url"] == "http://x/a"


def test_handlers_get_all_that_the_proxy_tells(serve: Any) -> None:
    seen: list[Any] = []

    def keep(request: HTTPServerRequest) -> None:
        seen.append(request.connection.context)
        tell(request)

    server = serve(keep, proxy_protocol=LOCAL)
    ask(server, binary(0x11, V4 + tlv(0x05, b"id") + tlv(0x02, b"a.example")))
    (context,) = seen
    assert context.proxy.destination == ("198.51.100.17", 443)
    assert (context.proxy.unique_id, context.proxy.authority) == (b"id", "a.example")


def test_headers_are_believed_by_the_address_that_the_proxy_tells(serve: Any) -> None:
    trust = TrustedProxies("192.0.2.43", headers="X-Forwarded-For")
    server = serve(tell, proxy_protocol=LOCAL, trust=trust)
    said = "X-Forwarded-For: 203.0.113.9"
    assert ask(server, TCP4, said)["ip"] == "203.0.113.9"
    assert ask(server, binary(0x21, V6), said)["ip"] == "2001:db8::43"
    assert ask(server, line("UNKNOWN"), said)["ip"] == "127.0.0.1"


def test_a_client_whom_the_proxy_does_not_know_is_not_the_proxy(serve: Any) -> None:
    trust = TrustedProxies(LOCAL, headers="X-Forwarded-For")
    server = serve(tell, proxy_protocol=LOCAL, trust=trust)
    said = "X-Forwarded-For: 203.0.113.9"
    assert ask(server, line("UNKNOWN"), said)["ip"] == "127.0.0.1"
    assert ask(server, binary(0x00), said)["ip"] == "127.0.0.1"
    # When it speaks for itself it is.
    assert ask(server, binary(0x00, command=0x20), said)["ip"] == "203.0.113.9"


def test_a_unix_socket_of_the_proxy_is_none_of_ours(serve: Any) -> None:
    trust = TrustedProxies("unix", headers="X-Forwarded-For")
    server = serve(tell, proxy_protocol=LOCAL, trust=trust)
    header = binary(0x31, unix(b"/tmp/a", b""))
    assert ask(server, header, "X-Forwarded-For: 203.0.113.9")["ip"] == "0.0.0.0"


def test_over_a_unix_socket_of_ours(serve: Any, tmp_path: Path) -> None:
    trust = TrustedProxies("unix", headers="Forwarded")
    required = serve(tell, proxy_protocol=["unix"])
    believed = serve(tell, proxy_protocol=LOCAL, trust=trust)
    for server, header, more, ip in (
        (required, TCP4, "", "192.0.2.43"),
        (believed, b"", "Forwarded: for=203.0.113.9", "203.0.113.9"),
    ):
        path = tmp_path / ip
        server.call(server.server.listen_unix, str(path))
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(str(path))
            sock.sendall(header + get("/a", "Connection: close", *filter(None, [more])))
            assert told(read_all(sock))["ip"] == ip


# Who is refused


@PLAIN_AND_TLS
@pytest.mark.parametrize("data", BAD, ids=[repr(data[:40]) for data in BAD])
def test_a_connection_without_a_good_header_is_cut(
    serve: Any, expect_log: Any, data: bytes
) -> None:
    asked: list[HTTPServerRequest] = []
    server = serve(asked.append, proxy_protocol=LOCAL)
    with (
        expect_log(GENERAL, REFUSED, logging.INFO, 1) as log,
        socket.create_connection(("127.0.0.1", server.port), 10) as sock,
        contextlib.suppress(ConnectionResetError),
    ):
        sock.sendall(data + get("/"))
        assert read_all(sock) == b""
    assert log.matched[0].levelno == logging.INFO
    assert not asked


def test_a_client_that_speaks_tls_at_once_is_cut(serve: Any, expect_log: Any, certs: Any) -> None:
    server = serve(tell, proxy_protocol=LOCAL, ssl_options=certs.server_context())
    with (
        expect_log(GENERAL, REFUSED + "no PROXY header, but ", count=1),
        socket.create_connection(("127.0.0.1", server.port), 10) as sock,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        certs.client_context().wrap_socket(sock, server_hostname="localhost")


@PLAIN_AND_TLS
def test_from_others_it_is_refused(serve: Any, wire: str, expect_log: Any) -> None:
    """Nothing is guessed: from whom none is expected, it is a bad request, or a bad handshake."""
    asked: list[HTTPServerRequest] = []
    server = serve(asked.append, proxy_protocol=["192.0.2.0/24", "unix"])
    for header in (TCP4, binary(0x11, V4)):
        with (
            expect_log(GENERAL, "Malformed HTTP|SSL Error|handshake with .* failed"),
            socket.create_connection(("127.0.0.1", server.port), 10) as sock,
        ):
            sock.sendall(header + get("/"))
            with contextlib.suppress(ConnectionResetError):
                answer = read_all(sock)
                assert not answer.startswith(b"HTTP") or answer.startswith(b"HTTP/1.1 400 ")
    assert not asked


@PLAIN_AND_TLS
def test_others_are_served_without_one(serve: Any) -> None:
    server = serve(tell, proxy_protocol=["192.0.2.0/24", "unix"])
    with server.connect() as sock:
        sock.sendall(get("/a", "Connection: close"))
        said = told(read_all(sock))
    assert (said["ip"], said["proxied"]) == ("127.0.0.1", False)


@PLAIN_AND_TLS
def test_a_second_header_is_no_header(serve: Any, wire: str, expect_log: Any) -> None:
    server = serve(tell, proxy_protocol=LOCAL)
    with (
        expect_log(GENERAL, "Malformed HTTP message from 192.0.2.43"),
        connected(server, TCP4) as sock,
    ):
        sock.sendall(TCP4)
        assert read_all(sock).startswith(b"HTTP/1.1 400 ")


def test_plain_http_behind_a_header_is_told_that_it_should_be_tls(
    serve: Any, certs: Any, expect_log: Any
) -> None:
    server = serve(tell, proxy_protocol=LOCAL, ssl_options=certs.server_context())
    with (
        expect_log(GENERAL, "SSL Error on 192.0.2.43: plain HTTP"),
        connected(server, TCP4) as sock,
    ):
        sock.sendall(get("/"))
        assert b"This is a port for HTTPS" in read_all(sock, bare=False)


def test_a_failed_handshake_is_logged_with_the_clients_address(
    serve: Any, certs: Any, expect_log: Any
) -> None:
    server = serve(tell, proxy_protocol=LOCAL, ssl_options=certs.server_context())
    with (
        expect_log(GENERAL, r"TLS handshake with \('192\.0\.2\.43', 56324\) failed"),
        connected(server, TCP4) as sock,
        contextlib.suppress(ConnectionResetError),
    ):
        sock.sendall(bytes(100))
        read_all(sock)


# Bounds


def until_opening(server: Watched, size: int) -> None:
    """Wait until the only connection has sent so many bytes of its header."""

    def received() -> bool:
        found = [transport.get_protocol() for transport in server.serving.handshakes]
        return [len(opening._received) for opening in found] == [size]

    server.until(received)


@PLAIN_AND_TLS
@pytest.mark.parametrize("data", [b"", b"PROXY "])
def test_a_header_that_does_not_come_in_time(watch: Any, expect_log: Any, data: bytes) -> None:
    moments: list[Any] = []
    server = watch(proxy_protocol=LOCAL)
    server.call(lambda: server.serving.loop.trace_connections(moments.append))
    with socket.create_connection(("127.0.0.1", server.server.port), 10) as sock:
        sock.sendall(data)
        until_opening(server, len(data))
        server.advance(9)
        until_opening(server, len(data))
        with (
            expect_log(GENERAL, REFUSED + "none within 10 seconds", logging.INFO, 1),
            contextlib.suppress(ConnectionResetError),
        ):
            server.advance(1.6)
            expect_end(sock)
        server.until_gone()
    assert (moments[-1].what, moments[-1].detail) == ("closed", "time-out")


def test_the_time_and_the_size_can_be_set(watch: Any, expect_log: Any) -> None:
    server = watch(proxy_protocol=LOCAL, proxy_header_timeout=30, max_proxy_header_size=50)
    with socket.create_connection(("127.0.0.1", server.server.port), 10) as sock:
        until_opening(server, 0)
        server.advance(29)
        until_opening(server, 0)
        with expect_log(GENERAL, "of 51 bytes .limit 50."), contextlib.suppress(OSError):
            sock.sendall(binary(0x11, bytes(35))[:16])
            expect_end(sock)
    server.until_gone()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("proxy_header_timeout", 0),
        ("proxy_header_timeout", None),
        ("proxy_protocol", True),
        ("proxy_protocol", "localhost"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(serve: Any, option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"positive number|is no network"):
        serve(tell, **{option: value})


def test_after_the_header_time_begins_anew(watch: Any) -> None:
    server = watch(proxy_protocol=LOCAL, header_timeout=30)
    with connected(server, TCP4) as sock:
        server.until_in("HEAD")
        server.advance(29)
        server.until_in("HEAD")
        sock.sendall(get("/"))
        expect(sock, ok("GET /"))


# The end


def test_a_load_balancer_that_only_looks_is_not_worth_a_line(watch: Any, caplog: Any) -> None:
    server = watch(proxy_protocol=LOCAL)
    with caplog.at_level(logging.INFO):
        with socket.create_connection(("127.0.0.1", server.server.port), 10):
            until_opening(server, 0)
        server.until_gone()
    assert not caplog.records


def test_an_end_within_the_header(watch: Any, expect_log: Any) -> None:
    server = watch(proxy_protocol=LOCAL)
    with (
        expect_log(GENERAL, REFUSED + "the connection ended within it", logging.INFO, 1),
        socket.create_connection(("127.0.0.1", server.server.port), 10) as sock,
    ):
        sock.sendall(b"PROXY ")
        sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            expect_end(sock)
        server.until_gone()


@pytest.mark.parametrize("leave", [reset, socket.socket.close])
def test_a_peer_that_leaves_behind_its_header(
    watch: Any, leave: Callable[[socket.socket], None]
) -> None:
    server = watch(proxy_protocol=LOCAL)
    with socket.create_connection(("127.0.0.1", server.server.port), 10) as sock:
        sock.sendall(TCP4)
        server.until_in("HEAD")
        leave(sock)
        server.until_gone()


@PLAIN_AND_TLS
@pytest.mark.parametrize("way", ["drain", "close_all_connections"])
def test_a_server_that_stops_waits_for_no_header(watch: Any, way: str) -> None:
    server = watch(proxy_protocol=LOCAL)
    with socket.create_connection(("127.0.0.1", server.server.port), 10) as sock:
        until_opening(server, 0)
        server.call(getattr(server.server.server, way))
        with contextlib.suppress(ConnectionResetError):
            expect_end(sock)
    server.until_gone()


def test_streams_that_would_go_without_are_refused(serve: Any, expect_log: Any) -> None:
    """A subclass that has each connection's stream would have to look for the header itself."""
    server = serve(tell, proxy_protocol=LOCAL)
    serving = server.server

    def handle_stream(stream: Any, address: Any) -> None:
        HTTPServer.handle_stream(serving, stream, address)

    serving.handle_stream = handle_stream
    with (
        expect_log(
            "tornadolike.application", r"Error in connection callback|Uncaught", count=1
        ) as log,
        server.connect() as sock,
        contextlib.suppress(ConnectionResetError),
    ):
        sock.sendall(TCP4 + get("/"))
        assert read_all(sock) == b""
    assert "for the server's own connections, not for streams" in str(log.matched[0].exc_info)
