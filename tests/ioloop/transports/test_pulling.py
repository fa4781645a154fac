"""Protocols that take bytes when they want them, over a socket."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tornadolike.ioloop import IOLoop
from tornadolike.ioloop.poller import READ, WRITE
from tornadolike.ioloop.transports import SocketTransport
from tornadolike.ioloop.transports.pulling import PullProtocol


class Puller(PullProtocol):
    """Notes what it is told, and wakes who waits for it."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.lost: list[Any] = []
        self.transport: SocketTransport
        self.next: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SocketTransport)
        self.transport = transport

    def on_ready(self, events: int) -> None:
        self.told.append(events)
        if self.next is not None and not self.next.done():
            self.next.set_result(events)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)

    async def ready(self, events: int) -> int:
        """Want ``events`` until one of them is possible."""
        self.next = asyncio.get_running_loop().create_future()
        self.transport.want(events)
        try:
            return await self.next
        finally:
            self.transport.want(0)


@pytest.fixture
def pair(io_loop: IOLoop) -> Iterator[tuple[Puller, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    puller = Puller()
    SocketTransport(io_loop, ours, puller)
    with theirs:
        yield puller, theirs
        puller.transport.abort()


def take(puller: Puller, size: int = 100) -> bytes | None:
    buffer = bytearray(size)
    count = puller.transport.receive_into(buffer)
    return None if count is None else bytes(buffer[:count])


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
    assert take(puller, 3) == b"hel"
    assert take(puller) == b"lo"
    assert take(puller) is None


def test_readable_is_told_until_it_is_taken(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket]
) -> None:
    puller, theirs = pair

    async def read() -> None:
        theirs.send(b"a")
        assert await puller.ready(READ) == READ
        assert await puller.ready(READ) == READ
        assert take(puller) == b"a"
        theirs.shutdown(socket.SHUT_WR)
        assert await puller.ready(READ) == READ
        assert take(puller) == b""

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
            take(puller)
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
        assert take(puller, 4) == b"earl"
        assert take(puller) == b"ier"
        assert take(puller) == b"later"

    io_loop.run_sync(read)


def test_bytes_given_back_are_told_of_until_they_are_taken(
    io_loop: IOLoop, pair: tuple[Puller, socket.socket]
) -> None:
    puller, _ = pair
    taken = []

    def on_ready(events: int) -> None:
        assert events == READ
        taken.append(take(puller, 10))

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
    came: asyncio.Future[bytes] = asyncio.Future(loop=io_loop)

    class Pushed(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            came.set_result(data)

    async def change() -> None:
        transport.want(READ | WRITE)
        transport.set_protocol(Pushed())
        theirs.send(b"pushed")
        assert await came == b"pushed"
        assert not transport.is_closing()
        transport.set_protocol(puller)

    io_loop.run_sync(change)


def test_from_pushing_to_pulling(io_loop: IOLoop, pair: tuple[Puller, socket.socket]) -> None:
    puller, theirs = pair
    transport = puller.transport
    came: asyncio.Future[bytes] = asyncio.Future(loop=io_loop)

    class Pushed(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            came.set_result(data)

    async def change() -> None:
        transport.set_protocol(Pushed())
        transport.resume_reading()
        theirs.send(b"pushed")
        assert await came == b"pushed"
        transport.set_protocol(puller)
        transport.want(0)
        theirs.send(b"pulled")
        assert await puller.ready(READ) == READ
        assert take(puller) == b"pulled"

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
