"""Protocols that take bytes when they want them, over a socket."""

import array
import asyncio
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ioloop.transports.puller import Puller
from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import READ, WRITE
from tornadolike.ioloop.transports import SocketTransport


class Pushed(asyncio.Protocol):
    """Is given its data."""

    def __init__(self, io_loop: IOLoop) -> None:
        self.came: asyncio.Future[bytes] = asyncio.Future(loop=io_loop)

    def data_received(self, data: bytes) -> None:
        self.came.set_result(data)


@pytest.fixture
def pair(io_loop: IOLoop) -> Iterator[tuple[Puller, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    puller = Puller()
    SocketTransport(io_loop, ours, puller)
    with theirs:
        yield puller, theirs
        puller.transport.abort()


def test_nothing_is_received_or_told_before_it_is_wanted(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket]
) -> None:
    puller, theirs = pair
    theirs.send(b"hello")

    async def turns() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    io_loop.run_sync(turns)
    assert puller.told == []
    assert puller.take(3) == b"hel"
    assert puller.take() == b"lo"
    assert puller.take() is None


def test_readable_is_told_until_it_is_taken(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket]
) -> None:
    puller, theirs = pair

    async def read() -> None:
        theirs.send(b"a")
        assert await puller.ready(READ) == READ
        assert await puller.ready(READ) == READ
        assert puller.take() == b"a"
        theirs.shutdown(socket.SHUT_WR)
        assert await puller.ready(READ) == READ
        assert puller.take() == b""

    io_loop.run_sync(read)


def test_room_is_told_of(io_loop: IOLoop, pair: tuple[Puller, socket.socket]) -> None:
    puller, theirs = pair
    pieces = [b"x" * 5000, memoryview(b"y" * 5000)]
    sent = 0
    while count := puller.transport.send_now(pieces):
        sent += count

    async def room() -> None:
        received = 0
        while received < sent:
            received += len(theirs.recv(65536))
        assert await puller.ready(WRITE) == WRITE
        assert puller.transport.send_now([b"z"]) == 1

    io_loop.run_sync(room)


def test_a_reset_is_raised_to_who_asks(io_loop: IOLoop, pair: tuple[Puller, socket.socket]) -> None:
    puller, theirs = pair
    puller.transport.send_now([b"never read"])
    theirs.close()

    async def broken() -> None:
        assert await puller.ready(READ) == READ
        with pytest.raises(ConnectionResetError):
            puller.take()
        with pytest.raises(BrokenPipeError):
            puller.transport.send_now([b"x"])

    io_loop.run_sync(broken)


def test_close_is_at_once_and_is_not_told(pair: tuple[Puller, socket.socket]) -> None:
    puller, theirs = pair
    puller.transport.close()
    assert theirs.recv(1) == b""
    assert puller.lost == []
    assert puller.transport.get_protocol() is None


def test_bytes_given_back_come_first(io_loop: IOLoop, pair: tuple[Puller, socket.socket]) -> None:
    puller, theirs = pair
    theirs.send(b"later")

    async def read() -> None:
        puller.transport.unread(b"earlier")
        assert await puller.ready(READ) == READ
        assert puller.take(4) == b"earl"
        assert puller.take() == b"ier"
        assert puller.take() == b"later"

    io_loop.run_sync(read)


def test_bytes_given_back_fit_into_memory_of_any_items(pair: tuple[Puller, socket.socket]) -> None:
    """As those that the kernel has: ``recv_into`` fills an array of numbers too."""
    puller, theirs = pair
    numbers = array.array("I", [0, 0])
    theirs.send((7).to_bytes(4, sys.byteorder))
    assert puller.transport.receive_into(numbers) == 4
    puller.transport.unread((8).to_bytes(4, sys.byteorder))
    assert puller.transport.receive_into(memoryview(numbers)[1:]) == 4
    assert numbers.tolist() == [7, 8]


def test_bytes_given_back_are_told_of_until_they_are_taken(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket]
) -> None:
    puller, _ = pair
    taken = []

    def on_ready(events: int) -> None:
        assert events == READ
        taken.append(puller.take(10))

    puller.on_ready = on_ready  # type: ignore[method-assign]

    async def read() -> None:
        puller.transport.unread(bytes(35))
        puller.transport.want(READ)
        for _ in range(10):
            await asyncio.sleep(0)

    io_loop.run_sync(read)
    assert taken == [bytes(10), bytes(10), bytes(10), bytes(5)]


def test_a_protocol_that_is_pushed_is_not_told_of_room(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket]
) -> None:
    puller, theirs = pair
    transport = puller.transport
    pushed = Pushed(io_loop)

    async def change() -> None:
        transport.want(READ | WRITE)
        transport.set_protocol(pushed)
        theirs.send(b"pushed")
        assert await pushed.came == b"pushed"
        assert not transport.is_closing()
        transport.set_protocol(puller)

    io_loop.run_sync(change)


def test_from_pushing_to_pulling(io_loop: IOLoop, pair: tuple[Puller, socket.socket]) -> None:
    puller, theirs = pair
    transport = puller.transport
    pushed = Pushed(io_loop)

    async def change() -> None:
        transport.set_protocol(pushed)
        transport.resume_reading()
        theirs.send(b"pushed")
        assert await pushed.came == b"pushed"
        transport.set_protocol(puller)
        transport.want(0)
        theirs.send(b"pulled")
        assert await puller.ready(READ) == READ
        assert puller.take() == b"pulled"

    io_loop.run_sync(change)


def test_a_protocol_that_fails_loses_its_connection(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket], expect_log: Any
) -> None:
    puller, theirs = pair
    failed = []
    io_loop.set_exception_handler(lambda loop, context: failed.append(context["exception"]))
    error = ValueError("not today")

    def on_ready(events: int) -> None:
        raise error

    puller.on_ready = on_ready  # type: ignore[method-assign]

    async def fail() -> None:
        puller.transport.want(READ)
        theirs.send(b"x")
        while not puller.lost:
            await asyncio.sleep(0)

    io_loop.run_sync(fail)
    assert failed == [error]
    assert puller.lost == [error]
