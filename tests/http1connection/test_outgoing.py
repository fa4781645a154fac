"""What a client writes in an exchange over a stream, and when it has left."""

import asyncio

import pytest

from tests.http1connection.exchanges import HOST, Told, requested
from tests.running import on_jumping_clock
from tornadolike.http1connection import HTTP1Connection
from tornadolike.httputil import HTTPHeaders, HTTPInputError, HTTPOutputError, RequestStartLine
from tornadolike.iostream import StreamBufferFullError, StreamClosedError, memory_stream_pair


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
