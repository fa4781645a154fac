"""Answers that nobody wants any more, or not the rest of them: what becomes of their connections, on real sockets."""

import asyncio
import gc

import pytest

from tests.running import on_every_loop, turns
from tests.simple_httpclient.exchanging import OK, connected, hop, read_all, saying
from tornadolike.simple_httpclient.bounds import Bounds

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"
KEPT = ["left", "kept"]
ENDED = ["left", "forgotten"]


@on_every_loop
async def test_cancelled_while_waiting_for_the_head():
    async def script(peer):
        await peer.request()
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        exchange = asyncio.ensure_future(connection.exchange(hop()))
        await turns()
        exchange.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exchange
        assert owner.told[:2] == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_cancelled_when_the_answer_is_there():
    """The connection may be on its way with another request by then: it is left alone."""
    async with connected(saying(OK, OK)) as (connection, owner, _):
        exchange = asyncio.ensure_future(connection.exchange(hop()))
        tell = owner.keep

        def keep(kept):
            tell(kept)
            exchange.cancel()
            owner.keep = tell

        owner.keep = keep
        with pytest.raises(asyncio.CancelledError):
            await exchange
        assert owner.told == KEPT
        assert await read_all(await connection.exchange(hop())) == b"ok"


@on_every_loop
async def test_a_short_rest_is_read_to_keep_the_connection():
    more = asyncio.Event()

    async def script(peer):
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await more.wait()
        peer.say(bytes(1000))
        await peer.request()
        peer.say(OK)
        await peer.rest()

    async with connected(script) as (connection, owner, _):
        answer = await connection.exchange(hop())
        answer.close()
        answer.close()
        assert owner.told == ["left"], "somebody else may have the turn while it is drained"
        timer = connection._answer._timer
        more.set()
        await owner.hear("kept")
        assert owner.told == KEPT
        assert timer.cancelled()
        assert await read_all(await connection.exchange(hop())) == b"ok"


@on_every_loop
async def test_a_short_rest_is_read_also_where_reading_had_paused():
    more = asyncio.Event()

    async def script(peer):
        await peer.request()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + bytes(50))
        await more.wait()
        peer.say(bytes(50))
        await peer.rest()

    async with connected(script, bounds=Bounds(read_ahead=8)) as (connection, owner, _):
        answer = await connection.exchange(hop())
        while not connection._paused:
            await asyncio.sleep(0)
        answer.close()
        more.set()
        await owner.hear("kept")


@on_every_loop
async def test_a_rest_is_not_read_for_an_owner_without_room():
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    async with connected(saying(said)) as (connection, owner, server):
        answer = await connection.exchange(hop())
        owner.room = False
        answer.close()
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@on_every_loop
async def test_a_rest_is_not_waited_for_while_the_request_goes_out():
    async def produce(write):
        await asyncio.Event().wait()

    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"

    async def script(peer):
        await peer.head()
        peer.say(said)
        await peer.rest()

    async with connected(script) as (connection, owner, server):
        answer = await connection.exchange(hop("PUT", producer=produce))
        answer.close()
        assert owner.told == ENDED
        await server.peers[0].over.wait()


RESTS = {
    "long": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "until the end": UNTIL_END,
    "the last": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n",
}


@pytest.mark.parametrize("case", RESTS)
@on_every_loop
async def test_other_rests_are_not_waited_for(case):
    async with connected(saying(RESTS[case])) as (connection, owner, server):
        answer = await connection.exchange(hop())
        answer.close()
        assert owner.told == ENDED
        await server.peers[0].over.wait()


@pytest.mark.parametrize("too", ["large", "slow", "cut off"])
@on_every_loop
async def test_rests_that_are_too(too):
    async def script(peer):
        await peer.request()
        peer.say(CHUNKED)
        if too == "large":
            await closed.wait()
            peer.say(b"64\r\n" + bytes(100) + b"\r\n")
        if too != "cut off":
            await peer.rest()

    closed = asyncio.Event()
    bounds = Bounds(drain_size=99, drain_time=0.01 if too == "slow" else 1000)
    async with connected(script, bounds=bounds) as (connection, owner, server):
        answer = await connection.exchange(hop())
        answer.close()
        closed.set()
        await owner.hear("forgotten")
        assert owner.told[:2] == ENDED
        assert owner.told.count("left") == 1
        await server.peers[0].over.wait()


@on_every_loop
async def test_an_answer_that_was_closed():
    async with connected(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome")) as (
        connection,
        _,
        _,
    ):
        answer = await connection.exchange(hop())
        reading = asyncio.ensure_future(answer.read())
        assert await reading == b"some"
        reading = asyncio.ensure_future(answer.read())
        await turns()
        with pytest.raises(RuntimeError, match="Somebody else"):
            await answer.read()
        answer.close()
        with pytest.raises(RuntimeError, match="closed"):
            await reading


@on_every_loop
async def test_nothing_refers_to_an_exchange_that_is_over():
    async with connected(saying(OK)) as (connection, _, _):
        asked = hop()
        answer = await connection.exchange(asked)
        await read_all(answer)
        gc.collect()
        assert not [one for one in gc.get_referrers(answer) if one is connection]
        assert not [one for one in gc.get_referrers(asked) if one is connection]
