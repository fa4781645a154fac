"""What parent and child tell each other."""

import asyncio
import json
import os
import socket

import pytest

from tests.running import run_on, turns
from tornadolike.ioloop import IOLoop
from tornadolike.programs.channel import Channel


def on_loop(main):
    run_on(lambda: IOLoop(make_current=False), main())


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield Channel(ours), theirs
    theirs.close()


def test_messages_arrive_whole_and_the_end_is_told(pair):
    channel, other = pair

    async def main():
        heard = []
        channel.listen(heard.append)
        other.sendall(b'{"tells": "rea')
        await turns()
        assert heard == []
        other.sendall(b'dy"}\n{"tells": "more"}\n')
        await turns()
        assert heard == [{"tells": "ready"}, {"tells": "more"}]
        other.close()
        await turns()
        assert heard[2:] == [None]
        await turns()
        assert len(heard) == 3
        channel.close()

    on_loop(main)


def test_to_nobody(pair):
    channel, other = pair
    other.close()
    channel.send(tells="stop")
    channel.offer(tells="beat")
    channel.close()


def test_who_offers_does_not_wait_and_never_breaks_a_line(pair):
    channel, other = pair
    for number in range(100_000):
        channel.offer(tells="beat", number=number, filling="x" * 50)
    other.setblocking(False)
    received = b""

    def read():
        nonlocal received
        try:
            while data := other.recv(65536):
                received += data
        except BlockingIOError:
            pass

    read()
    held = len(received.splitlines())
    assert held < 100_000
    channel.offer(tells="beat", number=-1)  # the rest of the one that had no room
    channel.offer(tells="beat", number=-2)
    read()
    numbers = [json.loads(line)["number"] for line in received.splitlines()]
    assert numbers[-1] in (-1, -2)
    assert numbers[: held - 1] == list(range(held - 1))
    channel.close()


def test_what_has_no_room_is_said_before_what_comes_next(pair):
    channel, other = pair
    for number in range(100_000):
        channel.offer(number=number)
    parts = []

    async def main():
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(None, read_all)
        await loop.run_in_executor(None, lambda: channel.send(tells="draining"))
        channel.close()
        await reading

    def read_all():
        while data := other.recv(65536):
            parts.append(data)

    on_loop(main)
    lines = b"".join(parts).splitlines()
    assert json.loads(lines[-1]) == {"tells": "draining"}
    assert all(json.loads(line) for line in lines)


def test_descriptors_go_along(pair):
    channel, other = pair
    reading, writing = os.pipe()
    channel.send([writing], tells="fork")
    data, descriptors, _, _ = socket.recv_fds(other, 4096, 8)
    assert json.loads(data) == {"tells": "fork"}
    os.write(descriptors[0], b"by another number")
    assert os.read(reading, 100) == b"by another number"
    for descriptor in (reading, writing, *descriptors):
        os.close(descriptor)
    channel.close()
