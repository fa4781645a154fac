"""libcurl's sockets and timers on our loop."""

import asyncio
import random
import struct

import pytest

from tests.curl_httpclient.helpers import (
    OK,
    Server,
    Silent,
    body_of,
    engine,
    hop,
    read_request_body,
)
from tests.running import on_every_loop
from tests.tcpclient.helpers import serving
from tornadolike.curl_httpclient.engine import CurlEngine
from tornadolike.httpclient import HTTPError
from tornadolike.httpclient.engine import Timeouts
from tornadolike.ioloop import IOLoop


@on_every_loop
async def test_a_loop_that_has_nothing_to_do_watches_nothing():
    async with Server().running() as where, engine() as client:
        assert await body_of(await client.send(hop(where))) == b"ok"
        assert not client._reactor._watched
        assert not client._reactor.busy


@on_every_loop
async def test_an_end_does_not_wait_for_names_to_be_looked_up():
    """libcurl would, for its threads that do it. So it ends in a thread, where it may take its time."""
    async with Server().running() as where, engine() as client:
        await body_of(await client.send(hop(where)))
        client._reactor.leave_lookup()
    # (serving() has seen the end of the connection; conftest.py sees the end of the thread.)


@on_every_loop
async def test_two_engines_on_one_loop():
    async with Server().running() as where, engine() as one, engine() as other:
        answers = await asyncio.gather(*(client.send(hop(where)) for client in (one, other)))
        assert [await body_of(answer) for answer in answers] == [b"ok", b"ok"]
        one.close()
        assert await body_of(await other.send(hop(where))) == b"ok"


def test_a_loop_that_ends_before_its_engine():
    """Nothing breaks if nobody has closed it."""

    async def main():
        client = CurlEngine(IOLoop.current(), 1)
        async with Silent(OK).running() as where:
            await body_of(await client.send(hop(where)))
            client.close_idle()
        return client

    client = asyncio.run(main())
    client.close()


class Faulty:
    """Does to each request what a die says."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    async def handle(self, reader, writer):
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                await read_request_body(head.decode("latin1").lower(), reader)
            except asyncio.IncompleteReadError:
                return
            fate = self.random.choice([*("ok",) * 6, "end", "reset", "part", "junk", "slow"])
            if fate == "reset":
                sock = writer.get_extra_info("socket")
                sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: a reset
            elif fate == "part":
                writer.write(OK[:-1])
            elif fate == "junk":
                writer.write(b"nothing that is HTTP\r\n\r\n")
            else:
                if fate == "slow":
                    for _ in range(20):
                        await asyncio.sleep(0)
                writer.write(b"" if fate == "end" else OK)
            if fate not in ("ok", "slow"):
                writer.transport.abort() if fate == "reset" else writer.close()
                return


@pytest.mark.parametrize("seed", range(3))
@on_every_loop
async def test_whatever_happens_each_request_ends_in_one_way(seed):
    """Answers, faults, cancellations at any time, bodies that are given up; nothing is left."""
    dice = random.Random(seed)
    ends = {"whole": 0, "failed": 0, "cancelled": 0, "given up": 0}

    async def fetch(client, where):
        method, body = dice.choice([("GET", None), ("PUT", b"x" * dice.randrange(70000))])
        sent = hop(where, method, body=body, repeatable=dice.random() < 0.5)
        if dice.random() < 0.3:
            sent.timeouts = Timeouts(5, 5, 5, 5)
        try:
            answer = await client.send(sent)
            if dice.random() < 0.2:
                answer.close()
                return "given up"
            assert await body_of(answer) == b"ok"
            return "whole"
        except HTTPError:
            return "failed"
        except asyncio.CancelledError:
            return "cancelled"

    async with serving(handle=Faulty(seed).handle) as where, engine(8) as client:
        tasks = []
        for _ in range(300):
            tasks.append(asyncio.create_task(fetch(client, where)))
            for _ in range(dice.randrange(3)):
                await asyncio.sleep(0)
            if dice.random() < 0.1:
                # (To cancel what has ended would be nothing; the newest has not.)
                dice.choice([task for task in tasks if not task.done()]).cancel()
        for task in tasks:
            try:
                ends[await task] += 1
            except asyncio.CancelledError:  # before its first step
                ends["cancelled"] += 1
        assert sum(ends.values()) == 300
        assert all(ends.values()), ends
        assert client._room == 8
        assert not client._transfers
        assert not client._reactor.busy
