"""Two connected streams, over pipes and over sockets, on a loop of ours and on somebody else's."""

import asyncio
import contextlib
import os
import socket

import pytest

from tornadolike import ioloop
from tornadolike.iostream import BaseIOStream, PipeIOStream

LIMIT = 10.0


class SocketStream(BaseIOStream):
    """What somebody writes who knows the methods to be overridden and nothing else."""

    def __init__(self, sock, **options):
        self.socket = sock
        sock.setblocking(False)
        super().__init__(**options)

    def fileno(self):
        return self.socket

    def close_fd(self):
        self.socket.close()

    def read_from_fd(self, buf):
        try:
            return self.socket.recv_into(buf)
        except BlockingIOError:
            return None

    def write_to_fd(self, data):
        return self.socket.send(data)


def pipes(**options):
    reading, writing = os.pipe()
    return PipeIOStream(reading, **options), PipeIOStream(writing, **options)


def sockets(**options):
    reading, writing = socket.socketpair()
    return SocketStream(reading, **options), SocketStream(writing, **options)


@pytest.fixture(params=[pipes, sockets])
def pair(request):
    """``with pair(**options) as (reader, writer):``, two streams that are closed at the end."""

    @contextlib.contextmanager
    def make(**options):
        reader, writer = request.param(**options)
        try:
            yield reader, writer
        finally:
            reader.close()
            writer.close()

    return make


@pytest.fixture(params=[ioloop.run, asyncio.run], ids=["own", "guest"])
def run(request):
    """``run(main)`` runs a coroutine function on a loop of ours, or beside a loop of asyncio's."""

    def run_it(main):
        async def limited():
            async with asyncio.timeout(LIMIT):
                await main()

        request.param(limited())

    return run_it


async def turns(count=3):
    """Let the loop poll and call back some times."""
    for _ in range(count):
        await asyncio.sleep(0)
