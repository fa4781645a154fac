"""Bodies on their way from libcurl to who reads them."""

import asyncio
import contextlib

import pytest

from tests.curl_httpclient.helpers import Silent, body_of, engine, hop
from tests.running import on_every_loop, turns
from tests.tcpclient.helpers import serving
from tornadolike.curl_httpclient.answers import AHEAD_LIMIT, CurlAnswer
from tornadolike.curl_httpclient.heads import Head
from tornadolike.httpclient.failures import HTTPStreamClosedError
from tornadolike.httputil import HTTPHeaders

PIECE = 64 * 1024
HEAD = Head("HTTP/2", 200, "", HTTPHeaders({"A": "b"}), None)


class Source:
    """Counts what it is told."""

    def __init__(self):
        self.resumed = self.abandoned = 0

    def resume(self):
        self.resumed += 1

    def abandon(self, answer):
        self.abandoned += 1


def test_the_head_and_what_has_come():
    answer = CurlAnswer(Source(), HEAD)
    assert (answer.version, answer.status, answer.reason) == ("HTTP/2", 200, "")
    assert answer.headers == {"A": "b"}
    assert answer.read_nowait() is None
    answer.add(b"a")
    answer.add(b"b")
    assert answer.read_nowait() == b"ab"
    answer.add(b"c")
    answer.end(HTTPHeaders({"T": "t"}))
    assert [answer.read_nowait() for _ in range(3)] == [b"c", b"", b""]
    assert answer.trailers == {"T": "t"}


def test_it_is_full_until_somebody_reads():
    source = Source()
    answer = CurlAnswer(source, HEAD)
    answer.add(bytes(AHEAD_LIMIT - 1))
    assert not answer.full
    answer.add(b"x")
    assert answer.full
    assert not source.resumed
    assert len(answer.read_nowait()) == AHEAD_LIMIT
    assert not answer.full
    assert source.resumed == 1


def test_what_came_before_a_failure_can_be_read():
    answer = CurlAnswer(Source(), HEAD)
    answer.add(b"a")
    answer.fail(HTTPStreamClosedError("gone"))
    assert answer.read_nowait() == b"a"
    for _ in range(2):
        with pytest.raises(HTTPStreamClosedError, match="gone"):
            answer.read_nowait()


def test_closing_gives_it_up_once():
    source = Source()
    answer = CurlAnswer(source, HEAD)
    answer.add(b"a")
    answer.close()
    answer.close()
    assert source.abandoned == 1
    with pytest.raises(RuntimeError, match="closed"):
        answer.read_nowait()
    whole = CurlAnswer(source, HEAD)
    whole.end(HTTPHeaders())
    whole.close()
    assert source.abandoned == 1


@on_every_loop
async def test_waiting_for_the_next_piece():
    answer = CurlAnswer(Source(), HEAD)
    reading = asyncio.ensure_future(answer.read())
    await asyncio.sleep(0)
    answer.add(b"a")
    assert await reading == b"a"
    reading = asyncio.ensure_future(answer.read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    answer.end(HTTPHeaders())
    assert await answer.read() == b""


@on_every_loop
async def test_a_server_waits_for_a_reader_that_is_slow():
    """Of an endless body so much is read as fits, and then no more before somebody reads."""
    sent = read = 0

    async def endless(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(bytes(PIECE))
                await writer.drain()
                sent += PIECE

    async with serving(handle=endless) as where, engine() as client:
        answer = await client.send(hop(where))
        for _ in range(3):
            await turns(500)  # which would do for much more
            assert answer.full
            assert sent - read < 16 * 1024 * 1024
            before = read
            while read < before + 32 * 1024 * 1024:
                read += len(piece := await answer.read())
                assert 0 < len(piece) < AHEAD_LIMIT + 1024 * 1024
        answer.close()


@on_every_loop
async def test_closing_in_the_middle_ends_the_connection():
    server = Silent(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    async with server.running() as where, engine() as client:
        answer = await client.send(hop(where))
        assert await answer.read() == b"abc"
        answer.close()
        await server.left.wait()
        with pytest.raises(RuntimeError, match="closed"):
            await body_of(answer)
