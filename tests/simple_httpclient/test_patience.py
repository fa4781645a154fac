"""How long an exchange waits: the limits by a clock that jumps, and what becomes of exchanges on real sockets."""

import asyncio

import pytest

from tests.running import on_every_loop, on_jumping_clock, timers, turns
from tests.simple_httpclient.exchanging import OK, connected, hop, read_all
from tornadolike.httpclient.engine import Timeouts
from tornadolike.httpclient.failures import HTTPTimeoutError
from tornadolike.simple_httpclient.bounds import Bounds
from tornadolike.simple_httpclient.patience import Patience

ENDED = ["left", "forgotten"]
SHORT = 0.02


class Exchange:
    """Both the sink of a patience and the transport that it looks at."""

    def __init__(self):
        self.taken = 0
        self.late = None
        self.patience = Patience(Timeouts(first_byte=10.0, between_bytes=5.0), self, transport=self)

    def write_progress(self):
        return self.taken

    def is_late(self, message):
        self.late = message


@on_jumping_clock
async def test_the_head():
    exchange = Exchange()
    exchange.patience.for_head()
    await asyncio.sleep(6)
    exchange.patience.heard()  # (it was an interim one, say: it does not count)
    await asyncio.sleep(3.9)
    assert exchange.late is None
    await asyncio.sleep(0.2)
    assert (
        exchange.late
        == "Timeout while waiting for the response: nothing has happened for 10 seconds"
    )
    assert timers() == 0


@on_jumping_clock
async def test_the_body():
    exchange = Exchange()
    exchange.patience.for_body()
    for _ in range(10):
        await asyncio.sleep(4)
        exchange.patience.heard()
        assert timers() == 1
    await asyncio.sleep(4.9)
    assert exchange.late is None
    await asyncio.sleep(0.2)
    assert exchange.late.startswith("Timeout while reading the response")


@on_jumping_clock
async def test_the_request():
    exchange = Exchange()
    exchange.patience.for_request()
    for _ in range(10):
        await asyncio.sleep(4)
        exchange.taken += 1
        exchange.patience.heard()  # what it says does not mean that it takes anything
        assert exchange.late is None
    await asyncio.sleep(11)
    assert exchange.late.startswith("Timeout while sending the request")


@on_jumping_clock
async def test_rest():
    exchange = Exchange()
    exchange.patience.for_body()
    exchange.patience.rest()
    exchange.patience.rest()
    assert timers() == 0
    await asyncio.sleep(1000)
    assert exchange.late is None


@on_jumping_clock
async def test_no_limit_no_timer():
    exchange = Exchange()
    exchange.patience._timeouts = Timeouts()
    exchange.patience.for_head()
    assert timers() == 0
    exchange.patience.for_body()
    exchange.patience.heard()
    assert timers() == 0


# On sockets


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 20"])
@on_every_loop
async def test_no_head(said):
    async def script(peer):
        await peer.request()
        peer.say(said)
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        with pytest.raises(HTTPTimeoutError, match="while waiting for the response") as caught:
            await connection.exchange(hop(timeouts=Timeouts(first_byte=SHORT)))
        assert isinstance(caught.value, TimeoutError)
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_a_body_that_stands_still():
    async def script(peer):
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsome")
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        answer = await connection.exchange(hop(timeouts=Timeouts(between_bytes=SHORT)))
        with pytest.raises(HTTPTimeoutError, match="while reading the response"):
            await read_all(answer)
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_who_does_not_fetch_is_waited_for():
    """Not the server stands still then."""
    size = 8 * 1024 * 1024

    async def script(peer):
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        await peer.rest()

    async with connected(script) as (connection, owner, _):
        answer = await connection.exchange(hop(timeouts=Timeouts(between_bytes=1000)))
        assert connection._patience._timer is not None
        while not connection._paused:
            await asyncio.sleep(0)
        assert connection._patience._timer is None
        await answer.read()
        assert connection._patience._timer is not None
        assert len(await read_all(answer)) < size
        assert owner.told == ["left", "kept"]


@pytest.mark.parametrize("kind", ["bytes", "producer"])
@on_every_loop
async def test_a_server_that_does_not_take_the_request(kind):
    async def produce(write):
        while True:
            await write(bytes(1024 * 1024))

    async def script(peer):
        await over.wait()

    over = asyncio.Event()
    body = {"producer": produce} if kind == "producer" else {"body": bytes(32 * 1024 * 1024)}
    async with connected(script, limit=2**16) as (connection, owner, _):
        with pytest.raises(HTTPTimeoutError, match="while sending the request"):
            await connection.exchange(hop("PUT", timeouts=Timeouts(between_bytes=0.1), **body))
        assert owner.told == ENDED
        over.set()


@on_every_loop
async def test_a_producer_that_takes_its_time_is_waited_for():
    async def produce(write):
        await write(b"some")
        await asyncio.sleep(4 * SHORT)
        await write(b"more")

    async def script(peer):
        await peer.request()
        peer.say(OK)
        await peer.rest()

    timeouts = Timeouts(first_byte=1000, between_bytes=SHORT)
    async with connected(script) as (connection, _, _):
        answer = await connection.exchange(hop("PUT", producer=produce, timeouts=timeouts))
        assert answer.status == 200


@on_every_loop
async def test_an_answer_that_nobody_wants_is_not_waited_for_with_patience():
    """What is left has a limit of its own."""

    async def script(peer):
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        await go_on.wait()
        peer.say(b"hello")
        await peer.rest()

    go_on = asyncio.Event()
    bounds = Bounds(drain_time=1000)
    async with connected(script, bounds=bounds) as (connection, owner, _):
        answer = await connection.exchange(hop(timeouts=Timeouts(between_bytes=SHORT)))
        answer.close()
        await asyncio.sleep(3 * SHORT)
        go_on.set()
        await owner.hear("kept")


@on_every_loop
async def test_what_is_over_in_time_leaves_no_timer_behind():
    timeouts = Timeouts(first_byte=1000, between_bytes=1000)

    async def script(peer):
        await peer.request()
        peer.say(OK)
        await peer.rest()

    async with connected(script) as (connection, _, _):
        answer = await connection.exchange(hop(timeouts=timeouts))
        await read_all(answer)
        await turns()
        assert connection._patience is None
