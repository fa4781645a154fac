"""Time-outs that libcurl does not have."""

import asyncio

import pytest

from tests.curl_httpclient.helpers import OK, Server, Silent, body_of, engine, hop
from tests.running import on_every_loop, on_jumping_clock
from tornadolike.curl_httpclient.watching import HANDSHAKE, RECEIVING, SENDING, WAITING, Watch
from tornadolike.httpclient.engine import Timeouts
from tornadolike.httpclient.failures import HTTPTimeoutError
from tornadolike.ioloop import IOLoop


class Watched:
    """A transfer that does as it is told."""

    def __init__(self, **timeouts):
        self.loop = IOLoop.current()
        self.begun = self.loop.time()
        self.waits_for_us = False
        self.late = None
        self.watch = Watch(
            self.loop,
            Timeouts(**timeouts),
            lambda: self.waits_for_us,
            self._end,
        )

    def _end(self, waiting_for):
        self.late = (waiting_for, self.loop.time() - self.begun)


async def after(seconds):
    await asyncio.sleep(seconds)


@on_jumping_clock
async def test_the_handshake():
    watched = Watched(tls=10)
    await after(100)  # nothing of TCP yet
    assert watched.late is None
    watched.watch.move(HANDSHAKE)
    await after(9)
    assert watched.late is None
    await after(1.1)
    text, seconds = watched.late
    assert text == "during TLS handshake"
    assert 110 <= seconds <= 110.1


@on_jumping_clock
async def test_the_first_byte():
    watched = Watched(first_byte=10)
    await after(100)
    watched.watch.move(SENDING)
    await after(100)
    watched.watch.move(WAITING)
    await after(10.1)
    text, seconds = watched.late
    assert text == "while waiting for the response"
    assert 210 <= seconds <= 210.1


@pytest.mark.parametrize("stage", [SENDING, RECEIVING])
@on_jumping_clock
async def test_between_bytes(stage):
    watched = Watched(between_bytes=10)
    for _ in range(20):
        watched.watch.move(stage)
        await after(9)
    assert watched.late is None
    watched.waits_for_us = True
    await after(100)
    assert watched.late is None
    watched.waits_for_us = False
    await after(20)
    assert watched.late[0] == stage


@on_jumping_clock
async def test_nothing_after_the_end():
    watched = Watched(between_bytes=10)
    watched.watch.move(RECEIVING)
    watched.watch.end()
    await after(100)
    assert watched.late is None


def test_where_there_is_nothing_to_watch():
    assert not Watch.needed(Timeouts(connect=5))
    for name in ("tls", "first_byte", "between_bytes"):
        assert Watch.needed(Timeouts(**{name: 1.0}))


@on_every_loop
async def test_a_server_that_does_not_begin():
    server = Silent()
    async with server.running() as where, engine() as client:
        sent = hop(where, timeouts=Timeouts(first_byte=0.05))
        with pytest.raises(HTTPTimeoutError, match="waiting for the response"):
            await client.send(sent)
        await server.left.wait()


@on_every_loop
async def test_a_body_that_stands_still():
    server = Silent(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    async with server.running() as where, engine() as client:
        answer = await client.send(hop(where, timeouts=Timeouts(between_bytes=0.05)))
        assert await answer.read() == b"abc"
        with pytest.raises(HTTPTimeoutError, match="reading the response"):
            await answer.read()
        await server.left.wait()


@on_every_loop
async def test_all_in_time():
    timeouts = Timeouts(tls=60, first_byte=60, between_bytes=60)
    async with Server(OK).running() as where, engine() as client:
        for body in (None, b"abc"):
            answer = await client.send(hop(where, "PUT", body=body, timeouts=timeouts))
            assert await body_of(answer) == b"ok"
