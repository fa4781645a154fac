"""One request and its response."""

import asyncio
import struct

import pytest

from tests.curl_httpclient.helpers import OK, Server, Silent, body_of, engine, hop
from tests.httpclient.proxy import SocksProxy, TestProxy
from tests.running import on_every_loop
from tests.tcpclient.helpers import serving
from tornadolike.curl_httpclient import CurlError
from tornadolike.httpclient import Proxy, ProxyError
from tornadolike.httpclient.engine import Timeouts, Way
from tornadolike.httpclient.failures import (
    HTTPNameError,
    HTTPProtocolError,
    HTTPRefusedError,
    HTTPStreamClosedError,
    HTTPTimeoutError,
)


@on_every_loop
async def test_what_is_sent_and_what_comes():
    server = Server(b"HTTP/1.1 201 Made\r\nContent-Length: 3\r\nA: b\r\nA: c\r\n\r\nabc")
    async with server.running() as where, engine() as client:
        sent = hop(where, path="/a/../b?c=%20#", headers={"X-Empty": "", "X": "\xe4"})
        answer = await client.send(sent)
        assert await body_of(answer) == b"abc"
        assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 201, "Made")
        assert answer.headers.get_list("A") == ["b", "c"]
        assert answer.trailers == {}
    assert server.heads == [
        "GET /a/../b?c=%20 HTTP/1.1\r\n"
        f"Host: {sent.address.authority}\r\nX-Empty:\r\nX: \xe4\r\n\r\n"
    ]


@on_every_loop
async def test_connections_are_kept_and_times_noted():
    async with Server().running() as where, engine() as client:
        first, second = hop(where), hop(where)
        for sent in (first, second):
            assert await body_of(await client.send(sent)) == b"ok"
    new, old = first.times, second.times
    assert not new.reused
    assert new.started <= new.dequeued <= new.connected <= new.first_byte <= new.ended
    assert 0 < new.resolved <= new.connected
    assert new.secured == 0.0
    assert new.sent > 0
    assert old.reused
    assert old.connected == old.resolved == 0.0


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "POST", "PURGE", "PUT"])
@on_every_loop
async def test_methods(method):
    server = Server()
    async with server.running() as where, engine() as client:
        assert await body_of(await client.send(hop(where, method))) == b"ok"
        assert await body_of(await client.send(hop(where, method, body=b"abc"))) == b"ok"
    first, second = server.heads
    assert first.startswith(f"{method} / HTTP/1.1\r\n")
    assert second.startswith(f"{method} / HTTP/1.1\r\n")
    assert ("Content-Length: 0\r\n" in first) == (method in ("PATCH", "POST", "PUT"))
    assert "Content-Length: 3\r\n" in second
    assert "Content-Type" not in first + second
    assert server.bodies == [b"", b"abc"]


@on_every_loop
async def test_responses_without_a_body():
    server = Server(
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nA: content-length\r\n\r\n",
        OK,
    )
    async with server.running() as where, engine() as client:
        for method in ("HEAD", "GET", "GET"):
            answer = await client.send(hop(where, method, max_body_size=10))
            assert await body_of(answer) == b""
        assert await body_of(await client.send(hop(where))) == b"ok"
    assert server.connections == 1


@on_every_loop
async def test_chunks_and_trailers():
    server = Server(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nDigest: x\r\n\r\n",
        OK,
    )
    async with server.running() as where, engine() as client:
        answer = await client.send(hop(where))
        assert await body_of(answer) == b"abcde"
        assert answer.trailers == {"Digest": "x"}
        assert await body_of(await client.send(hop(where))) == b"ok"
    assert server.connections == 1


@on_every_loop
async def test_interim_responses():
    seen = []
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with Server(before=early + early).running() as where, engine() as client:
        sent = hop(where, on_interim=lambda *args: seen.append(args))
        assert await body_of(await client.send(sent)) == b"ok"
        assert await body_of(await client.send(hop(where))) == b"ok"
    assert seen == 2 * [(103, {"Link": "</a>"})]


@on_every_loop
async def test_nothing_is_decoded():
    said = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nzz"
    async with Server(said).running() as where, engine() as client:
        sent = hop(where, headers={"Accept-Encoding": "gzip"})
        assert await body_of(await client.send(sent)) == b"zz"


@on_every_loop
async def test_redirects_are_left_to_others():
    server = Server(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
    async with server.running() as where, engine() as client:
        assert (await client.send(hop(where))).status == 302
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 40,
        b"\x00" * 100,
    ],
    ids=lambda said: said[:60].decode(),
)
@on_every_loop
async def test_what_is_no_response(said):
    async with Server(said).running() as where, engine() as client:
        with pytest.raises(HTTPProtocolError):
            await client.send(hop(where))
        assert client._room == 10


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ],
)
@on_every_loop
async def test_a_body_that_ends_too_soon(said):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async with serving(handle=handle) as where, engine() as client:
        answer = await client.send(hop(where))
        assert await answer.read() == b"abc"
        with pytest.raises(HTTPStreamClosedError):
            await answer.read()


@on_every_loop
async def test_a_body_that_ends_with_the_connection():
    async with Server(b"HTTP/1.1 200 OK\r\n\r\nabc").running() as where, engine() as client:
        assert await body_of(await client.send(hop(where))) == b"abc"


@on_every_loop
async def test_malformed_chunks():
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
    async with Server(said).running() as where, engine() as client:
        answer = await client.send(hop(where))
        with pytest.raises(HTTPProtocolError) as raised:
            await body_of(answer)
    assert isinstance(raised.value, CurlError)


@pytest.mark.parametrize("reset", [False, True])
@on_every_loop
async def test_no_answer(reset):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if reset:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: a reset
            writer.transport.abort()

    async with serving(handle=handle) as where, engine() as client:
        with pytest.raises(HTTPStreamClosedError) as raised:
            await client.send(hop(where))
    assert isinstance(raised.value, CurlError)


@pytest.mark.parametrize(
    ("method", "options", "again"),
    [
        ("GET", {"repeatable": True}, True),
        ("PUT", {"repeatable": True, "body": b"abc"}, True),
        ("GET", {}, False),
        ("POST", {}, False),
        ("POST", {"body": b"abc"}, False),
    ],
)
@on_every_loop
async def test_a_kept_connection_that_has_ended(method, options, again):
    server = Server(OK, None, OK)
    async with server.running() as where, engine() as client:
        await body_of(await client.send(hop(where)))
        second = client.send(hop(where, method, **options))
        if again:
            assert await body_of(await second) == b"ok"
        else:
            with pytest.raises(HTTPStreamClosedError, match="before it had answered"):
                await second
    assert len(server.heads) == 2 + again


@on_every_loop
async def test_it_is_tried_once_more_and_no_more_often():
    """Though each of the connections was kept when it began."""
    server = Server(*6 * [OK], None)
    async with server.running() as where, engine() as client:

        async def fetch():
            return await body_of(await client.send(hop(where, repeatable=True)))

        await asyncio.gather(*(fetch() for _ in range(6)))
        with pytest.raises(HTTPStreamClosedError):
            await fetch()
    assert len(server.heads) <= 8


@pytest.mark.parametrize("repeatable", [True, False])
@on_every_loop
async def test_a_producer_on_a_kept_connection_that_has_ended(repeatable):
    calls = []

    async def produce(write):
        calls.append(1)
        await write(b"abc")

    server = Server(OK, None, OK)
    async with server.running() as where, engine() as client:
        await body_of(await client.send(hop(where)))
        second = client.send(hop(where, "PUT", producer=produce, repeatable=repeatable))
        if repeatable:
            assert await body_of(await second) == b"ok"
        else:
            with pytest.raises(HTTPStreamClosedError):
                await second
    assert len(calls) == 1 + repeatable


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + bytes(11),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(11),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n"
        + bytes(11)
        + b"\r\n0\r\n\r\n",
    ],
    ids=["announced", "not announced", "chunked"],
)
@on_every_loop
async def test_a_body_that_is_too_large(said):
    async with Server(said).running() as where, engine() as client:
        with pytest.raises(HTTPProtocolError, match="larger than max_body_size, 10 bytes"):
            await body_of(await client.send(hop(where, max_body_size=10)))
        assert len(await body_of(await client.send(hop(where, max_body_size=11)))) == 11


@on_every_loop
async def test_nobody_listens():
    async with serving() as (host, port):
        pass
    async with engine() as client:
        with pytest.raises(HTTPRefusedError) as raised:
            await client.send(hop((host, port)))
    assert raised.value.errno == 7
    assert isinstance(raised.value, CurlError)
    assert isinstance(raised.value.__cause__, ConnectionRefusedError)


@on_every_loop
async def test_a_name_without_an_address():
    async with engine() as client:
        with pytest.raises(HTTPNameError) as raised:
            await client.send(hop("http://nothing.invalid/"))
    assert raised.value.errno == 6


@on_every_loop
async def test_connecting_takes_too_long():
    """A proxy that takes the connection and says nothing."""
    async with Silent().running() as where, engine() as client:
        sent = hop(
            "https://nothing.invalid/",
            way=Way(proxy=Proxy(*where)),
            timeouts=Timeouts(connect=0.05),
        )
        with pytest.raises(HTTPTimeoutError, match=r"connecting to nothing\.invalid:443"):
            await client.send(sent)
    assert sent.waiting_for == "while connecting"


@on_every_loop
async def test_a_fetch_that_is_cancelled():
    server = Silent()
    async with server.running() as where, engine(1) as client:
        sending = asyncio.ensure_future(client.send(sent := hop(where)))
        await server.asked.wait()
        assert sent.waiting_for == "while waiting for the response"
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await server.left.wait()
        assert client._room == 1


@on_every_loop
async def test_a_unix_socket(tmp_path):
    server = Server()
    path = str(tmp_path / "socket")
    async with server.running(host=path), engine() as client:
        sent = hop("http://name.invalid/", way=Way(unix_socket=path))
        assert await body_of(await client.send(sent)) == b"ok"
    assert "Host: name.invalid\r\n" in server.heads[0]


@on_every_loop
async def test_an_http_proxy_for_plain_http():
    proxy = Server()
    async with proxy.running() as where, engine() as client:
        way = Way(proxy=Proxy(*where, "Ann", "Brücke"))
        sent = hop("http://name.invalid/a?b", way=way, headers={"User-Agent": "me"})
        assert await body_of(await client.send(sent)) == b"ok"
    (head,) = proxy.heads
    assert head.startswith("GET http://name.invalid/a?b HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic QW5uOkJyw7xja2U=\r\n" in head
    assert head.count("User-Agent") == 1


@on_every_loop
async def test_a_tunnel(certs):
    proxy = TestProxy()
    server = Server()
    async with (
        server.running(ssl=certs.server_context()) as (_, port),
        proxy.running() as where,
        engine() as client,
    ):
        for name in ("Ann", None):
            way = Way(proxy=Proxy(*where, name, "x"), ssl_options={"ca_certs": certs.ca})
            sent = hop(
                f"https://localhost:{port}/", way=way, headers={"Cookie": "a", "User-Agent": "me"}
            )
            for _ in range(2):
                assert await body_of(await client.send(sent)) == b"ok"
    first, second = proxy.heads
    assert first.startswith(f"CONNECT localhost:{port} HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic QW5uOng=\r\n" in first
    assert "Proxy-Authorization" not in second
    assert "Cookie" not in first + second
    assert "User-Agent" not in first + second
    assert all("Proxy-" not in head for head in server.heads)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno", 407),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", 502),
    ],
)
@on_every_loop
async def test_a_proxy_that_refuses(said, code):
    async with TestProxy(said).running() as where, engine() as client:
        with pytest.raises(ProxyError) as raised:
            await client.send(hop("https://name.invalid/", way=Way(proxy=Proxy(*where))))
    error = raised.value
    assert isinstance(error, CurlError)
    assert error.code == error.response.code == code
    assert f"answered CONNECT with {code}" in error.message
    assert error.response.headers.get("Proxy-Authenticate") == ("Basic" if code == 407 else None)


@on_every_loop
async def test_through_socks():
    proxy = SocksProxy()
    server = Server()
    async with server.running() as (_, port), proxy.running() as where, engine() as client:
        way = Way(proxy=Proxy(*where, "Ann", "x", socks=True))
        sent = hop(f"http://localhost:{port}/", way=way)
        assert await body_of(await client.send(sent)) == b"ok"
    assert proxy.heads == [(b"Ann", b"x", b"localhost")]


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"\5\xff", 407), (b"\5\0\5\2\0\1\0\0\0\0\0\0", 403), (b"\5\0\5\1\0\1\0\0\0\0\0\0", 599)],
)
@on_every_loop
async def test_a_socks_proxy_that_refuses(said, code):
    async with Silent(said).running() as where, engine() as client:
        way = Way(proxy=Proxy(*where, socks=True))
        with pytest.raises(ProxyError) as raised:
            await client.send(hop("http://name.invalid/", way=way))
    assert raised.value.code == code


@on_every_loop
async def test_the_environment_is_not_asked(monkeypatch):
    for name in ("http_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with Server().running() as where, engine() as client:
        assert await body_of(await client.send(hop(where))) == b"ok"
    monkeypatch.setenv("no_proxy", "*")
    proxy = Server()
    async with proxy.running() as where, engine() as client:
        sent = hop("http://name.invalid/", way=Way(proxy=Proxy(*where)))
        assert await body_of(await client.send(sent)) == b"ok"


@on_every_loop
async def test_the_handle_may_be_prepared():
    """The callback that gets the handle may change what it likes, and what it raises is raised."""
    import pycurl

    server = Server()

    def prepare(curl):
        curl.setopt(pycurl.REQUEST_TARGET, "*")

    def fail(curl):
        raise LookupError("not with me")

    async with server.running() as where, engine(1) as client:
        await body_of(await client.send(hop(where, "OPTIONS", prepare_curl=prepare)))
        with pytest.raises(LookupError):
            await client.send(hop(where, prepare_curl=fail))
        await body_of(await client.send(hop(where)))
    assert [head.split()[1] for head in server.heads] == ["*", "/"]
