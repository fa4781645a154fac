"""One exchange over a stream: what a delegate is told, what goes over the wire, and what the stream is good for."""

import asyncio
import gzip
import socket

import pytest

from tests.running import on_every_loop, on_jumping_clock, turns
from tornadolike.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornadolike.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPOutputError,
    RequestStartLine,
    ResponseStartLine,
)
from tornadolike.iostream import (
    IOStream,
    SSLIOStream,
    StreamBufferFullError,
    StreamClosedError,
    UnsatisfiableReadError,
    memory_stream_pair,
)

HOST = {"Host": "a.example"}
OK = ResponseStartLine("", 200, "OK")
GENERAL = "tornadolike.general"
APPLICATION = "tornadolike.application"


class Told(HTTPMessageDelegate):
    """Writes down what it is told; ``then`` has what it does about it, by the name of the method."""

    def __init__(self, **then):
        self.then = then
        self.heads = []
        self.pieces = []
        self.trailers = None
        self.ends = []

    @property
    def body(self):
        return b"".join(self.pieces)

    def _do(self, what):
        return self.then.get(what, lambda: None)()

    def headers_received(self, start_line, headers):
        self.heads.append((start_line, headers))
        return self._do("headers_received")

    def data_received(self, chunk):
        self.pieces.append(chunk)
        return self._do("data_received")

    def trailers_received(self, trailers):
        self.trailers = list(trailers.get_all())

    def finish(self):
        self.ends.append("finish")
        return self._do("finish")

    def on_connection_close(self):
        self.ends.append("closed")
        return self._do("on_connection_close")


def raising(error):
    def fail():
        raise error

    return fail


def requested(stream, method="GET", target="/", headers=(), **params):
    """A client's connection that has sent its request, if that has no body."""
    connection = HTTP1Connection(stream, True, HTTP1ConnectionParameters(**params))
    start_line = RequestStartLine(method, target, "")
    connection.write_headers(start_line, HTTPHeaders({**HOST, **dict(headers)}))
    return connection


async def response_to(text, told, *, method="GET", end=True, chunk=None, headers=(), **params):
    """Have a client read ``text``; return what it says of the stream, its stream, and the server's."""
    here, there = memory_stream_pair(chunk=chunk)
    connection = requested(here, method, "a:1" if method == "CONNECT" else "/", headers, **params)
    connection.finish()
    await there.read_until(b"\r\n\r\n")  # or its end would be a reset
    sent = there.write(text)
    if end:
        sent.add_done_callback(lambda _: there.close())
    return await connection.read_response(told), here, there


# What a client reads

RESPONSES = {
    "length": ("GET", b"200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    "no length": ("GET", b"200 OK\r\n\r\nhello", b"hello"),
    "no body": ("GET", b"200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    "chunks": (
        "GET",
        b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n",
        b"hello",
    ),
    "HEAD": ("HEAD", b"200 OK\r\nContent-Length: 5\r\n\r\n", b""),
    "204": ("GET", b"204 No Content\r\n\r\n", b""),
    "304": ("GET", b"304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
    "no reason": ("GET", b"200\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
}


@pytest.mark.parametrize("chunk", [None, 1])
@pytest.mark.parametrize("kind", RESPONSES)
@on_jumping_clock
async def test_responses(kind, chunk):
    method, text, body = RESPONSES[kind]
    until_end = kind == "no length"
    told = Told()
    usable, here, _ = await response_to(
        b"HTTP/1.1 " + text, told, method=method, end=until_end, chunk=chunk
    )
    assert told.body == body
    assert told.ends == ["finish"]
    ((start_line, _),) = told.heads
    assert start_line.code == int(text[:3])
    assert usable is not here.closed()
    assert usable is not until_end
    here.close()


@on_jumping_clock
async def test_trailers():
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSum: 7\r\n\r\n"
    told = Told()
    _, here, _ = await response_to(text, told, end=False)
    here.close()
    assert told.trailers == [("Sum", "7")]
    assert told.ends == ["finish"]


@on_jumping_clock
async def test_interim_responses_come_before():
    text = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" * 2 + b"HTTP/1.1 204 No Content\r\n\r\n"
    told = Told()
    usable, here, _ = await response_to(text, told, end=False)
    assert usable
    assert [start_line.code for start_line, _ in told.heads] == [103, 103, 204]
    assert told.ends == ["finish"]
    here.close()


@on_jumping_clock
async def test_what_is_behind_the_end_of_http_is_the_streams():
    upgrade = {"Connection": "upgrade", "Upgrade": "x"}
    for text, options in (
        (b"101 Switching Protocols\r\nUpgrade: x", {"headers": upgrade}),
        (b"200 OK", {"method": "CONNECT"}),
    ):
        told = Told()
        usable, here, _ = await response_to(
            b"HTTP/1.1 " + text + b"\r\n\r\nother", told, end=False, **options
        )
        assert usable
        assert told.ends == ["finish"]
        assert await here.read_bytes(5) == b"other"
        here.close()


@on_jumping_clock
async def test_a_stream_may_be_taken_at_the_head():
    here, there = memory_stream_pair(chunk=3)
    connection = requested(here, headers={"Connection": "upgrade", "Upgrade": "x"})
    connection.finish()
    there.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nother")
    taken = []
    told = Told(headers_received=lambda: taken.append(connection.detach()))
    assert await connection.read_response(told) is False
    assert taken == [here]
    assert connection.stream is None
    assert told.ends == []
    assert await here.read_bytes(5) == b"other"
    with pytest.raises(RuntimeError, match="was called before"):
        connection.detach()
    connection.close()
    assert not here.closed()
    with pytest.raises(StreamClosedError):
        await connection.write(b"x")
    here.close()


@on_every_loop
async def test_several_exchanges_over_one_stream():
    a, b = socket.socketpair()
    here, there = IOStream(a), IOStream(b)
    for number in range(3):
        told = Told()
        connection = requested(here, target=f"/{number}")
        connection.finish()
        assert b"GET /%d HTTP/1.1\r\nHost: a.example\r\n" % number in await there.read_until(
            b"\r\n\r\n"
        )
        there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
        assert await connection.read_response(told) is True
        assert told.body == b"%d" % number
    here.close()
    there.close()


@pytest.mark.parametrize(
    ("text", "params"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", {}),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", {}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", {"no_keep_alive": True}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n", {}),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            {"headers": {"Connection": "close"}},
        ),
    ],
)
@on_jumping_clock
async def test_streams_that_are_of_no_use_any_more_are_closed(text, params):
    told = Told()
    usable, here, _ = await response_to(text, told, end=False, **params)
    assert usable is False
    assert here.closed()
    assert told.body == b"x"
    assert told.ends == ["finish"]


# When something is wrong with it

TRUNCATED = {
    "nothing": (b"", []),
    "head": (b"HTTP/1.1 200 OK\r\nContent-", []),
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx", ["closed"]),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", ["closed"]),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n", []),
}


@pytest.mark.parametrize(("text", "ends"), TRUNCATED.values(), ids=TRUNCATED)
@on_jumping_clock
async def test_responses_that_are_cut(text, ends):
    told = Told()
    with pytest.raises(StreamClosedError):
        await response_to(text, told)
    assert told.ends == ends


@on_every_loop
async def test_a_reset_is_no_end_of_a_body():
    here, there = memory_stream_pair()
    connection = requested(here)
    connection.finish()
    told = Told(data_received=lambda: there.detach().reset())
    there.write(b"HTTP/1.1 200 OK\r\n\r\nx")
    with pytest.raises(StreamClosedError) as caught:
        await connection.read_response(told)
    assert isinstance(caught.value.real_error, ConnectionResetError)
    assert told.ends == ["closed"]


@pytest.mark.parametrize("goodbye", [True, False])
@on_every_loop
async def test_over_tls_only_a_goodbye_is_the_end_of_a_body(certs, goodbye):
    a, b = socket.socketpair()
    there = SSLIOStream(a, ssl_options=certs.server_context(), server_side=True)
    client_options = {"ssl_options": certs.client_context(), "server_hostname": "localhost"}
    here = SSLIOStream(b, **client_options)
    await asyncio.gather(there.wait_for_handshake(), here.wait_for_handshake())
    connection = requested(here)
    connection.finish()
    await there.read_until(b"\r\n\r\n")
    await there.write(b"HTTP/1.1 200 OK\r\n\r\nx")
    told = Told()
    reading = asyncio.ensure_future(connection.read_response(told))
    while not told.body:
        await asyncio.sleep(0.001)
    if goodbye:
        there.close()
        assert await reading is False
    else:
        a.shutdown(socket.SHUT_WR)
        with pytest.raises(StreamClosedError):
            await reading
        there.close()
    assert told.ends == ["finish" if goodbye else "closed"]


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", ["closed"]),
        (b"garbage\r\n\r\n", ["closed"]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", ["closed"]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", ["closed"]),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ["closed"]),
    ],
)
@on_jumping_clock
async def test_malformed_responses(text, ends, expect_log):
    told = Told()
    with expect_log(GENERAL, "Malformed HTTP message from None"):
        usable, here, _ = await response_to(text, told, end=False)
    assert usable is False
    assert here.closed()
    assert told.ends == ends


@on_jumping_clock
async def test_a_head_that_is_too_large(expect_log):
    told = Told()
    with (
        expect_log(GENERAL, "Unsatisfiable read, closing connection: Headers larger than 100"),
        pytest.raises(StreamClosedError) as caught,
    ):
        await response_to(
            b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100, told, end=False, max_header_size=100
        )
    assert isinstance(caught.value.real_error, UnsatisfiableReadError)
    assert told.ends == []


FRAMINGS = {
    "length": b"Content-Length: 4\r\n\r\nabcd",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
    "until the end": b"\r\nabcd",
}


@pytest.mark.parametrize("framed", FRAMINGS.values(), ids=FRAMINGS)
@on_jumping_clock
async def test_the_body_has_a_limit(framed, expect_log):
    text = b"HTTP/1.1 200 OK\r\n" + framed
    with expect_log(GENERAL, "Malformed HTTP message"):
        told = Told()
        usable, here, _ = await response_to(text, told, max_body_size=3)
    assert usable is False
    assert here.closed()
    assert told.ends == ["closed"]
    told = Told()
    await response_to(text, told, max_body_size=4)
    assert told.body == b"abcd"


@on_jumping_clock
async def test_the_limit_of_the_body_by_default_is_the_streams(expect_log):
    here, there = memory_stream_pair(max_buffer_size=10)
    connection = requested(here)
    connection.finish()
    there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")
    with expect_log(GENERAL, "Malformed HTTP message"):
        assert await connection.read_response(Told()) is False


@on_jumping_clock
async def test_the_delegate_may_set_another_limit(expect_log):
    for limit, body in ((3, b""), (4, b"abcd")):
        here, there = memory_stream_pair()
        connection = requested(here, max_body_size=1 if body else 100)
        connection.finish()
        there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd")
        told = Told(headers_received=lambda c=connection, n=limit: c.set_max_body_size(n))
        if body:
            assert await connection.read_response(told) is True
        else:
            with expect_log(GENERAL, "Malformed HTTP message"):
                assert await connection.read_response(told) is False
        assert told.body == body
        here.close()


@on_jumping_clock
async def test_time_outs(expect_log):
    loop = asyncio.get_running_loop()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx"
    for text, params, seconds in (
        (b"HTTP/1.1 200 ", {"header_timeout": 5}, 5),
        (head, {"header_timeout": 5, "body_timeout": 7}, 7),
    ):
        told = Told()
        begin = loop.time()
        with expect_log(GENERAL, "^Timeout reading (head|body) from None$"):
            usable, here, _ = await response_to(text, told, end=False, **params)
        assert usable is False
        assert here.closed()
        assert told.ends == ["closed"]
        assert loop.time() - begin == pytest.approx(seconds, abs=0.1)


@on_jumping_clock
async def test_the_delegate_may_set_another_time_out(expect_log):
    here, there = memory_stream_pair()
    connection = requested(here, body_timeout=1)
    connection.finish()
    there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
    told = Told(headers_received=lambda: connection.set_body_timeout(None))
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(1000)
    there.write(b"y")
    assert await reading is True
    here.close()


@pytest.mark.parametrize("method", ["headers_received", "data_received", "finish"])
@on_jumping_clock
async def test_delegates_that_fail(method, expect_log):
    text = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
    told = Told(**{method: raising(ValueError("of the delegate's"))})
    with expect_log(APPLICATION, "Uncaught exception", count=1):
        usable, here, _ = await response_to(text, told, end=False)
    assert usable is False
    assert here.closed()
    assert told.ends[-1] == "closed"

    told = Told(**{method: raising(HTTPInputError("not like this"))})
    with expect_log(GENERAL, "Malformed HTTP message from None: not like this"):
        usable, here, _ = await response_to(text, told, end=False)
    assert usable is False
    assert told.ends[-1] == "closed"


@pytest.mark.parametrize("method", ["headers_received", "data_received"])
@on_jumping_clock
async def test_what_a_delegate_waits_for_may_be_cancelled(method, expect_log):
    text = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
    cancelled = asyncio.get_running_loop().create_future()
    cancelled.cancel()
    told = Told(**{method: lambda: cancelled})
    with expect_log(APPLICATION, "Uncaught exception", count=1):
        usable, here, _ = await response_to(text, told, end=False)
    assert usable is False
    assert here.closed()
    assert told.ends == ["closed"]


@on_jumping_clock
async def test_a_delegate_that_fails_at_the_end(expect_log):
    told = Told(on_connection_close=raising(ValueError("of the delegate's")))
    with (
        expect_log(APPLICATION, "Uncaught exception", count=1),
        pytest.raises(StreamClosedError),
    ):
        await response_to(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", told)


@on_jumping_clock
async def test_cancelling():
    here, there = memory_stream_pair()
    connection = requested(here)
    connection.finish()
    there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
    told = Told()
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(1)
    assert told.body == b"x"
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert here.closed()
    assert told.ends == ["closed"]


@on_jumping_clock
async def test_closing_while_a_response_is_read_is_no_end_of_it():
    here, there = memory_stream_pair()
    connection = requested(here)
    connection.finish()
    there.write(b"HTTP/1.1 200 OK\r\n\r\nx")
    told = Told(data_received=connection.close)
    with pytest.raises(StreamClosedError):
        await connection.read_response(told)
    assert told.ends == ["closed"]


# How much comes at once


@on_jumping_clock
async def test_no_piece_is_larger_than_wanted():
    body = bytes(range(100))
    coded = gzip.compress(body * 10)
    for text, params, expected in (
        (b"Content-Length: 100\r\n\r\n" + body, {}, body),
        (b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + body + b"\r\n0\r\n\r\n", {}, body),
        (
            b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(coded), coded),
            {"decompress": True},
            body * 10,
        ),
    ):
        for wait in (lambda: None, lambda: asyncio.sleep(0)):
            told = Told(data_received=wait)
            usable, here, _ = await response_to(
                b"HTTP/1.1 200 OK\r\n" + text, told, end=False, chunk_size=7, **params
            )
            assert usable
            assert told.body == expected
            assert max(map(len, told.pieces)) <= 7
            here.close()


@on_jumping_clock
async def test_content_codings_come_off():
    coded = gzip.compress(b"x" * 1000)
    text = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(coded),
        coded,
    )
    told = Told()
    _, here, _ = await response_to(text, told, end=False, decompress=True, max_body_size=1000)
    assert told.body == b"x" * 1000
    assert told.heads[0][1]["X-Consumed-Content-Encoding"] == "gzip"
    here.close()
    told = Told()
    _, here, _ = await response_to(text, told, end=False)
    assert told.body == coded
    here.close()


@on_jumping_clock
async def test_a_bomb_does_not_go_off(expect_log):
    coded = gzip.compress(bytes(10_000_000))
    text = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
        len(coded),
        coded,
    )
    told = Told()
    with expect_log(GENERAL, "Malformed HTTP message"):
        usable, *_ = await response_to(text, told, decompress=True, max_body_size=100_000)
    assert usable is False
    assert len(told.body) <= 100_000
    assert told.ends == ["closed"]


@on_jumping_clock
async def test_who_makes_us_wait_makes_the_peer_wait():
    here, there = memory_stream_pair(capacity=1000)
    connection = requested(here, chunk_size=500)
    connection.finish()
    written = there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000))
    go_on = asyncio.Event()
    told = Told(data_received=go_on.wait)
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(10)
    assert len(told.body) <= 500
    assert not written.done()
    go_on.set()
    assert await reading is True
    assert len(told.body) == 100_000
    here.close()


@on_every_loop
async def test_tiny_chunks_come_together_and_let_others_run():
    here, there = memory_stream_pair(capacity=1 << 20)
    connection = requested(here)
    connection.finish()
    count = 5000
    there.write(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * count
        + b"0\r\n\r\n"
    )
    await turns()
    made = 0

    async def count_turns():
        nonlocal made
        while True:
            made += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count_turns())
    told = Told()
    assert await connection.read_response(told) is True
    assert told.body == b"x" * count
    assert len(told.pieces) < 10
    assert made > 10
    counting.cancel()
    here.close()


# What a client writes


async def wire(method, headers, *pieces, trailers=None):
    """What comes to the server."""
    here, there = memory_stream_pair()
    connection = requested(here, method, headers=headers)
    for piece in pieces:
        await connection.write(piece)
    connection.finish(trailers)
    here.close()
    text = await there.read_until_close()
    return text.partition(b"\r\n\r\n")


@on_jumping_clock
async def test_requests():
    head, _, body = await wire("GET", {"A": "b"})
    assert head == b"GET / HTTP/1.1\r\nHost: a.example\r\nA: b"
    assert body == b""
    head, _, body = await wire("POST", {"Content-Length": "4"}, b"ab", b"cd")
    assert body == b"abcd"
    for method in ("POST", "PUT", "PATCH"):
        head, _, body = await wire(method, {}, b"ab", b"", b"cd")
        assert b"\r\nTransfer-Encoding: chunked" in head
        assert body == b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"
    _, _, body = await wire("POST", {}, b"a", trailers=HTTPHeaders({"Sum": "7"}))
    assert body == b"1\r\na\r\n0\r\nSum: 7\r\n\r\n"
    head, _, _ = await wire("GET", {"A": b"b"})
    assert head.endswith(b"\r\nA: b")


@on_jumping_clock
async def test_a_piece_may_go_with_the_head():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, True)
    await connection.write_headers(
        RequestStartLine("PUT", "/a", ""), HTTPHeaders({**HOST, "Content-Length": "2"}), b"hi"
    )
    connection.finish()
    assert (await there.read_bytes(1000, partial=True)).endswith(b"\r\n\r\nhi")
    here.close()


@on_jumping_clock
async def test_requests_that_cannot_be_written():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, True)
    line = RequestStartLine("GET", "/", "")
    for bad in (
        (RequestStartLine("GET", "/ HTTP/1.1\r\nX: y", ""), HTTPHeaders(HOST)),
        (line, HTTPHeaders()),
        (line, HTTPHeaders({**HOST, "Content-Length": "1", "Transfer-Encoding": "chunked"})),
    ):
        with pytest.raises((HTTPOutputError, HTTPInputError)):
            connection.write_headers(*bad)
    with pytest.raises(RuntimeError, match="needs write_headers"):
        connection.write(b"x")
    connection.write_headers(line, HTTPHeaders(HOST))
    with pytest.raises(RuntimeError, match="has one head"):
        connection.write_headers(line, HTTPHeaders(HOST))
    connection.finish()
    with pytest.raises(RuntimeError, match="has one end"):
        connection.finish()
    with pytest.raises(RuntimeError, match=r"write\(\) after finish"):
        connection.write(b"")
    assert (await there.read_bytes(1000, partial=True)).count(b"GET") == 1
    here.close()


@on_jumping_clock
async def test_what_does_not_fit_its_length_closes_the_stream():
    here, _ = memory_stream_pair()
    connection = requested(here, "POST", headers={"Content-Length": "2"})
    with pytest.raises(HTTPOutputError):
        connection.write(b"abc")
    assert here.closed()
    here, _ = memory_stream_pair()
    connection = requested(here, "POST", headers={"Content-Length": "2"})
    await connection.write(b"a")
    with pytest.raises(HTTPOutputError):
        connection.finish()
    assert here.closed()
    connection.finish()  # there is nothing to be finished any more


@on_jumping_clock
async def test_writing_to_a_stream_that_is_closed():
    here, _ = memory_stream_pair()
    connection = requested(here, "POST")
    here.close()
    with pytest.raises(StreamClosedError):
        await connection.write(b"x")
    other = HTTP1Connection(here, True)
    with pytest.raises(StreamClosedError):
        await other.write_headers(RequestStartLine("GET", "/", ""), HTTPHeaders(HOST))
    connection.finish()
    with pytest.raises(StreamClosedError):
        await connection.read_response(Told())


@on_jumping_clock
async def test_a_write_waits_for_room():
    here, _ = memory_stream_pair(capacity=1000, max_write_buffer_size=5000)
    connection = requested(here, "POST")
    future = connection.write(bytes(3000))
    await asyncio.sleep(1)
    assert not future.done()
    with pytest.raises(StreamBufferFullError):
        connection.write(bytes(5000))
    assert here.closed()
    with pytest.raises(StreamClosedError):
        await future


@on_jumping_clock
async def test_the_response_may_be_whole_before_the_request_is():
    here, there = memory_stream_pair()
    connection = requested(here, "POST")
    there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    told = Told()
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(1)
    assert told.ends == ["finish"]
    assert not reading.done()
    connection.write(b"x")
    connection.finish()
    assert await reading is True
    here.close()


@on_jumping_clock
async def test_a_close_callback_while_the_request_is_still_written():
    here, there = memory_stream_pair()
    connection = requested(here, "POST")
    there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    called = []
    connection.set_close_callback(lambda: called.append(1))
    reading = asyncio.ensure_future(connection.read_response(Told()))
    await asyncio.sleep(1)
    there.close()
    assert await reading is False
    assert called == [1]


@on_jumping_clock
async def test_a_body_that_waits_to_be_invited():
    here, there = memory_stream_pair()
    headers = {"Content-Length": "2", "Expect": "100-continue"}
    connection = requested(here, "POST", headers=headers)

    async def send_body():
        if told.heads[-1][0].code == 100:
            await connection.write(b"hi")
            connection.finish()

    told = Told(headers_received=send_body)
    reading = asyncio.ensure_future(connection.read_response(told))
    assert not (await there.read_until(b"\r\n\r\n")).endswith(b"hi")
    there.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert await there.read_bytes(2) == b"hi"
    there.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    assert await reading is True
    assert told.body == b"x"
    assert told.ends == ["finish"]
    here.close()


@on_jumping_clock
async def test_a_body_that_nobody_wants_is_not_sent():
    here, there = memory_stream_pair()
    headers = {"Content-Length": "2", "Expect": "100-continue"}
    connection = requested(here, "POST", headers=headers)
    there.write(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 1\r\n\r\nx")
    told = Told()
    assert await connection.read_response(told) is False
    assert told.body == b"x"
    assert told.ends == ["finish"]
    assert here.closed()


# The server's side


async def served(request, told, then, *, end=False, **params):
    """Have a server read ``request``; ``then(connection)`` is what its delegate does at the end.

    Return what it says of the stream, what it has answered, and its stream.
    """
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False, HTTP1ConnectionParameters(**params), "a client")
    told.then.setdefault("finish", lambda: then(connection))
    sent = there.write(request)
    if end:
        sent.add_done_callback(lambda _: there.close())
    usable = await connection.read_response(told)
    if not here.closed():
        here.write(b"(open)")
        here.detach().close()
    return usable, b"" if end else await there.read_until_close()


def answer(connection):
    connection.write_headers(OK, HTTPHeaders({"Content-Length": "2"}), b"hi")
    connection.finish()


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi(open)"
LAST = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
REQUESTS = {
    "GET": (b"GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n", b"", ANSWER),
    "length": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", b"ab", ANSWER),
    "chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
        b"ab",
        ANSWER,
    ),
    "1.0": (b"GET / HTTP/1.0\r\n\r\n", b"", LAST),
    "close": (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"", LAST),
    "HEAD": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n(open)",
    ),
    "expects": (
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        b"ab",
        ANSWER,
    ),
}


@pytest.mark.parametrize(("request_", "body", "answered"), REQUESTS.values(), ids=REQUESTS)
@on_jumping_clock
async def test_requests_are_answered(request_, body, answered):
    told = Told()
    usable, text = await served(request_, told, answer)
    assert text == answered
    assert usable is answered.endswith(b"(open)")
    assert told.body == body
    assert told.ends == ["finish"]
    ((start_line, _),) = told.heads
    assert " ".join(start_line).encode() == request_.partition(b"\r\n")[0]


@on_jumping_clock
async def test_no_keep_alive():
    usable, text = await served(REQUESTS["GET"][0], Told(), answer, no_keep_alive=True)
    assert text == LAST
    assert usable is False


@on_jumping_clock
async def test_a_client_is_invited_to_send_its_body():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    told = Told(finish=lambda: answer(connection))
    reading = asyncio.ensure_future(connection.read_response(told))
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert await there.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    there.write(b"ab")
    assert await reading is True
    assert told.body == b"ab"
    here.close()


@on_jumping_clock
async def test_requests_behind_one_another():
    here, there = memory_stream_pair(chunk=5)
    there.write(REQUESTS["GET"][0] + REQUESTS["chunks"][0] + REQUESTS["close"][0])
    results = []
    while not here.closed():
        connection = HTTP1Connection(here, False)
        told = Told(finish=lambda c=connection: answer(c))
        results.append((await connection.read_response(told), told.body))
    assert results == [(True, b""), (True, b"ab"), (False, b"")]
    assert (await there.read_until_close()).count(b"\r\n\r\nhi") == 3


REFUSED = {
    "malformed": (b"GET / HTTP/1.1\r\nA b\r\n\r\n", {}, 400),
    "expectation": (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", {}, 417),
    "large": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        {"max_body_size": 2},
        413,
    ),
    "larger": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\nabc",
        {"max_body_size": 2},
        413,
    ),
    "header": (b"GET / HTTP/1.1\r\nA: " + b"x" * 50, {"max_header_size": 20}, 431),
    "slow head": (b"GET / HTTP/1.1\r\n", {"header_timeout": 2}, 408),
    "slow body": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
        {"body_timeout": 2},
        408,
    ),
    "HEAD": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        {"max_body_size": 2},
        413,
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
@on_jumping_clock
async def test_requests_that_are_refused(kind, expect_log):
    request, params, status = REFUSED[kind]
    told = Told()
    with expect_log(GENERAL, "^(Malformed HTTP message|Timeout reading (head|body)) from a client"):
        usable, text = await served(request, told, answer, **params)
    assert usable is False
    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close" in head
    assert bool(body) is (kind != "HEAD")
    assert told.ends == (["closed"] if told.heads else [])


@on_jumping_clock
async def test_an_early_answer_ends_the_exchange():
    told = Told()
    told.then["headers_received"] = lambda: answer(connections[0])
    connections = []
    here, there = memory_stream_pair()
    connections.append(HTTP1Connection(here, False))
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
    assert await connections[0].read_response(told) is False
    assert told.pieces == []
    assert told.ends == []
    assert (await there.read_until_close()).endswith(b"hi")


@on_jumping_clock
async def test_an_answer_that_is_begun_is_broken_off_by_an_error(expect_log):
    told = Told()
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    told.then["headers_received"] = lambda: connection.write_headers(OK, HTTPHeaders(), b"begun")
    there.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    with expect_log(GENERAL, "Malformed HTTP message"):
        assert await connection.read_response(told) is False
    text = await there.read_until_close()
    assert text.count(b"HTTP/1.1") == 1
    assert text.endswith(b"begun\r\n")


@on_jumping_clock
async def test_a_client_that_goes_is_told_to_whom_it_concerns():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    called = []
    connection.set_close_callback(lambda: called.append(1))
    there.write(REQUESTS["GET"][0])
    told = Told()
    reading = asyncio.ensure_future(connection.read_response(told))
    await asyncio.sleep(1)
    assert told.ends == ["finish"]
    there.close()
    assert await reading is False
    assert called == [1]
    with pytest.raises(StreamClosedError):
        await connection.write_headers(OK, HTTPHeaders())
    connection.finish()


@on_jumping_clock
async def test_a_server_may_hand_the_stream_on():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    there.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nother")
    switching = ResponseStartLine("", 101, "Switching Protocols")

    def hand_on():
        upgrade = HTTPHeaders({"Connection": "upgrade", "Upgrade": "x"})
        connection.write_headers(switching, upgrade)
        assert connection.detach() is here

    told = Told(finish=hand_on)
    assert await connection.read_response(told) is False
    assert told.ends == ["finish"]
    assert await here.read_bytes(5) == b"other"
    assert (await there.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    here.close()


@on_jumping_clock
async def test_interim_answers():
    def hint(connection):
        hints = ResponseStartLine("", 103, "Early Hints")
        connection.write_headers(hints, HTTPHeaders({"Link": "a"}))
        answer(connection)

    _, text = await served(REQUESTS["GET"][0], Told(), hint)
    assert text == b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ANSWER


@on_jumping_clock
async def test_out_of_order():
    here, _ = memory_stream_pair()
    connection = HTTP1Connection(here, False)
    with pytest.raises(RuntimeError, match="comes after the request"):
        connection.write_headers(OK, HTTPHeaders())
    with pytest.raises(RuntimeError, match="finish\\(\\) needs write_headers"):
        connection.finish()

    def twice(connection):
        connection.write_headers(OK, HTTPHeaders({"Content-Length": "0"}))
        with pytest.raises(RuntimeError, match="has one head"):
            connection.write_headers(OK, HTTPHeaders())
        connection.finish()

    assert (await served(REQUESTS["GET"][0], Told(), twice))[0] is True


@on_jumping_clock
async def test_an_idle_client_is_left_without_a_word():
    here, there = memory_stream_pair()
    connection = HTTP1Connection(here, False, HTTP1ConnectionParameters(header_timeout=5))
    told = Told()
    assert await connection.read_response(told) is False
    assert await there.read_until_close() == b""
    assert told.ends == []


# Both sides


@pytest.mark.parametrize("chunk", [1, 1000, None])
@on_jumping_clock
async def test_both_sides(chunk):
    here, there = memory_stream_pair(capacity=3000, chunk=chunk)

    async def serve():
        while True:
            connection = HTTP1Connection(there, False)
            told = Told()

            async def echo(connection=connection, told=told):
                headers = HTTPHeaders({"Echo": told.heads[0][0].path})
                await connection.write_headers(OK, headers)
                for piece in told.pieces:
                    await connection.write(piece)
                connection.finish(HTTPHeaders({"Pieces": "some"}))

            tasks = []
            told.then["finish"] = lambda echo=echo, tasks=tasks: tasks.append(
                asyncio.ensure_future(echo())
            )
            if not await connection.read_response(told):
                return

    serving = asyncio.ensure_future(serve())
    for number in range(3):
        body = bytes(number * 2000)
        connection = requested(here, "POST", f"/{number}")
        told = Told()
        reading = asyncio.ensure_future(connection.read_response(told))
        await connection.write(body)
        connection.finish()
        assert await reading is True
        assert told.body == body
        assert told.heads[0][1]["Echo"] == f"/{number}"
        assert told.trailers == [("Pieces", "some")]
    here.close()
    with pytest.raises(StreamClosedError):
        await serving
