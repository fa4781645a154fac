"""The way to a server: TLS, proxies, Unix sockets, time-outs and what is told of them."""

import asyncio
import socket
import ssl
import struct

import pytest

from tests.httpclient.proxy import SocksProxy, TestProxy
from tests.running import on_every_loop, turns
from tests.simple_httpclient.sites import Site, engine, get, hop_to, mute
from tests.tcpclient.helpers import Names, Never, serving
from tests.tls_certs import only
from tornadolike.httpclient import HTTPError, Proxy, ProxyError
from tornadolike.httpclient.addresses import parse_url
from tornadolike.httpclient.engine import Timeouts, Way
from tornadolike.httpclient.failures import (
    HTTPCertificateError,
    HTTPConnectError,
    HTTPNameError,
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
    HTTPTLSError,
)
from tornadolike.tcpclient import TCPClient


def port_of(url):
    return parse_url(url).port


def dictionary(certs, **more):
    return {"ca_certs": certs.ca, **more}


@on_every_loop
async def test_tls(certs):
    site = Site()
    async with (
        site.running("localhost", ssl=certs.server_context()) as url,
        engine() as (sender, _),
    ):
        hop = hop_to(url, way=Way(ssl_options=dictionary(certs)))
        answer = await sender.send(hop)
        assert await answer.read() == b"ok"
        assert hop.times.resolved <= hop.times.connected <= hop.times.secured
        assert await get(sender, url, way=Way(ssl_options=dictionary(certs))) == b"ok"
        assert site.connections == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("by", ["directly", "through a tunnel"])
@on_every_loop
async def test_sessions_are_resumed(certs, version, by):
    resumed = []

    def answer(head):
        resumed.append(site.writers[-1].get_extra_info("ssl_object").session_reused)
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

    site, context = Site(answer), only(certs.server_context(), version)
    async with (
        site.running("localhost", ssl=context, family=socket.AF_INET) as url,
        TestProxy().running() as near,
        engine() as (sender, _),
    ):
        proxy = None if by == "directly" else Proxy(*near)
        for _ in range(3):
            await get(sender, url, way=Way(proxy, ssl_options=dictionary(certs)))
    assert resumed == [False, True, True]


@on_every_loop
async def test_client_certificates(certs):
    """Who has shown one is not taken for somebody else, and nobody else for him."""
    site = Site()
    context = certs.server_context(ask_client=True)
    way = Way(ssl_options=dictionary(certs, certfile=certs.client))
    async with site.running("localhost", ssl=context) as url, engine() as (sender, _):
        assert await get(sender, url, way=way) == b"ok"
        with pytest.raises(HTTPError):
            await get(sender, url, way=Way(ssl_options=dictionary(certs)))
        assert await get(sender, url, way=way) == b"ok"
    assert len(site.heads) == 2


@pytest.mark.parametrize("which", ["expired", "wrong_host", "stranger"])
@on_every_loop
async def test_certificates_that_are_not_good(certs, which, expect_log):
    site = Site()
    context = certs.server_context(getattr(certs, which))
    async with (
        site.running("localhost", ssl=context) as url,
        engine() as (sender, pool),
    ):
        with expect_log("tornadolike.general", "SSL Error"), pytest.raises(HTTPCertificateError):
            await get(sender, url, way=Way(ssl_options=dictionary(certs)))
        assert len(pool) == 0
        everything = Way(ssl_options={"cert_reqs": ssl.CERT_NONE})
        assert await get(sender, url, way=everything) == b"ok"
    assert len(site.heads) == 1


@on_every_loop
async def test_a_server_that_speaks_no_tls(expect_log):
    async def plain(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 TLS?\r\n\r\n")

    async with serving(handle=plain) as (_, port), engine() as (sender, _):
        with expect_log("tornadolike.general", "SSL Error"), pytest.raises(HTTPTLSError) as caught:
            await get(sender, f"https://127.0.0.1:{port}/")
        assert not isinstance(caught.value, HTTPCertificateError)


@pytest.mark.parametrize("rude", [False, True])
@on_every_loop
async def test_a_server_that_leaves_during_the_handshake(rude):
    async def leave(reader, writer):
        await reader.read(5)
        if rude:
            writer.transport.abort()

    async with serving(handle=leave) as (_, port), engine() as (sender, _):
        with pytest.raises(
            HTTPTLSError, match=r"ended during TLS handshake with 127.0.0.1"
        ) as caught:
            await get(sender, f"https://127.0.0.1:{port}/")
        assert not isinstance(caught.value, HTTPCertificateError)


@on_every_loop
async def test_connections_end_at_once_and_with_a_goodbye(certs):
    """The server ends by an orderly end, not by an error; and nobody waits for its own."""
    ends = []

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        ends.append(await reader.read())

    context = certs.server_context()
    async with serving("localhost", handle, ssl=context, family=socket.AF_INET) as (_, port):
        for close in ("close", "close_idle"):
            async with engine() as (sender, pool):
                await get(
                    sender, f"https://localhost:{port}/", way=Way(ssl_options=dictionary(certs))
                )
                getattr(sender, close)()
                await turns()
                assert len(pool) == 0
    assert ends == [b"", b""]


@on_every_loop
async def test_options_of_tls_that_cannot_be_used():
    async with engine() as (sender, _):
        with pytest.raises(HTTPTLSError, match=r"'/nothing/there'.*No such file"):
            await get(
                sender, "https://127.0.0.1:1/", way=Way(ssl_options={"ca_certs": "/nothing/there"})
            )
        assert sender._turns.taken == {}


@on_every_loop
async def test_unix_sockets(tmp_path, certs):
    site, secure = Site(), Site()
    plain_path, path = str(tmp_path / "plain"), str(tmp_path / "tls")
    async with (
        site.running(plain_path),
        secure.running(path, ssl=certs.server_context()),
        engine() as (sender, _),
    ):
        for _ in range(2):
            assert (
                await get(sender, "http://nobody.test/", way=Way(unix_socket=plain_path)) == b"ok"
            )
            way = Way(unix_socket=path, ssl_options=dictionary(certs))
            assert await get(sender, "https://localhost/", way=way) == b"ok"
            # (A proxy, as a client's default may be, is not on the way there.)
            way = Way(Proxy("127.0.0.1", 1, "Ann", "secret"), plain_path)
            assert await get(sender, "http://nobody.test/", way=way) == b"ok"
        assert (site.connections, secure.connections) == (1, 1)
        assert site.heads[1].startswith("GET / HTTP/1.1\r\n")
        assert "Proxy-Authorization" not in site.heads[1]
        assert "Host: nobody.test" in site.heads[0]
        with pytest.raises(HTTPConnectError) as caught:
            await get(sender, "http://x/", way=Way(unix_socket=str(tmp_path / "none")))
        assert caught.value.errno is not None


@on_every_loop
async def test_a_plain_proxy_gets_whole_urls():
    """One connection for all servers, and the proxy's password for it alone."""
    site = Site()
    async with site.running() as url, engine() as (sender, _):
        way = Way(Proxy("127.0.0.1", port_of(url), "Ann", "secret"))
        for name in ("one", "two"):
            hop = hop_to(f"http://{name}.test/path?x", way=way)
            assert await (await sender.send(hop)).read() == b"ok"
            assert "Proxy-Authorization" not in hop.headers
    assert site.connections == 1
    assert [head.split("\r\n")[0] for head in site.heads] == [
        "GET http://one.test/path?x HTTP/1.1",
        "GET http://two.test/path?x HTTP/1.1",
    ]
    assert "Proxy-Authorization: Basic QW5uOnNlY3JldA==" in site.heads[0]


@pytest.mark.parametrize("kind", [TestProxy, SocksProxy])
@on_every_loop
async def test_tunnels(certs, kind):
    site, proxy = Site(), kind()
    async with (
        site.running("localhost", ssl=certs.server_context(), family=socket.AF_INET) as url,
        proxy.running() as near,
        engine() as (sender, _),
    ):
        through = Proxy(*near, "Ann", "secret", socks=kind is SocksProxy)
        way = Way(through, ssl_options=dictionary(certs))
        for _ in range(3):
            hop = hop_to(url, way=way)
            answer = await sender.send(hop)
            assert await answer.read() == b"ok"
    assert (len(proxy.heads), site.connections) == (1, 1)
    assert site.heads[0].startswith("GET / HTTP/1.1\r\n")
    assert "Proxy-Authorization" not in site.heads[0]


@on_every_loop
async def test_socks_for_what_is_not_secret():
    site, proxy = Site(), SocksProxy()
    async with (
        site.running("localhost", family=socket.AF_INET) as url,
        proxy.running() as near,
        engine() as (sender, _),
    ):
        way = Way(Proxy(*near, "Ann", "secret", socks=True))
        assert await get(sender, url, way=way) == b"ok"
    assert site.heads[0].startswith("GET / HTTP/1.1\r\n")


@on_every_loop
async def test_tls_with_the_proxy(certs):
    """For what is plain behind it, and for what is not: TLS within TLS."""
    site, proxy, plain = Site(), TestProxy(), Site()
    async with (
        site.running("localhost", ssl=certs.server_context(), family=socket.AF_INET) as url,
        plain.running("localhost", ssl=certs.server_context()) as plain_url,
        proxy.running(ssl=certs.server_context()) as (_, port),
        engine() as (sender, _),
    ):
        way = Way(Proxy("localhost", port_of(plain_url), ssl_options=dictionary(certs)))
        assert await get(sender, "http://one.test/", way=way) == b"ok"
        assert plain.heads[0].startswith("GET http://one.test/ HTTP/1.1\r\n")
        way = Way(
            Proxy("localhost", port, ssl_options=dictionary(certs)), ssl_options=dictionary(certs)
        )
        for _ in range(2):
            assert await get(sender, url, way=way) == b"ok"
        assert (len(proxy.heads), site.connections) == (1, 1)


@on_every_loop
async def test_proxies_that_do_not_open_the_way():
    async with (
        TestProxy(b"HTTP/1.1 407 No\r\n\r\n").running() as near,
        engine() as (sender, pool),
    ):
        with pytest.raises(ProxyError) as caught:
            await get(sender, "https://localhost:1/", way=Way(Proxy(*near)))
        assert caught.value.code == 407
        assert sender._turns.taken == {}
        assert len(pool) == 0
    for url in ("https://localhost:1/", "http://localhost:1/"):
        async with engine() as (sender, _):
            with pytest.raises(HTTPRefusedError, match="that was the way to the proxy"):
                await get(sender, url, way=Way(Proxy(*near)))


@on_every_loop
async def test_names():
    class Nobody(Names):
        async def resolve(self, host, port, family=socket.AF_UNSPEC):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async with engine(client=TCPClient(Nobody())) as (sender, _):
        with pytest.raises(HTTPNameError, match="no such name"):
            await get(sender, "http://nobody.test/")
    for name in ("a" * 64 + ".test", "a..test"):
        for scheme in ("http", "https"):
            async with engine() as (sender, _):
                with pytest.raises(HTTPNameError):
                    await get(sender, f"{scheme}://{name}:1/")


@on_every_loop
async def test_the_first_address_that_answers():
    site = Site()
    async with site.running() as url:
        port = port_of(url)
        names = Names(("127.0.0.1", 1), ("127.0.0.1", port))
        async with engine(client=TCPClient(names)) as (sender, _):
            assert await get(sender, "http://two-addresses.test/") == b"ok"


@on_every_loop
async def test_the_interface():
    site = Site()
    async with site.running() as url, engine() as (sender, _):
        assert await get(sender, url, way=Way(source_ip="127.0.0.5")) == b"ok"
        assert site.writers[0].get_extra_info("peername")[0] == "127.0.0.5"
        with pytest.raises(HTTPConnectError, match="IP address to connect from, not 'lo'"):
            await get(sender, url, way=Way(source_ip="lo"))
        assert await get(sender, url, way=Way(allow_ipv6=False)) == b"ok"


SHORT = Timeouts(connect=0.01)


@on_every_loop
async def test_too_slow_a_name():
    async with engine(client=TCPClient(Never())) as (sender, _):
        hop = hop_to("http://slow.test/", timeouts=SHORT)
        with pytest.raises(HTTPTimeoutError, match=r"Timeout while resolving slow.test$"):
            await sender.send(hop)
        assert hop.waiting_for == "while resolving slow.test"
        assert sender._turns.taken == {}


@on_every_loop
async def test_too_slow_an_answer_to_the_connection():
    """(A listener whose queue is full: the system answers nobody else.)"""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        full = [socket.socket() for _ in range(4)]
        for sock in full:
            sock.setblocking(False)
            sock.connect_ex(address)
        async with engine() as (sender, _):
            with pytest.raises(
                HTTPTimeoutError, match=rf"while connecting to 127.0.0.1:{address[1]}$"
            ):
                await get(
                    sender, f"http://127.0.0.1:{address[1]}/", timeouts=Timeouts(connect=0.05)
                )
        for sock in full:
            sock.close()


@on_every_loop
async def test_too_slow_a_handshake():
    async with serving(handle=mute) as (_, port), engine() as (sender, _):
        url = f"https://127.0.0.1:{port}/"
        text = f"Timeout during TLS handshake with 127.0.0.1:{port}$"
        for timeouts in (
            Timeouts(connect=0, tls=0.01),
            Timeouts(connect=1000, tls=0.01),
            Timeouts(connect=0.05, tls=1000),
        ):
            with pytest.raises(HTTPTimeoutError, match=text):
                await get(sender, url, timeouts=timeouts)


@on_every_loop
async def test_too_slow_a_proxy():
    """On a slow machine the connection may take as long: then one waits longer."""
    async with serving(handle=mute) as near, engine() as (sender, _):
        for seconds in (0.05, 0.5, 5.0):
            limits = Timeouts(seconds)
            with pytest.raises(HTTPTimeoutError) as caught:
                await get(sender, "https://x.test/", way=Way(Proxy(*near)), timeouts=limits)
            if "while connecting to" not in str(caught.value):
                break
        assert "waiting for the answer of the proxy 127.0.0.1" in str(caught.value)


@on_every_loop
async def test_who_is_cancelled_knows_what_it_waited_for():
    async with engine(client=TCPClient(Never())) as (sender, _):
        hop = hop_to("http://slow.test/")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await sender.send(hop)
        assert hop.waiting_for == "while resolving slow.test"


@on_every_loop
async def test_a_server_that_ends_the_connection_at_once():
    def slam(reader, writer):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return reader.read()

    async with serving(handle=slam) as (_, port), engine() as (sender, pool):
        for _ in range(20):
            with pytest.raises((HTTPStreamClosedError, HTTPConnectError)):
                await get(sender, f"http://127.0.0.1:{port}/", repeatable=True)
        assert sender._turns.taken == {}
        async with asyncio.timeout(30):
            while len(pool):
                await asyncio.sleep(0)


@pytest.mark.parametrize("by", ["tls", "tunnel", "socks"])
@on_every_loop
async def test_cancelled_on_the_way(certs, by):
    """After each turn of the loop that it may have had: nothing stays open."""
    site = Site()
    proxy = {"tunnel": TestProxy, "socks": SocksProxy}.get(by, TestProxy)()
    async with (
        site.running("localhost", ssl=certs.server_context(), family=socket.AF_INET) as url,
        proxy.running() as near,
        engine(most=1) as (sender, pool),
    ):
        through = None if by == "tls" else Proxy(*near, "Ann", "secret", socks=by == "socks")
        way = Way(through, ssl_options=dictionary(certs))
        for count in range(60):
            task = asyncio.create_task(get(sender, url, way=way))
            await turns(count)
            task.cancel()
            await asyncio.wait([task])
            assert sender._turns.taken == {}
            sender.close_idle()
        assert await get(sender, url, way=way) == b"ok"
        assert len(pool) == 1


@on_every_loop
async def test_closed_on_the_way(certs):
    site = Site()
    context = certs.server_context()
    async with site.running("localhost", ssl=context, family=socket.AF_INET) as url:
        for count in range(40):
            async with engine() as (sender, _):
                task = asyncio.create_task(get(sender, url, way=Way(ssl_options=dictionary(certs))))
                await turns(count)
                sender.close()
                await asyncio.wait([task])
                assert task.exception() is None or isinstance(
                    task.exception(), HTTPStreamClosedError
                )


@on_every_loop
async def test_a_connection_that_has_ended_before_anybody_could_use_it():
    class Late(TCPClient):
        async def connect(self, *args, **options):
            stream = await super().connect(*args, **options)
            stream.close()
            return stream

    site = Site()
    async with site.running() as url, engine(client=Late()) as (sender, pool):
        with pytest.raises(HTTPStreamClosedError, match="as soon as it was there"):
            await get(sender, url)
        assert sender._turns.taken == {}
        assert len(pool) == 0
