"""The server's connection on streams that somebody has: one server, whoever has accepted."""

import asyncio
import gc
import gzip
import socket
import types

import pytest

from tests.running import on_every_loop, turns
from tests.wire.site import Conversation, answer
from tornadolike.http1connection import HTTP1ConnectionParameters, HTTP1ServerConnection
from tornadolike.http1connection import adopted as module
from tornadolike.httputil import HTTPServerConnectionDelegate
from tornadolike.iostream import IOStream, SSLIOStream, memory_stream_pair

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Site(HTTPServerConnectionDelegate):
    """Answers, and remembers what it was told of connections."""

    def __init__(self, application=answer):
        self.inner = Conversation(application, patient=False)
        self.requests = []
        self.closed = []

    def start_request(self, server_conn, request_conn):
        self.requests.append((server_conn, request_conn.context))
        return self.inner.start_request(server_conn, request_conn)

    def on_close(self, server_conn):
        self.closed.append(server_conn)


def plain(certs):
    here, there = socket.socketpair()
    return IOStream(here), IOStream(there)


def tls(certs):
    here, there = socket.socketpair()
    client = {"ssl_options": certs.client_context(), "server_hostname": "localhost"}
    return (
        SSLIOStream(here, ssl_options=certs.server_context(), server_side=True),
        SSLIOStream(there, **client),
    )


def memory(certs):
    return memory_stream_pair(chunk=3)


BOTH = pytest.mark.parametrize("pair", [plain, tls, memory])


@BOTH
@on_every_loop
async def test_a_conversation(pair, certs):
    here, there = pair(certs)
    site = Site()
    connection = HTTP1ServerConnection(here)
    connection.start_serving(site)
    there.write(GET + GET + LAST)
    text = await there.read_until_close()
    assert [text.count(part) for part in (b"200 OK", b"GET /a", b"GET /last")] == [3, 2, 1]
    await connection.close()
    assert [owner for owner, _ in site.requests] == [connection] * 3
    assert site.closed == [connection]
    assert site.requests[0][1].protocol == ("https" if pair is tls else "http")
    assert connection.stream is here
    there.close()


@BOTH
@on_every_loop
async def test_closing_cuts(pair, certs):
    here, there = pair(certs)
    site = Site(lambda request: None)
    connection = HTTP1ServerConnection(here)
    connection.start_serving(site)
    there.write(GET)
    while not site.requests:
        await asyncio.sleep(0.001)
    closing = [asyncio.ensure_future(connection.close()) for _ in range(2)]
    closing.pop().cancel()
    await closing[0]
    assert site.closed == [connection]
    assert await there.read_until_close() == b""
    await connection.close()
    there.close()


@on_every_loop
async def test_closing_what_is_not_served():
    here, there = memory_stream_pair()
    await HTTP1ServerConnection(here).close()
    assert here.closed()
    there.close()


@on_every_loop
async def test_what_was_read_before_and_what_was_not(certs):
    here, there = plain(certs)
    there.write(b"before\n" + GET)
    assert await here.read_until(b"\n") == b"before\n"
    connection = HTTP1ServerConnection(here)
    connection.start_serving(Site())
    assert b"GET /a" in await there.read_until(b"GET /a")
    await connection.close()
    there.close()


@on_every_loop
async def test_a_stream_that_is_not_free(certs):
    here, there = plain(certs)
    waiting = here.read_bytes(1)
    connection = HTTP1ServerConnection(here)
    with pytest.raises(ValueError, match="not idle"):
        connection.start_serving(Site())
    there.write(b"x")
    assert await waiting == b"x"
    connection.start_serving(Site())
    there.write(LAST)
    assert await there.read_until_close()
    await connection.close()
    there.close()
    with pytest.raises(ValueError, match="not idle"):
        connection.start_serving(Site())


@on_every_loop
async def test_closing_during_the_handshake(certs):
    here, there = socket.socketpair()
    stream = SSLIOStream(here, ssl_options=certs.server_context(), server_side=True)
    site = Site()
    connection = HTTP1ServerConnection(stream)
    connection.start_serving(site)
    await turns()
    await connection.close()
    assert stream.closed()
    assert site.closed == [connection]
    assert site.requests == []
    there.close()


@on_every_loop
async def test_a_handshake_that_fails(certs):
    here, there = socket.socketpair()
    stream = SSLIOStream(here, ssl_options=certs.server_context(), server_side=True)
    site = Site()
    connection = HTTP1ServerConnection(stream)
    connection.start_serving(site)
    there.sendall(b"this is no TLS at all\r\n")
    while not site.closed:
        await asyncio.sleep(0.001)
    assert site.closed == [connection]
    await connection.close()
    there.close()


@on_every_loop
async def test_requests_are_from_whom_the_context_says():
    here, there = memory_stream_pair()
    seen = []

    def look(request):
        seen.append((request.remote_ip, request.protocol))
        answer(request)

    context = types.SimpleNamespace(remote_ip="192.0.2.7", protocol="https")
    site = Site(look)
    connection = HTTP1ServerConnection(here, None, context)
    connection.start_serving(site)
    there.write(GET)
    await there.read_until(b"GET /a")
    assert seen == [("192.0.2.7", "https")]
    assert site.requests[0][1] is context
    await connection.close()
    there.close()


@on_every_loop
async def test_parameters():
    coded = gzip.compress(b"abcdefgh")
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%b\r\n%b"
    for params, request, expected in (
        ({"no_keep_alive": True}, GET, b"\r\nConnection: close\r\n"),
        ({"max_body_size": 2}, post % (3, b"", b"abc"), b" 413 "),
        ({"max_header_size": 20}, GET + LAST, b" 431 "),
        (
            {"decompress": True},
            post % (len(coded), b"Content-Encoding: gzip\r\n", coded),
            b"[abcdefgh]",
        ),
    ):
        here, there = memory_stream_pair()
        connection = HTTP1ServerConnection(here, HTTP1ConnectionParameters(**params))
        connection.start_serving(Site())
        there.write(request)
        await there.read_until(expected)
        await connection.close()
        there.close()


@on_every_loop
async def test_the_limit_of_the_body_by_default_is_the_streams():
    here, there = memory_stream_pair()
    here.max_buffer_size = 2
    connection = HTTP1ServerConnection(here)
    connection.start_serving(Site())
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
    await there.read_until(b" 413 ")
    await connection.close()
    there.close()


@on_every_loop
async def test_connections_of_one_delegate_share_what_they_can():
    site = Site()
    params = HTTP1ConnectionParameters(no_keep_alive=True)
    connections = []
    streams = []
    for given in (None, None, params, HTTP1ConnectionParameters(no_keep_alive=True)):
        here, there = memory_stream_pair()
        connection = HTTP1ServerConnection(here, given)
        connection.start_serving(site)
        connections.append(connection)
        streams.append(there)
    assert len(module._servings) == 2
    for connection in connections:
        await connection.close()
    for stream in streams:
        stream.close()
    del connections, connection
    await turns()
    gc.collect()
    assert not module._servings
