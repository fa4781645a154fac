"""Connections through proxies, on real sockets."""

import asyncio
import socket
import ssl

import pytest

from tests.httpclient.proxy import OPEN, SocksProxy, TestProxy
from tests.running import on_every_loop
from tests.tcpclient.helpers import serving, talk
from tornadolike.httpclient import HTTPError, Proxy, ProxyError
from tornadolike.httpclient.tunnels import open_tunnel
from tornadolike.iostream import IOStream, SSLIOStream, StreamClosedError
from tornadolike.tcpclient import TCPClient


def through(address, *target, name=None, **options):
    """Open a tunnel by the proxy at ``address``, to a port of localhost unless a host is given."""
    proxy = Proxy(*address, name, "Brücke", options.pop("proxy_tls", None))
    return open_tunnel(TCPClient(), proxy, *target, **options)


@on_every_loop
async def test_the_way_through():
    proxy = TestProxy()
    async with proxy.running() as near, serving() as (_, port):
        stream = await through(near, "127.0.0.1", port, timeout=10)
        assert type(stream) is IOStream
        await talk(stream)
    assert proxy.heads == [f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"]


@on_every_loop
async def test_with_a_user_name():
    proxy = TestProxy()
    async with proxy.running() as near, serving() as (_, port):
        await talk(await through(near, "127.0.0.1", port, name="Ann"))
    assert "\r\nProxy-Authorization: Basic QW5uOkJyw7xja2U=\r\n" in proxy.heads[0]


@on_every_loop
async def test_tls_through_it_and_with_it(certs):
    """Each by itself, and TLS within TLS; it is the host's certificate that is looked at, and the proxy's."""
    proxy = TestProxy()
    trusting = certs.client_context()
    async with (
        proxy.running() as near,
        proxy.running(ssl=certs.server_context()) as secure,
        serving() as (_, plain_port),
        serving(ssl=certs.server_context()) as (_, port),
    ):
        stream = await through(near, "localhost", port, ssl_options=trusting)
        assert type(stream) is SSLIOStream
        await talk(stream)
        await talk(await through(secure, "127.0.0.1", plain_port, proxy_tls=trusting))
        both = await through(secure, "localhost", port, proxy_tls=trusting, ssl_options=trusting)
        assert both.socket.getpeercert()
        await talk(both)


@on_every_loop
async def test_whose_certificate_is_expected(certs):
    wanted = []
    server = certs.server_context(certs.wrong_host)
    server.sni_callback = lambda ssl_object, name, context: wanted.append(name)
    options = {"ssl_options": certs.client_context(), "server_hostname": "wrong.example"}
    async with TestProxy().running() as near, serving(ssl=server) as (_, port):
        await talk(await through(near, "localhost", port, **options))
        with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
            await through(near, "localhost", port, ssl_options=options["ssl_options"])
    assert wanted == ["wrong.example", "localhost"]


@on_every_loop
async def test_by_socks(certs):
    proxy = SocksProxy()
    trusting = certs.client_context()
    async with (
        proxy.running() as near,
        serving("localhost", family=socket.AF_INET) as (_, plain_port),
        serving("localhost", family=socket.AF_INET, ssl=certs.server_context()) as (_, port),
    ):
        by_socks = Proxy(*near, "Ann", "secret", socks=True)
        await talk(await open_tunnel(TCPClient(), by_socks, "localhost", plain_port, timeout=10))
        await talk(
            await open_tunnel(TCPClient(), by_socks, "localhost", port, ssl_options=trusting)
        )
    assert proxy.heads == [(b"Ann", b"secret", b"localhost")] * 2


@on_every_loop
async def test_certificates_are_verified(certs, expect_log):
    proxy = TestProxy()
    wrong = certs.server_context(certs.wrong_host)
    async with (
        proxy.running() as near,
        proxy.running(ssl=wrong) as secure,
        serving(ssl=wrong) as (_, port),
    ):
        with expect_log("tornadolike.general", "SSL Error"):
            with pytest.raises(ssl.SSLCertVerificationError):
                await through(near, "localhost", port, ssl_options=certs.client_context())
            with pytest.raises(ssl.SSLCertVerificationError) as caught:
                await through(secure, "localhost", port, proxy_tls={"ca_certs": certs.ca})
    assert caught.value.__notes__[-1] == f"(that was the way to the proxy 127.0.0.1:{secure[1]})"
    assert len(proxy.heads) == 1


REFUSED = {
    b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 5\r\n\r\nhello": (
        407,
        "answered CONNECT with 407 No: it wants a user name and a password, as in "
        "http://NAME:PASSWORD@HOST:PORT (Proxy-Authenticate: Basic realm=x)",
    ),
    b"HTTP/1.1 503 Later\r\nRetry-After: 7\r\n\r\n": (503, "answered CONNECT with 503 Later"),
    b"HTTP/1.0 302 \r\nLocation: http://localhost/\r\n\r\n": (302, "answered CONNECT with 302"),
    b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 403\r\n\r\n": (403, "answered CONNECT with 403"),
    b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n": (101, "with 101 Go"),
    b"SSH-2.0-OpenSSH_9.2\r\n": (599, "an answer that is not HTTP: Malformed HTTP status line"),
    b"HTTP/1.1 100 Go\r\n\r\n" * 40: (599, "More than 32 interim responses"),
    b"HTTP/1.1 403 No\r\nA: " + b"x" * 70_000: (599, "not HTTP: "),
    b"HTTP/1.1 403 No\r\nA B: x\r\n\r\n": (599, "not HTTP: "),
    b"HTTP/1.1 ": (599, "ended the connection and gave no answer"),
    b"": (599, "ended the connection and gave no answer"),
}


@on_every_loop
async def test_refusals():
    for answer, (code, text) in REFUSED.items():
        async with TestProxy(answer).running() as near:
            with pytest.raises(ProxyError) as caught:
                await through(near, "localhost", 1)
        error = caught.value
        assert isinstance(error, HTTPError)
        assert error.code == code
        assert error.message.startswith(f"the proxy 127.0.0.1:{near[1]} ")
        assert text in error.message
        assert (error.response is None) == (code == 599)
        if code == 503:
            assert error.response.headers["Retry-After"] == "7"


@on_every_loop
async def test_credentials_that_are_not_taken():
    async with TestProxy(b"HTTP/1.1 407 No\r\n\r\n").running() as near:
        with pytest.raises(ProxyError, match="did not take the user name") as caught:
            await through(near, "localhost", 1, name="Ann")
    assert "Brücke" not in str(caught.value)


@on_every_loop
async def test_what_comes_right_behind_the_answer():
    """It is the host's, and the first thing read."""
    async with TestProxy(OPEN + b"well\n").running() as near, serving() as (_, port):
        stream = await through(near, "127.0.0.1", port)
        assert await stream.read_until(b"\n") == b"well\n"
        await talk(stream)


@on_every_loop
async def test_who_speaks_before_tls_is_not_believed():
    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OPEN + b"well\n")
        await reader.read()

    async with serving(handle=speak) as near:
        with pytest.raises(ProxyError, match="spoke before TLS had begun"):
            await through(near, "localhost", 1, ssl_options={})


@on_every_loop
async def test_a_proxy_that_is_not_there():
    async with serving() as address:
        pass
    with pytest.raises(StreamClosedError, match="refused") as caught:
        await through(address, "localhost", 1)
    assert caught.value.__notes__ == [f"(that was the way to the proxy 127.0.0.1:{address[1]})"]


@on_every_loop
async def test_time_out_and_giving_up():
    async def say_nothing(reader, writer):
        await reader.read()

    async with serving(handle=say_nothing) as near:
        with pytest.raises(TimeoutError, match=r"waiting for the answer of the proxy 127.0.0.1:\d"):
            await through(near, "localhost", 1, timeout=0.05)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await through(near, "localhost", 1)


@on_every_loop
async def test_time_out_of_tls_with_the_host(certs):
    async def say_nothing(reader, writer):
        await reader.read()

    proxy = TestProxy()
    async with proxy.running() as near, serving(handle=say_nothing) as (_, port):
        with pytest.raises(
            TimeoutError, match=r"TLS handshake through the proxy with localhost:\d"
        ):
            await through(near, "localhost", port, ssl_options={}, timeout=0.05)


@on_every_loop
async def test_what_cannot_be_asked_for():
    """It is seen before anybody is asked for anything."""
    for socks in (False, True):
        proxy = Proxy("p", 1, socks=socks)
        for host, port in [("a b", 1), ("a\r\nb", 1), ("", 1), ("a", 0), ("a", 65536), ("a/b", 1)]:
            with pytest.raises(ValueError):  # noqa: PT011 (of several kinds)
                await open_tunnel(TCPClient(), proxy, host, port)
    with pytest.raises(ValueError, match="colon"):
        await open_tunnel(TCPClient(), Proxy("p", 1, "a:b"), "localhost", 1)
    with pytest.raises(ValueError, match="255 bytes"):
        await open_tunnel(TCPClient(), Proxy("p", 1, "a" * 256, socks=True), "localhost", 1)
    with pytest.raises(ValueError, match="not a host"):
        await open_tunnel(TCPClient(), Proxy("p", 1, socks=True), "a" * 256, 1)
