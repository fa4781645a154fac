"""The way from a URL to an open WebSocket, with servers that answer word for word."""

import asyncio
import socket
import ssl
import sys
from http.cookiejar import CookieJar

import pytest

from tests.httpclient.proxy import TestProxy
from tests.peers import nobody
from tests.running import on_every_loop
from tests.tcpclient.helpers import Names, Never, serving
from tests.websocket.client.answering import GOODBYE, Answering, answering, ask, status, switching
from tests.websocket.helpers import TEXT, close, frame
from tornadolike.httpclient import HTTPError, HTTPRequest, ProxyError
from tornadolike.iostream import StreamClosedError
from tornadolike.tcpclient import TCPClient
from tornadolike.websocket import HandshakeError, WebSocketError, websocket_connect
from tornadolike.websocket.client.opening import REFUSAL_SIZE
from tornadolike.websocket.handshake import accept_value

# The answer


@on_every_loop
async def test_what_comes_behind_the_answer_is_kept():
    hello = frame(TEXT, b"hello", mask=None)
    answer = switching("X-Y: z", behind=hello * 3 + GOODBYE)
    for ends in (False, True):
        async with answering(answer, ends=ends) as (server, url):
            async with websocket_connect(url) as connection:
                assert connection.headers["X-Y"] == connection.response_headers["x-y"] == "z"
                assert [message async for message in connection] == ["hello"] * 3
            assert connection.close_code == 1000
        assert len(server.rest) == len(close(1000))


@on_every_loop
async def test_a_server_that_says_all_at_once_and_is_gone(certs):
    class Hasty(Answering):
        async def _handle(self, reader, writer):
            self.answer(await self.head(reader), writer)
            writer.close()

    for context in (None, certs.server_context()):
        for count in (0, 1, 20_000):
            said = frame(TEXT, b"hello", mask=None) * count + GOODBYE
            async with Hasty(switching(behind=said)).running(ssl=context) as (_, port):
                url = f"{'ws' if context is None else 'wss'}://localhost:{port}"
                async with websocket_connect(url, ssl_options=certs.client_context()) as connection:
                    assert [message async for message in connection] == ["hello"] * count
                assert connection.close_code == 1000


@on_every_loop
async def test_a_server_that_answers_before_it_can_have_read():
    over = asyncio.Event()

    class Hasty(Answering):
        async def _handle(self, reader, writer):
            self.answer((await reader.read(2000)).decode(), writer)
            await over.wait()

    async with Hasty(switching(behind=GOODBYE)).running() as (_, port):
        with pytest.raises(HandshakeError, match="before it had our request"):
            await websocket_connect(f"ws://127.0.0.1:{port}", headers={"X": "y" * 8_000_000})
        over.set()


@on_every_loop
async def test_an_answer_in_pieces():
    async def trickle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        key = head.partition(b"Sec-Websocket-Key: ")[2].partition(b"\r")[0].decode()
        answer = b"HTTP/1.1 100 Continue\r\n\r\n" + switching(
            behind=frame(TEXT, b"x", mask=None) + GOODBYE
        )
        for byte in answer.replace(b"ACCEPT", accept_value(key).encode()):
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        await reader.read()

    async with serving(handle=trickle) as (_, port):
        assert await ask(f"ws://127.0.0.1:{port}") == ["x"]


@on_every_loop
async def test_wrong_101s():
    deflate = "Sec-WebSocket-Extensions: permessage-deflate"
    for answer, options, why in [
        (switching(Upgrade=None), {}, "."),
        (switching(Upgrade="h2c"), {}, "Upgrade"),
        (switching(Connection="close"), {}, "Connection"),
        (switching(Sec_WebSocket_Accept=accept_value("x")), {}, "key"),
        (switching("Sec-WebSocket-Protocol: x"), {}, "'x'"),
        (switching(deflate), {}, "no extension was offered"),
        (switching(deflate + "; no=1"), {"compression_options": {}}, "no"),
        (switching("Sec-WebSocket-Extensions: other"), {"compression_options": {}}, "offered"),
        (b"SSH-2.0-OpenSSH\r\n", {}, "not HTTP"),
        (b"HTTP/1.1 101 x\r\nUpgrade: a\nb\r\n\r\n", {}, "not HTTP"),
        (switching("X: " + "y" * 100_000), {}, "not HTTP"),
        (switching(*["X: y"] * 200), {}, "not HTTP"),
        (b"HTTP/1.1 103 Early\r\n\r\n" * 100 + switching(), {}, "not HTTP"),
        (b"HTTP/2.0 101 x\r\n\r\n", {}, "not HTTP"),
    ]:
        async with answering(answer) as (server, url):
            with pytest.raises(HandshakeError, match=why):
                await websocket_connect(url, **options)
        assert server.rest == b""


@on_every_loop
async def test_a_refusal():
    answer = status("403 No way", "X-Y: z", body=b"go away")
    async with answering(answer) as (_, url):
        with pytest.raises(HTTPError) as caught:
            await websocket_connect(f"{url}/x")
    error = caught.value
    assert (error.code, error.message, str(error)) == (403, "No way", "HTTP 403: No way")
    assert error.response.body == b"go away"
    assert error.response.headers["X-Y"] == "z"
    assert error.response.effective_url == f"{url}/x"
    assert error.response.request.url == f"{url}/x"
    assert error.response.error is error


@on_every_loop
async def test_what_is_kept_of_the_body_of_a_refusal():
    whole = bytes(REFUSAL_SIZE)
    for answer, ends, body in [
        (status("500 x", body=whole + b"x"), False, whole),
        (b"HTTP/1.1 500 x\r\nContent-Length: 10\r\n\r\nhalf", True, b"half"),
        (b"HTTP/1.1 500 x\r\n\r\nuntil the end", True, b"until the end"),
        (b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", False, b"a"),
        (b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n", False, b""),
        (b"HTTP/1.1 500 x\r\nContent-Length: 1" + b"0" * 15 + b"\r\n\r\nx", True, b"x"),
        (b"HTTP/1.1 304 x\r\nContent-Length: 10\r\n\r\n", False, b""),
    ]:
        async with answering(answer, ends=ends) as (_, url):
            with pytest.raises(HTTPError) as caught:
                await websocket_connect(url)
            assert caught.value.response.body == body


@on_every_loop
async def test_a_refusal_that_takes_its_time(monkeypatch):
    monkeypatch.setattr("tornadolike.websocket.client.opening.REFUSAL_PATIENCE", 0.01)
    async with answering(b"HTTP/1.1 503 x\r\nContent-Length: 10\r\n\r\nslow") as (_, url):
        with pytest.raises(HTTPError, match="503") as caught:
            await websocket_connect(url)
        assert caught.value.response.body == b"slow"


@on_every_loop
async def test_a_refusal_has_no_more_time_than_all_the_rest(monkeypatch):
    monkeypatch.setattr("tornadolike.websocket.client.opening.REFUSAL_PATIENCE", 60)
    async with answering(b"HTTP/1.1 503 x\r\nContent-Length: 10\r\n\r\nslow") as (_, url):
        async with asyncio.timeout(10):
            with pytest.raises(HTTPError, match="503"):
                await websocket_connect(url, connect_timeout=0.1)


@on_every_loop
async def test_a_page_where_a_websocket_should_be():
    async with answering(status("200 OK", body=b"<html>")) as (_, url):
        with pytest.raises(WebSocketError, match="200 OK and not 101") as caught:
            await websocket_connect(url)
        assert caught.value.status == 200


@on_every_loop
async def test_no_answer():
    for answer in (b"", b"HTTP/1.1 1"):
        async with answering(answer, ends=True) as (_, url):
            with pytest.raises(StreamClosedError, match="gave no answer"):
                await websocket_connect(url)
    with nobody() as (_, port), pytest.raises(ConnectionRefusedError, match="refused"):
        await websocket_connect(f"ws://127.0.0.1:{port}")


# Time


@on_every_loop
async def test_time_outs(certs):
    """All wait at the same time, and long enough to be where their time is to be over."""
    tls = {"ssl_options": certs.client_context()}
    names = Never()

    async def times_out(asked, why, **options):
        with pytest.raises(TimeoutError, match=why) as caught:
            await websocket_connect(asked, **options)
        assert isinstance(caught.value, HTTPError)
        assert caught.value.code == 599

    async with Answering(b"", b"", b"").running() as (_, port):
        url = f"ws://127.0.0.1:{port}"
        await asyncio.gather(
            times_out(url, "while waiting for the answer of 127.0.0.1:", connect_timeout=0.5),
            times_out(HTTPRequest(url, request_timeout=0.5), "while waiting for the answer"),
            times_out(HTTPRequest(url, connect_timeout=0.5), "while waiting for the answer"),
            times_out(url, "while resolving", connect_timeout=0.5, resolver=names),
            times_out("wss" + url[2:], "during TLS handshake", connect_timeout=0.5, **tls),
        )
    assert names.given_up


@on_every_loop
async def test_no_time_out_if_none_is_wanted():
    async with answering(switching(behind=GOODBYE)) as (_, url):
        assert await ask(url, connect_timeout=0) == []


@on_every_loop
async def test_giving_up():
    names = Never()
    async with Answering(b"").running() as (_, port):
        url = f"ws://127.0.0.1:{port}"
        for options in ({}, {"resolver": names}):
            connecting = websocket_connect(url, **options)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(connecting, 0.02)
            assert connecting.cancelled()
        connecting = websocket_connect(url)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
    assert names.given_up


# Redirects


@on_every_loop
async def test_redirects_are_not_followed_unasked():
    async with answering(status("302 Found", "Location: /there")) as (_, url):
        with pytest.raises(HTTPError, match="302: Found") as caught:
            await websocket_connect(url)
        assert caught.value.response.headers["Location"] == "/there"


@on_every_loop
async def test_redirects():
    jar = CookieJar()
    answers = [
        status("301 x", "Location: /b?c#d", "Set-Cookie: who=me; Path=/"),
        status("302 x", "Location: e"),
        status("307 x", "Location: e"),
        switching(behind=GOODBYE),
    ]
    async with answering(*answers) as (server, url):
        asked = f"{url.replace('//', '//me:secret@')}/a/"
        await ask(asked, follow_redirects=3, cookies=jar, headers={"X": "y"})
    assert [head.split()[1] for head in server.heads] == ["/a/", "/b?c", "/e", "/e"]
    keys = {server.field("Sec-WebSocket-Key", request) for request in range(4)}
    assert len(keys) == 4
    assert [server.field("Cookie", request) for request in range(4)] == [None, *["who=me"] * 3]
    assert server.field("Authorization") == server.field("Authorization", 0) is not None
    assert server.field("X") == "y"


@on_every_loop
async def test_a_redirect_to_another_server_takes_no_secrets_along():
    async with (
        answering(switching(behind=GOODBYE)) as (second, there),
        answering(status("308 x", f"Location: {there}/x")) as (first, here),
    ):
        request = HTTPRequest(
            here,
            headers={
                "Cookie": "a=b",
                "Host": "name.example",
                "X": "y",
                "Proxy-Authorization": "z",
            },
            auth_username="me",
            auth_password="secret",
        )
        await ask(request, follow_redirects=1, cookies={"c": "d"})
    assert first.field("Cookie") == "a=b; c=d"
    assert first.field("Host") == "name.example"
    for name in ("Authorization", "Cookie", "Proxy-Authorization"):
        assert first.field(name) is not None
        assert second.field(name) is None
    assert second.field("Host") == there.removeprefix("ws://")
    assert second.field("X") == "y"


@on_every_loop
async def test_redirects_that_lead_nowhere(certs):
    tls = {"ssl_options": certs.client_context()}
    for lines, options, why in [
        (["Location: /"], {}, "more than 2 redirects"),
        (["Location: mailto:x"], {}, "no WebSocket can be"),
        (["Location: http://x y"], {}, "no WebSocket can be"),
        ([], {}, "302: Found"),
        (["Location: ws://127.0.0.1/"], tls, "not followed"),
    ]:
        context = certs.server_context() if options else None
        async with answering(*[status("302 Found", *lines)] * 3, ssl=context) as (_, url):
            with pytest.raises(HTTPError, match=why) as caught:
                await websocket_connect(
                    url.replace("ws://127.0.0.1", "wss://localhost") if options else url,
                    follow_redirects=2,
                    **options,
                )
            assert caught.value.code == 302


# Ways


@on_every_loop
async def test_tls(certs):
    context = certs.server_context()
    hello = frame(TEXT, b"hello", mask=None)
    async with answering(*[switching(behind=hello + GOODBYE)] * 2, ssl=context) as (_, url):
        url = url.replace("ws://127.0.0.1", "wss://localhost")
        assert await ask(url, ssl_options=certs.client_context()) == ["hello"]
        request = HTTPRequest(url, ca_certs=certs.ca)
        async with websocket_connect(request) as connection:
            async for message in connection:
                assert message == "hello"


@on_every_loop
async def test_whom_the_system_trusts(certs, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certs.ca)
    async with answering(switching(behind=GOODBYE), ssl=certs.server_context()) as (_, url):
        assert await ask(url.replace("ws://127.0.0.1", "wss://localhost")) == []


@on_every_loop
async def test_certificates_are_verified(certs):
    for certificate, options in [
        (certs.server, {}),
        (certs.stranger, {"ssl_options": {"ca_certs": certs.ca}}),
        (certs.wrong_host, {"ssl_options": certs.client_context()}),
        (certs.expired, {"ssl_options": certs.client_context()}),
    ]:
        async with serving(ssl=certs.server_context(certificate)) as (_, port):
            with pytest.raises(ssl.SSLCertVerificationError):
                await websocket_connect(f"wss://localhost:{port}", **options)
    async with answering(switching(behind=GOODBYE), ssl=certs.server_context(certs.stranger)) as (
        _,
        url,
    ):
        await ask(HTTPRequest(url.replace("ws", "wss", 1), validate_cert=False))


@pytest.mark.parametrize("kind", ["a dictionary", "a context"])
@on_every_loop
async def test_our_certificate_is_for_the_server_that_was_asked(certs, kind):
    context = certs.server_context(ask_client=True)
    context.verify_mode = ssl.CERT_OPTIONAL
    options = {"ca_certs": certs.ca, "certfile": certs.client}
    if kind == "a context":
        options = certs.client_context(certs.client)
    seen = []

    class Seeing(Answering):
        async def _handle(self, reader, writer):
            seen.append(bool(writer.get_extra_info("peercert")))
            await super()._handle(reader, writer)

    second = Seeing(switching(behind=GOODBYE))
    async with second.running(ssl=context) as (_, port):
        first = Seeing(status("302 x", f"Location: wss://localhost:{port}/"))
        async with first.running(ssl=context) as (_, port):
            await ask(f"wss://localhost:{port}", ssl_options=options, follow_redirects=1)
    assert seen == [True, False]


@on_every_loop
async def test_proxies(monkeypatch, certs):
    proxy = TestProxy()
    async with proxy.running() as (_, proxy_port):
        through = f"http://me:secret@127.0.0.1:{proxy_port}"
        async with answering(*[switching(behind=GOODBYE)] * 3) as (server, url):
            await ask(url, proxy=through)
            request = HTTPRequest(url, proxy_host="127.0.0.1", proxy_port=proxy_port)
            await ask(request)
            monkeypatch.setenv("http_proxy", through)
            monkeypatch.setenv("no_proxy", "")
            await ask(url, trust_env=True)
        assert len(proxy.heads) == 3
        assert "Proxy-Authorization" not in "".join(server.heads)
        async with answering(switching(behind=GOODBYE), ssl=certs.server_context()) as (_, url):
            url = url.replace("ws://127.0.0.1", "wss://localhost")
            await ask(url, proxy=through, ssl_options=certs.client_context())
        assert proxy.heads[-1].startswith(f"CONNECT {url.removeprefix('wss://')} ")
        proxy.answer = status("407 x")
        with pytest.raises(ProxyError, match="407"):
            await websocket_connect("ws://example.com", proxy=through)


@on_every_loop
async def test_the_environment_counts_only_if_it_may(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with answering(switching(behind=GOODBYE)) as (_, url):
        await ask(url)


@on_every_loop
async def test_unix_sockets(tmp_path):
    path = str(tmp_path / "socket")
    server = Answering(
        switching(behind=GOODBYE),
        status("302 x", "Location: /y"),
        switching(behind=GOODBYE),
        status("302 x", "Location: ws://elsewhere.example/"),
    )
    async with server.running(path):
        await ask("ws://name.example/x", unix_socket=path)
        assert server.field("Host") == "name.example"
        await ask("ws://name.example/x", unix_socket=path, follow_redirects=1)
        with pytest.raises(HTTPError, match="not at the Unix socket"):
            await websocket_connect("ws://name.example", unix_socket=path, follow_redirects=1)
    with pytest.raises(OSError, match=r"No such file|refused"):
        await websocket_connect("ws://name.example", unix_socket=path + "x")


@on_every_loop
async def test_where_from():
    seen = []
    ours = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"  # elsewhere there is but one

    class Asked(Names):
        async def resolve(self, host, port, family=socket.AF_UNSPEC):
            seen.append(family)
            return await super().resolve(host, port, family)

    class Seeing(Answering):
        async def _handle(self, reader, writer):
            seen.append(writer.get_extra_info("peername")[0])
            await super()._handle(reader, writer)

    async with Seeing(*[switching(behind=GOODBYE)] * 2).running() as where:
        url = f"ws://name.example:{where[1]}"
        await ask(HTTPRequest(url, network_interface=ours), resolver=Asked(where))
        await ask(HTTPRequest(url, allow_ipv6=False), resolver=Asked(where))
    assert seen == [socket.AF_UNSPEC, ours, socket.AF_INET, "127.0.0.1"]


@on_every_loop
async def test_what_resolves_is_closed(monkeypatch):
    clients = []

    class Client(TCPClient):
        def close(self):
            clients.append(self)
            super().close()

    monkeypatch.setattr("tornadolike.websocket.client.opening.TCPClient", Client)
    async with answering(switching(behind=GOODBYE), status("403 x")) as (_, url):
        await ask(url)
        with pytest.raises(HTTPError):
            await websocket_connect(url)
    assert len(clients) == 2


@on_every_loop
async def test_resolvers():
    async with answering(switching(behind=GOODBYE)) as (server, url):
        port = int(url.rpartition(":")[2])
        names = Names(("127.0.0.1", port))
        await ask(f"ws://name.example:{port}", resolver=names)
        assert server.field("Host") == f"name.example:{port}"
        assert not names.closed
