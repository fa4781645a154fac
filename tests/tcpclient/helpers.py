"""Resolvers, servers and a conversation for the tests of TCPClient."""

import asyncio
import contextlib
import socket

import pytest

from tests.running import turns
from tornadolike.iostream import StreamClosedError
from tornadolike.netutil import Resolver

SOON = 0.05
"""Seconds that are waited for what does not come."""


class Names(Resolver):
    """Knows the addresses it was given, whatever the question."""

    def initialize(self, *addresses):
        self.addresses = addresses
        self.closed = False

    async def resolve(self, host, port, family=socket.AF_UNSPEC):
        return [(family_of(address), address) for address in self.addresses]

    def close(self):
        self.closed = True


def family_of(address):
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


class Never(Resolver):
    """Has all the time in the world."""

    def initialize(self):
        self.given_up = False

    async def resolve(self, *question):
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up = True


async def answer(reader, writer):
    """Send back the first line and where the client is, and wait for its end."""
    line = await reader.readline()
    writer.write(line + repr(writer.get_extra_info("peername")).encode() + b"\n")
    await reader.read()


@contextlib.asynccontextmanager
async def serving(host="127.0.0.1", handle=answer, **options):
    """``async with serving() as address:``, where each connection is handled.

    At its end all handlers must have ended: those that wait for their client's end are the proof of it.
    """
    running = set()

    async def run(reader, writer):
        running.add(task := asyncio.current_task())
        task.add_done_callback(running.discard)
        with contextlib.suppress(OSError):
            await handle(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    if host.startswith("/"):
        server = await asyncio.start_unix_server(run, host, **options)
    else:
        server = await asyncio.start_server(run, host, 0, **options)
    try:
        yield server.sockets[0].getsockname()
    finally:
        server.close()
        await turns(10)  # who was accepted has a handler then
        async with asyncio.timeout(10):
            while running:
                await asyncio.wait(running)


async def talk(stream):
    """Say something; return the answer and where the server sees us."""
    try:
        stream.write(b"hello\n")
        said = await stream.read_until(b"\n")
        where = await stream.read_until(b"\n")
    finally:
        stream.close()
    assert said == b"hello\n"
    return where.decode().strip()


def cannot_reach(*words):
    """What is raised: the stream's exception, with the text of the failure."""
    return pytest.raises(StreamClosedError, match=r".*".join(words))
