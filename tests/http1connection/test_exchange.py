"""An exchange over a stream, from a client's side: what its delegate is told, and what the stream is good for."""

import asyncio
import socket

import pytest

from tests.http1connection.exchanges import (
    APPLICATION,
    GENERAL,
    Told,
    raising,
    requested,
    response_to,
)
from tests.running import on_every_loop, on_jumping_clock
from tornadolike.httputil import HTTPInputError
from tornadolike.iostream import (
    IOStream,
    SSLIOStream,
    StreamClosedError,
    UnsatisfiableReadError,
    memory_stream_pair,
)

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
