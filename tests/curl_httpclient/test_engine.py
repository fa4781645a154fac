"""Turns, connections that are kept, and ends."""

import asyncio
import gc
import weakref

import pytest

from tests.curl_httpclient.helpers import Server, Silent, body_of, engine, hop
from tests.running import on_every_loop, turns
from tornadolike.curl_httpclient.engine import CurlEngine
from tornadolike.httpclient.engine import Timeouts
from tornadolike.httpclient.failures import HTTPStreamClosedError, HTTPTimeoutError


@on_every_loop
async def test_many_at_once():
    server = Server()
    async with server.running() as where, engine(7) as client:

        async def fetch():
            return await body_of(await client.send(hop(where)))

        assert await asyncio.gather(*(fetch() for _ in range(100))) == 100 * [b"ok"]
        assert client._room == 7
    assert len(server.heads) == 100
    assert server.connections <= 7


@on_every_loop
async def test_one_after_another():
    async with Silent().running() as silent, Server().running() as where, engine(1) as client:
        first = asyncio.ensure_future(client.send(hop(silent)))
        waiting = [hop(where, path=f"/{number}") for number in range(3)]
        sending = [asyncio.ensure_future(client.send(sent)) for sent in waiting]
        await asyncio.sleep(0)
        assert waiting[0].waiting_for == "in request queue"
        with pytest.raises(HTTPTimeoutError, match="Timeout in request queue"):
            await client.send(hop(where, timeouts=Timeouts(connect=0.05)))
        sending[1].cancel()
        first.cancel()
        assert await body_of(await sending[0]) == b"ok"
        assert await body_of(await sending[2]) == b"ok"
        assert client._room == 1
        assert waiting[0].times.dequeued > waiting[0].times.started


@on_every_loop
async def test_a_turn_that_came_with_the_cancellation():
    async with Silent().running() as where, engine(1) as client:
        first = asyncio.ensure_future(client.send(hop(where)))
        second = asyncio.ensure_future(client.send(hop(where)))
        await asyncio.sleep(0)
        for transfer in list(client._transfers):
            transfer.abandon()  # now it is the second's
        second.cancel()
        await asyncio.wait([first, second])
        assert client._room == 1


@on_every_loop
async def test_closing_with_requests_going_on():
    server = Silent(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    silent = Silent()
    async with server.running() as where, silent.running() as nowhere, engine(2) as client:
        answer = await client.send(hop(where))
        sending = [asyncio.ensure_future(client.send(hop(nowhere))) for _ in range(2)]
        await silent.asked.wait()
        client.close()
        client.close()
        for future in sending:
            with pytest.raises(HTTPStreamClosedError, match="the client was closed"):
                await future
        assert await answer.read() == b"abc"
        with pytest.raises(HTTPStreamClosedError, match="the client was closed"):
            await answer.read()
        with pytest.raises(HTTPStreamClosedError, match="the client was closed"):
            await client.send(hop(where))


@on_every_loop
async def test_closing_what_is_idle():
    server, silent = Server(), Silent(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
    async with server.running() as where, silent.running() as slow, engine() as client:
        await body_of(await client.send(hop(where)))
        client.close_idle()
        client.close_idle()
        await body_of(await client.send(hop(where)))
        assert server.connections == 2
        answer = await client.send(hop(slow))
        client.close_idle()  # not of what is going on
        assert await answer.read() == b"ab"
        await body_of(await client.send(hop(where)))
        assert server.connections == 3
        answer.close()
        await silent.left.wait()


@on_every_loop
async def test_idle_connections_are_closed_in_time():
    server = Silent(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    async with server.running() as where, engine(keep_alive_timeout=0.05) as client:
        for _ in range(2):
            assert await body_of(await client.send(hop(where))) == b"ok"
            await server.left.wait()
            server.left.clear()


def test_what_makes_no_sense(io_loop):
    with pytest.raises(ValueError, match="max_clients"):
        CurlEngine(io_loop, 0)
    with pytest.raises(ValueError, match=r"http_version should be one of 1\.1, 2, "):
        CurlEngine(io_loop, 10, "0.9")


@on_every_loop
async def test_nothing_is_held_that_has_ended():
    """Not even until garbage is collected; and the handle is used again."""

    async def produce(write):
        await write(b"abc")

    async with Server().running() as where, engine() as client:
        await body_of(await client.send(hop(where)))
        (curl,) = client._curls
        gc.collect()
        gc.disable()
        try:
            for options in ({}, {"body": b"abc"}, {"producer": produce}):
                sent = hop(where, "PUT", timeouts=Timeouts(5, 5, 5, 5), **options)
                sending = asyncio.ensure_future(client.send(sent))
                await asyncio.sleep(0)
                (held,) = map(weakref.ref, client._transfers)
                assert held() is not None
                assert await body_of(await sending) == b"ok"
                del sending, sent
                await turns()
                assert held() is None
            assert client._curls == [curl]
        finally:
            gc.enable()
