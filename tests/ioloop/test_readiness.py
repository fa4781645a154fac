"""Waiting for descriptors."""

import asyncio
import contextlib
import socket
import ssl

import pytest

from tornadolike.ioloop.poller import READ
from tornadolike.ioloop.readiness import check_socket, readable, writable


def fill(sock):
    """Make ``sock`` unwritable."""
    with contextlib.suppress(BlockingIOError):
        while True:
            sock.send(b"x" * 65536)


def test_both_directions_of_one_descriptor_at_once(loop, pair):
    ours, theirs = pair

    async def main():
        fill(ours)
        before = dict(loop._watchers)
        reader = asyncio.create_task(readable(loop, ours))
        writer = asyncio.create_task(writable(loop, ours.fileno()))
        await asyncio.sleep(0)
        theirs.send(b"x")
        await reader
        assert not writer.done()
        while True:
            try:
                theirs.recv(1 << 20)
            except BlockingIOError:
                break
        await writer
        assert loop._watchers == before

    loop.run_sync(main, timeout=10)


def test_the_end_of_the_peer_makes_both_ready(loop, pair):
    ours, theirs = pair

    async def main():
        fill(ours)
        waiting = [asyncio.create_task(function(loop, ours)) for function in (readable, writable)]
        await asyncio.sleep(0)
        theirs.close()
        await asyncio.gather(*waiting)

    loop.run_sync(main, timeout=10)


def test_cancelling_stops_watching(loop, pair):
    async def main():
        before = dict(loop._watchers)
        task = asyncio.create_task(readable(loop, pair[0]))
        await asyncio.sleep(0)
        assert len(loop._watchers) == len(before) + 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert loop._watchers == before

    loop.run_sync(main, timeout=10)


def test_the_place_is_free_before_the_waiting_task_runs(io_loop, pair):
    """Its number may be another's by then."""
    ours, theirs = pair

    async def main():
        task = asyncio.create_task(readable(io_loop, ours))
        await asyncio.sleep(0)
        theirs.send(b"x")
        while ours.fileno() in io_loop._watchers:
            await asyncio.sleep(0)
        io_loop.watch(ours.fileno(), print, READ)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert io_loop.unwatch(ours.fileno())

    io_loop.run_sync(main, timeout=10)


def test_a_second_reader_takes_the_place(io_loop, pair):
    ours, theirs = pair

    async def main():
        first = asyncio.create_task(readable(io_loop, ours))
        await asyncio.sleep(0)
        second = asyncio.create_task(readable(io_loop, ours))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        theirs.send(b"x")
        await second

    io_loop.run_sync(main, timeout=10)


def test_a_socket_that_is_closed_meanwhile(io_loop, pair):
    """Nothing tells that; but cancelling clears up and does not touch who has the number now."""
    ours, _ = pair

    async def main():
        before = dict(io_loop._watchers)
        task = asyncio.create_task(readable(io_loop, ours))
        await asyncio.sleep(0)
        number = ours.detach()
        socket.socket(fileno=number).close()
        with socket.socket() as other:
            assert other.fileno() == number
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert io_loop._watchers == before
            io_loop.add_reader(other, print)
            assert io_loop.remove_reader(other)

    io_loop.run_sync(main, timeout=10)


def test_the_descriptor_of_a_transport(io_loop, pair):
    io_loop.watch(pair[0].fileno(), print, READ)
    for wait in (readable, writable):
        with pytest.raises(RuntimeError, match="used by"):
            io_loop.run_sync(lambda wait=wait: wait(io_loop, pair[0]))
    io_loop.unwatch(pair[0].fileno())


def test_sockets_that_are_refused(io_loop, pair):
    ours, theirs = pair
    io_loop.set_debug(False)
    check_socket(io_loop, ours)
    theirs.setblocking(True)
    check_socket(io_loop, theirs)
    io_loop.set_debug(True)
    with pytest.raises(ValueError, match="must be non-blocking"):
        check_socket(io_loop, theirs)
    theirs.settimeout(1)
    with pytest.raises(ValueError, match="must be non-blocking"):
        check_socket(io_loop, theirs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    with (
        socket.socket() as plain,
        context.wrap_socket(plain, do_handshake_on_connect=False) as tls,
        pytest.raises(TypeError, match="cannot be of type SSLSocket"),
    ):
        check_socket(io_loop, tls)
